"""Moments are exact: they equal rational arithmetic, whatever the partition and order."""

import math
import pickle
from collections.abc import Sequence
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.statistics.moments import Moments

floats32 = st.lists(st.floats(width=32), max_size=60)
floats64 = st.lists(st.floats(), max_size=40)
integers = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=60)


def _of(values: Any) -> Moments:
    moments = Moments()
    moments.update(values)
    return moments


def _check(moments: Moments, values: Sequence[float]) -> None:
    present = [value for value in values if not math.isnan(value)]
    finite = [Fraction(value) for value in present if math.isfinite(value)]
    assert moments.count == len(finite)
    assert moments.missing == len(values) - len(present)
    assert moments.non_finite == len(present) - len(finite)
    assert moments.zeros == finite.count(Fraction(0))
    assert Fraction(moments.total, 2**1074) == sum(finite)
    assert Fraction(moments.squares, 2**2148) == sum(value * value for value in finite)
    if finite:
        assert Fraction(moments.minimum) == min(finite)
        assert Fraction(moments.maximum) == max(finite)
        mean = sum(finite) / len(finite)
        assert moments.mean == float(mean)
        variance = sum((value - mean) ** 2 for value in finite) / len(finite)
        # Half a unit in the last place above the largest float rounds to infinity.
        assert moments.variance == (math.inf if variance >= 2**1024 - 2**970 else float(variance))


@given(floats32)
def test_float32_sums_are_exact(values: list[float]) -> None:
    """Count, sums, mean and variance of float32 equal rational arithmetic, from subnormals to the largest."""
    _check(_of(np.array(values, np.float32)), values)


@given(floats64)
def test_float64_sums_are_exact(values: list[float]) -> None:
    """The same for float64, where squares neither overflow nor underflow."""
    _check(_of(np.array(values, np.float64)), values)


@given(integers)
def test_int64_sums_are_exact(values: list[int]) -> None:
    """The same for all of int64, whose squares pass every machine type."""
    _check(_of(np.array(values, np.int64)), values)


@given(floats32, st.randoms(), st.integers(1, 7))
def test_merge_any_partition_any_order(values: list[float], random: Random, parts: int) -> None:
    """Any partition, merged in any order after pickled round trips, gives an equal accumulator, byte for byte."""
    whole = _of(np.array(values, np.float32))
    random.shuffle(values)
    pieces = [pickle.loads(pickle.dumps(_of(np.array(values[part::parts], np.float32)))) for part in range(parts)]
    merged = Moments()
    for piece in pieces:
        merged.merge(piece)
    assert merged == whole
    assert pickle.dumps(merged) == pickle.dumps(whole)
    assert pickle.loads(pickle.dumps(merged)) == whole


def test_many_chunks_are_exact() -> None:
    """More values than one slice's bound of 8,192 products still sum exactly."""
    values = np.random.default_rng(0).normal(size=50_001).astype(np.float32) * 1e3
    moments = _of(values)
    assert Fraction(moments.total, 2**1074) == sum(map(Fraction, values.tolist()))
    assert Fraction(moments.squares, 2**2148) == sum(Fraction(value) ** 2 for value in values.tolist())


def test_largest_slices_stay_exact() -> None:
    """8,192 equal values of 20 bits, whose products are as large as a chunk may hold, sum exactly."""
    moments = _of(np.full(8192, 2**20 - 1, np.int64))
    assert moments.squares == 8192 * (2**20 - 1) ** 2 << 2148
    assert moments.variance == 0


def test_float64_of_extreme_range() -> None:
    """1e300 beside 1e-300 and subnormals: none is lost."""
    _check(_of(np.array([1e300, 1e-300, -1e300, 5e-324, 3.0])), [1e300, 1e-300, -1e300, 5e-324, 3.0])


def test_no_cancellation_around_a_billion() -> None:
    """Values around 1e9 with a spread of 1e-3 keep their standard deviation to the last bit."""
    values = 1e9 + np.random.default_rng(1).normal(scale=1e-3, size=20_000)
    exact = [Fraction(value) for value in values.tolist()]
    mean = sum(exact) / len(exact)
    variance = sum((value - mean) ** 2 for value in exact) / len(exact)
    assert _of(values).variance == float(variance)
    assert _of(values).std == pytest.approx(1e-3, rel=0.02)


def test_constant_has_variance_zero() -> None:
    """A constant column's variance is exactly 0, though its value isn't exact in binary."""
    assert _of(np.full(1000, 0.1, np.float32)).variance == 0


def test_empty_is_all_zero() -> None:
    """No value gives mean, variance, minimum and maximum 0."""
    moments = _of(pa.array([None, None], pa.float32()))
    assert (moments.count, moments.missing) == (0, 2)
    assert (moments.mean, moments.variance, moments.std, moments.minimum, moments.maximum) == (0, 0, 0, 0, 0)


def test_variance_beyond_float64_is_infinite() -> None:
    """A variance above float64's range is infinity, not an exception."""
    assert _of(np.array([-1e300, 1e300])).variance == math.inf


def test_negative_zero_is_zero() -> None:
    """-0.0 counts as a zero and is never the minimum or maximum by its sign."""
    moments = _of(np.array([-0.0, -0.0], np.float32))
    assert moments.zeros == 2
    assert math.copysign(1, moments.minimum) == math.copysign(1, moments.maximum) == 1


def test_arrow_arrays_with_nulls_and_offsets() -> None:
    """Nulls and NaNs of sliced and chunked Arrow arrays are missing; infinities are counted apart."""
    array = pa.array([9.0, 1.0, None, float("nan"), math.inf, 3.0, 9.0], pa.float32()).slice(1, 5)
    _check(_of(array), [1.0, math.nan, math.nan, math.inf, 3.0])
    assert _of(pa.chunked_array([array.slice(0, 2), array.slice(2)])) == _of(array)


def test_numpy_arrays_of_any_shape() -> None:
    """A graph's output of several dimensions counts all of its elements."""
    assert _of(np.arange(12, dtype=np.float32).reshape(3, 4)) == _of(np.arange(12, dtype=np.float32))


def test_small_types() -> None:
    """float16, booleans and small integers count as their values."""
    assert _of(np.array([0.5, 2], np.float16)).squares == _of(np.array([0.5, 2])).squares
    assert _of(pa.array([True, None, False])).total == 1 << 1074
    assert _of(np.array([-3, 4], np.int8)).total == 1 << 1074


def test_text_is_an_error() -> None:
    """Text has no moments."""
    with pytest.raises(TypeError, match="moments: expected an array of numbers, received"):
        _of(np.array(["a"]))


def test_accumulators_are_small() -> None:
    """5,000 columns' accumulators pickle to a few megabytes."""
    assert len(pickle.dumps(_of(np.random.default_rng(2).normal(size=1000).astype(np.float32)))) < 1000
