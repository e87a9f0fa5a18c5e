"""The results of a comparison: a Markdown table, JSON and an SVG."""

import importlib.metadata
import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from benchmarks.contestants import CONTESTANTS, SHARDMILL
from benchmarks.harness import Measurement, Series

_PACKAGES = ("apache-beam", "tensorflow", "tensorflow-transform", "pyarrow", "numpy", "polars", "duckdb")


@dataclass(frozen=True)
class Result:
    """What was found of one contestant on one data set of one size.

    Attributes:
        data_set: The data set.
        rows: Its rows.
        contestant: The contestant.
        series: Its runs.
        extrapolated: Whether the run is no run, but the line through two smaller sizes.
    """

    data_set: str
    rows: int
    contestant: str
    series: Series
    extrapolated: bool = False


def extrapolated(small: Result, large: Result, rows: int) -> Result:
    """The line through two sizes' medians, at a third; memory is that of the larger."""
    by = (rows - small.rows) / (large.rows - small.rows)

    def at(one: float, two: float) -> float:
        return one + (two - one) * by

    run = Measurement(
        at(small.series.seconds, large.series.seconds),
        at(small.series.cpu_seconds, large.series.cpu_seconds),
        large.series.peak_bytes,
    )
    return Result(large.data_set, rows, large.contestant, Series([run]), extrapolated=True)


def ratios(result: Result, results: Sequence[Result]) -> list[float]:
    """How many times as fast shardmill's default run is, in each turn; empty where it wasn't run.

    Where the contestants weren't run equally often, the medians are compared.
    """
    ours = [
        each.series
        for each in results
        if (each.data_set, each.rows, each.contestant) == (result.data_set, result.rows, SHARDMILL)
    ]
    if not ours:
        return []
    mine, theirs = ours[0].runs, result.series.runs
    if len(mine) != len(theirs):
        return [result.series.seconds / ours[0].seconds]
    return [other.seconds / own.seconds for own, other in zip(mine, theirs, strict=True)]


def markdown(results: Sequence[Result]) -> str:
    """The table: wall time, by how much shardmill's default run is faster, CPU time and memory."""
    lines = [
        "| data | rows | | wall time, median (all), s | shardmill is faster by (least to most) | CPU, s | peak, MB |",
        "|---|---:|---|---:|---:|---:|---:|",
    ]
    for result in results:
        series = result.series
        every = "extrapolated" if result.extrapolated else ", ".join(f"{found.seconds:.2f}" for found in series.runs)
        found = ratios(result, results)
        ratio = (
            f"{statistics.median(found):.2f} ({min(found):.2f} to {max(found):.2f})"
            if found and result.contestant != SHARDMILL
            else ""
        )
        lines.append(
            f"| {result.data_set} | {result.rows:,} | {CONTESTANTS[result.contestant].about} | {series.seconds:.2f} ({every}) "
            f"| {ratio} | {series.cpu_seconds:.2f} | {series.peak_bytes / 1e6:,.0f} |"
        )
    return "\n".join(lines)


def machine() -> str:
    """One line about where the numbers are from: processors, memory, versions."""
    memory = psutil.virtual_memory().total / 2**30
    # The processors that this process may use, which in a container are fewer than the machine's.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    found = {each.metadata["Name"].lower(): each.version for each in importlib.metadata.distributions()}
    versions = ", ".join(f"{name} {found[name]}" for name in _PACKAGES if name in found)
    return f"{cores} cores ({platform.machine()}), {memory:.0f} GiB; Python {platform.python_version()}, {versions}."


def write_json(results: Sequence[Result], path: Path) -> None:
    """Writes every measurement, and the machine."""
    path.write_text(json.dumps({"machine": machine(), "results": [asdict(each) for each in results]}, indent=2))


def write_svg(results: Sequence[Result], path: Path) -> None:
    """Draws wall times: a group of bars for each data set and size."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    groups = list(dict.fromkeys((each.data_set, each.rows) for each in results))
    height = 0.6 + 0.28 * (len(results) + len(groups))
    figure, axes = plt.subplots(figsize=(9, height), layout="constrained")
    labels, at = [], 0.0
    longest = max(each.series.seconds for each in results)
    for data_set, rows in groups:
        for each in [each for each in results if (each.data_set, each.rows) == (data_set, rows)]:
            ours = CONTESTANTS[each.contestant].command[2] == "shardmill"
            axes.barh(at, each.series.seconds, color="#1f6feb" if ours else "#9aa4af", hatch="//" * each.extrapolated)
            axes.text(each.series.seconds + longest / 100, at, f"{each.series.seconds:.1f} s", va="center", fontsize=8)
            labels.append((at, f"{data_set}, {rows:,} rows: {each.contestant}"))
            at += 1
        at += 0.6
    axes.set_yticks([position for position, _ in labels], [text for _, text in labels], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, longest * 1.12)
    axes.set_xlabel("wall time, s (hatched: extrapolated)")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
