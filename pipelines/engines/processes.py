"""Live processes, after which folders are named, and available cores."""

import os


def is_alive(pid: int) -> bool:
    """Whether another process of this number is alive.

    A folder that carries this process's own number was left by an earlier process.

    Args:
        pid: A process number on this machine.
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
    """Returns the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
