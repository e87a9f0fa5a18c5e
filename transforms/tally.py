"""How far the phases of a run are: rows and bytes counted in this process, for progress bars and the summary's times.

Only workers that are threads of this process are seen; elsewhere the counters stay empty.
"""

import threading
import time
from dataclasses import dataclass


@dataclass
class _Phase:
    started: float
    touched: float
    rows: int = 0
    size: int = 0


_lock = threading.Lock()
_phases: dict[str, _Phase] = {}


def start(phase: str) -> None:
    """Notes that a phase has begun, if it isn't noted yet."""
    add(phase, 0, 0)


def add(phase: str, rows: int, size: int) -> None:
    """Counts what was done in a phase.

    Args:
        phase: The phase's name.
        rows: Rows done since the last call.
        size: Bytes of input done since the last call.
    """
    now = time.monotonic()
    with _lock:
        counted = _phases.setdefault(phase, _Phase(now, now))
        counted.touched = now
        counted.rows += rows
        counted.size += size


def snapshot() -> dict[str, tuple[int, int]]:
    """Rows and bytes so far of each phase, in the order in which they began."""
    with _lock:
        return {name: (phase.rows, phase.size) for name, phase in _phases.items()}


def seconds() -> dict[str, float]:
    """Seconds from each phase's first sign of life to its last, in the order in which they began. Phases may overlap."""
    with _lock:
        return {name: phase.touched - phase.started for name, phase in _phases.items()}


def reset() -> None:
    """Forgets all phases, before a run."""
    with _lock:
        _phases.clear()
