"""Token counts in files, read section by section.

Only where a section is crosses from one stage to the next, so that no engine holds all tokens in
memory; sections that are small together cross themselves.

They are written twice. A run has the counts of some rows in the order of a hash, so that the same
share can be read of all runs; selected tokens are in the order of a vocabulary's ids, to be
merged with others in a stream.
"""

import contextlib
import itertools
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import pyarrow as pa

from shardmill.transforms.files import files
from shardmill.transforms.files.table_sections import read_sections, section_of, tables_of
from shardmill.transforms.statistics.partition import bits_for, one_partition, partition_counts
from shardmill.transforms.statistics.tokens import SCHEMA

# Bytes of sections that cross themselves rather than in a file, at most: a request to an object
# store takes longer.
_SMALL_BYTES = 16 << 10
# Bytes of a run's section in memory, on average.
_SECTION_BYTES = 64 << 10


@dataclass(frozen=True)
class Sections:
    """Consecutive sections.

    Attributes:
        edges: The offset of each section, and the end of the last. A section without bytes has no
            rows.
        path: The file that they are in. None means that they are in `data`.
        start: The offset in the file that `edges` count from.
        data: All sections, unless they are in a file.
    """

    edges: tuple[int, ...]
    path: str | None = None
    start: int = 0
    data: bytes = b""

    def joined(self, start: int, stop: int) -> "Sections":
        """Some of the sections as one.

        Args:
            start: The index of the first section.
            stop: The index after the last section.
        """
        first, end = self.edges[start], self.edges[stop]
        return Sections((0, end - first), self.path, self.start + first, self.data[first:end])

    def tables(self) -> Iterator[pa.Table]:
        """Reads the sections one after the other.

        Yields:
            Tables of counts.

        Raises:
            DataError: The file can't be read.
        """
        for first, end in itertools.pairwise(self.edges):
            yield _table(self._read(first, end))

    def _read(self, first: int, end: int) -> bytes:
        if self.path is None:
            return self.data[first:end]
        return read_sections(self.path, self.start + first, self.start + end)


@dataclass(frozen=True)
class Run:
    """The counts of some rows, ordered by a hash.

    Attributes:
        sections: Section i has the tokens whose hashes begin with i. There are 2**bits of them.
        bits: The number of bits.
        size: Bytes of the counts in memory.
    """

    sections: Sections
    bits: int
    size: int

    def share(self, bits: int, index: int) -> "Share":
        """The share of one hash partition.

        Args:
            bits: The number of bits by which counts are partitioned.
            index: The partition.
        """
        finer = max(self.bits - bits, 0)
        start = index >> max(bits - self.bits, 0) << finer
        return Share(self.sections.joined(start, start + (1 << finer)), partitioned=self.bits >= bits)


@dataclass(frozen=True)
class Share:
    """The share that a run has of a hash partition.

    Attributes:
        sections: One section.
        partitioned: Whether other partitions have nothing in it.
    """

    sections: Sections
    partitioned: bool

    def read(self, bits: int, index: int) -> pa.Table:
        """Reads the partition's counts.

        Args:
            bits: See `Run.share`.
            index: See `Run.share`.

        Raises:
            DataError: The file can't be read.
        """
        (table,) = self.sections.tables()
        return table if self.partitioned else one_partition(table, bits, index)


class TokenWriter(contextlib.ExitStack):
    """Writes runs and selected tokens to a file.

    It makes the file when it is needed, and closes it at the end of the `with` block.
    """

    def __init__(self, folder: str) -> None:
        """Takes the folder.

        Args:
            folder: The folder of the file, which all workers share.
        """
        super().__init__()
        # An engine may make several attempts at the same work, and take any of them.
        self._path = files.join(folder, f"tokens-{uuid.uuid4().hex}")
        self._stream: BinaryIO | None = None
        self._written = 0

    def write_run(self, table: pa.Table) -> Run:
        """Writes a table of counts, ordered by a hash.

        Raises:
            OutputError: The file can't be written.
        """
        bits = bits_for(table.nbytes, _SECTION_BYTES)
        return Run(self.write(partition_counts(table, bits)), bits, table.nbytes)

    def write(self, tables: Iterable[pa.Table]) -> Sections:
        """Writes each table of counts as a section.

        Raises:
            OutputError: The file can't be written.
        """
        start, edges, held = self._written, [0], b""
        for table in tables:
            held += section_of(table)
            edges.append(self._written - start + len(held))
            if len(held) > _SMALL_BYTES:
                self._append(held)
                held = b""
        if self._written == start:
            return Sections(tuple(edges), data=held)
        self._append(held)
        return Sections(tuple(edges), self._path, start)

    def _append(self, data: bytes) -> None:
        if self._stream is None:
            self._stream = self.enter_context(files.created(self._path))
        self._stream.write(data)
        self._written += len(data)


def _table(data: bytes) -> pa.Table:
    tables = tables_of(data)
    return pa.concat_tables(tables) if tables else SCHEMA.empty_table()
