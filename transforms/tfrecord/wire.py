"""Encodes features' values in protobuf's wire format, column-wise.

Each feature's values of all rows become bytes of `tf.train.Example`.

The formats are protobuf's (https://protobuf.dev/programming-guides/encoding) and those of
tensorflow/core/example/feature.proto: numbers are packed, float32 little-endian, int64 as varints
of their two's complement, so that a negative number has ten bytes.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import binary_of, binary_parts, offsets_of

# The bits of a number in each byte of its varint; the highest bit says that another byte follows.
_SEVEN_BITS = 127
# By dtype, the tag of the field of `Feature` that holds the values.
_LIST_TAG = {"bytes": b"\x0a", "float32": b"\x12", "int64": b"\x1a"}


def varint(value: int) -> bytes:
    """The varint of a non-negative integer."""
    groups = bytearray()
    while value > _SEVEN_BITS:
        groups.append(value & _SEVEN_BITS | 128)
        value >>= 7
    groups.append(value)
    return bytes(groups)


def entry_prefix(name: str, dtype: str, length: int) -> bytes:
    """The bytes before a feature's values in `Features`.

    They are the tags, sizes and key of its map entry.

    Args:
        name: The feature.
        dtype: float32, int64 or bytes.
        length: Bytes of its values, as in `Fixed` and `Ragged`.
    """
    # Numbers are one packed field; each bytes value has a tag of its own.
    packed = b"" if dtype == "bytes" or not length else b"\x0a" + varint(length)
    listed = _LIST_TAG[dtype] + varint(len(packed) + length) + packed
    key = name.encode()
    entry = b"\x0a" + varint(len(key)) + key + b"\x12" + varint(len(listed) + length) + listed
    return b"\x0a" + varint(len(entry) + length) + entry


def varints(values: npt.NDArray[np.uint64]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """The varints of integers, left-aligned in rows.

    Args:
        values: uint64 [n].

    Returns:
        uint8 [n, width], with a power of two as width and undefined bytes after a varint; and int64
        [n], the varints' lengths.
    """
    top = int(values.max()) if values.size else 0
    longest = max(1, -(-top.bit_length() // 7))
    lengths = np.ones(values.size, dtype=np.int64)
    for group in range(1, longest):
        lengths += values >= np.uint64(1 << 7 * group)
    width = 1 << (longest - 1).bit_length()
    padded = np.empty((values.size, width), dtype=np.uint8)
    for group in range(longest):
        bits = (values >> np.uint64(7 * group)).astype(np.uint8)
        padded[:, group] = bits & np.uint8(127) | ((lengths > group + 1).view(np.uint8) << np.uint8(7))
    return padded, lengths


@dataclass(frozen=True)
class Fixed:
    """A feature with equally many bytes in every row.

    Attributes:
        name: The feature.
        dtype: float32, int64 or bytes.
        rows: uint8 [n, width].
    """

    name: str
    dtype: str
    rows: npt.NDArray[np.uint8]

    @property
    def width(self) -> int:
        """Bytes of a row."""
        return int(self.rows.shape[1])

    def take(self, order: npt.NDArray[np.int64]) -> "Fixed":
        """The rows in another order."""
        return Fixed(self.name, self.dtype, _take_rows(self.rows, order))

    def matrix(self, start: int, stop: int, _length: int) -> npt.NDArray[np.uint8]:
        """The bytes of consecutive rows: uint8 [stop - start, width]."""
        return self.rows[start:stop]

    def array(self) -> pa.Array:
        """One large_binary value for each row."""
        return binary_of(self.rows.reshape(-1), np.arange(len(self.rows) + 1, dtype=np.int64) * self.width)


@dataclass(frozen=True)
class Padded:
    """A feature with few bytes a row, whose number varies.

    Attributes:
        name: The feature.
        dtype: float32, int64 or bytes.
        rows: uint8 [n, width]; bytes beyond a row's length are undefined.
        lengths: int64 [n].
    """

    name: str
    dtype: str
    rows: npt.NDArray[np.uint8]
    lengths: npt.NDArray[np.int64]

    def take(self, order: npt.NDArray[np.int64]) -> "Padded":
        """The rows in another order."""
        return Padded(self.name, self.dtype, _take_rows(self.rows, order), self.lengths[order])

    def matrix(self, start: int, stop: int, length: int) -> npt.NDArray[np.uint8]:
        """The bytes of consecutive rows: uint8 [stop - start, length].

        All of these rows have `length` bytes.
        """
        return self.rows[start:stop, :length]

    def array(self) -> pa.Array:
        """One large_binary value for each row."""
        return binary_of(compact(self.rows, self.lengths), offsets_of(self.lengths))


@dataclass(frozen=True)
class Ragged:
    """A feature with any number of bytes a row.

    Attributes:
        name: The feature.
        dtype: float32, int64 or bytes.
        data: uint8, all rows' bytes joined.
        offsets: int64 [n + 1], the offsets at which each row's bytes begin and end.
    """

    name: str
    dtype: str
    data: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]

    @cached_property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Bytes of each row."""
        return np.diff(self.offsets)

    def take(self, order: npt.NDArray[np.int64]) -> "Ragged":
        """The rows in another order."""
        taken = self.array().take(pa.array(order))
        offsets, data = binary_parts(taken)
        return Ragged(self.name, self.dtype, data, offsets)

    def matrix(self, start: int, stop: int, length: int) -> npt.NDArray[np.uint8]:
        """The bytes of consecutive rows: uint8 [stop - start, length].

        All of these rows have `length` bytes.
        """
        return self.data[self.offsets[start] : self.offsets[stop]].reshape(stop - start, length)

    def array(self) -> pa.Array:
        """One large_binary value for each row."""
        return binary_of(self.data, self.offsets)


