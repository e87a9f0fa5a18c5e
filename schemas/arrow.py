"""Conversions between Arrow and NumPy arrays without a copy.

`pa.Array.to_numpy` and `pa.array` look for pandas first, and import it where it is installed, which
takes 0.3 s; these functions don't.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def to_numpy(array: "pa.Array | pa.ChunkedArray") -> npt.NDArray[Any]:
    """A read-only NumPy view of an Arrow array's values.

    Args:
        array: Integers or floating point numbers; the value at a null's position is undefined. A
            chunked array of several chunks is copied into one.

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
    """An Arrow array over the memory of a NumPy array.

    Args:
        values: A contiguous array of int64.
    """
    return pa.Array.from_buffers(pa.int64(), values.size, [None, pa.py_buffer(values)])


def offsets_of(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The offsets of consecutive pieces, and their end.

    Args:
        lengths: The pieces' lengths, int64 [n].

    Returns:
        int64 [n + 1], from 0.
    """
    offsets = np.zeros(lengths.size + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def binary_edges(array: pa.Array) -> npt.NDArray[np.int64]:
    """The offsets of binary values in their buffer.

    Args:
        array: `string`, `large_string`, `binary` or `large_binary`; it may be a slice. The bytes of
            a null have no meaning.

    Returns:
        int64 [len(array) + 1]: each value's start, then the end of the last; they index
        `binary_octets`.
    """
    if not len(array):
        return np.zeros(1, np.int64)
    large = pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type)
    dtype = np.dtype(np.int64 if large else np.int32)
    return np.frombuffer(array.buffers()[1], dtype, len(array) + 1, array.offset * dtype.itemsize).astype(np.int64)


def binary_octets(array: pa.Array) -> npt.NDArray[np.uint8]:
    """The whole buffer of a string or binary array.

    It is a view, uint8; a slice's holds the bytes beyond it too.
    """
    data = array.buffers()[2]
    return np.frombuffer(data, np.uint8) if data is not None and data.size else np.empty(0, np.uint8)


def bounds(array: pa.Array) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The bytes of an array, with each value's bounds.

    Args:
        array: A string or binary array.

    Returns:
        `binary_octets`, and the starts and stops of the values in it, int64 [len(array)] each.
    """
    edges = binary_edges(array)
    return binary_octets(array), edges[:-1], edges[1:]


def binary_parts(array: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """The joined values of an array, with their offsets.

    Args:
        array: A string or binary array without nulls.

    Returns:
        The offsets, int64 [len(array) + 1], from 0 to the end of the last value; and the bytes, a
        view, uint8.
    """
    edges = binary_edges(array)
    return edges - edges[0], binary_octets(array)[edges[0] : edges[-1]]


def binary_of(data: "npt.NDArray[np.uint8] | bytes", offsets: npt.NDArray[Any]) -> pa.Array:
    """A binary array over the memory of joined values.

    Args:
        data: The values, joined.
        offsets: Each value's start, then the end of the last: int32 or int64 [n + 1].

    Returns:
        `binary` where the offsets are int32, `large_binary` where they are int64.
    """
    kind = pa.large_binary() if offsets.dtype == np.int64 else pa.binary()
    return pa.Array.from_buffers(kind, len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def to_lists(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Makes a list of each cell, as TFX reads rows.

    The list holds the cell's value, or is empty where the cell is null; text becomes bytes.

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
