"""Prints two runs' differences, as tables or as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from shardmill.pipelines.console.plain_console import PlainConsole, PlainText
from shardmill.pipelines.diff.compare_runs import Differences
from shardmill.pipelines.diff.flat_settings import Change
from shardmill.pipelines.diff.statistics_changes import ColumnChange, Figures
from shardmill.pipelines.diff.token_changes import TokenChanges
from shardmill.schemas.messages import cut, listed

# Rows of a table; `--json` has all.
_SHOWN = 20
# Characters of a value, and of a name if there is little room.
_LONGEST = 200
_NAME = 20
# Short for the distances' names.
_MEASURES = {"L-infinity": "L\u221e", "Jensen-Shannon": "JS", "": ""}
_TITLES = {
    "configuration": "configuration",
    "versions": "versions",
    "rows": "rows",
    "rejected": "rejected rows",
    "columns": "columns",
    "features": "features",
}


def as_json(found: Differences) -> str:
    """All differences as JSON."""
    return json.dumps(asdict(found), indent=2)


def print_differences(found: Differences, before: str, after: str) -> None:
    """Prints a table for each kind of differences there are.

    Args:
        found: The differences.
        before: The first run's folder.
        after: The second's.
    """
    out = PlainConsole(highlight=False)
    if not found.any:
        out.print(f"no differences between {before} and {after}", markup=False)
        return
    out.print(f"before: {before}\nafter:  {after}", markup=False)
    for name, title in _TITLES.items():
        _print_changes(out, title, getattr(found, name))
    _print_statistics(out, "statistics of columns", found.statistics)
    _print_statistics(out, "statistics of features", found.feature_statistics)
    _print_vocabularies(out, found.vocabularies)


def _table(title: str, shown: int, of: int, *columns: str) -> Table:
    more = f" (the first {shown:,} of {of:,})" if of > shown else ""
    table = Table(title=f"{title}{more}", title_justify="left", title_style="bold")
    # Whole names as far as there is room: cells beside them may break.
    table.add_column(columns[0], no_wrap=True, overflow="ellipsis", min_width=_NAME)
    for column in columns[1:]:
        table.add_column(column, overflow="fold")
    return table


def _print_changes(out: Console, title: str, changes: Sequence[Change]) -> None:
    if not changes:
        return
    table = _table(title, _SHOWN, len(changes), "", "before", "after")
    for change in changes[:_SHOWN]:
        table.add_row(*map(PlainText, (change.key, _value(change.before), _value(change.after))))
    out.print(table)


def _value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return cut(value if isinstance(value, str) else json.dumps(value), _LONGEST)


def _print_statistics(out: Console, title: str, changes: Sequence[ColumnChange]) -> None:
    if not changes:
        return
    # One split is no column of its own.
    splits = len({change.split for change in changes}) > 1
    table = _table(
        title, _SHOWN, len(changes), "column", *(["split"] if splits else []), "distance", "missing", "mean", "unique"
    )
    for change in changes[:_SHOWN]:
        distance = "" if change.distance is None else f"{change.distance:.4f} {_MEASURES[change.measure]}"
        split = [change.split] if splits else []
        table.add_row(*map(PlainText, (change.column, *split, distance, *_figures(change.before, change.after))))
    out.print(table)


def _figures(before: Figures, after: Figures) -> list[str]:
    """Each figure before and after, once where they are equal."""
    pairs = (
        (f"{before.missing:.2%}", f"{after.missing:.2%}"),
        *(
            ("" if one is None else format(one, spec), "" if two is None else format(two, spec))
            for one, two, spec in ((before.mean, after.mean, ".5g"), (before.unique, after.unique, ","))
        ),
    )
    return [one if one == two else f"{one or 'none'} → {two or 'none'}" for one, two in pairs]


def _print_vocabularies(out: Console, found: Sequence[TokenChanges]) -> None:
    if not found:
        return
    table = _table("vocabularies", _SHOWN, len(found), "vocabulary", "tokens", "in", "out", "moved")
    for each in found[:_SHOWN]:
        sizes = [f"{size:,}" if size is not None else "none" for size in (each.before, each.after)]
        tokens = sizes[0] if sizes[0] == sizes[1] else " → ".join(sizes)
        cells = (
            each.name,
            tokens,
            _tokens(each.entered, each.first_entered),
            _tokens(each.left, each.first_left),
            f"{each.moved:,}",
        )
        table.add_row(*map(PlainText, cells))
    out.print(table)


def _tokens(count: int, first: Sequence[str]) -> str:
    more = ", ..." if count > len(first) else ""
    return f"{count:,}" + (f": {listed(first)}{more}" if first else "")
