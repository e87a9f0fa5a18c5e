"""The account of every row."""

from collections import Counter

import pytest

from shardmill.pipelines.run_folder.account import account_rows
from shardmill.schemas.errors import DataError
from shardmill.transforms.grouping.group_counts import GroupCounts
from shardmill.transforms.rows.counts import UnitCount


def _groups(records: int, rows: int, dropped: int) -> GroupCounts:
    groups = GroupCounts()
    groups.records, groups.rows = Counter(train=records), Counter(train=rows)
    groups.dropped = Counter({"too long": dropped})
    return groups


def test_rows_read_are_written_or_rejected() -> None:
    """The account adds up splits and units."""
    counts = [UnitCount(0, "a", (4, 1), 1), UnitCount(1, "b", (3, 1), 0)]
    assert account_rows({"train": 7, "eval": 2}, 1, counts, None) == {"read": 10, "written": 9, "rejected": 1}


def test_rows_of_groups_are_written_or_dropped() -> None:
    """Where a record is a group of rows, its rows count as written."""
    counts = [UnitCount(0, "a", (9,), 1)]
    assert account_rows({"train": 2}, 1, counts, _groups(2, 6, 3)) == {"read": 10, "written": 6, "rejected": 1}


def test_a_lost_row_is_an_error() -> None:
    """A row that is neither written nor rejected, or a group that isn't written, stops the run before anything is published."""
    with pytest.raises(DataError, match=r"5 rows were read, but 4 were written and 0 rejected: 1 are unaccounted for"):
        account_rows({"train": 4}, 0, [UnitCount(0, "a", (5,), 0)], None)
    with pytest.raises(DataError, match=r"9 rows were read, but 6 were written, 2 dropped and 0 rejected: 1 are unacc"):
        account_rows({"train": 2}, 0, [UnitCount(0, "a", (9,), 0)], _groups(2, 6, 2))
    with pytest.raises(DataError, match=r"3 groups were made, but 2 records written"):
        account_rows({"train": 2}, 0, [UnitCount(0, "a", (9,), 0)], _groups(3, 6, 3))
