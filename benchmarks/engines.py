"""Times the same job on the local engine and on others, by turns, and next to each a job of a thousand rows: its start-up.

What an engine costs beyond the local one is start-up (processes, submission, workers) and work; the last column leaves out the
start-up of both. The result is a Markdown table on standard output; progress goes to standard error.

    make flink
    python -m benchmarks.engines --rows 4000000 --repeat 3 --engine "--engine flink --parallelism 2"
"""

import argparse
import shlex
import shutil
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks import generate
from benchmarks.harness import measure

_SMALL = 1_000


@dataclass(frozen=True)
class Timing:
    """An engine's wall times, in seconds.

    Attributes:
        small: Of the job of a thousand rows.
        large: Of the job itself.
    """

    small: tuple[float, ...]
    large: tuple[float, ...]

    @property
    def start_up(self) -> float:
        """Start-up: the median of the small job."""
        return statistics.median(self.small)

    @property
    def seconds(self) -> float:
        """The median of the job."""
        return statistics.median(self.large)


def time_engines(rows: int, engines: list[str], repeat: int, files: int, work: Path) -> dict[str, Timing]:
    """Runs both jobs on every engine, by turns.

    Args:
        rows: Of the job.
        engines: Options that choose an engine; the empty ones the local one.
        repeat: Runs of each.
        files: Input files of the job.
        work: A folder to work in.
    """
    configs = {}
    for size, count in ((_SMALL, 1), (rows, files)):
        generate.write(work / str(size), size, files=count)
        configs[size] = work / str(size) / "bench.toml"
    times: dict[tuple[str, int], list[float]] = {(engine, size): [] for engine in engines for size in configs}
    for _ in range(repeat):
        for (engine, size), found in times.items():
            output = work / "out"
            command = ["shardmill", "run", str(configs[size]), "--output", str(output), "--quiet", *shlex.split(engine)]
            found.append(measure(command).seconds)
            print(f"{size:,} rows {engine or 'local'}: {found[-1]:.1f} s", file=sys.stderr)
            shutil.rmtree(output)
    return {engine: Timing(tuple(times[engine, _SMALL]), tuple(times[engine, rows])) for engine in engines}


def table(rows: int, timings: dict[str, Timing]) -> str:
    """The timings as a Markdown table; the first is what the others are compared with."""
    local = next(iter(timings.values()))
    lines = [
        f"| engine | start-up, s | {rows:,} rows, s (all) | of the local time, beyond start-up |",
        "|---|---:|---:|---:|",
    ]
    for engine, timing in timings.items():
        every = ", ".join(f"{seconds:.1f}" for seconds in timing.large)
        ratio = (timing.seconds - timing.start_up) / (local.seconds - local.start_up)
        lines.append(
            f"| `{engine or 'local'}` | {timing.start_up:.1f} | {timing.seconds:.1f} ({every}) | {ratio:.2f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--files", type=int, default=4)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--engine", action="append", required=True, help="options that choose one; repeatable")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="shardmill-engines-") as work:
        print(table(args.rows, time_engines(args.rows, ["", *args.engine], args.repeat, args.files, Path(work))))


if __name__ == "__main__":
    main()
