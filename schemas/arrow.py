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


def offsets_of(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Where each of consecutive pieces begins, and the end.

    Args:
        lengths: int64 [n].

    Returns:
        int64 [n + 1], from 0.
    """
    offsets = np.zeros(lengths.size + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def binary_edges(array: pa.Array) -> npt.NDArray[np.int64]:
    """Where each value begins in the array's bytes, and where the last ends.

    Args:
        array: `string`, `large_string`, `binary` or `large_binary`; a slice may be given. The bytes of a null have no meaning.

    Returns:
        int64 [len(array) + 1], which index `binary_octets`.
    """
    if not len(array):
        return np.zeros(1, np.int64)
    large = pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type)
    dtype = np.dtype(np.int64 if large else np.int32)
    return np.frombuffer(array.buffers()[1], dtype, len(array) + 1, array.offset * dtype.itemsize).astype(np.int64)


def binary_octets(array: pa.Array) -> npt.NDArray[np.uint8]:
    """All bytes of a string or binary array, those beyond a slice too: a view, uint8."""
    data = array.buffers()[2]
    return np.frombuffer(data, np.uint8) if data is not None and data.size else np.empty(0, np.uint8)


def bounds(array: pa.Array) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """All bytes of a string or binary array, and each value's start and stop in them.

    Returns:
        `binary_octets`, and the starts and stops, int64 [len(array)] each.
    """
    edges = binary_edges(array)
    return binary_octets(array), edges[:-1], edges[1:]


def binary_parts(array: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """The values of a string or binary array without nulls, joined, and where each begins and ends.

    Returns:
        Offsets, int64 [len(array) + 1] from 0; and the bytes, a view.
    """
    edges = binary_edges(array)
    return edges - edges[0], binary_octets(array)[edges[0] : edges[-1]]


def binary_of(data: "npt.NDArray[np.uint8] | bytes", offsets: npt.NDArray[Any]) -> pa.Array:
    """Joined values as an array over the same memory: `binary` where the offsets are int32, else `large_binary`.

    Args:
        data: The values, joined.
        offsets: Where each begins, and the end of the last: int32 or int64 [n + 1].
    """
    kind = pa.large_binary() if offsets.dtype == np.int64 else pa.binary()
    return pa.Array.from_buffers(kind, len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(data)])


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
