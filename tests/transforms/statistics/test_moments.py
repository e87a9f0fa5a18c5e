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

from shardmill.transforms.kernel.described_columns import FLOATS, INTEGERS, ColumnFinder, columns_of
from shardmill.transforms.statistics.moments import ColumnMoments, Moments

floats = st.lists(st.floats(width=32), max_size=60)
integers = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=60)
# More than a chunk of 4,096, too.
repeats = st.sampled_from([1, 2, 199])
some_or_none = st.lists(
    st.tuples(st.one_of(st.none(), st.floats(width=32)), st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))),
    max_size=40,
)


def _accumulated(values: Any) -> ColumnMoments:
    columns = columns_of([values], len(values))
    moments = ColumnMoments(columns.table["kind"].tolist())
    moments.update(columns)
    return moments


def _of(values: Any) -> Moments:
    return _accumulated(values)[0]


def _check(moments: Moments, values: Sequence[float]) -> None:
    present = [value for value in values if not math.isnan(value)]
    finite = [Fraction(value) for value in present if math.isfinite(value)]
    assert moments.count == len(finite)
    assert moments.missing == len(values) - len(present)
    assert moments.non_finite == len(present) - len(finite)
    assert moments.zeros == finite.count(Fraction(0))
    assert Fraction(moments.total, 2**149) == sum(finite)
    assert Fraction(moments.squares, 2**298) == sum(value * value for value in finite)
    if finite:
        assert Fraction(moments.minimum) == min(finite)
        assert Fraction(moments.maximum) == max(finite)
        mean = sum(finite) / len(finite)
        assert moments.mean == float(mean)
        variance = sum((value - mean) ** 2 for value in finite) / len(finite)
        assert moments.variance == float(variance)


@given(floats, repeats)
def test_float_sums_are_exact(values: list[float], times: int) -> None:
    """Count, sums, mean and variance of float32 equal rational arithmetic, from subnormals to the largest."""
    _check(_of(np.array(values * times, np.float32)), values * times)


@given(integers, repeats)
def test_integer_sums_are_exact(values: list[int], times: int) -> None:
    """The same for all of int64, whose squares pass every machine type."""
    _check(_of(np.array(values * times, np.int64)), values * times)


@given(floats, st.randoms(), st.integers(1, 7))
def test_merge_any_partition_any_order(values: list[float], random: Random, parts: int) -> None:
    """Any partition, merged in any order after pickled round trips, gives an equal accumulator, byte for byte."""
    whole = _accumulated(np.array(values, np.float32))
    random.shuffle(values)
    pieces = [
        pickle.loads(pickle.dumps(_accumulated(np.array(values[part::parts], np.float32)))) for part in range(parts)
    ]
    merged = ColumnMoments([FLOATS])
    for piece in pieces:
        merged.merge(piece)
    assert merged[0] == whole[0]
    assert pickle.dumps(merged) == pickle.dumps(whole)
    assert pickle.dumps(whole.copy()) == pickle.dumps(whole)


@given(some_or_none, st.integers(0, 3), st.randoms())
def test_chosen_rows_of_columns_with_nulls(
    rows: list[tuple[float | None, int | None]], cut: int, random: Random
) -> None:
    """Of several columns at once, each with its nulls, the chosen rows count, also in a slice."""
    schema = pa.schema([("float", pa.float32()), ("int", pa.int64())])
    batch = pa.RecordBatch.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)
    batch, rows = batch.slice(cut), rows[cut:]
    index = [row for row in range(len(rows)) if random.random() < 0.6]
    for chosen in (None, np.array(index, np.int64)):
        moments = ColumnMoments([INTEGERS, FLOATS])
        moments.update(ColumnFinder(["int", "float"]).find(batch), chosen)
        kept = rows if chosen is None else [rows[row] for row in index]
        _check(moments[0], [math.nan if value is None else value for _, value in kept])
        _check(moments[1], [math.nan if value is None else value for value, _ in kept])


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=30), st.integers(0, 200))
def test_largest_and_smallest_together(values: list[float], apart: int) -> None:
    """A large value beside small ones loses none of them, however far apart they are."""
    values = [*np.ldexp(np.array(values, np.float32), apart - 100).tolist(), 2.0**100, -(2.0**99)]
    _check(_of(np.array(values, np.float32)), values)


