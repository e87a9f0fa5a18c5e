"""Write: assembles each shard from pieces of the part files.

The pieces are in the input's order, and nothing is recompressed.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import apache_beam as beam
from apache_beam import pvalue

from shardmill.schemas.run_folder import rejected_name, shard_name
from shardmill.transforms.files import files
from shardmill.transforms.rows.row_plan import RowPlan
from shardmill.transforms.tfrecord.compress import compressor
from shardmill.transforms.tfrecord.parts import PartSegment
from shardmill.transforms.transform import REJECTED, PartFile
from shardmill.transforms.workers import metrics

# Bytes copied at a time: what was just read is hashed and written before it leaves the processor's
# cache.
_COPY_BYTES = 1 << 20

# (split, shard, number of shards of the split)
ShardKey = tuple[str, int, int]


@dataclass(frozen=True)
class ShardFile:
    """A finished shard.

    Attributes:
        split: Its split.
        file: Its path in the run's folder.
        rows: Its number of records.
        bytes: Its size on disk.
        sha256: Its checksum, in hexadecimal digits.
    """

    split: str
    file: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class _Piece:
    """A shard's share of one part file."""

    unit: int
    path: str
    segment: PartSegment


@dataclass(eq=False)
class WriteShards(beam.PTransform):  # type: ignore[misc]
    """Writes every shard of every split, and the rejected rows.

    Shards without rows are written, too; rejected rows only if there are any.

    Expects a PCollection of `PartFile` and outputs one of `ShardFile`.

    Attributes:
        folder: The run's folder.
        scratch: A folder for files that aren't complete yet; it is removed before the run is
            published.
        plan: One `RowPlan`.
        compressed: Whether the pieces are gzip members.
    """

    folder: str
    scratch: str
    plan: beam.PCollection[RowPlan]
    compressed: bool = field(kw_only=True)

    def expand(self, parts: beam.PCollection[PartFile]) -> beam.PCollection[ShardFile]:
        shards = self.plan | "ListShards" >> beam.FlatMap(_list_shards)  # ((split, shard, shards), None)
        pieces = parts | "ListPieces" >> beam.FlatMap(_list_pieces, pvalue.AsSingleton(self.plan))
        return (
            (shards, pieces)
            | beam.Flatten()
            | "GroupPieces" >> beam.GroupByKey()  # ((split, shard, shards), [piece or None])
            | "AssembleShard" >> beam.Map(_assemble, self.folder, self.scratch, compressed=self.compressed)
        )


def _list_shards(plan: RowPlan) -> Iterator[tuple[ShardKey, _Piece | None]]:
    for split, shards in plan.shard_counts.items():
        for shard in range(shards):
            yield (split, shard, shards), None


def _list_pieces(part: PartFile, plan: RowPlan) -> Iterator[tuple[ShardKey, _Piece | None]]:
    for segment in part.segments:
        yield (
            (segment.split, segment.shard, plan.shard_counts.get(segment.split, 1)),
            _Piece(part.unit, part.path, segment),
        )


def _assemble(
    grouped: tuple[ShardKey, Iterable[_Piece | None]], folder: str, scratch: str, *, compressed: bool
) -> ShardFile:
    (split, shard, shards), pieces = grouped
    name = (
        rejected_name(compressed=compressed)
        if split == REJECTED
        else shard_name(split, shard, shards, compressed=compressed)
    )
    path = files.join(folder, name)
    ordered = sorted((piece for piece in pieces if piece is not None), key=lambda piece: piece.unit)
    digest = hashlib.sha256()
    with metrics.working("write", path) as work, files.replacing(path, scratch) as stream:
        # A shard without rows is an empty gzip member: a file without any bytes isn't gzip.
        for chunk in _chunks(ordered) if ordered else [compressor(0 if compressed else None).flush()]:
            stream.write(chunk)
            digest.update(chunk)
            work.add(0, len(chunk))
        work.add(sum(piece.segment.rows for piece in ordered), 0)
    return ShardFile(split, name, work.rows, work.size, digest.hexdigest())


def _chunks(pieces: Iterable[_Piece]) -> Iterator[memoryview]:
    """Yields the bytes of pieces.

    Each chunk is in the memory of the one before.
    """
    room = memoryview(bytearray(_COPY_BYTES))
    for piece in pieces:
        stop = sum(piece.segment.pieces[-1])
        with files.opened(piece.path, stop=stop, size=stop) as stream:
            for offset, length in piece.segment.pieces:
                stream.seek(offset)
                left = length
                while left:
                    count = stream.readinto(room[:left])
                    if not count:
                        raise OSError("it ends early")
                    left -= count
                    yield room[:count]
