"""Writes the part file of one or several units.

It holds the rows of a unit, or of several small ones, compressed, by split and shard, one after the
other in a single stream.

The rows of each destination (a shard of a split) are one gzip member. A shard is assembled by
copying the members of all parts in order; nothing is recompressed.
"""

from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from shardmill.transforms.tfrecord.compress import Compressor, compressor

# Bytes of frames kept in memory, over all destinations, before they are compressed and written.
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


class FrameBuffer:
    """Memory for frames that part writers use in turn.

    Fresh memory is slow to write to: the system clears each page first. Of rows with 2,000 columns
    that took longer than to encode them.

    Attributes:
        size: Bytes of frames to keep in memory, unless one block has more.
    """

    def __init__(self, size: int = BUFFER_BYTES) -> None:
        """Starts without memory.

        Args:
            size: Bytes of frames to keep in memory, unless one block has more.
        """
        self.size = size
        self._memory = np.empty(0, np.uint8)
        self._used = 0

    def take(self, size: int) -> npt.NDArray[np.uint8] | None:
        """Takes free bytes; None means that there are too few."""
        if self._used + size > len(self._memory):
            return None
        self._used += size
        return self._memory[self._used - size : self._used]

    def clear(self, size: int = 0) -> None:
        """Frees all bytes; there are `size` from then on."""
        self._used = 0
        if size > len(self._memory):
            self._memory = np.empty(max(size + size // 8, self.size), np.uint8)


@dataclass
class _Destination:
    member: Compressor | None = None
    rows: int = 0
    payload: int = 0
    held: list[memoryview | bytes] = field(default_factory=list)
    pieces: list[tuple[int, int]] = field(default_factory=list)


class PartWriter:
    """Writes the framed records of a part, from one thread.

    It keeps frames in memory up to a bound, and then compresses and writes one destination after
    the other: with thousands of them, a compressor for each at a time would take more memory, and
    most time would go into loading its state. A part that exceeds the bound is written in pieces. A
    piece continues its member rather than beginning another, so a destination's bytes don't depend
    on the bound.
    """

    def __init__(self, stream: BinaryIO, level: int | None, buffer: FrameBuffer) -> None:
        """Starts an empty part.

        Args:
            stream: The part file, written from offset 0; it stays open.
            level: ISA-L's DEFLATE level, 0 to 3. None means that bytes aren't compressed.
            buffer: Memory for the frames; no other writer may use it until this one is closed.
        """
        self._stream = stream
        self._level = level
        self._buffer = buffer
        self._destinations: dict[tuple[str, int], _Destination] = {}
        self._held = 0
        self._written = 0
        buffer.clear()

    def room(self, size: int) -> npt.NDArray[np.uint8]:
        """Finds memory for frames, which are then added.

        What has been added before is written where both don't fit into the buffer.

        Args:
            size: In bytes.
        """
        found = self._buffer.take(size)
        if found is None:
            self._write(last=False)
            self._buffer.clear(size)
            found = self._buffer.take(size)
        assert found is not None
        return found

    def add(self, split: str, shard: int, rows: int, frames: memoryview | bytes) -> None:
        """Appends records to a destination.

        Args:
            split: The records' split.
            shard: Their shard.
            rows: The number of records.
            frames: The framed records, joined: in memory from `room`, or of their own.
        """
        destination = self._destinations.get((split, shard))
        if destination is None:
            destination = self._destinations[split, shard] = _Destination()
        destination.rows += rows
        destination.payload += len(frames)
        destination.held.append(frames)
        self._held += len(frames)
        if self._held > self._buffer.size:
            self._write(last=False)

    def _write(self, *, last: bool) -> None:
        for key in sorted(self._destinations):
            destination = self._destinations[key]
            start = self._written
            if destination.held or last:
                member = destination.member or compressor(self._level)
                for frames in destination.held:
                    self._put(member.compress(frames))
                if last:
                    self._put(member.flush())
                destination.held.clear()
                destination.member = None if last else member
            if self._written > start:
                destination.pieces.append((start, self._written - start))
        self._held = 0

    def _put(self, data: bytes) -> None:
        self._stream.write(data)
        self._written += len(data)

    def close(self) -> list[PartSegment]:
        """Ends all members and writes the frames still in memory.

        Returns:
            The segment of each destination with rows, in the order of (split, shard).
        """
        self._write(last=True)
        return [
            PartSegment(split, shard, destination.rows, destination.payload, tuple(destination.pieces))
            for (split, shard), destination in sorted(self._destinations.items(), key=lambda item: item[0])
        ]
