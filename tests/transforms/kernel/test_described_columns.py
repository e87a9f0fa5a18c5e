"""Columns as they are described to the kernel."""

import ctypes
import pickle
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from shardmill.transforms.kernel.described_columns import (
    FLOATS,
    INTEGERS,
    LARGE_TEXTS,
    TEXTS,
    ColumnFinder,
    columns_of,
)

BATCH = pa.RecordBatch.from_pydict(
    {
        "x": pa.array([1, None, 3], pa.float32()),
        "n": pa.array([1, 2, 3], pa.int64()),
        "s": pa.array(["a", "", None], pa.string()),
        "b": pa.array([b"a", b"", b"c"], pa.large_binary()),
    }
)

# In a process of its own, since a fault may end it.
_TOGETHER = """
import sys, threading
sys.setswitchinterval(1e-6)
import numpy as np, pyarrow as pa
from shardmill.transforms.kernel.described_columns import ColumnFinder
names = [f"c{index}" for index in range(300)]
batches = [pa.RecordBatch.from_pydict({name: pa.array([1.0], pa.float32()) for name in order})
           for order in (names, names[::-1])]
expected = [ColumnFinder(names).find(batch).table.tolist() for batch in batches]
barrier = threading.Barrier(2)
finders = [ColumnFinder(names) for _ in range(400)]
wrong = [0, 0]
def find(thread):
    for turn, finder in enumerate(finders):
        barrier.wait()
        for index in (0, thread * turn % 2):
            wrong[thread] += finder.find(batches[index]).table.tolist() != expected[index]
threads = [threading.Thread(target=find, args=(thread,)) for thread in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(sum(wrong))
"""


def test_columns_of_a_batch() -> None:
    """By name: the buffers that Arrow holds, without a copy, and the kind; a slice has an offset."""
    finder = pickle.loads(pickle.dumps(ColumnFinder(["b", "s", "n", "x"])))
    for batch, offset in ((BATCH, 0), (BATCH.slice(1), 1)):
        found = finder.find(batch)
        assert found.rows == batch.num_rows
        assert found.table["kind"].tolist() == [LARGE_TEXTS, TEXTS, INTEGERS, FLOATS]
        assert found.table["offset"].tolist() == [offset] * 4
        for row, name in zip(found.table, ("b", "s", "n", "x"), strict=True):
            valid, values = batch.column(name).buffers()[:2]
            assert row["values"] == values.address
            assert row["valid"] == (valid.address if batch.column(name).null_count else 0)


def test_batches_of_another_schema() -> None:
    """A finder learns the new places; none is left of the ones before."""
    finder = ColumnFinder(["n"])
    finder.find(BATCH)
    found = finder.find(BATCH.select(["s", "n"]))
    assert found.table["values"].tolist() == [BATCH.column("n").buffers()[1].address]


def test_threads_may_share_a_finder() -> None:
    """While one thread learns a schema, another finds its own batch's columns, of the same schema or not."""
    done = subprocess.run([sys.executable, "-c", _TOGETHER], capture_output=True, text=True, timeout=600, check=True)
    assert done.stdout == "0\n"


def test_columns_that_cannot_be_described() -> None:
    """A column that isn't there, or of a type whose values the kernel doesn't know."""
    with pytest.raises(KeyError, match="y"):
        ColumnFinder(["y"]).find(BATCH)
    wrong = pa.RecordBatch.from_pydict({"d": pa.array([1.0], pa.float64())})
    with pytest.raises(TypeError, match="column 'd': expected float32, int64 or text, received double; cast it"):
        ColumnFinder(["d"]).find(wrong)
    with pytest.raises(
        TypeError, match="an array for the kernel: expected float32 or int64, received float64; cast it"
    ):
        columns_of([np.array([1.0])], 1)
    with pytest.raises(
        TypeError, match="an array for the kernel: expected float32, int64 or text, received double; cast it"
    ):
        columns_of([pa.array([1.0])], 1)


@pytest.mark.parametrize(
    "array",
    [np.zeros(3, np.float32), pa.array([1, 2, 3]), pa.array([[1], [], [2]], pa.large_list(pa.int64()))],
    ids=["numpy", "arrow", "lists"],
)
@pytest.mark.parametrize("rows", [2, 4])
def test_arrays_of_other_rows_are_refused(array: "np.ndarray | pa.Array", rows: int) -> None:
    """The kernel would read beyond them."""
    with pytest.raises(
        ValueError, match=f"^an array for the kernel: expected {rows} rows, received 3; give arrays of one length$"
    ):
        columns_of([array], rows)


def test_another_library_may_declare_the_same_function(monkeypatch: pytest.MonkeyPatch) -> None:
    """`ctypes.pythonapi` is shared by all: what another library says of its functions doesn't matter here."""
    monkeypatch.setattr(ctypes.pythonapi.PyCapsule_GetPointer, "argtypes", (ctypes.c_int, ctypes.c_int))
    assert ColumnFinder(["n"]).find(BATCH).table["values"].tolist() == [BATCH.column("n").buffers()[1].address]


def test_arrays_that_are_not_contiguous_are_copied() -> None:
    """The kernel goes from one value to the next."""
    array = np.arange(6, dtype=np.float32)[::2]
    found = columns_of([array], 3)
    assert found.table["values"][0] != array.ctypes.data
    assert found.table["each"].tolist() == [1]
