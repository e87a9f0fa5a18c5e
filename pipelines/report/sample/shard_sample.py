"""Takes a bounded sample of rows from a run's shards.

Shards keep the input's order, so rows are read at several offsets of several shards. A shard is
made of gzip members that begin with a record, and reading may begin at any of them.
"""

from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy.typing as npt
import pyarrow as pa
from isal import isal_zlib

from shardmill.pipelines.run_folder.manifest_keys import ShardEntry
from shardmill.schemas.errors import DataError
from shardmill.transforms.files import enclosed, files
from shardmill.transforms.tfrecord.compress import GZIP_MAGIC, GZIP_WBITS, compressor
from shardmill.transforms.tfrecord.decode_columns import Decoded, decode_columns
from shardmill.transforms.tfrecord.frames import HEADER_BYTES, begins_with_frame, whole_records

# Rows and bytes of records that are taken of one split, at most; and bytes that are decompressed.
ROWS = 10_000
_BYTES = 8 << 20
_REACH = 24 << 20
# Shards to read where each is a part of the input, and offsets in a shard, at most.
_SHARDS = 4
_STARTS = 4
# Compressed bytes in which a member is looked for.
_WINDOW = 1 << 18
# A member's first bytes, which are the same for all.
_MEMBER = compressor(0).flush()[:8]


@dataclass(frozen=True)
class Sample:
    """Rows of one split, as they stand in its shards.

    Attributes:
        rows: The number of rows.
        shards: The number of shards that they were read from.
        columns: The values of each feature.
    """

    rows: int
    shards: int
    columns: dict[str, Decoded]

    def scalar(self, name: str) -> npt.NDArray[Any] | pa.Array | None:
        """A feature's values, if each row has one; else None."""
        found = self.columns.get(name)
        return found.values if found is not None and found.is_scalar and self.rows else None


def sample_split(
    folder: str, shards: Sequence[ShardEntry], wanted: Container[str] | None = None, *, shuffled: bool, rows: int = ROWS
) -> Sample:
    """Samples the rows of a split.

    The sample depends on the shards alone.

    Args:
        folder: The run's folder.
        shards: The split's shards.
        wanted: The features to decode. None means all.
        shuffled: Whether the rows were spread over the shards at random: then few shards speak for
            all of them.
        rows: The most rows.

    Raises:
        DataError: A shard is damaged, or its records aren't alike.
    """
    filled = [shard for shard in shards if shard["rows"]]
    needed = -(-rows // filled[0]["rows"]) if filled and shuffled else _SHARDS
    taken = min(len(filled), needed, _SHARDS)
    members = [
        (shard["file"], start)
        for index in range(taken)
        for shard in [filled[index * len(filled) // taken]]
        for start in _starts(folder, shard)
    ]
    blocks = [
        _evenly(_read(folder, name, start, _REACH // len(members)), rows // len(members), _BYTES // len(members))
        for name, start in members
    ]
    if not blocks:
        return Sample(0, 0, {})
    records = pa.concat_arrays(blocks)
    return Sample(len(records), taken, decode_columns(records, wanted))


def _evenly(records: pa.Array, rows: int, size: int) -> pa.Array:
    """Evenly spread records, within bounds of rows and bytes."""
    most = min(rows, len(records), size * len(records) // max(records.nbytes, 1))
    kept = max(most, min(len(records), 1))
    return records.take(pa.array([index * len(records) // kept for index in range(kept)], pa.int64()))


def _starts(folder: str, shard: ShardEntry) -> list[int]:
    """Offsets in a shard at which a gzip member begins.

    They are looked for from evenly spread offsets on; a small shard is read from its beginning.
    """
    starts = [0]
    if shard["bytes"] > _STARTS * _WINDOW:
        with _opened(folder, shard["file"]) as stream:
            for member in range(1, _STARTS):
                offset = member * shard["bytes"] // _STARTS
                stream.seek(offset)
                window = stream.read(_WINDOW)
                found = next((at for at in _members(window) if _is_member(window[at:])), None)
                if found is not None:
                    starts.append(offset + found)
    return starts


@contextmanager
def _opened(folder: str, name: str) -> Iterator[BinaryIO]:
    path = files.join(folder, name)
    try:
        with files.reading(path), enclosed.open_file(folder, name) as stream:
            yield stream
    except isal_zlib.IsalError as error:  # type: ignore[misc]  # isal's stub has it as an instance
        raise DataError(f"{path!r} isn't a whole gzip file ({error}), so it is damaged; recreate it") from error


def _read(folder: str, name: str, start: int, size: int) -> pa.Array:
    """The records from the beginning of a member on."""
    with _opened(folder, name) as stream:
        stream.seek(start)
        data = stream.read(min(size, _WINDOW))
        if data.startswith(GZIP_MAGIC) and not begins_with_frame(data):
            data = _inflate(data, stream, size)
        else:
            data += stream.read(size - len(data))
        return whole_records(data, files.join(folder, name))


def _is_member(data: bytes) -> bool:
    """Whether bytes that begin like a member have records."""
    try:
        beginning = isal_zlib.decompressobj(wbits=GZIP_WBITS).decompress(data, HEADER_BYTES)
    except isal_zlib.IsalError:  # type: ignore[misc]  # isal's stub has it as an instance
        return False
    return begins_with_frame(beginning)


def _members(window: bytes) -> Iterator[int]:
    """Where members may begin."""
    at = window.find(_MEMBER)
    while at >= 0:
        yield at
        at = window.find(_MEMBER, at + 1)


def _inflate(compressed: bytes, stream: BinaryIO, size: int) -> bytes:
    """Decompresses members up to a size."""
    data = bytearray()
    member = isal_zlib.decompressobj(wbits=GZIP_WBITS)
    while len(data) < size and compressed:
        data += member.decompress(compressed, size - len(data))
        if member.eof:
            compressed = member.unused_data or stream.read(_WINDOW)
            member = isal_zlib.decompressobj(wbits=GZIP_WBITS)
        else:
            compressed = member.unconsumed_tail or stream.read(_WINDOW)
    return bytes(data)
