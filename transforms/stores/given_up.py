"""Folders of work that was given up: nothing is made in them any more, though threads of this process may still be at it.

An engine in this process that is interrupted doesn't stop at once. What its threads make after the clean-up would stay.
"""

import errno
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# An upload that is being completed takes a request or two.
_PATIENCE_SECONDS = 20.0
_changed = threading.Condition()
_given_up: set[str] = set()
# The paths that are just being made.
_making: list[str] = []


@contextmanager
def making(path: str) -> Iterator[None]:
    """While something appears at a path: a file, a folder, a finished upload.

    Raises:
        OSError: The work there was given up.
    """
    with _changed:
        if any(_is_below(path, folder) for folder in _given_up):
            raise OSError(errno.ECANCELED, "the work was given up")
        _making.append(path)
    try:
        yield
    finally:
        with _changed:
            _making.remove(path)
            _changed.notify_all()


def give_up(folder: str) -> None:
    """From now on nothing is made in a folder; what is just being made is waited for.

    Args:
        folder: One that nobody will want again.
    """
    with _changed:
        _given_up.add(folder)
        _changed.wait_for(lambda: not any(_is_below(path, folder) for path in _making), _PATIENCE_SECONDS)


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
