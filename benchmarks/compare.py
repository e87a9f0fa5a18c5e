"""Times shardmill and TF Transform's documented pipeline side by side, as whole processes on the same files.

The runs alternate, so that a machine that slows down slows both. Memory is the peak of the sum over all processes of a
run (proportional set size where the system tells it, so that shared pages count once; else resident). The result is a
Markdown table on standard output; progress goes to standard error.

    python -m benchmarks.compare --rows 1000000 4000000 --repeat 3 --baseline-repeat 1
"""

import argparse
import importlib.metadata
import os
import platform
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks import generate

SHARDMILL = "shardmill run {config} --output {output} --quiet"
FUNCTION = "shardmill run {function} --output {output} --quiet"
BASELINE = "{python} -m benchmarks.tft_pipeline --input {input} --schema {schema} --output {output}"
_NAMES = {
    "shardmill": "shardmill, declared features",
    "function": "shardmill, the same TF Transform function",
    "baseline": "TF Transform's documented pipeline",
}
_SAMPLE_SECONDS = 0.2
_PACKAGES = ("apache-beam", "tensorflow", "tensorflow-transform", "pyarrow", "numpy")


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


@dataclass(frozen=True)
class Row:
    """What the table says of one command at one size."""

    rows: int
    name: str
    runs: tuple[Measurement, ...]

    @property
    def seconds(self) -> float:
        """The median wall time."""
        return statistics.median(run.seconds for run in self.runs)


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
            said = log.read().decode(errors="replace")[-3000:]
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


def compare(
    sizes: Iterable[int], commands: dict[str, str], repeats: dict[str, int], files: int, work: Path
) -> list[Row]:
    """Measures every command at every size.

    Args:
        sizes: Rows of the generated data.
        commands: Templates by name; `{input} {schema} {config} {function} {output} {python}` are filled in.
        repeats: How often each is run.
        files: CSV files that the data is cut into.
        work: A folder for data and outputs; the data stays there and is used again.

    Returns:
        The table's rows, by size and then as the commands.
    """
    rows = []
    for size in sizes:
        data = work / f"data-{size}-{files}"
        if not (data / "function.toml").exists():
            generate.write(data, size, files)
        runs: dict[str, list[Measurement]] = {name: [] for name in commands}
        for turn in range(max(repeats.values())):
            for name, template in commands.items():
                if turn < repeats[name]:
                    runs[name].append(_run(name, template, data, work / "output"))
                    print(f"{size:,} rows, {name}: {runs[name][-1]}", file=sys.stderr)
        rows += [Row(size, name, tuple(each)) for name, each in runs.items()]
    return rows


def _run(name: str, template: str, data: Path, output: Path) -> Measurement:
    shutil.rmtree(output, ignore_errors=True)
    places = {
        "input": str(data / "data-*.csv"),
        "schema": str(data / "schema.pbtxt"),
        "config": str(data / "bench.toml"),
        "function": str(data / "function.toml"),
        "output": str(output / name),
        "python": sys.executable,
    }
    output.mkdir()
    try:
        return measure([part.format(**places) for part in shlex.split(template)])
    finally:
        shutil.rmtree(output, ignore_errors=True)


def markdown(rows: Sequence[Row]) -> str:
    """The table: for each size and command wall time, how many times as fast as the baseline, CPU time and memory."""
    lines = [
        "| rows | | wall time, median (all), s | times as fast | CPU, s | peak memory, MB |",
        "|---:|---|---:|---:|---:|---:|",
    ]
    baselines = {row.rows: row.seconds for row in rows if row.name == "baseline"}
    for row in rows:
        every = ", ".join(f"{run.seconds:.1f}" for run in row.runs)
        ratio = f"{baselines[row.rows] / row.seconds:.1f}" if row.rows in baselines else "-"
        cpu = statistics.median(run.cpu_seconds for run in row.runs)
        peak = max(run.peak_bytes for run in row.runs) / 1e6
        lines.append(
            f"| {row.rows:,} | {_NAMES[row.name]} | {row.seconds:.1f} ({every}) | {ratio} | {cpu:.1f} | {peak:,.0f} |"
        )
    return "\n".join(lines)


def machine() -> str:
    """One line about where the numbers are from: processors, memory, versions."""
    memory = psutil.virtual_memory().total / 2**30
    # The processors that this process may use, which in a container are fewer than the machine's.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    return f"{cores} cores ({platform.machine()}), {memory:.0f} GiB; Python {platform.python_version()}, {versions}."


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 4_000_000])
    parser.add_argument("--files", type=int, default=1, help="CSV files that the data is cut into")
    parser.add_argument("--repeat", type=int, default=3, help="runs of shardmill at each size; 0: none")
    parser.add_argument("--function-repeat", type=int, default=1, help="runs of shardmill with the function; 0: none")
    parser.add_argument("--baseline-repeat", type=int, default=1, help="runs of TF Transform at each size; 0: none")
    parser.add_argument("--shardmill", default=SHARDMILL, help="shardmill's command (default: %(default)s)")
    parser.add_argument("--baseline", default=BASELINE, help="TF Transform's command (default: %(default)s)")
    parser.add_argument("--work", type=Path, help="folder for data and outputs, kept (default: a temporary one)")
    args = parser.parse_args()
    repeats = {"shardmill": args.repeat, "function": args.function_repeat, "baseline": args.baseline_repeat}
    commands = {"shardmill": args.shardmill, "function": FUNCTION, "baseline": args.baseline}
    commands = {name: command for name, command in commands.items() if repeats[name] > 0}
    if not commands:
        parser.error("nothing to run: --repeat, --function-repeat and --baseline-repeat are all 0")
    with tempfile.TemporaryDirectory(prefix="shardmill-bench-") as temporary:
        work = args.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        rows = compare(args.rows, commands, repeats, args.files, work)
    print(f"{markdown(rows)}\n\n{machine()}")


if __name__ == "__main__":
    main()
