"""Rows in files, cut by a hash of their key.

A file has the rows of a part of the input in sections: section i has the rows whose keys' hashes
begin with i. So any share of the keys is read from all files without the rest.
"""

import itertools
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import from_numpy, to_numpy
from shardmill.transforms.files import files
from shardmill.transforms.files.table_sections import read_sections, section_of, tables_of
from shardmill.transforms.grouping.settings import Grouping
from shardmill.transforms.statistics.partition import bits_for, token_hashes

# The columns of a table of rows: the raw ones are called by their index, in the selection's order;
# then the hash of the key, the index of the split, and the position in the input.
HASH, SPLIT, POSITION = "hash", "split", "position"
# Bytes of rows in memory that are written as one file.
_FILE_BYTES = 32 << 20
# Bytes of a section's rows in memory, on average.
_SECTION_BYTES = 64 << 10
# Stands between the cells of a key; the hash of joined text needn't tell all keys apart.
_SEPARATOR = pa.scalar(b"\x1f", pa.large_binary())


@dataclass(frozen=True)
class RowFile:
    """The rows of a part of the input.

    Attributes:
        path: The file.
        edges: The offset of each section, and the end of the last, int64 [2**bits + 1]. A section
            without bytes has no rows.
        bits: The bits of the hash that tell sections apart.
        size: Bytes of the rows in memory.
    """

    path: str
    edges: npt.NDArray[np.int64]
    bits: int
    size: int

    def read(self, bits: int, index: int) -> list[pa.Table]:
        """Reads the rows of one hash partition.

        Args:
            bits: The number of bits by which keys are partitioned.
            index: The partition.

        Raises:
            DataError: The file can't be read.
        """
        finer = max(self.bits - bits, 0)
        first = index >> max(bits - self.bits, 0) << finer
        start, stop = int(self.edges[first]), int(self.edges[first + (1 << finer)])
        tables = tables_of(read_sections(self.path, start, stop))
        if bits <= self.bits:
            return tables
        return [table.filter(pa.array(_prefixes(table[HASH], bits) == index)) for table in tables]


class HashedWriter:
    """Writes tables to files by hash, some at a time."""

    def __init__(self, folder: str) -> None:
        """Starts without rows.

        Args:
            folder: The folder of the files, which all workers share.
        """
        self._folder = folder
        self._held: list[pa.Table] = []
        self._size = 0

    def add(self, table: pa.Table) -> Iterator[RowFile]:
        """Adds rows.

        Args:
            table: The rows, with `HASH`, uint64.

        Yields:
            A file, once there are enough rows for one.

        Raises:
            OutputError: The file can't be written.
        """
        self._held.append(table)
        self._size += table.nbytes
        if self._size > _FILE_BYTES:
            yield self._write()

    def close(self) -> Iterator[RowFile]:
        """Writes the rows that are left.

        Yields:
            A file, if there are any.

        Raises:
            OutputError: The file can't be written.
        """
        if self._held:
            yield self._write()

    def _write(self) -> RowFile:
        table, size = pa.concat_tables(self._held), self._size
        self._held, self._size = [], 0
        bits = bits_for(size, _SECTION_BYTES)
        prefixes = _prefixes(table[HASH], bits)
        order = np.argsort(prefixes, kind="stable")
        bounds = np.searchsorted(prefixes[order], np.arange((1 << bits) + 1))
        ordered = table.take(from_numpy(order))
        # An engine may make several attempts at the same work, and take any of them.
        path = files.join(self._folder, f"rows-{uuid.uuid4().hex}")
        edges = [0]
        with files.created(path) as stream:
            for start, stop in itertools.pairwise(bounds.tolist()):
                section = section_of(ordered.slice(start, stop - start).combine_chunks())
                stream.write(section)
                edges.append(edges[-1] + len(section))
        return RowFile(path, np.array(edges, np.int64), bits, size)


class RowWriter(HashedWriter):
    """Writes rows to files by their group's key."""

    def __init__(self, grouping: Grouping, folder: str) -> None:
        """Starts without rows.

        Args:
            grouping: The groups that the rows will be in.
            folder: The folder of the files, which all workers share.
        """
        super().__init__(folder)
        self._grouping = grouping

    def add_rows(self, columns: pa.RecordBatch, splits: npt.NDArray[np.int64], position: int) -> Iterator[RowFile]:
        """Adds consecutive rows.

        Args:
            columns: The selection's columns; none is missing of the grouping's.
            splits: The index of each row's split.
            position: The position in the input of the first.

        Yields:
            A file, once there are enough rows for one.

        Raises:
            OutputError: The file can't be written.
        """
        positions = np.arange(position, position + columns.num_rows, dtype=np.int64)
        hashes = _hashes([columns.column(name) for name in self._grouping.group_by], columns.num_rows)
        arrays = [*columns.columns, pa.array(hashes), from_numpy(splits), from_numpy(positions)]
        names = [*map(str, range(columns.num_columns)), HASH, SPLIT, POSITION]
        yield from self.add(pa.Table.from_arrays(arrays, names=names))


def _hashes(keys: Sequence[pa.Array], rows: int) -> npt.NDArray[np.uint64]:
    """A hash of each key, on every machine alike."""
    if not keys:
        return np.zeros(rows, np.uint64)
    texts = [key.cast(pa.string()).cast(pa.large_binary()) for key in keys]
    joined = texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, _SEPARATOR)
    return token_hashes(pa.chunked_array([joined]))


def _prefixes(hashes: pa.ChunkedArray, bits: int) -> npt.NDArray[np.uint16]:
    """The first bits of hashes, at most 16."""
    found = to_numpy(hashes)
    return (found >> np.uint64(64 - bits)).astype(np.uint16) if bits else np.zeros(len(found), np.uint16)
