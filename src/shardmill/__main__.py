"""The console scripts, and `python -m shardmill`.

Users' folders have files called `transforms.py` or `logging.py`, and with PYTHONPATH=. Python looks there first. So nothing is imported
here before the search path is put right, but what every Python has loaded when it starts.
"""

import gc
import os

# Objects made between two searches for garbage, ten times Python's number: imports and pipelines make millions that stay, and searching
# them took a sixth of the time to start.
_GARBAGE_THRESHOLD = 7000

# Any of them says how many threads OpenBLAS has, which NumPy starts when it is imported.
_BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")


def main() -> None:
    """The console script `shardmill`: see `pipelines.cli.commands.main`."""
    from shardmill.transforms.workers.search_path import guard_process

    guard_process()
    _set_up()
    from shardmill.pipelines.cli.commands import main as run

    run()


def worker() -> None:
    """The console script `shardmill-worker`: see `pipelines.engines.worker.main`."""
    from shardmill.transforms.workers.search_path import guard_process

    guard_process()
    _set_up()
    from shardmill.pipelines.engines.worker import main as run

    run()


def _set_up() -> None:
    gc.set_threshold(_GARBAGE_THRESHOLD)
    # Nothing here multiplies matrices, and OpenBLAS's threads spin for a tenth of a second once started.
    if not any(name in os.environ for name in _BLAS_THREADS):
        os.environ["OPENBLAS_NUM_THREADS"] = "1"


if __name__ == "__main__":
    main()