Encoded = Fixed | Padded | Ragged


def encode_feature(name: str, dtype: str, values: npt.NDArray[np.generic] | pa.Array, rows: int) -> Encoded:
    """Encodes a feature's values.

    Numbers are the content of the packed field; bytes values each follow their tag and size.

    Args:
        name: The feature.
        dtype: float32, int64 or bytes.
        values: float32 or int64 [rows, ...]; a (large) binary or string array of rows * k values;
            or a (large) list array of any of these, `rows` long, without nulls.
        rows: The number of rows.
    """
    bounds = None
    if isinstance(values, pa.Array) and (pa.types.is_list(values.type) or pa.types.is_large_list(values.type)):
        bounds = values.offsets.to_numpy().astype(np.int64)
        bounds, values = bounds - bounds[0], values.flatten()
    if dtype != "bytes":
        array = values.to_numpy() if isinstance(values, pa.Array) else values
        flat = np.ascontiguousarray(array, dtype={"float32": "<f4", "int64": "<i8"}[dtype]).reshape(-1)
    count = len(values) if dtype == "bytes" else flat.size
    if bounds is None and (count % rows if rows else count):
        raise ValueError(
            f"feature {name!r}: expected equally many values in each of {rows} rows, received {count} values"
        )
    each = count // rows if rows else 0
    if dtype == "float32":
        if bounds is None:
            return Fixed(name, dtype, flat.view(np.uint8).reshape(rows, 4 * each))
        return Ragged(name, dtype, flat.view(np.uint8), bounds * 4)
    if dtype == "int64":
        padded, lengths = varints(flat.view(np.uint64))
        if bounds is None and each == 1:
            return Padded(name, dtype, padded, lengths)
        data, ends = compact(padded, lengths), offsets_of(lengths)
    else:
        ends, data = binary_parts(_tagged(values))
    return Ragged(name, dtype, data, ends[np.arange(rows + 1) * each if bounds is None else bounds])


def compact(padded: npt.NDArray[np.uint8], lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """Joins the first `lengths` bytes of each row."""
    compacted: npt.NDArray[np.uint8] = padded[np.arange(padded.shape[1]) < lengths[:, None]]
    return compacted


def _tagged(values: pa.Array) -> pa.Array:
    """Puts its tag and size before each bytes value."""
    offsets, data = binary_parts(values)
    raw = binary_of(data, offsets)
    sizes, lengths = varints(np.diff(offsets).astype(np.uint64))
    heads = np.concatenate([np.full((len(sizes), 1), 0x0A, np.uint8), sizes], axis=1)
    tags = binary_of(compact(heads, lengths + 1), offsets_of(lengths + 1))
    return pc.binary_join_element_wise(tags, raw, pa.scalar(b"", pa.large_binary()))


def _take_rows(rows: npt.NDArray[np.uint8], order: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    # Rows that are whole words are taken faster than rows of bytes.
    width = rows.shape[1]
    if width in {1, 2, 4, 8}:
        words = np.ascontiguousarray(rows).view(f"u{width}").reshape(-1)
        return words.take(order).view(np.uint8).reshape(-1, width)
    return rows.take(order, axis=0)
