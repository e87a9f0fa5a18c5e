"""Writes the part file of a unit.

It holds the unit's rows, compressed, by split and shard, one after the other in a single stream.

The rows of each destination (a shard of a split) are one gzip member. A shard is assembled by
copying the members of all units in order; nothing is recompressed.
"""

from dataclasses import dataclass, field
from typing import BinaryIO

from shardmill.transforms.tfrecord.compress import Compressor, compressor

# Compressed bytes kept in memory, over all destinations, before they are written.
BUFFER_BYTES = 64 << 20


@dataclass(frozen=True)
class PartSegment:
    """The rows of one destination in a part file.

    Attributes:
        split: The destination's split.
        shard: The index of its shard.
        rows: The number of its records.
        payload: Bytes of the framed records before compression.
        pieces: (offset, length) in bytes of the pieces that, joined in order, are the gzip member
            (or the frames, without compression).
    """

    split: str
    shard: int
    rows: int
    payload: int
    pieces: tuple[tuple[int, int], ...]

    @property
    def length(self) -> int:
        """Bytes that the rows take in the part file."""
        return sum(length for _, length in self.pieces)


@dataclass
class _Destination:
    compressor: Compressor
    rows: int = 0
    payload: int = 0
    ready: list[bytes] = field(default_factory=list)
    pieces: list[tuple[int, int]] = field(default_factory=list)


class PartWriter:
    """Writes the framed records of one unit, from one thread.

    It keeps compressed bytes in memory up to a bound, at which it writes them in pieces, and some
    0.2 MB of compressor state for each destination. A piece continues its member rather than
    beginning another, so a destination's bytes don't depend on the bound.
    """

    def __init__(self, stream: BinaryIO, level: int | None, buffer_bytes: int = BUFFER_BYTES) -> None:
        """Starts an empty part.

        Args:
            stream: The part file, written from offset 0; it stays open.
            level: ISA-L's DEFLATE level, 0 to 3. None means that bytes aren't compressed.
            buffer_bytes: Compressed bytes kept in memory before they are written.
        """
        self._stream = stream
        self._level = level
        self._buffer_bytes = buffer_bytes
        self._destinations: dict[tuple[str, int], _Destination] = {}
        self._buffered = 0
        self._written = 0

    def add(self, split: str, shard: int, rows: int, frames: memoryview | bytes) -> None:
        """Appends records to a destination.

        Args:
            split: The records' split.
            shard: Their shard.
            rows: The number of records.
            frames: The framed records, joined.
        """
        key = split, shard
        destination = self._destinations.get(key)
        if destination is None:
            destination = self._destinations[key] = _Destination(compressor(self._level))
        destination.rows += rows
        destination.payload += len(frames)
        self._hold(destination, destination.compressor.compress(frames))
        if self._buffered > self._buffer_bytes:
            self._spill()

    def _hold(self, destination: _Destination, ready: bytes) -> None:
        if ready:
            destination.ready.append(ready)
            self._buffered += len(ready)

    def _spill(self) -> None:
        for key in sorted(self._destinations):
            destination = self._destinations[key]
            if destination.ready:
                length = sum(map(len, destination.ready))
                for ready in destination.ready:
                    self._stream.write(ready)
                destination.pieces.append((self._written, length))
                destination.ready.clear()
                self._written += length
        self._buffered = 0

    def close(self) -> list[PartSegment]:
        """Ends all members and writes the bytes still in memory.

        Returns:
            The segment of each destination with rows, in the order of (split, shard).
        """
        for destination in self._destinations.values():
            self._hold(destination, destination.compressor.flush())
        self._spill()
        return [
            PartSegment(split, shard, destination.rows, destination.payload, tuple(destination.pieces))
            for (split, shard), destination in sorted(self._destinations.items(), key=lambda item: item[0])
        ]
