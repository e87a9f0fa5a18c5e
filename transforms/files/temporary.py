"""Local folders that go when the process ends, which may be long after what has made them."""

import atexit
import shutil
import tempfile

_made: list[str] = []


def temporary_folder(purpose: str) -> str:
    """A new folder.

    Args:
        purpose: What it is for: a part of its name.
    """
    folder = tempfile.mkdtemp(prefix=f"shardmill-{purpose}-")
    _made.append(folder)
    return folder


@atexit.register
def remove_folders() -> None:
    """Removes them. For a process that ends without its exit handlers, too."""
    while _made:
        shutil.rmtree(_made.pop(), ignore_errors=True)
