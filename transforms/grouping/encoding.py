"""Groups of rows as framed records, by split and shard."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.errors import DataError
from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.messages import suggest
from shardmill.transforms.grouping.partitions import Groups, Indices
from shardmill.transforms.grouping.settings import Grouping
from shardmill.transforms.rows.splits import ShardRule
from shardmill.transforms.tfrecord.decode import decode_example
from shardmill.transforms.tfrecord.encode import ExampleEncoder, Outputs, Room, fresh
from shardmill.transforms.tfrecord.encode_groups import SequenceEncoder


def check_context(grouping: Grouping, features: Sequence[FeatureSpec]) -> None:
    """Checks that the features exist that a record has once.

    Args:
        grouping: Names them.
        features: All features.

    Raises:
        DataError: There is no such feature, or no other.
    """
    names = [feature.name for feature in features]
    for name in grouping.context:
        if name not in names:
            has = f"the features are {', '.join(map(repr, names))}"
            raise DataError(f"[sequence] context: there is no feature {name!r}{suggest(name, names, has)}")
    if not set(names) - set(grouping.context):
        raise DataError("[sequence] context: expected at least one other feature, received all; leave one out")


class Arranged(NamedTuple):
    """Groups by split and shard.

    Attributes:
        order: The groups in the order of their splits and shards, int64.
        pieces: Split, shard and number of groups of each shard that has some.
    """

    order: Indices
    pieces: list[tuple[int, int, int]]


class RecordEncoder(ABC):
    """Encodes groups, or their windows, as records of shards."""

    def __init__(self, rule: ShardRule) -> None:
        """Takes the rule by which records are spread over shards."""
        self._rule = rule

    def arrange(self, groups: Groups) -> Arranged:
        """Assigns groups to shards.

        Args:
            groups: The groups.
        """
        shards = self._rule.assign_keys(groups.hashes)
        order = np.lexsort((shards, groups.splits)).astype(np.int64)
        pairs, counts = np.unique(np.stack([groups.splits, shards]), axis=1, return_counts=True)
        return Arranged(
            order, [(int(split), int(shard), int(n)) for split, shard, n in zip(*pairs, counts, strict=True)]
        )

    @abstractmethod
    def framed(
        self, groups: Groups, outputs: Outputs, order: Indices, room: Room = fresh
    ) -> tuple[Indices, npt.NDArray[np.uint8]]:
        """Encodes groups as TFRecord frames.

        Args:
            groups: The groups.
            outputs: Their rows' features, as `Session.run` returns them.
            order: The order of the records, by the groups' indices.
            room: Makes the memory to write to, given its size in bytes.

        Returns:
            The offsets of the frames, int64 [groups + 1]; and the frames, joined.

        Raises:
            DataError: A feature of the context has several values in a group.
        """

    @abstractmethod
    def records(self, groups: Groups, outputs: Outputs, order: Indices) -> pa.Array:
        """Encodes groups as large_binary, without frames."""


class GroupEncoder(RecordEncoder):
    """Encodes groups whose rows have been transformed."""

    def __init__(self, grouping: Grouping, features: Sequence[FeatureSpec], rule: ShardRule) -> None:
        """Takes the features.

        Args:
            grouping: The groups' settings.
            features: The features, in any order.
            rule: How groups are spread over shards.

        Raises:
            DataError: There isn't a feature that the grouping names.
        """
        super().__init__(rule)
        check_context(grouping, features)
        self._encoder = SequenceEncoder(features, grouping.context)
        self._context = ExampleEncoder([feature for feature in features if feature.name in grouping.context])
        self._has_context = bool(grouping.context)

    def framed(
        self, groups: Groups, outputs: Outputs, order: Indices, room: Room = fresh
    ) -> tuple[Indices, npt.NDArray[np.uint8]]:
        """Encodes groups as TFRecord frames: see `RecordEncoder`."""
        self._check_constant(groups, outputs)
        rows = groups.columns.num_rows
        return self._encoder.encode_framed_groups(outputs, rows, groups.starts[order], groups.stops[order], room)

    def records(self, groups: Groups, outputs: Outputs, order: Indices) -> pa.Array:
        """Encodes groups as large_binary, without frames."""
        rows = groups.columns.num_rows
        return self._encoder.encode_groups(outputs, rows, groups.starts[order], groups.stops[order])

    def _check_constant(self, groups: Groups, outputs: Outputs) -> None:
        """Compares the context of each row with that before."""
        if not self._has_context:
            return
        records = self._context.encode(outputs, groups.columns.num_rows)
        differs = pc.not_equal(records[1:], records[:-1]).to_numpy(zero_copy_only=False)
        differs[groups.starts[1:] - 1] = False
        for row in np.flatnonzero(differs)[:1].tolist():
            before, after = (decode_example(records[at].as_py()) for at in (row, row + 1))
            name = next(name for name in before if repr(before[name]) != repr(after[name]))
            raise DataError(
                f"{groups.describe(row)}: expected one value of feature {name!r} in all rows, since [sequence] context names it, "
                f"received {_shown(before[name])} and {_shown(after[name])}; take it out of context, or mend the rows"
            )


def _shown(values: Sequence[object]) -> str:
    return ", ".join(map(str, values)) or "none"


def pieces_of(arranged: Arranged) -> Iterator[tuple[int, int, int, int]]:
    """Yields split, shard, and bounds in `order` of each piece."""
    stop = 0
    for split, shard, count in arranged.pieces:
        start, stop = stop, stop + count
        yield split, shard, start, stop
