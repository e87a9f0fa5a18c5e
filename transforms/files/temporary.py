"""Local temporary folders.

They are removed when the process ends, or by a later process.
"""

import atexit
import contextlib
import os
import re
import shutil
import stat
import tempfile

from shardmill.transforms.files.makers import is_gone, machine, maker

_made: list[str] = []


def temporary_folder(purpose: str) -> str:
    """Makes a folder that is removed when the process ends.

    Args:
        purpose: A part of the folder's name.
    """
    folder = new_folder(purpose)
    _made.append(folder)
    return folder


def new_folder(purpose: str) -> str:
    """Makes a folder that stays when the process ends.

    A later process removes it by `remove_left`.

    Args:
        purpose: A part of the folder's name.
    """
    return tempfile.mkdtemp(prefix=f"shardmill-{purpose}-{maker()}-")


@atexit.register
def remove_folders() -> None:
    """Removes this process's folders.

    Processes that end without their exit handlers call it themselves.
    """
    while _made:
        shutil.rmtree(_made.pop(), ignore_errors=True)


def remove_left() -> None:
    """Removes folders that killed processes left on this machine.

    They are those of this user only.
    """
    parent = tempfile.gettempdir()
    if parent in _made:
        # This is the process's own folder; those of others are beside it.
        parent = os.path.dirname(parent)
    left = re.compile(rf"shardmill-[a-z]+-{re.escape(machine())}-(\d+)-[a-z0-9_]+")
    # If the parent can't be listed, nothing is removed.
    with contextlib.suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            named = left.fullmatch(entry.name)
            if named and entry.path not in _made and _is_left(entry, int(named[1])):
                shutil.rmtree(entry.path, ignore_errors=True)


def _is_left(entry: os.DirEntry[str], pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        found = entry.stat(follow_symlinks=False)
        # All users may write to /tmp, so the entry may be a link or another user's folder.
        return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and is_gone(pid, found.st_mtime)
    return False
