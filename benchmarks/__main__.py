"""Compares shardmill with other tools, as whole processes by turns on the same files.

    python -m benchmarks --data narrow quoted --rows 1000000 4000000 --repeat 3

The result is a Markdown table on standard output, and JSON and an SVG where asked for; progress goes to standard
error. A contestant whose packages aren't there is left out, which is said. `--short` is what CI runs: it compares the
CPU time of shardmill and Polars with `recorded.json`, and fails where the ratio has become less than half as good.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import generate
from benchmarks.contestants import CONTESTANTS, SHARDMILL
from benchmarks.datasets import DATA_SETS
from benchmarks.harness import by_turns
from benchmarks.results import Result, extrapolated, machine, markdown, write_json, write_svg

_RECORDED = Path(__file__).with_name("recorded.json")
_SHORT_ROWS = 2_000_000
_SHORT_DATA = ("quoted",)
_SHORT_REPEAT = 2
# A contestant that is run at two smaller sizes runs at this part of the larger, too.
_SMALLER = 3


def compare(
    data_set: str, rows: int, names: Sequence[str], repeats: dict[str, int], work: Path, files: int | None = None
) -> list[Result]:
    """Measures contestants on a data set.

    Args:
        data_set: The data set.
        rows: Its rows.
        names: The contestants.
        repeats: How often each is run.
        work: A folder for data and outputs; the data stays there and is used again.
        files: CSV files that the data is cut into. None means as many as the data set has.

    Returns:
        A result for each contestant that takes this data set.
    """
    names = [name for name in names if CONTESTANTS[name].takes(data_set)]
    if not names:
        return []
    data = work / f"{data_set}-{rows}-{files or 'all'}"
    if not (data / generate.PLAN).exists():
        generate.write(data, rows, files, data=data_set)
    commands = {name: lambda name=name: CONTESTANTS[name].run(data, work / "output") for name in names}
    series = by_turns(commands, repeats, lambda text: say(f"{data_set}, {rows:,} rows, {text}"))
    return [Result(data_set, rows, name, series[name]) for name in names]


def run(args: argparse.Namespace, work: Path) -> list[Result]:
    """Measures all contestants on all data sets at all sizes."""
    limits = {name: int(rows) for name, rows in args.at_most}
    names = [name for name in args.contestants if args.repeat_of.get(name, args.repeat)]
    repeats = {name: args.repeat_of.get(name, args.repeat) for name in names}
    results: list[Result] = []
    for data_set in args.data:
        for rows in args.rows or [DATA_SETS[data_set].rows]:
            fit = [name for name in names if rows <= limits.get(name, rows)]
            results += compare(data_set, rows, fit, repeats, work, args.files)
            for name in [name for name in names if name not in fit]:
                sizes = (limits[name] // _SMALLER, limits[name])
                lines = [compare(data_set, size, [name], repeats, work, args.files) for size in sizes]
                results += [extrapolated(small, large, rows) for small, large in zip(*lines, strict=True)]
    return results


def short(work: Path) -> None:
    """Compares CPU times with the recorded ratios.

    Raises:
        SystemExit: One has become less than half as good.
    """
    recorded = json.loads(_RECORDED.read_text())
    names = [SHARDMILL, "polars"]
    for data_set in _SHORT_DATA:
        ours, theirs = compare(data_set, _SHORT_ROWS, names, dict.fromkeys(names, _SHORT_REPEAT), work)
        # Other programs on the machine can only add to it, so the least is the truest.
        ratio = min(each.cpu_seconds for each in theirs.series.runs) / min(
            each.cpu_seconds for each in ours.series.runs
        )
        known = recorded[f"{data_set}-{_SHORT_ROWS}"]
        print(f"{data_set}, {_SHORT_ROWS:,} rows: Polars takes {ratio:.2f} times the CPU time; recorded: {known:.2f}")
        if ratio < known / 2:
            raise SystemExit(
                f"{data_set}: expected a ratio of at least {known / 2:.2f}, half of the recorded one, received {ratio:.2f}; "
                "profile the run, or record a new ratio in benchmarks/recorded.json and say why"
            )


def say(text: str) -> None:
    """Prints progress."""
    print(text, file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", choices=DATA_SETS, default=["narrow"])
    parser.add_argument("--rows", type=int, nargs="+", help="sizes (default: each data set's own)")
    parser.add_argument("--files", type=int, help="CSV files that the data is cut into (default: the data set's)")
    parser.add_argument("--contestants", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS))
    parser.add_argument("--repeat", type=int, default=3, help="runs of each (default: %(default)s)")
    pairs = {"nargs": 2, "action": "append", "default": []}
    parser.add_argument("--repeat-of", metavar=("CONTESTANT", "RUNS"), help="runs of one of them; 0: none", **pairs)
    parser.add_argument(
        "--at-most",
        metavar=("CONTESTANT", "ROWS"),
        help="run a slow one at this size and a third of it; at larger ones the line through both is shown",
        **pairs,
    )
    parser.add_argument("--json", type=Path, help="write the measurements here")
    parser.add_argument("--svg", type=Path, help="draw them here")
    parser.add_argument("--work", type=Path, help="folder for data and outputs, kept (default: a temporary one)")
    parser.add_argument(
        "--short", action="store_true", help="compare with the recorded ratio, and fail below half of it"
    )
    args = parser.parse_args()
    for name, number in args.repeat_of + args.at_most:
        if name not in CONTESTANTS or not number.isdecimal():
            parser.error(f"expected a contestant and a number, received {name} {number}")
    args.repeat_of = {name: int(runs) for name, runs in args.repeat_of}
    return args


def main() -> None:
    """Runs the command line."""
    args = arguments()
    for name in [name for name in args.contestants if CONTESTANTS[name].lacks]:
        say(f"{name} is left out: {', '.join(CONTESTANTS[name].lacks)} isn't installed")
        args.contestants.remove(name)
    with tempfile.TemporaryDirectory(prefix="shardmill-bench-") as temporary:
        work = args.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        if args.short:
            short(work)
            return
        results = run(args, work)
    if args.json:
        write_json(results, args.json)
    if args.svg:
        write_svg(results, args.svg)
    print(f"{markdown(results)}\n\n{machine()}")


if __name__ == "__main__":
    main()
