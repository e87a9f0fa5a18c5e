"""Moments of outputs: by split and feature, of every numeric output."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.kernel.described_columns import FLOATS, INTEGERS, columns_of
from shardmill.transforms.statistics.moments import ColumnMoments, Moments, OutputMoments

NAMES = ("train", "eval", "test")


def _moments(values: list[float], dtype: type[np.generic]) -> Moments:
    moments = ColumnMoments([FLOATS if dtype is np.float32 else INTEGERS])
    moments.update(columns_of([np.array(values, dtype)], len(values)))
    return moments[0]


@given(st.lists(st.integers(0, 2), max_size=40), st.integers(1, 3), st.integers(0, 40))
def test_each_split_has_its_rows(splits: list[int], every: int, cut: int) -> None:
    """Of all outputs but text, in one block or several, merged."""
    rows = len(splits)
    scalar = np.arange(rows) * 7
    pairs = np.arange(2 * rows, dtype=np.float32).reshape(rows, 2)
    lists = pa.array([[float(row)] * (row % every) for row in range(rows)], pa.large_list(pa.float32()))
    text = pa.array(["x"] * rows, pa.binary())
    merged = OutputMoments()
    for part in (slice(None, cut), slice(cut, None)):
        found = OutputMoments()
        outputs = {"n": scalar[part], "text": text[part], "pair": pairs[part], "list": lists[part]}
        found.update(outputs, np.array(splits, np.int64)[part], NAMES)
        merged.merge(found)
    expected = {}
    for split in set(splits):
        mine = [row for row in range(rows) if splits[row] == split]
        expected[NAMES[split], "n"] = _moments(scalar[mine].tolist(), np.int64)
        expected[NAMES[split], "pair"] = _moments(pairs[mine].ravel().tolist(), np.float32)
        expected[NAMES[split], "list"] = _moments([row for row in mine for _ in range(row % every)], np.float32)
    assert merged.results() == expected


def test_merge_leaves_the_other_alone() -> None:
    """Beam may use an accumulator again after it was merged into another."""
    other = OutputMoments()
    other.update({"n": np.array([1, 2])}, np.zeros(2, np.int64), NAMES)
    before = other.results()
    merged = OutputMoments()
    merged.merge(other)
    merged.update({"n": np.array([9])}, np.zeros(1, np.int64), NAMES)
    assert other.results() == before
    assert merged.results()["train", "n"].count == 3


def test_outputs_without_numbers_have_no_moments() -> None:
    """A graph may give text alone."""
    found = OutputMoments()
    found.update({"text": pa.array(["x"], pa.binary())}, np.zeros(1, np.int64), NAMES)
    assert found.results() == {}
