"""Quantiles: exact and equal to TF Transform's where its sketch is, deterministic beyond."""

import pickle
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.kernel.described_columns import columns_of
from shardmill.transforms.statistics import quantiles as module
from shardmill.transforms.statistics.column_quantiles import ColumnQuantiles
from shardmill.transforms.statistics.quantiles import Quantiles, Ranked

floats32 = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=80)


def _of(values: Any, cap: int = module.CAP) -> Quantiles:
    columns = columns_of([values], len(values))
    quantiles = ColumnQuantiles(columns.table["kind"].tolist(), cap)
    quantiles.update(columns)
    return quantiles.take()[0]


def _same(left: Ranked, right: Ranked) -> bool:
    return left.values.tobytes() == right.values.tobytes() and left.cumulative.tobytes() == right.cumulative.tobytes()


@given(floats32, st.randoms(), st.integers(1, 6), st.sampled_from([2, 3, 8, 16, 1 << 20]))
def test_merge_any_partition_any_order(values: list[float], random: Random, parts: int, cap: int) -> None:
    """Any partition, merged in any order after pickled round trips, gives the same bits, coarsened or not."""
    whole = _of(np.array(values, np.float32), cap)
    random.shuffle(values)
    merged = Quantiles(cap)
    for part in range(parts):
        merged.merge(pickle.loads(pickle.dumps(_of(np.array(values[part::parts], np.float32), cap))))
    assert _same(merged.ranked(), whole.ranked())


@given(floats32)
def test_ranked_is_sorted_and_distinct(values: list[float]) -> None:
    """While exact, the ranked values are numpy.unique's with cumulative counts; -0.0 and 0.0 are one."""
    unique, counts = np.unique(np.array(values, np.float32) + np.float32(0), return_counts=True)
    ranked = _of(np.array(values, np.float32)).ranked()
    assert ranked.values.tolist() == unique.tolist()
    assert ranked.cumulative.tolist() == np.cumsum(counts).tolist()


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=50))
def test_integers_keep_every_bit(values: list[int]) -> None:
    """int64 values beyond 2**53 stay apart."""
    assert _of(np.array(values)).ranked().values.tolist() == sorted(set(values))


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=60), st.floats(0, 1))
def test_quantile_is_numpys(values: list[float], q: float) -> None:
    """A quantile is numpy.quantile's in float64, linear interpolation included."""
    assert _of(np.array(values, np.float32)).ranked().quantile(q) == np.quantile(np.array(values, np.float64), q)


@pytest.mark.parametrize("num_buckets", [2, 3, 4, 10, 29])
@pytest.mark.parametrize("kind", ["normal", "ties", "skewed", "integers"])
def test_boundaries_are_tf_transforms(num_buckets: int, kind: str) -> None:
    """Boundaries equal those of the sketch behind tft.quantiles on sets where that sketch is exact."""
    sketches = pytest.importorskip("tfx_bsl.sketches")
    rng = np.random.default_rng(num_buckets)
    for size in (1, 2, 3, 7, 100, 999):
        values = {
            "normal": rng.normal(size=size).astype(np.float32),
            "ties": rng.integers(0, 7, size).astype(np.float32),
            "skewed": rng.exponential(size=size).round(1).astype(np.float32),
            "integers": rng.integers(-50, 50, size),
        }[kind]
        sketch = sketches.QuantilesSketch(min(1 / num_buckets, 0.01), 1 << 32, 1)
        sketch.AddValues(pa.array(values))
        expected = np.array(sketch.GetQuantiles(num_buckets).to_pylist()[0], np.float32)[1:-1]
        assert _of(values).ranked().boundaries(num_buckets).tolist() == expected.tolist()


def test_no_values() -> None:
    """No values give zeros, as TF Transform."""
    ranked = _of(pa.array([None], pa.float32())).ranked()
    assert ranked.boundaries(4).tolist() == [0, 0, 0]
    assert (ranked.quantile(0.5), ranked.mode, ranked.count) == (0, 0, 0)


def test_mode_is_the_smallest_of_the_most_frequent() -> None:
    """Of equally frequent values the smallest is the mode."""
    assert _of(np.array([3, 3, -1, -1, 2])).ranked().mode == -1


def test_nulls_nans_and_infinities_are_skipped() -> None:
    """Only finite values count."""
    array = pa.array([None, 1.0, float("nan"), float("inf"), 2.0], pa.float32())
    assert _of(array).ranked().values.tolist() == [1, 2]


def test_beyond_the_cap_the_rank_error_is_known() -> None:
    """With more distinct values than the cap, boundaries are off by no more ranks than values share a key."""
    values = np.random.default_rng(3).normal(size=20_000).astype(np.float32)
    ranked = _of(values, cap=1000).ranked()
    assert ranked.values.size <= 1000
    most = np.diff(ranked.cumulative, prepend=0).max()
    assert 1 < most < 600
    ordered = np.sort(values)
    for k, boundary in enumerate(ranked.boundaries(10), start=1):
        assert abs(np.searchsorted(ordered, boundary) - k * 2000) <= most


def test_a_column_keeps_one_type() -> None:
    """Keys of two types have no common order."""
    quantiles = _of(np.array([1.0], np.float32))
    with pytest.raises(TypeError, match="quantiles: expected values of float32, as before, received int64"):
        quantiles.merge(_of(np.array([1])))
