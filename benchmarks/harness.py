"""Runs commands as whole processes, by turns, and measures them.

A machine that slows down then slows all of them. Memory is the peak of the sum over all processes of a run:
proportional set size where the system tells it, so that shared pages count once; else resident.
"""

import os
import shlex
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import psutil

_SAMPLE_SECONDS = 0.2
_SAID_BYTES = 3000


@dataclass(frozen=True)
class Measurement:
    """One run of one command.

    Attributes:
        seconds: Wall time from start to exit.
        cpu_seconds: User and system time of the process and its ended children.
        peak_bytes: The largest sum of its processes' memory.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int


@dataclass
class Series:
    """The runs of one command.

    Attributes:
        runs: The runs, in order.
    """

    runs: list[Measurement] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """The median wall time."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def cpu_seconds(self) -> float:
        """The median CPU time."""
        return statistics.median(run.cpu_seconds for run in self.runs)

    @property
    def peak_bytes(self) -> int:
        """The largest peak."""
        return max(run.peak_bytes for run in self.runs)


def by_turns(
    commands: Mapping[str, Callable[[], Measurement]], repeats: Mapping[str, int], report: Callable[[str], None]
) -> dict[str, Series]:
    """Measures each command several times, one after the other.

    Args:
        commands: By name, what measures one run.
        repeats: How often each is run.
        report: Is told each measurement.
    """
    series = {name: Series() for name in commands}
    for turn in range(max(repeats.values())):
        for name, run in commands.items():
            if turn < repeats[name]:
                series[name].runs.append(run())
                found = series[name].runs[-1]
                report(
                    f"{name}: {found.seconds:.2f} s, {found.cpu_seconds:.2f} CPU-s, {found.peak_bytes / 1e6:,.0f} MB"
                )
    return series


def measure(command: Sequence[str]) -> Measurement:
    """Runs a command to its end.

    Args:
        command: The program and its arguments.

    Raises:
        SystemExit: It failed; the end of what it said goes along.
    """
    before = os.times()
    start = time.perf_counter()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        peak = _Peak(process.pid)
        peak.start()
        status = process.wait()
        seconds = time.perf_counter() - start
        peak.stop()
        if status:
            log.seek(0)
            said = log.read().decode(errors="replace")[-_SAID_BYTES:]
            raise SystemExit(f"{shlex.join(command)} ended with status {status}:\n{said}")
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Measurement(seconds, cpu, peak.bytes)


class _Peak(threading.Thread):
    """Samples the memory of a process and its descendants until it is stopped."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.bytes = 0
        self._root = psutil.Process(pid)
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.wait(_SAMPLE_SECONDS):
            self.bytes = max(self.bytes, _tree_bytes(self._root))

    def stop(self) -> None:
        self._done.set()
        self.join()


def _tree_bytes(root: psutil.Process) -> int:
    try:
        processes = [root, *root.children(recursive=True)]
    except psutil.Error:
        return 0
    return sum(map(_process_bytes, processes))


def _process_bytes(process: psutil.Process) -> int:
    # A process may end between being listed and being asked.
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", 0) or full.rss)
    except psutil.Error:
        return 0
