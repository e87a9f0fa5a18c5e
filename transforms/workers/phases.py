"""Progress of a run's phases, counted in this process.

Rows and bytes are counted for the progress display, and seconds for the summary.

Only workers that are threads of this process are counted; with other engines the counters stay
empty.
"""

import itertools
import threading
import time
from dataclasses import dataclass

START = "start"
"""The time before the first phase: imports, and all else that isn't counted."""
BETWEEN = "engine"
"""The time in which no phase is at work: the engine builds, schedules and merges."""


@dataclass
class _Phase:
    started: float
    touched: float
    rows: int = 0
    size: int = 0


_lock = threading.Lock()
_phases: dict[str, _Phase] = {}
_reset_at = [time.monotonic()]


def start(phase: str) -> None:
    """Notes that a phase has begun, once."""
    add(phase, 0, 0)


def add(phase: str, rows: int, size: int) -> None:
    """Counts progress in a phase.

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
    """Rows and bytes of each phase so far.

    Phases are in the order in which they began.
    """
    with _lock:
        return {name: (phase.rows, phase.size) for name, phase in _phases.items()}


def seconds() -> dict[str, float]:
    """Seconds since the reset by phase, and their `total`.

    A phase lasts from its first count to its last; where phases overlap, the time goes to the one
    that began last. The time before the first phase is `START`, the time outside of phases
    `BETWEEN`.
    """
    now = time.monotonic()
    with _lock:
        spans = {name: (phase.started, phase.touched) for name, phase in _phases.items()}
        begun = _reset_at[0]
    first = min((started for started, _ in spans.values()), default=now)
    spent = {START: first - begun, **dict.fromkeys(spans, 0.0), BETWEEN: 0.0}
    edges = sorted({first, now, *(edge for span in spans.values() for edge in span)})
    for left, right in itertools.pairwise(edges):
        working = [name for name, (started, touched) in spans.items() if started <= left and right <= touched]
        spent[max(working, key=lambda name: spans[name][0]) if working else BETWEEN] += right - left
    return {**spent, "total": now - begun}


def reset() -> None:
    """Forgets all phases, before a run."""
    with _lock:
        _phases.clear()
        _reset_at[0] = time.monotonic()
