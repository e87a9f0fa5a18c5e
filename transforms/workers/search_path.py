"""Python's module search path, without the current folder in front.

Files in the current folder may have the names of our modules or of the standard library's, so it
always comes last.
"""

import os
import sys
from collections.abc import Sequence

import shardmill

# The folder that contains our package.
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(shardmill.__file__)))


def current_folder_last(path: Sequence[str]) -> list[str]:
    """Moves the current folder to a search path's end.

    A path without the current folder stays as it is.

    Args:
        path: Folders; "" is the current folder, and relative ones start from it.
    """
    try:
        here = os.path.realpath(os.getcwd())
    except OSError:
        # Nothing can be found from a folder that can't be read.
        return [folder for folder in path if os.path.isabs(folder)]
    kept = [folder for folder in path if os.path.realpath(folder or ".") != here]
    return kept if len(kept) == len(path) else [*kept, here]


def guard_process() -> None:
    """Moves the current folder to the end of `sys.path`.

    Python processes that this one starts don't look there first either.
    """
    sys.path[:] = current_folder_last(sys.path)
    # As of Python 3.11: `-c` and `-m` don't put the current folder first.
    os.environ["PYTHONSAFEPATH"] = "1"
    if given := os.environ.get("PYTHONPATH"):
        os.environ["PYTHONPATH"] = os.pathsep.join(current_folder_last(given.split(os.pathsep)))


def start_code(module: str, function: str) -> str:
    """Code for `python -c` that calls one of our functions.

    It runs in a process of its own, on this process's search path.

    Args:
        module: The function's module.
        function: The function's name; it takes no arguments.
    """
    path = current_folder_last(sys.path)
    return (
        # Once our package is imported, its modules are found through it, whatever the path is.
        f"import sys; sys.path[:] = {[ROOT, *path]!r}; import shardmill; sys.path[:] = {path!r}; "
        f"from {module} import {function}; {function}()"
    )
