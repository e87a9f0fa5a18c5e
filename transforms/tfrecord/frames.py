"""TFRecord files: framing of whole columns of records, reading with every checksum checked, and gzip members.

A frame is: length (uint64, little-endian), masked CRC32C of these 8 bytes, the record, masked CRC32C of the record
(tensorflow/core/lib/io/record_writer.h).
"""

from collections.abc import Iterator
from typing import BinaryIO, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from isal import isal_zlib

from shardmill.schemas.arrow import binary_parts
from shardmill.schemas.errors import DataError
from shardmill.transforms.tfrecord.crc32c import crcs_of, mask

HEADER_BYTES = 12
FOOTER_BYTES = 4
_CHUNK_BYTES = 4 << 20
_GZIP_WBITS = 31
GZIP_MAGIC = b"\x1f\x8b"
_BAD_LENGTH = (
    "{path!r}, record {record}: the checksum of its length differs, or it is longer than 2 GiB, which no Example is. The file is damaged; "
    "make it again."
)
# A message of protobuf's is at most as long.
_LONGEST = 1 << 31


class Compressor(Protocol):
    """Turns bytes into one gzip member, or leaves them as they are."""

    def compress(self, data: bytes | memoryview, /) -> bytes:
        """Takes bytes; returns what of the member is ready."""

    def flush(self) -> bytes:
        """Ends the member; returns the rest of it."""


class _Plain:
    def compress(self, data: bytes | memoryview, /) -> bytes:
        return bytes(data)

    def flush(self) -> bytes:
        return b""


def compressor(level: int | None) -> Compressor:
    """A writer of one gzip member with a fixed header (no time, no name).

    Args:
        level: ISA-L's DEFLATE level, 0 to 3; None: not compressed. At 0 and 3 the same input gives the same bytes. At 1 and 2 the first
            match of a member may be found a byte earlier or later: seen with isal 1.9.1 in one of some 10,000 members.
    """
    if level is None:
        return _Plain()
    return isal_zlib.compressobj(level, wbits=_GZIP_WBITS)


