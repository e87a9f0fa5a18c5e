"""Part files, kept for a run that goes on."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple, cast

from shardmill.transforms.csv.units import Unit
from shardmill.transforms.files import files
from shardmill.transforms.files.checksums import NO_BYTES, Checksum
from shardmill.transforms.keeping.kept_entries import KeptEntries
from shardmill.transforms.rows.row_plan import RowPlan
from shardmill.transforms.summaries.output_statistics import OutputStatistics
from shardmill.transforms.tfrecord.parts import PartSegment

_READ_BYTES = 1 << 20


class WrittenPart(NamedTuple):
    """All that is to be known of a part file.

    Attributes:
        segments: Its segments, by split and shard.
        statistics: The statistics of its rows' features.
        rows: Its rows, without rejected ones.
        read: The rows that were read for it.
        size: The bytes of text that were read for it.
    """

    segments: tuple[PartSegment, ...]
    statistics: OutputStatistics
    rows: int
    read: int
    size: int


class KeptParts:
    """The part files of units, found again by their content.

    A part follows from the bytes of its units, where its rows lie among all rows, the settings and
    the graph. Its entry has the checksum of its file, which is read whole before it counts.
    """

    def __init__(self, entries: KeptEntries, settings: str) -> None:
        """Reads nothing yet.

        Args:
            entries: The folder of entries and of part files.
            settings: The digest of all settings that decide a part, and of the graph.
        """
        self._entries = entries
        self._settings = settings

    def key(self, units: Sequence[Unit], plan: RowPlan) -> str:
        """The name of a part.

        Args:
            units: Its units.
            plan: Where their rows lie in the shards.
        """
        decisive = [self._settings, plan.digest, plan.first(units[0].index), [_facts(unit, plan) for unit in units]]
        return f"part-{hashlib.sha256(json.dumps(decisive).encode()).hexdigest()}"

    def path(self, key: str) -> str:
        """The part's file.

        Args:
            key: Its name.
        """
        return f"{self._entries.path(key)}-rows"

    def find(self, key: str) -> WrittenPart | None:
        """Finds what is kept of a part.

        Args:
            key: Its name.

        Returns:
            None where nothing is kept, or the file isn't as it was written.
        """
        entry = self._entries.find(key)
        if entry is None or _checksum(self.path(key)) != entry["file"]:
            return None
        return WrittenPart(*entry["part"])

    @contextmanager
    def writing(self, key: str) -> "Iterator[SummedStream]":
        """Writes a part's file, which appears when it is complete.

        Args:
            key: Its name.

        Yields:
            The stream to write to.

        Raises:
            OutputError: It can't be written.
        """
        with files.replacing(self.path(key), self._entries.folder) as stream:
            yield SummedStream(stream)

    def keep(self, key: str, part: WrittenPart, file: Checksum) -> None:
        """Keeps a part whose file is complete.

        Args:
            key: Its name.
            part: The part.
            file: The checksum of its file.

        Raises:
            OutputError: It can't be written.
        """
        self._entries.keep(key, {"part": tuple(part), "file": file})


class SummedStream:
    """A stream to write to, whose bytes are summed up.

    Attributes:
        checksum: The checksum of the bytes so far.
    """

    def __init__(self, stream: BinaryIO) -> None:
        """Starts with no bytes.

        Args:
            stream: The stream that takes the bytes.
        """
        self._stream = stream
        self.checksum = NO_BYTES

    def write(self, data: bytes) -> int:
        """Writes bytes."""
        self.checksum = self.checksum.then(data)
        return self._stream.write(data)

    @property
    def binary(self) -> BinaryIO:
        """This stream as the type of files."""
        return cast("BinaryIO", self)


def _facts(unit: Unit, plan: RowPlan) -> list[object]:
    content = plan.content(unit)
    header = None if unit.header is None else unit.header.hex()
    return [content.hex(), unit.index, unit.path, unit.start, unit.first_line, header, unit.split]


def _checksum(path: str) -> Checksum | None:
    """A file's checksum; None where it can't be read."""
    found = NO_BYTES
    try:
        with files.open_at(path) as stream:
            while data := stream.read(_READ_BYTES):
                found = found.then(data)
    except OSError:
        return None
    return found