@pytest.mark.parametrize("value", [3.4028234663852886e38, 2**-149, -(2**-126), 1.9999998807907104, -(2**63), 2**63 - 1])
def test_many_equal_extremes_are_exact(value: float) -> None:
    """A million of the largest and the smallest values, more than registers hold."""
    moments = _of(np.full(1_000_003, value, np.int64 if abs(value) >= 2**62 and value < 2**70 else np.float32))
    assert Fraction(moments.total, 2**149) == 1_000_003 * Fraction(value)
    assert Fraction(moments.squares, 2**298) == 1_000_003 * Fraction(value) ** 2
    assert moments.variance == 0


def test_sums_that_change_their_sign() -> None:
    """A borrow goes through all limbs, and back."""
    _check(
        _of(np.array([2.0**-149, -(2.0**127), 2.0**127, -(2.0**-149)], np.float32)),
        [2.0**-149, -(2.0**127), 2.0**127, -(2.0**-149)],
    )
    merged = _accumulated(np.array([-1.0], np.float32))
    merged.merge(_accumulated(np.array([1.0], np.float32)))
    assert (merged[0].total, merged[0].squares) == (0, 2 << 298)


def test_constant_has_variance_zero() -> None:
    """A constant column's variance is exactly 0, though its value isn't exact in binary."""
    assert _of(np.full(1000, 0.1, np.float32)).variance == 0


def test_empty_is_all_zero() -> None:
    """No value gives mean, variance, minimum and maximum 0."""
    moments = _of(pa.array([None, None], pa.float32()))
    assert (moments.count, moments.missing) == (0, 2)
    assert (moments.mean, moments.variance, moments.std, moments.minimum, moments.maximum) == (0, 0, 0, 0, 0)


def test_negative_zero_is_zero() -> None:
    """-0.0 counts as a zero and is never the minimum or maximum by its sign."""
    moments = _of(np.array([-0.0, -0.0], np.float32))
    assert moments.zeros == 2
    assert math.copysign(1, moments.minimum) == math.copysign(1, moments.maximum) == 1


def test_outputs_of_several_dimensions() -> None:
    """All elements of the chosen rows count."""
    columns = columns_of([np.arange(12, dtype=np.float32).reshape(3, 2, 2)], 3)
    moments = ColumnMoments([FLOATS])
    moments.update(columns, np.array([0, 2]))
    assert moments[0] == _of(np.array([0, 1, 2, 3, 8, 9, 10, 11], np.float32))


def test_outputs_of_varying_length() -> None:
    """All elements of the chosen rows' lists count, of a slice's too."""
    lists = pa.array([[9.0], [1.0, 2.0], [], [float("nan"), 4.0], [8.0]], pa.large_list(pa.float32())).slice(1)
    moments = ColumnMoments([FLOATS])
    moments.update(columns_of([lists], 4))
    _check(moments[0], [1.0, 2.0, math.nan, 4.0, 8.0])
    moments.update(columns_of([lists], 4), np.array([0, 1, 2]))
    _check(moments[0], [1.0, 2.0, math.nan, 4.0, 8.0, 1.0, 2.0, math.nan, 4.0])


def test_columns_of_another_kind_are_errors() -> None:
    """The kernel would read integers as floats."""
    with pytest.raises(
        TypeError, match=r"moments: expected columns of the kinds \[1\], received \[2\]; make moments for these"
    ):
        ColumnMoments([FLOATS]).update(columns_of([np.array([1])], 1))
