"""Tables of where a finished run's time went."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from shardmill.pipelines.console.plain_console import PlainConsole
from shardmill.pipelines.console.summary import step_seconds

# What a step's parts leave over: in both passes that is reading text and making cells of it.
_REST = "read and parse"
_MB = 1_000_000


def print_profile(manifest: Mapping[str, Any], seconds: Mapping[str, float], console: Console | None = None) -> None:
    """Prints phases and steps with their times, and the slowest.

    Args:
        manifest: The run's manifest.
        seconds: The wall-clock seconds of each phase that ran in this process, and under "total" of
            the whole run; empty where the work was done elsewhere.
        console: The console to print on; standard output by default.
    """
    out = console or PlainConsole(highlight=False)
    total = seconds.get("total", 0.0)
    if total:
        out.print(_phase_table(seconds, total))
    parts = _parts(manifest.get("metrics", {}))
    if parts:
        out.print(_step_table(parts, manifest["metrics"]))
        (step, part), most = max(parts.items(), key=lambda item: item[1])
        share = most / sum(parts.values())
        out.print(f"slowest: {' '.join(filter(None, (step, part)))}, {share:.0%} of all workers' time", markup=False)


def _phase_table(seconds: Mapping[str, float], total: float) -> Table:
    table = _table("phases, by the clock", "phase")
    for name, spent in seconds.items():
        if name != "total" and spent:
            table.add_row(name, f"{spent:.2f}", f"{spent / total:.0%}")
    table.add_row("total", f"{total:.2f}", "100%")
    return table


def _step_table(parts: Mapping[tuple[str, str], float], metrics: Mapping[str, int]) -> Table:
    table = _table("steps, all workers together", "step", "of it")
    table.add_column("MB/s", justify="right")
    total = sum(parts.values())
    for (step, part), spent in parts.items():
        # The text of all rows went through each part of both passes.
        passed = metrics.get("bytes-read", 0) if part else 0
        rate = f"{passed / spent / _MB:,.0f}" if passed and spent else ""
        table.add_row(step, part, f"{spent:.2f}", f"{spent / total:.0%}", rate)
    return table


def _table(title: str, *names: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for name in names:
        table.add_column(name)
    for name in ("seconds", "share"):
        table.add_column(name, justify="right")
    return table


def _parts(metrics: Mapping[str, int]) -> dict[tuple[str, str], float]:
    """Divides each step's time among its parts and the rest."""
    spent = step_seconds(metrics)
    parts = {}
    for (step, part), whole in spent.items():
        if part:
            continue
        own = {name: each for (of, name), each in spent.items() if of == step and name}
        parts.update({(step, name): each for name, each in own.items()})
        parts[step, _REST if own else ""] = max(0.0, whole - sum(own.values()))
    return dict(sorted(parts.items(), key=lambda item: -item[1]))
