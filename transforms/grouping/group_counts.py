"""Counts of groups, their rows, and dropped rows."""

from collections import Counter

# Why a row is in no record, as the manifest tells it.
TOO_LONG = "after max_length"


class GroupCounts:
    """Counts of the records that groups became.

    Merging is associative and commutative.

    Attributes:
        records: Records, by split.
        rows: Rows that are in a record, by split.
        dropped: Rows that are in none, by reason.
    """

    def __init__(self) -> None:
        """Starts from nothing."""
        self.records: Counter[str] = Counter()
        self.rows: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()

    def merge(self, other: "GroupCounts") -> None:
        """Adds other counts."""
        self.records.update(other.records)
        self.rows.update(other.rows)
        self.dropped.update(other.dropped)
