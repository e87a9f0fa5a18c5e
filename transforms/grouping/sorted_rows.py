"""Rows in order, more than fit into memory.

Rows are sorted in runs, which are written to files in batches. The keys of all batches' first rows
stay in memory. They tell which batches have the next rows; these are read, sorted together, and cut
where the first batch that hasn't been read begins.
"""

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

# Bytes in memory of the rows that are sorted at a time. Sorting takes some three times as much.
_RUN_BYTES = 96 << 20
# Bytes in memory of a run's batch. Merging holds one of each run, or two.
_BATCH_BYTES = 512 << 10
# Batches that are merged at a time, or one of each run where there are more runs.
_MERGED_BATCHES = 96
# The columns that tell of a batch's first row which batch it is.
_RUN, _BATCH = "run", "batch"


@dataclass(frozen=True)
class _Run:
    path: str
    edges: tuple[int, ...]  # the offset of each batch, and the end of the last


class SortedRows:
    """Sorts rows, in files where memory is too small."""

    def __init__(self, keys: Sequence[str], folder: str) -> None:
        """Starts without rows.

        Args:
            keys: The columns by which rows are ordered, all ascending; no two rows agree in all.
            folder: The folder of the files.
        """
        self._keys = list(keys)
        self._folder = folder
        self._held: list[pa.Table] = []
        self._size = 0
        self._runs: list[_Run] = []
        self._firsts: list[pa.Table] = []

    def add(self, table: pa.Table) -> None:
        """Adds rows.

        Raises:
            OutputError: A file can't be written.
        """
        self._held.append(table)
        self._size += table.nbytes
        if self._size > _RUN_BYTES:
            self._write_run()

    def read(self) -> Iterator[pa.Table]:
        """Yields all rows in order, in tables of many; once.

        How they are cut into tables depends on the order in which they were added.

        Raises:
            DataError: A file can't be read.
            OutputError: A file can't be written.
        """
        if self._runs and self._held:
            self._write_run()
        if self._runs:
            yield from self._merged()
            for run in self._runs:
                files.remove(run.path)
        elif self._held:
            yield self._take_held()

    def _take_held(self) -> pa.Table:
        table = pa.concat_tables(self._held)
        self._held, self._size = [], 0
        return table.take(self._order(table)).combine_chunks()

    def _order(self, table: pa.Table) -> pa.Array:
        # Sorting several pieces takes up to three times as long.
        keys = table.select(self._keys).combine_chunks()
        return pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in self._keys])

    def _write_run(self) -> None:
        table = self._take_held()
        each = max(1, table.num_rows * _BATCH_BYTES // max(table.nbytes, 1))
        firsts = table.select(self._keys).take(from_numpy(np.arange(0, table.num_rows, each)))
        numbers = np.arange(firsts.num_rows)
        firsts = firsts.append_column(_RUN, from_numpy(np.full(len(numbers), len(self._runs))))
        self._firsts.append(firsts.append_column(_BATCH, from_numpy(numbers)))
        path = files.join(self._folder, f"run-{uuid.uuid4().hex}")
        edges = [0]
        with files.created(path) as stream:
            for start in range(0, table.num_rows, each):
                batch = section_of(table.slice(start, each))
                stream.write(batch)
                edges.append(edges[-1] + len(batch))
        self._runs.append(_Run(path, tuple(edges)))

    def _merged(self) -> Iterator[pa.Table]:
        firsts = pa.concat_tables(self._firsts)
        firsts = firsts.take(self._order(firsts))
        runs, batches = to_numpy(firsts[_RUN]), to_numpy(firsts[_BATCH])
        step = max(_MERGED_BATCHES, len(self._runs))
        rest: list[pa.Table] = []
        for start in range(0, len(runs), step):
            loaded = self._load(runs[start : start + step], batches[start : start + step])
            ready, left = self._cut([*rest, *loaded], firsts.slice(start + step, 1))
            rest = [left]
            loaded.clear()
            yield ready

    def _cut(self, tables: Sequence[pa.Table], end: pa.Table) -> tuple[pa.Table, pa.Table]:
        """Sorts rows, and cuts them where another row would be.

        Args:
            tables: The rows.
            end: The other row; or none, which comes after all.
        """
        rows = pa.concat_tables(tables)
        order = self._order(pa.concat_tables([rows.select(self._keys), end.select(self._keys)]))
        cut = int(np.flatnonzero(to_numpy(order) == rows.num_rows)[0]) if end.num_rows else rows.num_rows
        return rows.take(order[:cut]).combine_chunks(), rows.take(order[cut + 1 :])

    def _load(self, runs: npt.NDArray[np.int64], batches: npt.NDArray[np.int64]) -> list[pa.Table]:
        """Reads batches; those of a run follow each other."""
        tables: list[pa.Table] = []
        for index in np.unique(runs).tolist():
            run, wanted = self._runs[index], batches[runs == index]
            start, stop = run.edges[wanted[0]], run.edges[wanted[-1] + 1]
            tables += tables_of(read_sections(run.path, start, stop))
        return tables
