"""Reads a run's shards, every checksum checked, and holds their records against those made again."""

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
from shardmill.transforms.tfrecord.frames import read_records
from shardmill.transforms.workers import phases

# A split, and the index of one of its shards.
ShardKey = tuple[str, int]


class RecordsDigest:
    """A checksum of a sequence of records, in whatever pieces it comes."""

    def __init__(self) -> None:
        """Starts with no records."""
        self._lengths = hashlib.sha256()
        self._bytes = hashlib.sha256()

    def update(self, records: pa.Array) -> None:
        """Adds records: (large) binary without nulls."""
        offsets, joined = binary_parts(records)
        self._lengths.update(np.diff(offsets).data)
        self._bytes.update(joined.data)

    def result(self) -> bytes:
        """The checksum."""
        return self._lengths.digest() + self._bytes.digest()


@dataclass(frozen=True)
class Piece:
    """What must stand in a shard of one unit's rows.

    Attributes:
        unit: The unit.
        rows: Its rows in the shard.
        places: Which of them were made again, ascending; None: all.
        digest: What was made of them.
    """

    unit: Unit
    rows: int
    places: Indices | None
    digest: bytes

    @property
    def compared(self) -> int:
        """How many were made again."""
        return self.rows if self.places is None else len(self.places)


def derive_pieces(rederivation: Rederivation, unit: Unit) -> list[tuple[ShardKey, Piece]]:
    """Makes a unit's rows again.

    Raises:
        ShardmillError: The file can't be read, or the graph fails.
    """
    digests: dict[ShardKey, RecordsDigest] = {}
    places: dict[ShardKey, list[Indices]] = {}
    sizes: dict[str, Indices] = {}
    for block in rederivation.blocks(unit):
        for rows in block:
            sizes[rows.split] = rows.sizes
            for shard, at, records in rows.by_shard():
                digests.setdefault((rows.split, shard), RecordsDigest()).update(records)
                places.setdefault((rows.split, shard), []).append(at)
    everything = rederivation.sample.all
    return [
        (
            (split, shard),
            Piece(
                unit,
                count,
                None if everything else np.concatenate([np.zeros(0, np.int64), *places.get((split, shard), [])]),
                digests.get((split, shard), RecordsDigest()).result(),
            ),
        )
        for split, counts in sizes.items()
        for shard, count in enumerate(counts.tolist())
        if count
    ]


@dataclass
class ShardFindings:
    """What was found in a shard.

    Attributes:
        path: Its file.
        records: Its records.
        problem: Why it can't be read to its end; None: it can.
        compared: Records that were held against those made again.
        unread: Those that couldn't be, because the shard can't be read.
        differing: The pieces that aren't as they were made again, each with the place in the shard where it begins.
    """

    path: str
    records: int = 0
    problem: str | None = None
    compared: int = 0
    unread: int = 0
    differing: list[tuple[int, Piece]] = field(default_factory=list)


def check_shard(path: str, pieces: Sequence[Piece]) -> ShardFindings:
    """Reads a shard.

    Args:
        path: Its file.
        pieces: What must stand in it, in order.
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


def _place(path: str) -> tuple[str, str]:
    """A shard's folder and name."""
    folder, _, name = path.rpartition("/")
    return folder or "/", name


def _blocks(path: str) -> Iterator[pa.Array]:
    with files.reading(path), enclosed.open_file(*_place(path)) as stream:
        done = 0
        for records in read_records(stream, path):
            yield records
            phases.add("shards", len(records), stream.tell() - done)
            done = stream.tell()


class _Comparison:
    """Goes through a shard's records and its pieces side by side."""

    def __init__(self, found: ShardFindings, pieces: Sequence[Piece]) -> None:
        self._found = found
        self._pieces = iter(pieces)
        self._place = 0
        self._start = 0
        self._next()

    def _next(self) -> None:
        self._piece = next(self._pieces, None)
        self._digest = RecordsDigest()

    def update(self, records: pa.Array) -> None:
        """Takes the shard's next records."""
        while len(records) and self._piece:
            left = self._start + self._piece.rows - self._place
            mine, records = records[:left], records[left:]
            self._digest.update(_picked(mine, self._piece.places, self._place - self._start))
            self._place += len(mine)
            if len(mine) == left:
                self._close(self._piece)

    def _close(self, piece: Piece) -> None:
        self._found.compared += piece.compared
        if self._digest.result() != piece.digest:
            self._found.differing.append((self._start, piece))
        self._start += piece.rows
        self._place = self._start
        self._next()

    def finish(self) -> None:
        """Ends: pieces that are left have too few records, or can't be read."""
        while piece := self._piece:
            if self._found.problem:
                self._found.unread += piece.compared
                self._next()
            else:
                self._close(piece)


def _picked(records: pa.Array, places: Indices | None, first: int) -> pa.Array:
    """Those of a piece's records, from the place `first` on, that were made again."""
    if places is None:
        return records
    low, high = np.searchsorted(places, [first, first + len(records)])
    return records.take(pa.array(places[low:high] - first))


class Cursor:
    """Takes records out of a shard by place, forward only."""

    def __init__(self, path: str) -> None:
        """Opens the shard at the first use."""
        self._blocks = _blocks(path)
        self._block = pa.array([], pa.large_binary())
        self._first = 0

    def take(self, places: Indices) -> pa.Array:
        """The records at some places, ascending; fewer where the shard ends before.

        Raises:
            DataError: The shard can't be read.
        """
        taken = [self._block[:0]]
        while len(places):
            stop = int(np.searchsorted(places, self._first + len(self._block)))
            taken.append(self._block.take(pa.array(places[:stop] - self._first)))
            places = places[stop:]
            if not len(places) or not self._advance():
                break
        return pa.concat_arrays(taken)

    def _advance(self) -> bool:
        following = next(self._blocks, None)
        if following is None:
            return False
        self._first += len(self._block)
        self._block = following
        return True
