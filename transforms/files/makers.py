"""The processes that made folders.

A folder's name tells which process made it; once that has ended, others may remove the folder.
"""

import contextlib
import os
import socket
from pathlib import Path

# Tolerance in seconds between clocks: this machine's may have been adjusted, and a network disk has
# its own.
_CLOCKS_DIFFER_SECONDS = 60.0
# The number of the PID namespace that a machine boots with, the same on every Linux.
_FIRST_NAMESPACE = 0xEFFFFFFC
# The field of /proc/PID/stat that holds the start, counted from 1.
_START_FIELD = 22


def machine() -> str:
    """Names the machine, and the container where it is one.

    Process numbers mean something within one PID namespace only, and containers may share a disk
    and their host's name.
    """
    with contextlib.suppress(OSError):
        namespace = os.stat("/proc/self/ns/pid").st_ino
        if namespace != _FIRST_NAMESPACE:
            return f"{socket.gethostname()}.{namespace}"
    return socket.gethostname()


def maker() -> str:
    """This machine and process, `MACHINE-PID`, for a folder's name."""
    return f"{machine()}-{os.getpid()}"


def is_gone(pid: int, changed: float) -> bool:
    """Whether the process that made a folder has ended.

    A folder with this process's own number was left by an earlier process.

    Args:
        pid: The process's number on this machine.
        changed: When the folder was last changed, in seconds since 1970. A live process that
            started later isn't its maker, but another process that got the same number.
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
    """The time when a process started, in seconds since 1970.

    None means that it isn't known.
    """
    try:
        facts = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        booted = Path("/proc/stat").read_text(encoding="utf-8").partition("\nbtime ")[2].split(maxsplit=1)[0]
        # The second field, the name in parentheses, may contain anything. Field 22 is the start,
        # in clock ticks after the boot.
        ticks = facts.rpartition(")")[2].split()[_START_FIELD - 3]
    except (OSError, IndexError):
        return None
    return int(booted) + int(ticks) / os.sysconf("SC_CLK_TCK")
