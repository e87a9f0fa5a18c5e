"""Splits and shards: functions of the row alone."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.rows.splits import ShardRule, SplitRule


def test_fractions_are_kept() -> None:
    """Many keys fall into the splits by their fractions, to within 1 %."""
    rule = SplitRule.of_fractions({"train": 0.8, "eval": 0.15, "test": 0.05})
    splits = rule.assign(100_000, None, pa.array([f"key {number}" for number in range(100_000)]))
    shares = np.bincount(splits, minlength=3) / len(splits)
    assert shares == pytest.approx([0.8, 0.15, 0.05], abs=0.01)


def test_equal_keys_share_a_split() -> None:
    """A key's split depends on its text alone, wherever it stands."""
    rule = SplitRule.of_fractions({"train": 0.5, "eval": 0.5})
    keys = [f"{number % 50}" for number in range(1000)]
    splits = rule.assign(len(keys), None, pa.array(keys))
    assert len({(key, split) for key, split in zip(keys, splits.tolist(), strict=True)}) == 50
    assert rule.assign(1, None, pa.array(["7"]))[0] == splits[7]


def test_a_fraction_of_one_takes_all() -> None:
    """The last bound is closed: no key falls beyond it."""
    splits = SplitRule.of_fractions({"train": 1.0}).assign(
        5000, None, pa.array([str(number) for number in range(5000)])
    )
    assert not splits.any()


def test_files_can_belong_to_splits() -> None:
    """Without fractions a row's split is its file's, and `train` where the file has none."""
    rule = SplitRule(("train", "eval"))
    assert rule.assign(3, "eval", None).tolist() == [1, 1, 1]
    assert SplitRule().assign(2, None, None).tolist() == [0, 0]


def test_shuffle_spreads_evenly() -> None:
    """Shards differ in size by a few percent, and each gets rows from all over."""
    shards = ShardRule(shards=8, seed=1).assign(0, 80_000, 80_000)
    sizes = np.bincount(shards, minlength=8)
    assert sizes.min() > 9_600
    assert sizes.max() < 10_400
    assert set(shards[:100].tolist()) == set(range(8))


def test_the_seed_changes_the_spread() -> None:
    """Another seed puts rows into other shards."""
    first, second = (ShardRule(shards=8, seed=seed).assign(0, 1000, 1000) for seed in (0, 1))
    assert 0.05 < (first == second).mean() < 0.25


@given(st.lists(st.integers(0, 40), min_size=1, max_size=10), st.booleans(), st.integers(1, 9))
def test_assignment_does_not_depend_on_blocks(blocks: list[int], shuffle: bool, shards: int) -> None:
    """Rows cut into blocks get the shards that they get all at once."""
    rule = ShardRule(shards=shards, shuffle=shuffle, seed=3)
    total = sum(blocks)
    starts = np.cumsum([0, *blocks[:-1]]).tolist()
    pieces = [rule.assign(start, rows, total) for start, rows in zip(starts, blocks, strict=True)]
    assert np.concatenate(pieces).tolist() == rule.assign(0, total, total).tolist()


def test_unshuffled_shards_are_contiguous_and_even() -> None:
    """Without shuffling each shard is a run of the input, and sizes differ by one at most."""
    shards = ShardRule(shards=3, shuffle=False).assign(0, 10, 10)
    assert shards.tolist() == sorted(shards.tolist())
    assert sorted(np.bincount(shards).tolist()) == [3, 3, 4]


def test_rows_per_shard_says_how_many() -> None:
    """The number of shards is rows / rows_per_shard, rounded up, and at least 1."""
    rule = ShardRule(shards=None, rows_per_shard=100)
    assert [rule.count(rows) for rows in (0, 1, 100, 101, 1000)] == [1, 1, 1, 2, 10]


def test_bytes_per_shard_become_rows() -> None:
    """So many bytes a shard are so many rows of the mean size."""
    rule = ShardRule(shards=None, bytes_per_shard=1000).of_row_bytes(30.0)
    assert rule.count(100) == 4
