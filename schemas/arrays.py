"""Between Arrow arrays and NumPy arrays, without a copy.

`pa.Array.to_numpy` and `pa.array` look for pandas first, and import it where it is installed (0.3 s); these don't.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def to_numpy(array: "pa.Array | pa.ChunkedArray") -> npt.NDArray[Any]:
    """An Arrow array's values as a view of its memory (read-only).

    Args:
        array: Integers or floating point numbers; what stands in the place of a null is undefined. A chunked array of
            several chunks is copied into one.

    Raises:
        TypeError: The array is of another type.
    """
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks == 1 else array.combine_chunks()
    dtype = _dtype(array.type)
    if not len(array):
        return np.zeros(0, dtype)
    return np.frombuffer(array.buffers()[1], dtype, len(array), array.offset * dtype.itemsize)


def from_numpy(values: npt.NDArray[np.int64]) -> pa.Array:
    """A contiguous array of int64 as an Arrow array over the same memory."""
    return pa.Array.from_buffers(pa.int64(), values.size, [None, pa.py_buffer(values)])


def binary_edges(array: pa.Array) -> npt.NDArray[np.int64]:
    """Where each value of a binary array begins in its bytes, and where the last ends."""
    if not len(array):
        return np.zeros(1, np.int64)
    return np.frombuffer(array.buffers()[1], np.int32, len(array) + 1, 4 * array.offset).astype(np.int64)


def binary_octets(array: pa.Array) -> npt.NDArray[np.uint8]:
    """All bytes of a binary array, those beyond a slice too."""
    data = array.buffers()[2]
    return np.zeros(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)


def to_lists(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Each cell as a list, as TFX reads rows: of its value, or empty where it is null; text as bytes.

    Args:
        batch: Columns of int64, float32 or string.
    """
    arrays = [_lists(array) for array in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, batch.schema.names)


def _lists(array: pa.Array) -> pa.Array:
    offsets = np.arange(len(array) + 1, dtype=np.int64)
    if array.null_count:
        present = array.is_valid().cast(pa.int8())
        np.cumsum(to_numpy(present), out=offsets[1:])
        array = array.drop_null()
    if pa.types.is_string(array.type):
        array = array.cast(pa.binary())
    return pa.LargeListArray.from_arrays(from_numpy(offsets), array)


def _dtype(kind: pa.DataType) -> "np.dtype[Any]":
    for letter, matches in (
        ("i", pa.types.is_signed_integer),
        ("u", pa.types.is_unsigned_integer),
        ("f", pa.types.is_floating),
    ):
        if matches(kind):
            return np.dtype(f"{letter}{kind.bit_width // 8}")
    raise TypeError(f"expected integers or floating point numbers, received an array of {kind}")
