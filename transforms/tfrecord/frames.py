"""Reads TFRecord frames and checks every checksum.

They are plain or in gzip members.

A frame is: length (uint64, little-endian), masked CRC32C of these 8 bytes, the record, masked
CRC32C of the record (tensorflow/core/lib/io/record_writer.h).
"""

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from isal import isal_zlib

from shardmill.schemas.errors import DataError
from shardmill.transforms.tfrecord.compress import GZIP_MAGIC, GZIP_WBITS
from shardmill.transforms.tfrecord.crc32c import crcs_of, mask

# Bytes before a record (its length and the length's checksum) and after it (its checksum).
HEADER_BYTES = 12
FOOTER_BYTES = 4
# Bytes read from a shard at a time: bounds the memory of a reader.
_CHUNK_BYTES = 4 << 20
_BAD_LENGTH = (
    "{path!r}, record {record}: the checksum of its length differs, or it is longer than 2 GiB, which no Example is, so the file is "
    "damaged; recreate it"
)
# Bytes of the longest record: protobuf's limit for a message.
_LONGEST = 1 << 31


def headers(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """The headers of frames: uint8 [n, 12].

    Args:
        lengths: The records' lengths.
    """
    framed = np.empty((len(lengths), HEADER_BYTES), dtype=np.uint8)
    framed[:, :8] = lengths.astype("<u8").view(np.uint8).reshape(-1, 8)
    # Few lengths are distinct, so the checksum of each is computed once.
    distinct, indices = _distinct(lengths)
    crcs = mask(crcs_of((length.to_bytes(8, "little", signed=True) for length in distinct.tolist()), len(distinct)))
    framed[:, 8:] = crcs[indices].astype("<u4").view(np.uint8).reshape(-1, 4)
    return framed


def _distinct(lengths: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    low, high = (int(lengths.min()), int(lengths.max())) if len(lengths) else (0, 0)
    if high - low > 1 << 16:
        distinct, indices = np.unique(lengths, return_inverse=True)
        return distinct, indices
    seen = np.bincount(lengths - low, minlength=high - low + 1) > 0
    return np.flatnonzero(seen) + low, (np.cumsum(seen) - 1)[lengths - low]


def decompress(stream: BinaryIO, path: str) -> Iterator[bytes]:
    """Reads the content of a shard in chunks.

    All of its gzip members are decompressed; a file that doesn't begin with one is returned
    unchanged.

    Raises:
        DataError: A member is damaged or truncated; the message names the file.
    """
    chunk = _beginning(stream)
    if not chunk.startswith(GZIP_MAGIC) or begins_with_frame(chunk):
        while chunk:
            yield chunk
            chunk = stream.read(_CHUNK_BYTES)
        return
    member = isal_zlib.decompressobj(wbits=GZIP_WBITS)
    while chunk:
        try:
            content = member.decompress(chunk)
        except isal_zlib.IsalError as error:  # type: ignore[misc]  # isal's stub has it as an instance
            raise DataError(f"{path!r} isn't a whole gzip file ({error}), so it is damaged; recreate it") from error
        if content:
            yield content
        if member.eof:
            chunk = member.unused_data or stream.read(_CHUNK_BYTES)
            if chunk:
                member = isal_zlib.decompressobj(wbits=GZIP_WBITS)
        else:
            chunk = stream.read(_CHUNK_BYTES)
    if not member.eof:
        raise DataError(f"{path!r} ends inside a gzip member, so it is truncated; recreate it")


def _beginning(stream: BinaryIO) -> bytes:
    beginning = stream.read(_CHUNK_BYTES)
    while len(beginning) < HEADER_BYTES and (more := stream.read(_CHUNK_BYTES)):
        beginning += more
    return beginning


def begins_with_frame(data: bytes) -> bool:
    """Whether bytes begin with a frame's header.

    A header is a record's length and its checksum.

    Args:
        data: The beginning of a file, decompressed.
    """
    # A frame may look like gzip: the frame of a record of 35,615 bytes begins with gzip's two magic
    # bytes.
    return len(data) >= HEADER_BYTES and bool(_good_headers(np.frombuffer(data, np.uint8, HEADER_BYTES)[None])[0])


def read_records(stream: BinaryIO, path: str) -> Iterator[pa.Array]:
    """Reads a shard in blocks of records, checking every checksum.

    Args:
        stream: The shard's bytes, gzip or plain.
        path: The shard's path, for messages.

    Yields:
        large_binary arrays of consecutive records. They take the memory of a few MiB of records, or
        of the longest record.

    Raises:
        DataError: A checksum differs or the file ends inside a frame; the message names the file
            and the record (from 0).
    """
    return _blocks(decompress(stream, path), path)


def _blocks(chunks: Iterator[bytes], path: str) -> Iterator[pa.Array]:
    held: list[bytes] = []
    size, needed, done = 0, 1, 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        # A record is longer than a chunk: its pieces are joined once, when all have been read.
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
            f"{path!r}, record {done}: the file ends inside it, {size:,} bytes after its start, so it is truncated; recreate it"
        )


def _walk(data: bytes) -> tuple[npt.NDArray[np.int64], int, int]:
    """Finds the starts of all whole frames.

    Returns the starts, the end of the last whole frame, and the bytes that the next frame needs at
    least.

    Each length gives the position of the next one, so this is a loop, which does nothing else.
    Headers are checked later, which finds damaged lengths.
    """
    starts: list[int] = []
    offset, end = 0, len(data)
    read = int.from_bytes
    while offset + HEADER_BYTES <= end:
        following = offset + read(data[offset : offset + 8], "little") + HEADER_BYTES + FOOTER_BYTES
        if following > end:
            return np.array(starts, np.int64), offset, _needed(data, offset, following)
        starts.append(offset)
        offset = following
    return np.array(starts, np.int64), offset, HEADER_BYTES + FOOTER_BYTES


def _needed(data: bytes, offset: int, following: int) -> int:
    # A damaged length must not make the reader hold the whole file: 0 reports it at once.
    header = np.frombuffer(data, np.uint8, HEADER_BYTES, offset)[None]
    return following - offset if _good_headers(header)[0] and following - offset <= _LONGEST else 0


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
            f"{path!r}, record {first + int(np.argmin(good))}: its checksum differs, so the file is damaged; recreate it"
        )
    return records
