"""The process that made a folder, which the folder's name tells: whether it is gone, so that what it left may be removed."""

import os
import socket
from pathlib import Path

# Clocks may be set a little meanwhile, and a disk on the network has its own.
_CLOCKS_DIFFER_SECONDS = 60.0


def maker() -> str:
    """This machine and this process, for a folder's name: `HOST-PID`."""
    return f"{socket.gethostname()}-{os.getpid()}"


def is_gone(pid: int, changed: float) -> bool:
    """Whether the process that made something is no longer alive; what has this process's own number was left by one before it.

    Args:
        pid: The process's number, on this machine.
        changed: When what it made was changed last, in seconds since 1970: a process that began later is another one with its number.
    """
    if pid == os.getpid() or not _is_alive(pid):
        return True
    begun = _begun(pid)
    return begun is not None and changed + _CLOCKS_DIFFER_SECONDS < begun


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _begun(pid: int) -> float | None:
    """When a process began, in seconds since 1970; None where the system doesn't say."""
    try:
        facts = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        booted = Path("/proc/stat").read_text(encoding="utf-8").partition("\nbtime ")[2].split(maxsplit=1)[0]
        # Its name, in parentheses, may hold anything; the fields after it are numbered from 3, and the 22nd is the time.
        ticks = facts.rpartition(")")[2].split()[22 - 3]
    except (OSError, IndexError):
        return None
    return int(booted) + int(ticks) / os.sysconf("SC_CLK_TCK")
