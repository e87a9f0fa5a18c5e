"""Whose folder is that? Folders are named after processes, which may be gone."""

import os


def is_alive(pid: int) -> bool:
    """Whether a number is another live process's: what has this process's own was left by one before it.

    Args:
        pid: A process's number, on this machine.
    """
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
