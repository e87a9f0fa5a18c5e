"""Local folders that go when the process ends, which may be long after what has made them, or else with a later process."""

import atexit
import contextlib
import os
import re
import shutil
import socket
import stat
import tempfile

from shardmill.transforms.files.makers import is_gone, maker

_made: list[str] = []


def temporary_folder(purpose: str) -> str:
    """A new folder.

    Args:
        purpose: What it is for: a part of its name.
    """
    folder = new_folder(purpose)
    _made.append(folder)
    return folder


def new_folder(purpose: str) -> str:
    """A new folder that stays when the process ends, until `remove_left` finds it.

    Args:
        purpose: What it is for: a part of its name.
    """
    return tempfile.mkdtemp(prefix=f"shardmill-{purpose}-{maker()}-")


@atexit.register
def remove_folders() -> None:
    """Removes them. For a process that ends without its exit handlers, too."""
    while _made:
        shutil.rmtree(_made.pop(), ignore_errors=True)


def remove_left() -> None:
    """Removes what processes of this machine and user have left that were killed; nothing of those that are alive."""
    parent = tempfile.gettempdir()
    if parent in _made:
        # The process's own: others' stand beside it.
        parent = os.path.dirname(parent)
    left = re.compile(rf"shardmill-[a-z]+-{re.escape(socket.gethostname())}-(\d+)-[a-z0-9_]+")
    # What can't be listed can't be tidied up.
    with contextlib.suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            named = left.fullmatch(entry.name)
            if named and entry.path not in _made and _is_left(entry, int(named[1])):
                shutil.rmtree(entry.path, ignore_errors=True)


def _is_left(entry: os.DirEntry[str], pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        found = entry.stat(follow_symlinks=False)
        # Anybody may make files in a folder that all users share.
        return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and is_gone(pid, found.st_mtime)
    return False
