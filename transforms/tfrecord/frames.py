"""Reads TFRecord frames and checks every checksum.

They are plain or in gzip members.

A frame is: length (uint64, little-endian), masked CRC32C of these 8 bytes, the record, masked
CRC32C of the record (tensorflow/core/lib/io/record_writer.h).
"""

import ctypes
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from isal import isal_zlib

from shardmill.schemas.arrow import binary_of
from shardmill.schemas.errors import DataError
from shardmill.transforms.kernel.library import kernel
from shardmill.transforms.tfrecord.compress import GZIP_MAGIC, GZIP_WBITS

# Bytes before a record (its length and the length's checksum) and after it (its checksum).
HEADER_BYTES = 12
FOOTER_BYTES = 4
# Bytes read from a shard at a time: bounds the memory of a reader.
_CHUNK_BYTES = 4 << 20
# The states of native/tfrecord/frames.h but the good one, and their messages.
_BAD_LENGTH, _BAD_RECORD = 1, 2
_DAMAGES = {
    _BAD_LENGTH: "{path!r}, record {record}: the checksum of its length differs, or it is longer than 2 GiB, which no Example is, so the "
    "file is damaged; recreate it",
    _BAD_RECORD: "{path!r}, record {record}: its checksum differs, so the file is damaged; recreate it",
}


class FrameEnd(ctypes.Structure):
    """Where and why reading frames ended: `End` in native/tfrecord/frames.h.

    Attributes:
        used: Bytes of whole frames.
        needed: Bytes that the next frame needs at least.
        state: 0, or what is wrong with the next frame.
    """

    _fields_ = (("used", ctypes.c_int64), ("needed", ctypes.c_int64), ("state", ctypes.c_int64))


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
    return len(data) >= HEADER_BYTES and _read(data[:HEADER_BYTES])[1].state != _BAD_LENGTH


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


def whole_records(data: bytes, path: str) -> pa.Array:
    """The records of the whole frames that bytes begin with.

    Args:
        data: Bytes from the beginning of a frame on, decompressed.
        path: The shard's path, for messages.

    Returns:
        large_binary; a frame that isn't whole at the end is left out.

    Raises:
        DataError: A checksum differs; the message names the file and the record.
    """
    records, end = _read(data)
    if end.state:
        raise DataError(_DAMAGES[end.state].format(path=path, record=len(records)))
    return records


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
        records, end = _read(data)
        if len(records):
            yield records
            done += len(records)
        if end.state:
            raise DataError(_DAMAGES[end.state].format(path=path, record=done))
        needed = end.needed
        held = [data[end.used :]]
        size = len(held[0])
    if size:
        raise DataError(
            f"{path!r}, record {done}: the file ends inside it, {size:,} bytes after its start, so it is truncated; recreate it"
        )


def _read(data: bytes) -> tuple[pa.Array, FrameEnd]:
    """Reads the whole frames that bytes begin with.

    Returns:
        The records before the first damaged one, and where and why that ended.
    """
    records = np.empty(len(data), np.uint8)
    offsets = np.empty(len(data) // (HEADER_BYTES + FOOTER_BYTES) + 1, np.int64)
    end = FrameEnd()
    count = kernel().kernel_frames(data, len(data), records, offsets, ctypes.byref(end))
    return binary_of(records, offsets[: count + 1]), end
