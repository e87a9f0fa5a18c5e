"""The part file of a unit: its rows compressed, by split and shard, one after the other in a single stream.

Each destination's rows are one gzip member. A shard is assembled by copying the members of all units in order; nothing is recompressed.
"""

from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.schemas.arrow import binary_parts
from shardmill.transforms.tfrecord.frames import Compressor, compressor

# So many compressed bytes of all destinations together stay in memory.
BUFFER_BYTES = 64 << 20
_RADIX_SHARDS = 1 << 16


@dataclass(frozen=True)
class PartSegment:
    """One destination's rows in a part file.

    Attributes:
        split: Its split.
        shard: Its shard's index.
        rows: Its records.
        payload: Their bytes, framed, before compression.
        pieces: (offset, length) of the pieces that, joined in order, are its gzip member (or its frames, where nothing is compressed).
    """

    split: str
    shard: int
    rows: int
    payload: int
    pieces: tuple[tuple[int, int], ...]

    @property
    def length(self) -> int:
        """Bytes in the part file."""
        return sum(length for _, length in self.pieces)


@dataclass
class _Destination:
    compressor: Compressor
    rows: int = 0
    payload: int = 0
    ready: list[bytes] = field(default_factory=list)
    pieces: list[tuple[int, int]] = field(default_factory=list)


class PartWriter:
    """Collects the framed records of one unit; for one thread.

    Memory: the compressed bytes up to a bound, then they are written in pieces; and some 0.2 MB of compressor state for
    each destination. A member is cut by that, not restarted, so a destination's bytes don't depend on the bound.
    """

    def __init__(self, stream: BinaryIO, level: int | None, buffer_bytes: int = BUFFER_BYTES) -> None:
        """Starts an empty part.

        Args:
            stream: Where the part is written, from offset 0; stays open.
            level: ISA-L's DEFLATE level, 0 to 3; None: not compressed.
            buffer_bytes: So many compressed bytes are kept in memory.
        """
        self._stream = stream
        self._level = level
        self._buffer_bytes = buffer_bytes
        self._destinations: dict[tuple[str, int], _Destination] = {}
        self._buffered = 0
        self._written = 0

    def add(self, split: str, shards: npt.NDArray[np.int64], framed: pa.Array) -> None:
        """Adds records, each at the end of its destination.

        Args:
            split: Their split.
            shards: Each record's shard.
            framed: (Large) binary, without nulls, as many as `shards`.
        """
        if len(shards) != len(framed):
            raise ValueError(f"{len(framed)} records for {len(shards)} shards; expected one shard for each record")
        if not len(shards):
            return
        counts = np.bincount(shards)
        found = np.flatnonzero(counts)
        if len(found) > 1:
            # Stable: the input's order stays within a shard. 16-bit keys are sorted by radix, 30 times as fast.
            keys = shards.astype(np.uint16) if len(counts) <= _RADIX_SHARDS else shards
            framed = framed.take(pa.array(np.argsort(keys, kind="stable")))
        offsets, data = binary_parts(framed)
        view = data.data
        stop = 0
        for shard, rows in zip(found.tolist(), counts[found].tolist(), strict=True):
            start, stop = stop, stop + rows
            self._add((split, shard), rows, view[offsets[start] : offsets[stop]])
        if self._buffered > self._buffer_bytes:
            self._spill()

    def _add(self, key: tuple[str, int], rows: int, frames: memoryview) -> None:
        destination = self._destinations.get(key)
        if destination is None:
            destination = self._destinations[key] = _Destination(compressor(self._level))
        destination.rows += rows
        destination.payload += len(frames)
        self._hold(destination, destination.compressor.compress(frames))

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
        """Ends all members and writes what is in memory.

        Returns:
            Each destination with rows, in the order of (split, shard).
        """
        for destination in self._destinations.values():
            self._hold(destination, destination.compressor.flush())
        self._spill()
        return [
            PartSegment(split, shard, destination.rows, destination.payload, tuple(destination.pieces))
            for (split, shard), destination in sorted(self._destinations.items(), key=lambda item: item[0])
        ]
