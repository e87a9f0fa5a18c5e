"""The shard and position of every unit's rows.

They are known once all rows are counted: rows are numbered through each split in the input's order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shardmill.schemas.arrow import offsets_of
from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.rows.counts import Rejections, UnitCount, filtered_rows
from shardmill.transforms.rows.splits import ShardRule, SplitRule


class PlannedRows(NamedTuple):
    """The rows of a block by split and shard.

    Attributes:
        order: int64 [rows], the rows in the order of their shards, and of the input within one.
        shards: Split, shard and number of rows of each shard with rows, in this order.
        rows: int64 [splits], the number of rows of each split.
    """

    order: npt.NDArray[np.int64]
    shards: list[tuple[str, int, int]]
    rows: npt.NDArray[np.int64]


class RowPlan:
    """The rows of all splits, numbered in the input's order.

    Attributes:
        totals: Each split's number of rows.
        shard_counts: Each split's number of shards.
    """

    def __init__(self, counts: Sequence[UnitCount], split_rule: SplitRule, shard_rule: ShardRule) -> None:
        """Adds up the rows of all units.

        Args:
            counts: The rows of every unit, in any order.
            split_rule: The splits.
            shard_rule: How rows are spread over shards.
        """
        ordered = sorted(counts, key=lambda count: count.unit)
        self.totals = _totals(ordered, split_rule)
        self.shard_counts = {split: shard_rule.count(total) for split, total in self.totals.items()}
        self._shard_rule = shard_rule
        self._names = np.array(list(self.totals))
        self._starts = offsets_of(np.array(list(self.shard_counts.values())))
        self._counts = {count.unit: count for count in ordered}
        table = _table(ordered, split_rule)
        offsets = np.cumsum(table, axis=0) - table
        self._first = dict(zip(self._counts, offsets.tolist(), strict=True))

    def first(self, unit: int) -> list[int]:
        """The index in each split of the unit's first row."""
        return list(self._first[unit])

    def held(self, unit: Unit) -> Unit:
        """The unit with the checksum that the analysis found.

        Reading it again fails if its bytes have changed since.
        """
        return replace(unit, checksum=self._counts[unit.index].checksum)

    def content(self, unit: Unit) -> bytes:
        """The SHA-256 of the unit's content, from the analysis."""
        found = self._counts[unit.index].sha256
        assert found is not None  # where units are kept, the analysis hashes them
        return found

    @property
    def digest(self) -> str:
        """All splits, shards and rules as text."""
        return repr((self.totals, self.shard_counts, self._shard_rule))

    def sort(self, splits: npt.NDArray[np.int64], first: Sequence[int]) -> PlannedRows:
        """Sorts a block's rows by split and shard.

        Args:
            splits: The split of each row, as its index in `totals`.
            first: By split, the index in it of the block's first row there.
        """
        order, stops, rows = self._shard_rule.sort(splits, first, list(self.totals.values()))
        counts = np.diff(stops, prepend=0)
        found = np.flatnonzero(counts)
        of_split = np.searchsorted(self._starts, found, side="right") - 1
        names = self._names[of_split].tolist()
        listed = zip(names, (found - self._starts[of_split]).tolist(), counts[found].tolist(), strict=True)
        return PlannedRows(order, list(listed), rows)

    def check_second_pass(self, unit: Unit, rows: Sequence[int], rejected: int, filtered: Mapping[str, int]) -> None:
        """Checks that the second pass read as many rows.

        The unit's bytes are known to be the same in both passes.

        Raises:
            DataError: The numbers of rows differ.
        """
        count = self._counts[unit.index]
        if (tuple(rows), rejected, filtered) != (count.rows, count.rejected, count.filtered):
            raise DataError(
                f"{unit.path!r}: the analysis read {count.read:,} rows of one part of it, the transform "
                f"{sum(rows) + rejected + sum(filtered.values()):,} of the "
                "same bytes, so nothing is published; run again, and if it persists report it as a defect of shardmill"
            )


def check_rows(counts: Sequence[UnitCount], rejections: Rejections, problem: str = "", remedy: str = "") -> None:
    """Checks that there are rows to write.

    Args:
        counts: The rows of every unit.
        rejections: The rejected rows.
        problem: The one thing wrong with most of them, if there is such.
        remedy: What can be done about that.

    Raises:
        DataError: No row was accepted.
    """
    if not sum(sum(count.rows) for count in counts):
        paths = sorted({count.path for count in counts})
        filtered = filtered_rows(counts)
        if filtered:
            left_out = " and ".join(f"{rows:,} by {setting}" for setting, rows in filtered.items())
            raise DataError(
                f"[rows] leaves out all good rows of the input ({left_out}): {paths[0]!r}; {_advice(filtered)}"
            )
        read = sum(count.read for count in counts)
        rejected = f" ({read:,} rows were rejected{problem and ': '}{problem})" if read else ""
        more = f" and {len(paths) - 1} more files" if paths[1:] else ""
        first = f". The first:\n{rejections.describe()}" if rejections.first else ""
        advice = f"\n{remedy}" if remedy else ""
        raise DataError(f"the input has no good rows{rejected}: {paths[0]!r}{more}{first}{advice}")


def _advice(filtered: Mapping[str, int]) -> str:
    """Advice on rows that settings leave out."""
    if "where" in filtered:
        return "check `where`, and how its columns are spelled"
    # Of equal rows one stays, unless a share of rows leaves it out, too.
    share = "sample" if "sample" in filtered else "downsample"
    return f"raise the share of rows that `{share}` keeps, or give it another `seed`"


def check_splits(counts: Sequence[UnitCount], split_rule: SplitRule) -> None:
    """Checks that every split has rows.

    Args:
        counts: The rows of every unit.
        split_rule: The splits.

    Raises:
        DataError: A split has no rows.
    """
    totals = _totals(counts, split_rule)
    read = sum(count.read for count in counts)
    sizes = ", ".join(f"{name} {rows:,}" for name, rows in totals.items())
    for split, rows in totals.items():
        if not rows:
            raise DataError(
                f"split {split!r} has no rows: {read:,} rows were read and split into {sizes}; "
                "give [split] larger fractions, other times or a key with more values, or give more data"
            )


def _totals(counts: Sequence[UnitCount], split_rule: SplitRule) -> dict[str, int]:
    return dict(zip(split_rule.names, _table(counts, split_rule).sum(axis=0).tolist(), strict=True))


def _table(counts: Sequence[UnitCount], split_rule: SplitRule) -> npt.NDArray[np.int64]:
    return np.array([count.rows for count in counts], dtype=np.int64).reshape(len(counts), len(split_rule.names))
