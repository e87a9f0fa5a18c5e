"""The console scripts, and `python -m shardmill`.

Users' folders have files called `transforms.py` or `logging.py`, and with PYTHONPATH=. Python looks there first. So nothing is imported
here before the search path is put right, but what every Python has loaded when it starts.
"""


def main() -> None:
    """The console script `shardmill`: see `pipelines.cli.commands.main`."""
    from shardmill.transforms.workers.search_path import guard_process

    guard_process()
    from shardmill.pipelines.cli.commands import main as run

    run()


def worker() -> None:
    """The console script `shardmill-worker`: see `pipelines.engines.worker.main`."""
    from shardmill.transforms.workers.search_path import guard_process

    guard_process()
    from shardmill.pipelines.engines.worker import main as run

    run()


if __name__ == "__main__":
    main()
