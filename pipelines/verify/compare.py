"""Compares the records in a run's shards with recomputed ones.

Reading a shard checks the checksums of all its records.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from shardmill.pipelines.verify.rederive import Indices, Rederivation
from shardmill.schemas.arrow import binary_parts
from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.files import enclosed, files
from shardmill.transforms.grouping.partitions import Partition
from shardmill.transforms.tfrecord.frames import read_records
from shardmill.transforms.workers import phases

# A split, and the index of one of its shards.
ShardKey = tuple[str, int]


class RecordsDigest:
    """A checksum of a sequence of records.

    It doesn't depend on how the sequence is cut into arrays.
    """

    def __init__(self) -> None:
        """Starts with an empty sequence."""
        self._lengths = hashlib.sha256()
        self._bytes = hashlib.sha256()

    def update(self, records: pa.Array) -> None:
        """Appends records, as (large) binary without nulls."""
        offsets, joined = binary_parts(records)
        self._lengths.update(np.diff(offsets).data)
        self._bytes.update(joined.data)

    def result(self) -> bytes:
        """Returns the checksum: two SHA-256, of lengths and of bytes."""
        return self._lengths.digest() + self._bytes.digest()


@dataclass(frozen=True)
class Piece:
    """The records that a unit must have in a shard.

    Of groups of rows, a hash partition has them.

    Attributes:
        source: The unit; or the hash partition, of groups of rows.
        rows: Its number of records in the shard.
        positions: The positions, among these rows, of the recomputed ones, ascending. None means
            all.
        digest: The checksum of the recomputed records.
    """

    source: Unit | Partition
    rows: int
    positions: Indices | None
    digest: bytes

    @property
    def compared(self) -> int:
        """The number of recomputed records."""
        return self.rows if self.positions is None else len(self.positions)


def derive_pieces(rederivation: Rederivation, unit: Unit) -> list[tuple[ShardKey, Piece]]:
    """Recomputes a unit's rows.

    Raises:
        ShardmillError: The file can't be read, or the graph fails.
    """
    digests: dict[ShardKey, RecordsDigest] = {}
    positions: dict[ShardKey, list[Indices]] = {}
    sizes: dict[str, Indices] = {}
    for block in rederivation.blocks(unit):
        for rows in block:
            sizes[rows.split] = rows.sizes
            for shard, at, records in rows.by_shard():
                digests.setdefault((rows.split, shard), RecordsDigest()).update(records)
                positions.setdefault((rows.split, shard), []).append(at)
    everything = rederivation.sample.all
    return [
        (
            (split, shard),
            Piece(
                unit,
                count,
                None if everything else np.concatenate([np.zeros(0, np.int64), *positions.get((split, shard), [])]),
                digests.get((split, shard), RecordsDigest()).result(),
            ),
        )
        for split, counts in sizes.items()
        for shard, count in enumerate(counts.tolist())
        if count
    ]


@dataclass
class ShardFindings:
    """The result of comparing a shard.

    Attributes:
        path: The shard's file.
        records: The number of records read.
        problem: Why the shard can't be read to its end. None means that it can.
        compared: The number of records compared with recomputed ones.
        unread: The number that couldn't be compared, because the shard can't be read.
        differing: The pieces that differ from the recomputed records, each with the position in the
            shard where it begins.
    """

    path: str
    records: int = 0
    problem: str | None = None
    compared: int = 0
    unread: int = 0
    differing: list[tuple[int, Piece]] = field(default_factory=list)


def check_shard(path: str, pieces: Sequence[Piece]) -> ShardFindings:
    """Reads a shard and compares its pieces.

    Args:
        path: The shard's file.
        pieces: The pieces that it must have, in order.
    """
    found = ShardFindings(path)
    comparison = _Comparison(found, pieces)
    try:
        for records in _blocks(path):
            comparison.update(records)
            found.records += len(records)
    except DataError as error:
        found.problem = str(error)
    comparison.finish()
    return found


def _folder_and_name(path: str) -> tuple[str, str]:
    """Splits a shard's path into folder and name."""
    folder, _, name = path.rpartition("/")
    return folder or "/", name


def _blocks(path: str) -> Iterator[pa.Array]:
    with files.reading(path), enclosed.open_file(*_folder_and_name(path)) as stream:
        done = 0
        for records in read_records(stream, path):
            yield records
            phases.add("shards", len(records), stream.tell() - done)
            done = stream.tell()


class _Comparison:
    """A parallel pass over a shard's records and pieces."""

    def __init__(self, found: ShardFindings, pieces: Sequence[Piece]) -> None:
        self._found = found
        self._pieces = iter(pieces)
        self._position = 0
        self._start = 0
        self._next()

    def _next(self) -> None:
        self._piece = next(self._pieces, None)
        self._digest = RecordsDigest()

    def update(self, records: pa.Array) -> None:
        """Compares the shard's next records."""
        while len(records) and self._piece:
            left = self._start + self._piece.rows - self._position
            mine, records = records[:left], records[left:]
            self._digest.update(_picked(mine, self._piece.positions, self._position - self._start))
            self._position += len(mine)
            if len(mine) == left:
                self._close(self._piece)

    def _close(self, piece: Piece) -> None:
        self._found.compared += piece.compared
        if self._digest.result() != piece.digest:
            self._found.differing.append((self._start, piece))
        self._start += piece.rows
        self._position = self._start
        self._next()

    def finish(self) -> None:
        """Closes the remaining pieces, as short or unread."""
        while piece := self._piece:
            if self._found.problem:
                self._found.unread += piece.compared
                self._next()
            else:
                self._close(piece)


def _picked(records: pa.Array, positions: Indices | None, first: int) -> pa.Array:
    """Selects the records that were recomputed.

    Args:
        records: Consecutive records of a piece.
        positions: The positions in the piece that were recomputed. None means all.
        first: The position of the first of `records` in the piece.
    """
    if positions is None:
        return records
    low, high = np.searchsorted(positions, [first, first + len(records)])
    return records.take(pa.array(positions[low:high] - first))


class Cursor:
    """Reads records of a shard by position, forward only."""

    def __init__(self, path: str) -> None:
        """Prepares to read; the first `take` opens the shard."""
        self._blocks = _blocks(path)
        self._block = pa.array([], pa.large_binary())
        self._first = 0

    def take(self, positions: Indices) -> pa.Array:
        """Returns the records at ascending positions.

        There are fewer where the shard ends before.

        Raises:
            DataError: The shard can't be read.
        """
        taken = [self._block[:0]]
        while len(positions):
            stop = int(np.searchsorted(positions, self._first + len(self._block)))
            taken.append(self._block.take(pa.array(positions[:stop] - self._first)))
            positions = positions[stop:]
            if not len(positions) or not self._advance():
                break
        return pa.concat_arrays(taken)

    def _advance(self) -> bool:
        following = next(self._blocks, None)
        if following is None:
            return False
        self._first += len(self._block)
        self._block = following
        return True
