"""TFRecord frames by the format's description, one step at a time."""

import struct
from collections.abc import Iterable

import google_crc32c


def masked(data: bytes) -> bytes:
    """A masked CRC32C (tensorflow/core/lib/hash/crc32c.h)."""
    crc = google_crc32c.value(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def frame(record: bytes) -> bytes:
    """A frame (tensorflow/core/lib/io/record_writer.h)."""
    length = struct.pack("<Q", len(record))
    return length + masked(length) + record + masked(record)


def frames(records: Iterable[bytes]) -> bytes:
    """The frames of records, one after the other."""
    return b"".join(map(frame, records))
