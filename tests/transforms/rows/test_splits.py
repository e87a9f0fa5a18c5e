"""Splits and shards: functions of the row alone."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.schemas.splitmix import GAMMA, finalize
from shardmill.transforms.rows.splits import ShardRule, SplitRule

# A split: its first row's index, its rows, and its shards.
split_sizes = st.tuples(
    st.one_of(st.integers(0, 50), st.integers(0, 2**40)),
    st.one_of(st.integers(0, 60), st.integers(0, 2**41)),
    st.one_of(st.integers(1, 20), st.integers(1, 50_000)),
)


def _assigned(rule: ShardRule, first: int, rows: int, total: int) -> npt.NDArray[np.int64]:
    """The shards of consecutive rows, by NumPy."""
    index, shards = np.arange(first, first + rows, dtype=np.uint64), np.uint64(rule.count(total))
    if rule.shuffle:
        state = finalize(np.array([rule.seed % 2**64], np.uint64))
        return (finalize(state + (index + np.uint64(1)) * GAMMA) % shards).astype(np.int64)
    return np.minimum(index * shards // np.uint64(max(total, 1)), shards - np.uint64(1)).astype(np.int64)


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


def test_a_key_is_evaluated_in_one_fold() -> None:
    """The folds' `eval` splits share out the keys about equally; all else is `train`."""
    keys = pa.array([str(number) for number in range(20_000)])
    folds = np.stack([SplitRule.of_fold(fold, 7).assign(len(keys), None, keys) for fold in range(7)])
    assert (folds.sum(axis=0) == 1).all()
    assert np.abs(folds.mean(axis=1) - 1 / 7).max() < 0.01


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


@given(split_sizes, st.booleans(), st.integers(-(2**65), 2**65), st.integers(0, 300))
def test_shards_are_those_of_the_definition(split: tuple[int, int, int], shuffle: bool, seed: int, rows: int) -> None:
    """A row's shard is its SplitMix64 hash modulo their number, or its index * shards / total; rows beyond are in the last."""
    first, total, shards = split
    rule = ShardRule(shards=shards, shuffle=shuffle, seed=seed)
    assert rule.assign(first, rows, total).tolist() == _assigned(rule, first, rows, total).tolist()


def test_hashes_are_those_of_the_published_generator() -> None:
    """Index i's hash is output i + 1 of Vigna's splitmix64.c, from state 0 with seed 0, whatever the number of shards."""
    outputs = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    for shards in (1, 2, 3, 2**31 - 1, 2**32, 2**62 + 1, 2**63 - 1):
        assert ShardRule(shards=shards).assign(0, 3, 3).tolist() == [output % shards for output in outputs]


def test_any_number_of_rows_is_spread() -> None:
    """Nothing overflows where the product of index and shards has more than 64 bits."""
    first, total, shards = 2**62, 2**62 + 10, 2**40
    found = ShardRule(shards=shards, shuffle=False).assign(first, 10, total).tolist()
    assert found == [index * shards // total for index in range(first, first + 10)]


@given(st.lists(split_sizes, min_size=1, max_size=4), st.booleans(), st.data())
def test_sorting_is_stable(sizes: list[tuple[int, int, int]], shuffle: bool, data: st.DataObject) -> None:
    """Rows are in the order of split, shard and input, and every shard's end is told, with each split's rows."""
    splits = np.array(data.draw(st.lists(st.integers(0, len(sizes) - 1), max_size=200)), np.int64)
    first, totals, shards = zip(*sizes, strict=True)
    rule = ShardRule(shards=shards[0], shuffle=shuffle, seed=5)
    order, stops, rows = rule.sort(splits, first, totals)
    expected = np.empty(len(splits), np.int64)
    for split in range(len(sizes)):
        mine = np.flatnonzero(splits == split)
        expected[mine] = split * shards[0] + _assigned(rule, first[split], len(mine), totals[split])
    assert order.tolist() == np.argsort(expected, kind="stable").tolist()
    assert stops.tolist() == np.cumsum(np.bincount(expected, minlength=shards[0] * len(sizes))).tolist()
    assert rows.tolist() == np.bincount(splits, minlength=len(sizes)).tolist()


@given(st.lists(st.integers(0, 500), min_size=1, max_size=4), st.integers(1, 40))
def test_splits_may_differ_in_shards(totals: list[int], rows_per_shard: int) -> None:
    """With rows per shard each split has its own number, and its shards follow those of the splits before it."""
    rule = ShardRule(shards=None, rows_per_shard=rows_per_shard)
    splits = np.repeat(np.arange(len(totals)), totals)
    order, stops, _ = rule.sort(splits, [0] * len(totals), totals)
    listed = iter(pairwise([0, *stops.tolist()]))
    for split, total in enumerate(totals):
        shards = _assigned(rule, 0, total, total)
        for shard in range(rule.count(total)):
            start, stop = next(listed)
            assert order[start:stop].tolist() == (np.flatnonzero(shards == shard) + sum(totals[:split])).tolist()
    assert next(listed, None) is None


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
