"""Folders of work that was given up.

Nothing may be made in them any more, though threads of this process may still be at work: an engine
in this process that is interrupted doesn't stop at once, and files that its threads made after the
clean-up would stay.
"""

import errno
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Most seconds to wait for files that are just being made: an upload that is being completed takes a
# request or two.
_PATIENCE_SECONDS = 20.0
_changed = threading.Condition()
_given_up: set[str] = set()
# The paths that are just being made.
_making: list[str] = []


@contextmanager
def making(path: str) -> Iterator[None]:
    """Guards a block that makes a file or a folder.

    An upload makes its file when it is closed. `give_up` waits for the end of the block.

    Args:
        path: The path at which the file or folder appears.

    Raises:
        OSError: The work in a folder above the path was given up.
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
    """Forbids making anything in a folder from now on.

    It waits for `making` blocks that are under way there.

    Args:
        folder: A folder whose path will not be used again.
    """
    with _changed:
        _given_up.add(folder)
        _changed.wait_for(lambda: not any(_is_below(path, folder) for path in _making), _PATIENCE_SECONDS)


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
