"""Patterns in `[features]`: one line for many columns."""

import fnmatch
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from shardmill.schemas.errors import ConfigError
from shardmill.schemas.messages import listed
from shardmill.schemas.mistakes import Mistakes
from shardmill.transforms.kinds.parameters import has_wildcard

# Column names listed in a message.
_FEW = 20


def expand_patterns(
    table: Mapping[str, Any], columns: Sequence[str], taken: Collection[str] = (), mistakes: Mistakes | None = None
) -> tuple[dict[str, Any], dict[str, str]]:
    """Replaces each pattern by a line per matching column.

    A name with `*`, `?` or `[` is a pattern, as in a shell, unless a column has that very name, or
    the line's table has `column` or `columns`. It matches the columns that no other line names, as
    its feature or its column. If two patterns match a column, the first one counts.

    Names in a line's `columns` are patterns, too. They match all columns that they fit, in the
    columns' order.

    Args:
        table: The `[features]` table.
        columns: The columns' names.
        taken: Columns that patterns don't match, such as the split's key.
        mistakes: Collects the patterns that match no column. None means that this is no mistake,
            since they may match derived columns.

    Returns:
        The table without patterns, in its order and then the columns' order; and, by feature, the
        pattern that made it.
    """
    known = set(columns)
    table = {name: _with_columns(name, value, columns, known, mistakes) for name, value in table.items()}
    patterns = {name for name, value in table.items() if is_pattern(name, value) and name not in known}
    if not patterns:
        return dict(table), {}
    named = {each for name, value in table.items() if name not in patterns for each in (name, *_columns(value))}
    free = [column for column in columns if column not in named and column not in taken]
    expanded: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for name, value in table.items():
        if name not in patterns:
            expanded[name] = value
            continue
        matches = _matcher(name)
        found = [column for column in free if column not in origins and matches(column)]
        if mistakes is not None and not found:
            error = _unmatched(name, [column for column in columns if matches(column)], columns)
            mistakes.add(error, ("features", name))
        expanded.update(dict.fromkeys(found, value))
        origins.update(dict.fromkeys(found, name))
    return expanded, origins


def is_pattern(name: str, value: object) -> bool:
    """Whether a line of `[features]` may match many columns.

    It does unless a column has the line's very name.
    """
    return has_wildcard(name) and not _columns(value)


def few_names(names: Sequence[str]) -> str:
    """The first few names of a list, for a message."""
    return listed(names, _FEW, str)


def _with_columns(
    name: str, value: Any, columns: Sequence[str], known: Collection[str], mistakes: Mistakes | None
) -> Any:
    """A line whose `columns` are no patterns any more."""
    named = value.get("columns", ()) if isinstance(value, Mapping) else ()
    named = [named] if isinstance(named, str) else named
    if not isinstance(named, list | tuple) or not any(
        isinstance(each, str) and each not in known and has_wildcard(each) for each in named
    ):
        return value
    found: list[Any] = []
    for each in named:
        if not isinstance(each, str) or each in known or not has_wildcard(each):
            found.append(each)
            continue
        matches = _matcher(each)
        matched = [column for column in columns if matches(column)]
        if mistakes is not None and not matched:
            error = ConfigError(
                f"[features] {name}: the pattern {each!r} in `columns` matches no column; the data has {few_names(columns)}"
            )
            mistakes.add(error, ("features", name))
        found += matched or [each]
    return {**value, "columns": found}


def _columns(value: object) -> tuple[str, ...]:
    """The columns that a line's table names explicitly.

    There are none if the feature has its column's name.
    """
    named = value.get("column", value.get("columns", ())) if isinstance(value, Mapping) else ()
    every = [named] if isinstance(named, str) else named if isinstance(named, list | tuple) else ()
    return tuple(each for each in every if isinstance(each, str))


def _matcher(pattern: str) -> Callable[[str], object]:
    return re.compile(fnmatch.translate(pattern)).match


def _unmatched(pattern: str, matched: Sequence[str], columns: Sequence[str]) -> ConfigError:
    if matched:
        return ConfigError(
            f"[features] {pattern}: each column that the pattern matches ({few_names(matched)}) is named by another line, taken by an "
            "earlier pattern, or the split's key; remove the pattern"
        )
    return ConfigError(f"[features] {pattern}: the pattern matches no column; the data has {few_names(columns)}")
