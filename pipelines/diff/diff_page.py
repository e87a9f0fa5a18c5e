"""Shows two runs' differences as a page."""

import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from shardmill.pipelines.diff.compare_runs import Differences
from shardmill.pipelines.diff.flat_settings import Change
from shardmill.pipelines.diff.run_facts import RunFacts
from shardmill.pipelines.diff.statistics_changes import ColumnChange
from shardmill.pipelines.diff.token_changes import TokenChanges
from shardmill.pipelines.page.render_page import render_page
from shardmill.pipelines.page.shown_statistics import summary
from shardmill.pipelines.page.shown_text import MINUS, distinct_text, number, share, shown
from shardmill.pipelines.page.statistics_data import centred, statistics_data
from shardmill.schemas.feature_stats import Dataset, Statistics
from shardmill.schemas.validation.column_statistics import columns_of

# Rows of a table of settings or vocabularies; `--json` has all.
_MOST = 500
# Characters of a setting's value.
_VALUE = 200
# The title of each kind of changes, and what its keys are.
_TITLES = {
    "rows": ("Rows", "rows"),
    "rejected": ("Rejected rows", "reason"),
    "configuration": ("Settings", "setting"),
    "columns": ("Columns of the schema", "column"),
    "features": ("Features of the schema", "feature"),
    "versions": ("Versions", "package"),
}


def diff_page(found: Differences, one: RunFacts, two: RunFacts) -> str:
    """Makes the page of two runs' differences.

    Args:
        found: The differences.
        one: The first run.
        two: The second.
    """
    columns = [
        *_columns("column", found.statistics, one.raw_statistics, two.raw_statistics),
        *_columns(
            "feature", found.feature_statistics, one.feature_statistics, two.feature_statistics, one.ids & two.ids
        ),
    ]
    columns.sort(key=lambda column: -column["distance"])
    context = {
        "name": " → ".join(_names(one.run.folder, two.run.folder)),
        "versions": two.run.manifest["versions"],
        "any": found.any,
        "rows": [each.run.manifest["rows"] for each in (one, two)],
        "counts": _counts(found, columns),
        "tables": [_table(title, key, getattr(found, name)) for name, (title, key) in _TITLES.items()],
        "vocabularies": [_vocabulary(each) for each in found.vocabularies[:_MOST]],
        "more_vocabularies": max(len(found.vocabularies) - _MOST, 0),
        "columns": columns,
    }
    data = {"columns": [{"name": column["name"], "splits": column["splits"]} for column in columns]}
    return render_page("diff", context, data)


def _names(before: str, after: str) -> list[str]:
    """The folders' names, or their paths where these are equal."""
    names = [os.path.basename(each.rstrip("/")) or each for each in (before, after)]
    return [before, after] if names[0] == names[1] else names


def _counts(found: Differences, columns: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """The numbers of differences, for the first screen."""
    raw = sum(column["of"] == "column" for column in columns)
    return [
        ("settings", len(found.configuration)),
        ("versions", len(found.versions)),
        ("schemas' columns", len(found.columns) + len(found.features)),
        ("columns' statistics", raw),
        ("features' statistics", len(columns) - raw),
        ("vocabularies", len(found.vocabularies)),
        ("reasons of rejection", len(found.rejected)),
    ]


def _table(title: str, key: str, found: Sequence[Change]) -> dict[str, Any]:
    return {
        "title": title,
        "key": key,
        "rows": [(shown(each.key, _VALUE), *_pair(each.before, each.after)) for each in found[:_MOST]],
        "more": max(len(found) - _MOST, 0),
    }


def _pair(before: Any, after: Any) -> tuple[str, str, str]:
    """Both values, and of numbers the change."""
    changed = ""
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (before, after))
    if numbers and before:
        part = (after - before) / before
        changed = f"{'+' if part > 0 else MINUS}{share(abs(part))}"
    return _value(before), _value(after), changed


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,}"
    return shown(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), _VALUE)


def _vocabulary(found: TokenChanges) -> dict[str, Any]:
    return {
        "name": shown(found.name),
        "tokens": [None if each is None else f"{each:,}" for each in (found.before, found.after)],
        "entered": found.entered,
        "left": found.left,
        "moved": found.moved,
        "first_entered": _first(found.entered, found.first_entered),
        "first_left": _first(found.left, found.first_left),
    }


def _first(count: int, tokens: Sequence[str]) -> str:
    return ", ".join(shown(each, 40) for each in tokens) + (" …" if count > len(tokens) else "")


def _columns(
    of: str,
    changes: Sequence[ColumnChange],
    before: Mapping[str, Dataset],
    after: Mapping[str, Dataset],
    ids: Collection[str] = (),
) -> Iterator[dict[str, Any]]:
    """Yields columns whose statistics differ, each with its splits."""
    one, two = ({split: columns_of(each) for split, each in found.items()} for found in (before, after))
    by_name: dict[str, list[ColumnChange]] = {}
    for change in changes:
        by_name.setdefault(change.column, []).append(change)
    for name, found in by_name.items():
        # Changes come by their distance.
        yield {
            "name": name,
            "of": of,
            **_farthest(found[0], one, two, are_ids=name in ids),
            "splits": {
                shown(each.split): [
                    statistics_data(summary(side[each.split][name]), are_ids=name in ids) for side in (one, two)
                ]
                for each in found
            },
        }


def _farthest(
    change: ColumnChange,
    one: Mapping[str, Mapping[str, Statistics]],
    two: Mapping[str, Mapping[str, Statistics]],
    *,
    are_ids: bool,
) -> dict[str, Any]:
    """A column's figures where it differs most."""
    before, after = (summary(side[change.split][change.column]) for side in (one, two))
    return {
        "split": shown(change.split),
        "distance": change.distance if change.distance is not None else -1.0,
        "distance_text": "" if change.distance is None else f"{change.distance:.4f}",
        "measure": change.measure,
        "missing": _change(share(before.missing_share), share(after.missing_share)),
        # A mean of ids says nothing.
        "mean": "" if are_ids else _change(number(centred(before)), number(centred(after))),
        "distinct": _change(distinct_text(before.distinct), distinct_text(after.distinct)),
    }


def _change(before: str, after: str) -> str:
    return before if before == after else f"{before or 'none'} → {after or 'none'}"