def headers(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """The frames' headers: uint8 [n, 12].

    Args:
        lengths: The records' lengths.
    """
    framed = np.empty((len(lengths), HEADER_BYTES), dtype=np.uint8)
    framed[:, :8] = lengths.astype("<u8").view(np.uint8).reshape(-1, 8)
    # Few lengths are distinct: each one's checksum is computed once.
    distinct, places = _distinct(lengths)
    crcs = mask(crcs_of((length.to_bytes(8, "little", signed=True) for length in distinct.tolist()), len(distinct)))
    framed[:, 8:] = crcs[places].astype("<u4").view(np.uint8).reshape(-1, 4)
    return framed


def _distinct(lengths: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    low, high = (int(lengths.min()), int(lengths.max())) if len(lengths) else (0, 0)
    if high - low > 1 << 16:
        distinct, places = np.unique(lengths, return_inverse=True)
        return distinct, places
    seen = np.bincount(lengths - low, minlength=high - low + 1) > 0
    return np.flatnonzero(seen) + low, (np.cumsum(seen) - 1)[lengths - low]


def frame(records: pa.Array) -> pa.Array:
    """Frames each record.

    Args:
        records: (Large) binary without nulls.

    Returns:
        The framed records, of the same type; large_binary where binary would be too small.
    """
    count = len(records)
    offsets, data = binary_parts(records)
    kind = pa.large_binary() if len(data) + 16 * count > np.iinfo(np.int32).max else records.type
    head = headers(np.diff(offsets))
    # `to_numpy` makes the bytes objects; the checksum is a C call each.
    crcs = mask(crcs_of(records.to_numpy(zero_copy_only=False), count)).astype("<u4")
    pieces = (
        _fixed(head, kind),
        records.cast(kind),
        _fixed(crcs.view(np.uint8).reshape(-1, 4), kind),
        pa.scalar(b"", kind),
    )
    return pc.binary_join_element_wise(*pieces)


def _fixed(rows: npt.NDArray[np.uint8], kind: pa.DataType) -> pa.Array:
    width = pa.binary(rows.shape[1])
    return pa.Array.from_buffers(width, len(rows), [None, pa.py_buffer(rows)]).cast(kind)


def decompress(stream: BinaryIO, path: str) -> Iterator[bytes]:
    """The content of a shard in chunks: of all its gzip members, or, where it doesn't begin with one, as it is.

    Raises:
        DataError: A member is damaged or ends early; the message names the file.
    """
    chunk = _beginning(stream)
    if not chunk.startswith(GZIP_MAGIC) or begins_with_frame(chunk):
        while chunk:
            yield chunk
            chunk = stream.read(_CHUNK_BYTES)
        return
    member = isal_zlib.decompressobj(wbits=_GZIP_WBITS)
    while chunk:
        try:
            content = member.decompress(chunk)
        except isal_zlib.IsalError as error:  # type: ignore[misc]  # isal's stub has it as an instance
            raise DataError(
                f"{path!r} isn't a whole gzip file: {error}. The file is damaged; make it again."
            ) from error
        if content:
            yield content
        if member.eof:
            chunk = member.unused_data or stream.read(_CHUNK_BYTES)
            if chunk:
                member = isal_zlib.decompressobj(wbits=_GZIP_WBITS)
        else:
            chunk = stream.read(_CHUNK_BYTES)
    if not member.eof:
        raise DataError(f"{path!r} ends inside a gzip member. The file is truncated; make it again.")


def _beginning(stream: BinaryIO) -> bytes:
    beginning = stream.read(_CHUNK_BYTES)
    while len(beginning) < HEADER_BYTES and (more := stream.read(_CHUNK_BYTES)):
        beginning += more
    return beginning


def begins_with_frame(data: bytes) -> bool:
    """Whether bytes begin with a record's length and its checksum.

    Args:
        data: The beginning of a file, decompressed.
    """
    # A frame may look like gzip: that of a record of 35,615 bytes begins with gzip's two.
    return len(data) >= HEADER_BYTES and bool(_good_headers(np.frombuffer(data, np.uint8, HEADER_BYTES)[None])[0])


def read_records(stream: BinaryIO, path: str) -> Iterator[pa.Array]:
    """Reads a shard, gzip or plain, in blocks of records, every checksum checked.

    Args:
        stream: The shard's bytes as they are on disk.
        path: For messages.

    Yields:
        large_binary arrays of consecutive records; as much memory as a few MiB of records, or the largest one.

    Raises:
        DataError: A checksum differs or the file ends inside a frame; the message names the file and the record (from 0).
    """
    return _blocks(decompress(stream, path), path)


def _blocks(chunks: Iterator[bytes], path: str) -> Iterator[pa.Array]:
    held: list[bytes] = []
    size, needed, done = 0, 1, 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        # A record longer than a chunk: its pieces are joined once, when all are here.
        if size < needed:
            continue
        data = b"".join(held)
        starts, used, needed = _walk(data)
        if starts.size:
            yield _checked(data, starts, path, done)
            done += starts.size
        if not needed:
            raise DataError(_BAD_LENGTH.format(path=path, record=done))
        held = [data[used:]]
        size = len(held[0])
    if size:
        raise DataError(
            f"{path!r}, record {done}: the file ends inside it, {size:,} bytes after its start. It is truncated; make it again."
        )


def _walk(data: bytes) -> tuple[npt.NDArray[np.int64], int, int]:
    """The starts of the whole frames; where they end; and how many bytes the frame after them needs at least.

    Each length says where the next one is, so this is a loop; it does nothing else. A damaged length is found when the header is checked.
    """
    starts: list[int] = []
    place, end = 0, len(data)
    read = int.from_bytes
    while place + HEADER_BYTES <= end:
        following = place + read(data[place : place + 8], "little") + HEADER_BYTES + FOOTER_BYTES
        if following > end:
            return np.array(starts, np.int64), place, _needed(data, place, following)
        starts.append(place)
        place = following
    return np.array(starts, np.int64), place, HEADER_BYTES + FOOTER_BYTES


def _needed(data: bytes, place: int, following: int) -> int:
    # A damaged length must not make the reader hold the whole file: 0 says so at once.
    header = np.frombuffer(data, np.uint8, HEADER_BYTES, place)[None]
    return following - place if _good_headers(header)[0] and following - place <= _LONGEST else 0


def _good_headers(found: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    lengths = np.ascontiguousarray(found[:, :8]).view("<i8").reshape(-1)
    good: npt.NDArray[np.bool_] = (headers(lengths)[:, 8:] == found[:, 8:]).all(axis=1)
    return good


def _check_headers(found: npt.NDArray[np.uint8], path: str, first: int) -> None:
    good = _good_headers(found)
    if not good.all():
        raise DataError(_BAD_LENGTH.format(path=path, record=first + int(np.argmin(good))))


def _checked(data: bytes, starts: npt.NDArray[np.int64], path: str, first: int) -> pa.Array:
    bytes_of = np.frombuffer(data, np.uint8)
    _check_headers(bytes_of[starts[:, None] + np.arange(HEADER_BYTES)], path, first)
    lengths = bytes_of[starts[:, None] + np.arange(8)].view("<i8").reshape(-1)
    ends = starts + HEADER_BYTES + lengths
    frames = pa.Array.from_buffers(
        pa.large_binary(),
        len(starts),
        [None, pa.py_buffer(np.append(starts, ends[-1] + FOOTER_BYTES)), pa.py_buffer(data)],
    )
    records = pc.binary_slice(frames, HEADER_BYTES, -FOOTER_BYTES)
    expected = bytes_of[ends[:, None] + np.arange(FOOTER_BYTES)].view("<u4").reshape(-1)
    good = mask(crcs_of(records.to_numpy(zero_copy_only=False), len(records))) == expected
    if not good.all():
        raise DataError(
            f"{path!r}, record {first + int(np.argmin(good))}: its checksum differs. The file is damaged; make it again."
        )
    return records
