"""Quantiles of several columns: gathered, sorted and merged in bulk, with the results of one array."""

import pickle

import numpy as np
import pyarrow as pa
import pytest

from shardmill.transforms.kernel.described_columns import FLOATS, INTEGERS, ColumnFinder, columns_of
from shardmill.transforms.statistics import column_quantiles as module
from shardmill.transforms.statistics.column_quantiles import ColumnQuantiles
from shardmill.transforms.statistics.quantiles import CAP, Quantiles

RNG = np.random.default_rng(4)
FLOAT = RNG.integers(-300, 300, 5000).astype(np.float32)
INTEGER = RNG.integers(-(2**63), 2**63 - 1, 5000)


def _expected(values: np.ndarray) -> tuple[list[float], list[int]]:
    unique, counts = np.unique(values, return_counts=True)
    return unique.tolist(), np.cumsum(counts).tolist()


def _found(quantiles: Quantiles) -> tuple[list[float], list[int]]:
    ranked = quantiles.ranked()
    return ranked.values.tolist(), ranked.cumulative.tolist()


@pytest.mark.parametrize("gathered", [1, 100, 1 << 18])
def test_blocks_give_what_one_array_gives(monkeypatch: pytest.MonkeyPatch, gathered: int) -> None:
    """Whatever is gathered before it is merged, and after a pickled round trip."""
    monkeypatch.setattr(module, "GATHERED", gathered)
    quantiles = ColumnQuantiles([FLOATS, INTEGERS])
    for start in range(0, 5000, 37):
        blocks = [FLOAT[start : start + 37], INTEGER[start : start + 37]]
        quantiles.update(columns_of(blocks, len(blocks[0])))
    left, right = pickle.loads(pickle.dumps(quantiles)).all()
    assert _found(left) == _expected(FLOAT)
    assert _found(right) == _expected(INTEGER)


def test_many_columns_gather_less_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """What all columns gather is bounded, though not below a block."""
    monkeypatch.setattr(module, "GATHERED_IN_ALL", 1000)
    quantiles = ColumnQuantiles([FLOATS] * 100)
    values = np.ones(37, np.float32)
    for _ in range(20):
        quantiles.update(columns_of([values] * 100, 37))
    assert sum(keys.size for keys in quantiles._gathered) <= 100 * 38
    assert [_found(each) for each in quantiles.take()] == [([1.0], [740])] * 100


def test_many_columns_keep_fewer_keys_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """What all columns keep is bounded, also merged by themselves, in whatever order."""
    monkeypatch.setattr(module, "KEYS_IN_ALL", 1000)
    pieces = []
    for part in range(4):
        quantiles = ColumnQuantiles([INTEGERS] * 10)
        quantiles.update(columns_of([INTEGER[part::4]] * 10, 1250))
        pieces.append(quantiles.take())
    whole = ColumnQuantiles([INTEGERS] * 10)
    whole.update(columns_of([INTEGER] * 10, 5000))
    for column, expected in enumerate(whole.all()):
        merged = Quantiles()
        for piece in pieces:
            merged.merge(piece[column])
        assert merged.distinct <= 100
        assert _found(merged) == _found(expected)


def test_few_columns_keep_all_that_one_may() -> None:
    """The bound of all columns is that of 16."""
    assert [ColumnQuantiles([FLOATS] * count).all()[0].cap for count in (1, 16, 32)] == [CAP, CAP, CAP // 2]


def test_chosen_rows_with_nulls() -> None:
    """Nulls, NaNs and infinities of the chosen rows are skipped, in a slice too."""
    batch = pa.RecordBatch.from_pydict(
        {
            "x": pa.array([5, None, 1, float("nan"), float("-inf"), -0.0, 0.0, 7], pa.float32()),
            "n": pa.array([5, 1, None, 2, 2, -3, 8, 9], pa.int64()),
        }
    ).slice(1)
    quantiles = ColumnQuantiles([INTEGERS, FLOATS])
    quantiles.update(ColumnFinder(["n", "x"]).find(batch), np.arange(6))
    assert [_found(each) for each in quantiles.all()] == [([-3, 1, 2, 8], [1, 2, 4, 5]), ([0.0, 1.0], [2, 3])]


def test_taken_quantiles_leave_empty_ones() -> None:
    """The accumulator stays usable; others may be put in their place."""
    quantiles = ColumnQuantiles([FLOATS, FLOATS])
    quantiles.update(columns_of([FLOAT, FLOAT], 5000))
    (taken, _) = quantiles.take()
    assert [_found(each) for each in quantiles.all()] == [([], []), ([], [])]
    replaced = quantiles.replaced({1: taken})
    assert [_found(each) for each in replaced.all()] == [([], []), _expected(FLOAT)]
    quantiles.update(columns_of([FLOAT[:1], FLOAT[:1]], 1))
    assert _found(quantiles.all()[0]) == ([FLOAT[0]], [1])


def test_columns_of_another_kind_are_errors() -> None:
    """The kernel would read integers as floats."""
    with pytest.raises(
        TypeError, match=r"quantiles: expected columns of the kinds \[1\], received \[2\]; make quantiles for these"
    ):
        ColumnQuantiles([FLOATS]).update(columns_of([np.array([1])], 1))
