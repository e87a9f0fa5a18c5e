"""Statistics of outputs: by split and feature."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.kernel.described_columns import FLOATS, INTEGERS, columns_of
from shardmill.transforms.statistics.moments import ColumnMoments, Moments
from shardmill.transforms.summaries.output_statistics import OutputStatistics

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
    merged = OutputStatistics()
    for part in (slice(None, cut), slice(cut, None)):
        found = OutputStatistics()
        outputs = {"n": scalar[part], "text": text[part], "pair": pairs[part], "list": lists[part]}
        found.update(outputs, np.array(splits, np.int64)[part], NAMES)
        merged.merge(found)
    expected = {}
    for split in set(splits):
        mine = [row for row in range(rows) if splits[row] == split]
        expected[NAMES[split], "n"] = _moments(scalar[mine].tolist(), np.int64)
        expected[NAMES[split], "pair"] = _moments(pairs[mine].ravel().tolist(), np.float32)
        expected[NAMES[split], "list"] = _moments([row for row in mine for _ in range(row % every)], np.float32)
    assert merged.moments() == expected


def test_merge_leaves_the_other_alone() -> None:
    """Beam may use an accumulator again after it was merged into another."""
    other = OutputStatistics()
    other.update({"n": np.array([1, 2])}, np.zeros(2, np.int64), NAMES)
    before = other.moments()
    merged = OutputStatistics()
    merged.merge(other)
    merged.update({"n": np.array([9])}, np.zeros(1, np.int64), NAMES)
    assert other.moments() == before
    assert merged.moments()["train", "n"].count == 3


def test_outputs_without_numbers_have_no_moments() -> None:
    """A graph may give text alone."""
    found = OutputStatistics()
    found.update({"text": pa.array(["x"], pa.binary())}, np.zeros(1, np.int64), NAMES)
    assert found.moments() == {}
