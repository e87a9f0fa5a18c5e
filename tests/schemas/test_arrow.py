"""Arrow arrays and NumPy arrays share memory."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from shardmill.schemas.arrow import binary_of, binary_parts, bounds, from_numpy, to_lists, to_numpy

_ANALYZE = """
import io, sys
from pyarrow import csv
from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.statistics import tokens as vocabulary
from shardmill.transforms.statistics.accumulator import Analysis
from shardmill.transforms.statistics.requests import NumericRequest, VocabularyRequest
from shardmill.transforms.statistics import ranking
from shardmill.transforms.statistics.token_files import TokenWriter
table = csv.read_csv(io.BytesIO(b"a,b\\nx,1\\ny,2\\nx,\\n"))
columns = [Column("a", ColumnType.BYTES), Column("b", ColumnType.INT)]
analysis = Analysis([NumericRequest("b", quantiles=True), VocabularyRequest("a", ("a",))], columns)
for batch in table.to_batches() * 2:
    analysis.update(batch)
with TokenWriter("") as writer:
    run = writer.write_run(analysis.take_tables()["a",])
list(ranking.merge_ranked([iter([vocabulary.select(run.share(1, 0).read(1, 0), 1, 1)])]))
analysis.statistics({})
assert "tensorflow" not in sys.modules and "apache_beam" not in sys.modules
"""


_TEXT = [pa.string(), pa.large_string(), pa.binary(), pa.large_binary()]


@pytest.mark.parametrize("kind", _TEXT)
def test_bytes_of_slices(kind: pa.DataType) -> None:
    """A slice's values are found in the bytes of the whole, whatever the width of its offsets."""
    array = pa.array(["1.5", "x", "", "3.25", "007"], kind).slice(1, 3)
    data, starts, stops = bounds(array)
    assert [bytes(data[start:stop]) for start, stop in zip(starts, stops, strict=True)] == [b"x", b"", b"3.25"]
    offsets, joined = binary_parts(array)
    assert (offsets.tolist(), joined.tobytes()) == ([0, 1, 1, 5], b"x3.25")
    assert np.shares_memory(joined, data)


@pytest.mark.parametrize("kind", _TEXT)
def test_bytes_of_nothing(kind: pa.DataType) -> None:
    """No values have one offset and no bytes; empty ones have no bytes."""
    for length in (0, 2):
        offsets, joined = binary_parts(pa.array([""] * length, kind))
        assert (offsets.tolist(), joined.size) == ([0] * (length + 1), 0)


@pytest.mark.parametrize(("dtype", "kind"), [(np.int32, pa.binary()), (np.int64, pa.large_binary())])
def test_bytes_become_an_array(dtype: type, kind: pa.DataType) -> None:
    """Joined values and their offsets are an array of them, whose type the offsets' width says."""
    array = binary_of(b"ab\0c", np.array([0, 2, 2, 4], dtype))
    assert array.equals(pa.array([b"ab", b"", b"\0c"], kind))


@pytest.mark.parametrize("dtype", ["int8", "int64", "uint32", "float16", "float32", "float64"])
def test_views_of_slices(dtype: str) -> None:
    """Every number type and offset gives the values, from the same memory."""
    array = pa.array(np.arange(9).astype(dtype)).slice(2, 4)
    values = to_numpy(array)
    assert values.dtype == dtype
    assert values.tolist() == [2, 3, 4, 5]
    assert values.__array_interface__["data"][0] == array.buffers()[1].address + 2 * values.itemsize


@pytest.mark.parametrize("chunks", [[], [[1, 2]], [[1], [2, 3]], [[]]])
def test_chunked_arrays(chunks: list[list[int]]) -> None:
    """Any number of chunks, none included, gives one array."""
    assert to_numpy(pa.chunked_array(chunks, pa.int64())).tolist() == [value for chunk in chunks for value in chunk]


def test_text_is_an_error() -> None:
    """Text isn't numbers."""
    with pytest.raises(TypeError, match="expected integers or floating point numbers, received an array of string"):
        to_numpy(pa.array(["a"]))


def test_from_numpy() -> None:
    """An int64 array becomes an Arrow array."""
    assert from_numpy(np.arange(5)[1:3]).to_pylist() == [1, 2]


def test_analysis_needs_arrow_and_numpy_alone() -> None:
    """A whole analysis imports neither TensorFlow nor Beam."""
    done = subprocess.run([sys.executable, "-c", _ANALYZE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("cells", "kind", "wanted"),
    [
        ([1, None, 3], pa.int64(), [[1], [], [3]]),
        ([1.5, 2.5], pa.float32(), [[1.5], [2.5]]),
        ([None, "é", ""], pa.string(), [[], ["é".encode()], [b""]]),
        ([], pa.string(), []),
        ([None, None], pa.float32(), [[], []]),
    ],
)
def test_cells_become_lists(cells: list[object], kind: pa.DataType, wanted: list[object]) -> None:
    """Of one value, or of none where a cell is null; text as bytes; a slice of an array too."""
    whole = pa.array([None, *cells], kind)
    found = to_lists(pa.record_batch({"x": whole.slice(1)}))["x"]
    found.validate(full=True)
    assert found.to_pylist() == wanted
    assert found.type == pa.large_list(pa.binary() if kind == pa.string() else kind)
