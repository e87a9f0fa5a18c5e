"""Where Python looks for modules: never first in the current folder, whose files may be called as ours or the standard library's."""

import os
import sys
from collections.abc import Sequence

import shardmill

# The folder that our package is in.
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(shardmill.__file__)))


def current_folder_last(path: Sequence[str]) -> list[str]:
    """A search path, with the current folder at its end if it is there at all.

    Args:
        path: Folders; "" and relative ones start from the current folder.
    """
    try:
        here = os.path.realpath(os.getcwd())
    except OSError:
        # Nothing can be found from a folder that can't be read.
        return [folder for folder in path if os.path.isabs(folder)]
    kept = [folder for folder in path if os.path.realpath(folder or ".") != here]
    return kept if len(kept) == len(path) else [*kept, here]


def guard_process() -> None:
    """Puts the current folder last on this process's path, and keeps the Pythons that it starts from looking there first."""
    sys.path[:] = current_folder_last(sys.path)
    # As of Python 3.11: `-c` and `-m` don't put the current folder first.
    os.environ["PYTHONSAFEPATH"] = "1"
    if given := os.environ.get("PYTHONPATH"):
        os.environ["PYTHONPATH"] = os.pathsep.join(current_folder_last(given.split(os.pathsep)))


def start_code(module: str, function: str) -> str:
    """What `python -c` is given to call a function of ours in a process of its own, on this process's path.

    Args:
        module: A module of ours.
        function: Its name there; it takes no arguments.
    """
    path = current_folder_last(sys.path)
    return (
        # Once our package is imported, its modules are found in it, whatever the path is.
        f"import sys; sys.path[:] = {[ROOT, *path]!r}; import shardmill; sys.path[:] = {path!r}; "
        f"from {module} import {function}; {function}()"
    )
