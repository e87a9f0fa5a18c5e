"""Processes: whether one is alive, since folders are named after processes, and the cores of this one."""

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


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
