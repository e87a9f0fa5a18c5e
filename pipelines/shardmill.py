"""The console scripts, and `python -m shardmill`: it is installed as a module `shardmill`, a name that nobody else's file has.

Users' folders have files called `transforms.py` or `logging.py`, and with PYTHONPATH=. Python looks there first. So this imports nothing
before our own packages are found, and nothing of the standard library but what every Python has loaded when it starts.
"""

import os
import sys

_PACKAGES = ("pipelines", "schemas", "transforms")
# What the folder with our packages has, and no other.
_FILES = (("pipelines", "cli.py"), ("transforms", "search_path.py"))


def main() -> None:
    """The console script `shardmill`: see `pipelines.cli.main`."""
    _find_packages()
    from pipelines.cli import main as run

    run()


def worker() -> None:
    """The console script `shardmill-worker`: see `pipelines.worker.main`."""
    _find_packages()
    from pipelines.worker import main as run

    run()


def _find_packages() -> None:
    """Imports our packages from where they are; what is in them is found there from now on."""
    here = os.path.dirname(os.path.abspath(__file__))
    # An editable install has this file beside others' packages, and ours on the path.
    root = next(
        folder
        for folder in (here, os.path.dirname(here), *sys.path)
        if all(os.path.isfile(os.path.join(folder, *path)) for path in _FILES)
    )
    sys.path.insert(0, root)
    for name in _PACKAGES:
        __import__(name)
    sys.path.remove(root)
    from transforms.search_path import guard_process

    guard_process()


if __name__ == "__main__":
    main()
