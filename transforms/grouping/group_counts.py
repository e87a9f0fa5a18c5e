"""Counts of groups, their rows, and dropped rows."""

from collections import Counter

import numpy as np
import numpy.typing as npt

# Why a row is in no record, as the manifest tells it.
TOO_LONG = "after max_length"
NO_WINDOW = "in no window"


class GroupCounts:
    """Counts of the records that groups became.

    Merging is associative and commutative.

    Attributes:
        records: Records, by split.
        rows: Rows that are in a record, by split.
        dropped: Rows that are in none, by reason.
        filled: Missing cells that the row before gave a value, by column.
        longest: The rows of the longest group, by the split's index; only where windows are
            records.
    """

    def __init__(self) -> None:
        """Starts from nothing."""
        self.records: Counter[str] = Counter()
        self.rows: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.filled: Counter[str] = Counter()
        self.longest: dict[int, int] = {}

    def see_groups(self, splits: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> None:
        """Keeps the longest group of each split.

        Args:
            splits: The index of each group's split.
            lengths: Its rows.
        """
        for split in np.unique(splits).tolist():
            longest = int(lengths[splits == split].max())
            self.longest[split] = max(longest, self.longest.get(split, 0))

    def merge(self, other: "GroupCounts") -> None:
        """Adds other counts."""
        self.records.update(other.records)
        self.rows.update(other.rows)
        self.dropped.update(other.dropped)
        self.filled.update(other.filled)
        for split, rows in other.longest.items():
            self.longest[split] = max(rows, self.longest.get(split, 0))
