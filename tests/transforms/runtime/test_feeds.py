"""Columns as the memory of tensors: numbers copied, missing values filled, whatever slice of a batch."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.schemas.schema import MISSING_INT
from shardmill.transforms.runtime.c_api import FLOAT, INT64, STRING
from shardmill.transforms.runtime.c_library import library_path
from shardmill.transforms.runtime.feeds import Feeds

pytestmark = pytest.mark.skipif(library_path() is None, reason="TensorFlow's C library isn't in the installed package")

FLOATS = st.lists(st.none() | st.floats(width=32), min_size=40, max_size=40)
INTEGERS = st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=40, max_size=40)


@given(FLOATS, FLOATS, INTEGERS, st.booleans(), st.data())
def test_numbers_are_stacked_with_missing_ones_filled(
    first: list[float | None], second: list[float | None], third: list[int | None], full: bool, data: st.DataObject
) -> None:
    """A null is NaN or -2**63 in the tensor, at any offset in a batch, and every other number keeps its bits."""
    if full:
        first = [0.5 if cell is None else cell for cell in first]
    start = data.draw(st.integers(0, 40))
    size = data.draw(st.integers(0, 40 - start))
    batch = pa.RecordBatch.from_pydict(
        {"n": pa.array(third, pa.int64()), "b": pa.array(second, pa.float32()), "a": pa.array(first, pa.float32())}
    ).slice(start, size)
    matrix, vector, again = Feeds([("float32", ["a", "b"]), ("int64", ["n"]), ("float32", ["b"])])(batch)
    assert [(feed.dtype, feed.shape) for feed in (matrix, vector, again)] == [
        (FLOAT, (2, size)),
        (INT64, (size,)),
        (FLOAT, (size,)),
    ]
    expected = [
        [np.float32(np.nan if cell is None else cell) for cell in column[start : start + size]]
        for column in (first, second)
    ]
    (floats,), (integers,), (alone,) = matrix.keep, vector.keep, again.keep
    assert isinstance(floats, np.ndarray)
    assert isinstance(integers, np.ndarray)
    assert isinstance(alone, np.ndarray)
    assert floats.tobytes() == np.array(expected, np.float32).tobytes()
    assert alone.tobytes() == floats[1].tobytes()
    assert integers.tolist() == [MISSING_INT if cell is None else cell for cell in third[start : start + size]]
    # Elsewhere TensorFlow would copy it.
    assert {floats.ctypes.data % 64, integers.ctypes.data % 64} == {0}


def test_text_beside_numbers() -> None:
    """Columns of text may stand between those of numbers; several are rows of one tensor."""
    columns = {
        "s": pa.array(["a", None]),
        "x": pa.array([1.0, None], pa.float32()),
        "t": pa.array([None, "b"], pa.large_string()),
    }
    text, numbers = Feeds([("bytes", ["t", "s"]), ("float32", ["x"])])(pa.RecordBatch.from_pydict(columns))
    assert (text.dtype, text.shape, text.size) == (STRING, (2, 2), 4 * 24)
    assert numbers.shape == (2,)


def test_batches_of_another_schema() -> None:
    """Columns are found by their names, wherever they stand in a batch."""
    feeds = Feeds([("int64", ["n"])])
    for other in ({}, {"x": pa.array([0.5], pa.float32())}, {"a": pa.array([7]), "b": pa.array([8])}):
        (feed,) = feeds(pa.RecordBatch.from_pydict({**other, "n": pa.array([5])}))
        (values,) = feed.keep
        assert isinstance(values, np.ndarray)
        assert values.tolist() == [5]
