"""Encodes columns of features as `tf.train.Example` records.

The bytes are those of Python's `SerializeToString(deterministic=True)`. The compiled kernel writes
them (`native/tfrecord/encode.c`); this module describes the columns to it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.schemas.arrow import to_numpy
from shardmill.schemas.features import FeatureSpec
from shardmill.transforms.kernel.library import SLACK, kernel

Outputs = Mapping[str, npt.NDArray[Any] | pa.Array]
Room = Callable[[int], npt.NDArray[np.uint8]]

# `Feature` in native/tfrecord/encode.h.
_FEATURE = np.dtype(
    [
        ("name", "u8"),
        ("name_size", "i8"),
        ("values", "u8"),
        ("count", "i8"),
        ("each", "i8"),
        ("bounds", "u8"),
        ("offsets", "u8"),
        ("size", "i8"),
        ("kind", "i4"),
        ("bounds_width", "i4"),
        ("offsets_width", "i4"),
        ("context", "i4"),
    ]
)
# The kinds of native/tfrecord/encode.h, and the types of numbers in memory.
_KINDS = {"bytes": 1, "float32": 2, "int64": 3}
_NUMBERS: dict[str, np.dtype[Any]] = {"float32": np.dtype("<f4"), "int64": np.dtype("<i8")}
# The errors of native/tfrecord/encode.c.
_NO_MEMORY, _BAD_ORDER, _BAD_FEATURE = -1, -2, -3


def fresh(size: int) -> npt.NDArray[np.uint8]:
    """Memory of its own for records; `size` is in bytes."""
    return np.empty(size, np.uint8)


class ExampleEncoder:
    """Encodes blocks of rows as Examples.

    It has no state but the features, so threads may share it.
    """

    def __init__(self, features: Sequence[FeatureSpec]) -> None:
        """Takes the features, in any order.

        Args:
            features: The features; their names are distinct.
        """
        # The order of map entries in protobuf's Python wheel (upb): by the keys' bytes, but a key
        # comes after the longer ones that begin with it (`x_missing`, then `x`). UTF-8 never
        # contains 0xFF, so appending it gives this order. Protobuf's C++ would put the key before
        # them; a reader doesn't see the order.
        self._features = sorted(features, key=lambda feature: feature.name.encode() + b"\xff")
        names = [feature.name.encode() for feature in self._features]
        self._names = np.frombuffer(b"".join(names) + bytes(1), np.uint8)
        self._table = np.zeros(len(names), _FEATURE)
        self._table["name_size"] = [len(name) for name in names]
        self._table["name"] = self._names.ctypes.data + np.cumsum(self._table["name_size"]) - self._table["name_size"]
        self._table["kind"] = [_KINDS[feature.dtype] for feature in self._features]

    def __reduce__(self) -> tuple[Any, ...]:
        # Addresses lead nowhere in another process.
        return (ExampleEncoder, (self._features,))

    def encode(self, outputs: Outputs, rows: int, order: npt.NDArray[np.int64] | None = None) -> pa.Array:
        """Serializes rows.

        Args:
            outputs: For each feature float32 or int64 [rows, *shape]; for bytes a binary or string
                array of rows * prod(shape) values; or, for a feature of varying length, a list
                array of as many lists as rows. No nulls.
            rows: The number of rows in `outputs`.
            order: The rows to serialize, in order, by their index. None means all of them, as they
                stand.

        Returns:
            large_binary, one `tf.train.Example` for each row.

        Raises:
            ValueError: A feature's values don't fit the rows, or are bytes in an array of NumPy.
        """
        offsets, data = self._encode(outputs, rows, order, fresh, framed=False)
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
        return pa.Array.from_buffers(pa.large_binary(), len(offsets) - 1, buffers)

    def encode_framed(
        self, outputs: Outputs, rows: int, order: npt.NDArray[np.int64] | None = None, room: Room = fresh
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
        """Serializes rows and frames them as TFRecords.

        Args:
            outputs: See `encode`.
            rows: See `encode`.
            order: See `encode`.
            room: Makes the memory to write to, given its size in bytes.

        Returns:
            The offsets of the frames, int64 [frames + 1]; and the frames, joined.
        """
        return self._encode(outputs, rows, order, room, framed=True)

    def _encode(
        self, outputs: Outputs, rows: int, order: npt.NDArray[np.int64] | None, room: Room, *, framed: bool
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
        table, held = self._describe(outputs, rows)
        order = None if order is None else np.ascontiguousarray(order, np.int64)
        records = rows if order is None else len(order)
        offsets = np.empty(records + 1, np.int64)
        total = kernel().kernel_measure(table, len(table), rows, order, records, framed, offsets)
        if total < 0:
            self._fail(total, rows)
        data = room(total + SLACK)
        if kernel().kernel_encode(table, len(table), order, records, framed, offsets, data):
            raise MemoryError
        # The arrays whose addresses the table has.
        held.clear()
        return offsets, data[:total]

    def _describe(self, outputs: Outputs, rows: int) -> tuple[npt.NDArray[np.void], list[Any]]:
        """Describes all features in a table of `_FEATURE`.

        Returns:
            The table, and what keeps the memory that it points to.
        """
        table = self._table.copy()
        held: list[Any] = []
        addresses, counts = [], []
        for index, feature in enumerate(self._features):
            array = outputs[feature.name]
            if isinstance(array, pa.Array):
                held.append(array)
                array = _describe_arrow(table[index], feature, array, rows)
            elif feature.dtype == "bytes":
                raise ValueError(
                    f"feature {feature.name!r}: expected bytes in an array of Arrow, received one of {type(array).__name__}"
                )
            if feature.dtype == "bytes":
                addresses.append(table[index]["values"])
                counts.append(len(array))
            else:
                # The fastest way to an array's address: there may be thousands of columns.
                held.append(pa.py_buffer(np.ascontiguousarray(array, _NUMBERS[feature.dtype])))
                addresses.append(held[-1].address)
                counts.append(array.size)
        table["values"], table["count"] = addresses, counts
        table["each"] = table["count"] // max(rows, 1)
        uneven = np.flatnonzero((table["bounds"] == 0) & (table["each"] * rows != table["count"]))
        if uneven.size:
            name, count = self._features[uneven[0]].name, table["count"][uneven[0]]
            raise ValueError(
                f"feature {name!r}: expected equally many values in each of {rows} rows, received {count} values; "
                "give values of varying number as lists"
            )
        return table, held

    def _fail(self, error: int, rows: int) -> NoReturn:
        if error == _NO_MEMORY:
            raise MemoryError
        if error == _BAD_ORDER:
            raise ValueError(
                f"the order of rows: expected numbers from 0 to {rows - 1}, received others; give indices of rows"
            )
        name = self._features[_BAD_FEATURE - error].name
        raise ValueError(
            f"feature {name!r}: expected offsets that rise to the number of its values, received others; "
            "see what `array.validate(full=True)` says"
        )


def _describe_arrow(
    row: npt.NDArray[np.void], feature: FeatureSpec, array: pa.Array, rows: int
) -> pa.Array | npt.NDArray[Any]:
    """Describes a feature in an Arrow array.

    Fills in the edges of its lists and bytes, and where the bytes are.

    Returns:
        The values of all rows.
    """
    if pa.types.is_list(array.type) or pa.types.is_large_list(array.type):
        if len(array) != rows:
            raise ValueError(
                f"feature {feature.name!r}: expected a list for each of {rows} rows, received {len(array)} lists; "
                "give an empty one where there are no values"
            )
        row["bounds"], row["bounds_width"] = _edges(array, wide=pa.types.is_large_list(array.type))
        array = array.values
    if feature.dtype != "bytes":
        return to_numpy(array)
    large = pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type)
    row["offsets"], row["offsets_width"] = _edges(array, wide=large)
    data = array.buffers()[2]
    if data is not None:
        row["values"], row["size"] = data.address, data.size
    return array


def _edges(array: pa.Array, *, wide: bool) -> tuple[int, int]:
    """The address and width of an array's offsets.

    The address is that of the first value's; the width is in bytes.
    """
    buffer = array.buffers()[1]
    width = 8 if wide else 4
    return (buffer.address + array.offset * width if buffer is not None and buffer.size else 0), width
