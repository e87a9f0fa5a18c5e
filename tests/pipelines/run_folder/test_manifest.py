"""The manifest's account of every row."""

import pytest

from shardmill.pipelines.run_folder.manifest import _account
from shardmill.schemas.errors import DataError
from shardmill.transforms.rows.counts import UnitCount
from shardmill.transforms.transform import REJECTED
from shardmill.transforms.write import ShardFile


def _shard(split: str, rows: int) -> ShardFile:
    return ShardFile(split, "file", rows, 0, "")


def test_rows_read_are_written_or_rejected() -> None:
    """The account adds up shards and units."""
    shards = [_shard("train", 7), _shard("eval", 2), _shard(REJECTED, 1)]
    assert _account(shards, [UnitCount(0, "a", (4, 1), 1), UnitCount(1, "b", (3, 1), 0)]) == {
        "read": 10,
        "written": 9,
        "rejected": 1,
    }


def test_a_lost_row_is_an_error() -> None:
    """A row that is neither written nor rejected stops the run before anything is published."""
    with pytest.raises(DataError, match=r"5 rows were read, but 4 were written and 0 rejected: 1 are unaccounted for"):
        _account([_shard("train", 4)], [UnitCount(0, "a", (5,), 0)])
