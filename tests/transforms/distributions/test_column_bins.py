"""Distributions of columns in bins: what they hold, and that any order gives the same."""

import pickle
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from shardmill.transforms.distributions.column_bins import ColumnBins
from shardmill.transforms.distributions.distribution import Distribution
from shardmill.transforms.kernel.described_columns import FLOATS, INTEGERS, columns_of

NUMBERS = arrays.arrays(np.float32, st.integers(0, 60), elements=st.floats(width=32)) | arrays.arrays(
    np.int64, st.integers(0, 60)
)


def _bins(values: "npt.NDArray[Any] | pa.Array", most: int | None = None) -> ColumnBins:
    is_float = values.dtype == np.float32 if isinstance(values, np.ndarray) else values.type == pa.float32()
    bins = ColumnBins([FLOATS if is_float else INTEGERS], most)
    bins.update(columns_of([values], len(values)))
    return bins


def _same(one: ColumnBins, two: ColumnBins) -> bool:
    left, right = one.distributions()[0], two.distributions()[0]
    ends = [np.array_equal(getattr(left, name), getattr(right, name)) for name in ("low", "high", "counts")]
    return all(ends) and (left.below, left.above) == (right.below, right.above)


@given(NUMBERS, st.integers(2, 70), st.lists(st.integers(0, 3), min_size=60, max_size=60))
def test_any_parts_in_any_order_give_the_same_bins(values: npt.NDArray[Any], most: int, parts: list[int]) -> None:
    """To the bit, through a pickle, however few bins there may be."""
    merged = ColumnBins([FLOATS if values.dtype == np.float32 else INTEGERS], most)
    for part in (3, 1, 0, 2):
        mine = np.array(parts[: len(values)]) == part
        merged.merge(pickle.loads(pickle.dumps(_bins(values[mine], most))))
    assert _same(merged, _bins(values, most))


@given(NUMBERS, st.integers(2, 70))
def test_bins_hold_the_values(values: npt.NDArray[Any], most: int) -> None:
    """Each value is in one bin, between its ends; at most so many bins, and exact ones if values are no more."""
    (found,) = _bins(values, most).distributions()
    finite = values[np.isfinite(values)].astype(np.float64)
    assert len(found.counts) <= most
    assert found.count == np.count_nonzero(~np.isnan(values))
    assert (found.below, found.above) == (np.count_nonzero(values == -np.inf), np.count_nonzero(values == np.inf))
    # Some ends are two bins': 0 of a bin of negative numbers, and large integers once they are float64.
    for low, high, count in zip(found.low, found.high, found.counts, strict=True):
        assert count <= np.count_nonzero((finite >= low) & (finite <= high))
    if len(np.unique(values[np.isfinite(values)])) <= most:
        assert found.is_exact


def test_rows_can_be_chosen_and_nulls_are_skipped() -> None:
    """Of lists, too, of which a row may have several values."""
    bins = ColumnBins([FLOATS])
    lists = pa.array([[1.0, 2.0], [], [None, 3.0], [2.0]], pa.large_list(pa.float32()))
    bins.update(columns_of([lists], 4), np.array([0, 2, 3]))
    (found,) = bins.distributions()
    assert (found.low.tolist(), found.counts.tolist()) == ([1.0, 2.0, 3.0], [1, 2, 1])


def test_other_kinds_are_refused() -> None:
    """Integers and floats have other keys."""
    with pytest.raises(
        TypeError, match=r"bins: expected columns of the kinds \[1\], received \[2\]; make bins for these"
    ):
        ColumnBins([FLOATS]).update(columns_of([np.array([1])], 1))


def _exact(values: list[float]) -> Distribution:
    return _bins(np.array(values, np.float32)).distributions()[0]


def test_quantiles_are_tfdvs() -> None:
    """The edges and cumulative counts of tfx_bsl's sketch, whose counts TFDV shares among buckets with the same end."""
    sketches = pytest.importorskip("tfx_bsl.sketches")
    for values in ([1, 1, 1, 1, 2, 3, 3, 3, 5, 9], [5, 5, 5], [4, 7], list(range(7)), list(range(25))):
        sketch = sketches.QuantilesSketch(0.0001, 1 << 20, 1)
        sketch.AddValues(pa.array(values, pa.float32()))
        edges, upto = (each.flatten().to_numpy() for each in sketch.GetQuantilesAndCumulativeWeights(10))
        found = _exact(values).quantiles(10)
        assert found.edges.tolist() == edges.tolist()
        assert found.counts.sum() == pytest.approx(upto[-1])
    assert _exact([1, 1, 1, 1, 2, 3, 3, 3, 5, 9]).quantiles(10).counts.tolist() == pytest.approx(
        [4 / 3] * 3 + [1] + [1] * 3 + [1, 0.5, 0.5]
    )


def test_standard_buckets_are_closed_at_their_ends() -> None:
    """The first one at its start as well; a constant has one bucket."""
    found = _exact([0, 1, 1, 2, 10]).standard(10)
    assert found.edges.tolist() == list(range(11))
    assert found.counts.tolist() == [3, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    constant = _exact([7, 7]).standard(10)
    assert (constant.edges.tolist(), constant.counts.tolist()) == ([7, 7], [2])


@pytest.mark.parametrize("kind", ["normal", "skewed", "times"])
def test_many_values_are_near_the_exact_ones(kind: str) -> None:
    """Within a thousandth of the rows, where TFDV allows a hundredth."""
    rng = np.random.default_rng(1)
    made = {
        "normal": rng.normal(0, 1, 100_000).astype(np.float32),
        "skewed": rng.lognormal(0, 3, 100_000).astype(np.float32),
        "times": rng.integers(1_600_000_000, 1_700_000_000, 100_000),
    }
    values = made[kind]
    found = _bins(values).distributions()[0].within(values.min(), values.max())
    ordered = np.sort(values).astype(np.float64)
    buckets, quantiles = found.standard(10), found.quantiles(10)
    upto = np.searchsorted(ordered, buckets.edges, side="right")
    assert np.abs(np.cumsum(buckets.counts) - upto[1:]).max() <= len(values) / 1000
    ranks = np.searchsorted(ordered, quantiles.edges)
    assert np.abs(ranks - np.arange(11) * len(values) / 10).max() <= len(values) / 1000
    assert (quantiles.edges[0], quantiles.edges[-1]) == (ordered[0], ordered[-1])
    assert abs(np.searchsorted(ordered, found.median()) - len(values) / 2) <= len(values) / 1000


def test_the_bins_of_two_thousand_columns_are_near_the_exact_ones() -> None:
    """131 of them: within seven thousandths of the rows for a normal distribution around 0, whose bins are widest in its middle."""
    values = np.random.default_rng(1).normal(0, 1, 500_000).astype(np.float32)
    found = _bins(values, 131).distributions()[0].within(values.min(), values.max())
    ordered = np.sort(values).astype(np.float64)
    ranks = np.searchsorted(ordered, found.quantiles(10).edges)
    assert np.abs(ranks - np.arange(11) * len(values) / 10).max() <= 7 * len(values) / 1000
    buckets = found.standard(10)
    upto = np.searchsorted(ordered, buckets.edges, side="right")
    assert np.abs(np.cumsum(buckets.counts) - upto[1:]).max() <= 7 * len(values) / 1000
