"""Encodes columns of features as `tf.train.Example` records.

The bytes are those of Python's `SerializeToString(deterministic=True)`.

Two ways give the same bytes. Where rows fall into few groups of equal layout, `row_groups` fills
each group as one matrix. Otherwise Arrow joins the rows' pieces (the prefix of a feature's values,
and the values). Neither makes a Python object for a row.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import binary_parts
from shardmill.schemas.features import FeatureSpec
from shardmill.transforms.tfrecord.frames import frame
from shardmill.transforms.tfrecord.row_groups import group_rows
from shardmill.transforms.tfrecord.wire import Encoded, Fixed, encode_feature, entry_prefix, varint

# Bytes of the largest binary array: its offsets are int32.
_BINARY_LIMIT = np.iinfo(np.int32).max
Outputs = Mapping[str, npt.NDArray[Any] | pa.Array]


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

    def encode(self, outputs: Outputs, n: int) -> pa.Array:
        """Serializes rows.

        Args:
            outputs: For each feature float32 or int64 [n, *shape]; for bytes a binary or string
                array of n * prod(shape) values; or, for a feature of varying length, a list array
                of n lists. No nulls.
            n: The number of rows.

        Returns:
            binary (large_binary from 2 GiB), one `tf.train.Example` for each row.
        """
        encoded = self._encode(outputs, n)
        grouped = group_rows(encoded, n, framed=False)
        return grouped if grouped is not None else _join(encoded, n)

    def encode_framed(self, outputs: Outputs, n: int) -> pa.Array:
        """Serializes rows and frames them as TFRecords.

        It equals `frame(encode(outputs, n))`, but is faster.

        Args:
            outputs: See `encode`.
            n: The number of rows.

        Returns:
            binary (large_binary from 2 GiB), one frame for each row.
        """
        encoded = self._encode(outputs, n)
        grouped = group_rows(encoded, n, framed=True)
        return grouped if grouped is not None else frame(_join(encoded, n))

    def _encode(self, outputs: Outputs, n: int) -> list[Encoded]:
        return [encode_feature(feature.name, feature.dtype, outputs[feature.name], n) for feature in self._features]


def _join(encoded: Sequence[Encoded], n: int) -> pa.Array:
    """Joins the pieces of each row.

    A row has any number of pieces, of any length.
    """
    pieces: list[pa.Array | pa.Scalar] = []
    totals = np.zeros(n, dtype=np.int64)
    for feature in encoded:
        if isinstance(feature, Fixed):
            prefix = entry_prefix(feature.name, feature.dtype, feature.width)
            totals += len(prefix) + feature.width
            pieces.append(pa.scalar(prefix, pa.large_binary()))
        else:
            prefixes = _by_length(feature.lengths, functools.partial(entry_prefix, feature.name, feature.dtype))
            totals += np.diff(binary_parts(prefixes)[0]) + feature.lengths
            pieces.append(prefixes)
        pieces.append(feature.array())
    head = _by_length(totals, lambda total: b"\x0a" + varint(total))
    joined = pc.binary_join_element_wise(head, *pieces, pa.scalar(b"", pa.large_binary()))
    return joined.cast(pa.binary()) if len(binary_parts(joined)[1]) <= _BINARY_LIMIT else joined


def _by_length(lengths: npt.NDArray[np.int64], make: Callable[[int], bytes]) -> pa.Array:
    """For each row the result of `make` for its length.

    `make` is called once for each distinct length.
    """
    distinct, indices = np.unique(lengths, return_inverse=True)
    return pa.array([make(length) for length in distinct.tolist()], pa.large_binary()).take(pa.array(indices))
