"""Two runs' statistics, with distances of distributions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shardmill.schemas.feature_stats import Dataset, Statistics
from shardmill.schemas.validation.column_statistics import (
    columns_of,
    common_of,
    counts_of,
    has_numbers,
)
from shardmill.schemas.validation.comparators import numeric_distance
from shardmill.schemas.validation.distances import l_infinity


@dataclass(frozen=True)
class Figures:
    """The figures of a column that are compared.

    Attributes:
        missing: The share of rows without a value.
        mean: The mean of numbers. None means that there are none.
        unique: The number of distinct texts. None means that it isn't known.
    """

    missing: float
    mean: float | None
    unique: int | None

    @classmethod
    def of(cls, column: Statistics) -> "Figures":
        """The figures of a column's statistics."""
        common = common_of(column)
        rows = common.num_non_missing + common.num_missing
        return cls(
            common.num_missing / rows if rows else 0.0,
            column.num_stats.mean if has_numbers(column) else None,
            column.string_stats.unique or None,
        )


@dataclass(frozen=True)
class ColumnChange:
    """A column whose statistics differ.

    Attributes:
        split: The split.
        column: The column, or feature.
        before: The first run's figures.
        after: The second run's.
        measure: How distributions are compared; empty where they can't be.
        distance: Their distance, from 0 to 1. None means that it isn't known.
    """

    split: str
    column: str
    before: Figures
    after: Figures
    measure: str
    distance: float | None


def column_changes(before: Mapping[str, Dataset], after: Mapping[str, Dataset]) -> list[ColumnChange]:
    """The columns whose statistics differ, the farthest first.

    Splits and columns that only one run has are no changes of statistics.

    Args:
        before: One run's statistics, by split.
        after: The other's.
    """
    found = [
        change
        for split in before
        if split in after
        for change in _of_split(split, columns_of(before[split]), columns_of(after[split]))
    ]
    return sorted(found, key=lambda change: -(change.distance or 0.0))


def _of_split(split: str, before: Mapping[str, Statistics], after: Mapping[str, Statistics]) -> Iterator[ColumnChange]:
    for name in before:
        if name in after and before[name] != after[name]:
            measure, distance = _distance(before[name], after[name])
            yield ColumnChange(split, name, Figures.of(before[name]), Figures.of(after[name]), measure, distance)


def _distance(before: Statistics, after: Statistics) -> tuple[str, float | None]:
    one, two = counts_of(before), counts_of(after)
    if one and two:
        return "L-infinity", l_infinity(one, two).distance
    distance = numeric_distance(before, after)
    return ("Jensen-Shannon" if distance is not None else ""), distance
