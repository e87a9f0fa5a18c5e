"""Encodes groups of rows as `tf.train.SequenceExample` records.

The bytes are those of Python's `SerializeToString(deterministic=True)`. The compiled kernel writes
them (`native/tfrecord/groups.c`).
"""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.schemas.arrow import binary_of
from shardmill.schemas.features import FeatureSpec
from shardmill.transforms.kernel.library import kernel
from shardmill.transforms.tfrecord.encode import ExampleEncoder, Outputs, Room, fresh

Edges = npt.NDArray[np.int64]


class SequenceEncoder(ExampleEncoder):
    """Encodes groups of consecutive rows as SequenceExamples.

    It has no state but the features, so threads may share it.
    """

    def __init__(self, features: Sequence[FeatureSpec], context: Collection[str]) -> None:
        """Takes the features, in any order.

        Args:
            features: The features; their names are distinct.
            context: The features of which a group has the value of its first row; it has a list of
                the others.
        """
        super().__init__(features)
        self._context = frozenset(context)
        self._table["context"] = [feature.name in self._context for feature in self._features]

    def __reduce__(self) -> tuple[Any, ...]:
        return (SequenceEncoder, (self._features, self._context))

    def encode_groups(self, outputs: Outputs, rows: int, starts: Edges, stops: Edges) -> pa.Array:
        """Serializes groups.

        Args:
            outputs: See `ExampleEncoder.encode`.
            rows: The number of rows in `outputs`.
            starts: The first row of each group, int64.
            stops: The row after the last of each group, int64; a group has at least one row.

        Returns:
            large_binary, one `tf.train.SequenceExample` for each group.

        Raises:
            ValueError: A feature's values don't fit the rows, or a group has none.
        """
        offsets, data = self._encode_groups(outputs, rows, (starts, stops), fresh, framed=False)
        return binary_of(data, offsets)

    def encode_framed_groups(
        self, outputs: Outputs, rows: int, starts: Edges, stops: Edges, room: Room = fresh
    ) -> tuple[Edges, npt.NDArray[np.uint8]]:
        """Serializes groups and frames them as TFRecords.

        Args:
            outputs: See `encode_groups`.
            rows: See `encode_groups`.
            starts: See `encode_groups`.
            stops: See `encode_groups`.
            room: Makes the memory to write to, given its size in bytes.

        Returns:
            The offsets of the frames, int64 [frames + 1]; and the frames, joined.
        """
        return self._encode_groups(outputs, rows, (starts, stops), room, framed=True)

    def _encode_groups(
        self, outputs: Outputs, rows: int, edges: tuple[Edges, Edges], room: Room, *, framed: bool
    ) -> tuple[Edges, npt.NDArray[np.uint8]]:
        table, held = self._describe(outputs, rows)
        starts, stops = (np.ascontiguousarray(each, np.int64) for each in edges)
        offsets = np.zeros(len(starts) + 1, np.int64)
        total = kernel().kernel_measure_groups(table, len(table), rows, starts, stops, len(starts), framed, offsets)
        if total < 0:
            self._fail(total, rows)
        data = room(total)
        kernel().kernel_encode_groups(table, len(table), starts, stops, len(starts), framed, offsets, data)
        # The arrays whose addresses the table has.
        held.clear()
        return offsets, data
