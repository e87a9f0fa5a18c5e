"""One hash partition of the rows: its groups, in order.

No group is in two of them. Whole groups are as bounded as partitions are, and are sorted in memory;
a group that windows are cut from may be larger.
"""

import itertools
from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import from_numpy, to_numpy
from shardmill.schemas.errors import DataError
from shardmill.schemas.messages import quoted
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.grouping.forward_fill import forward_fill
from shardmill.transforms.grouping.group_counts import NO_WINDOW, TOO_LONG, GroupCounts
from shardmill.transforms.grouping.row_files import HASH, POSITION, SPLIT, RowFile
from shardmill.transforms.grouping.settings import Grouping, Window
from shardmill.transforms.grouping.sorted_rows import SortedRows
from shardmill.transforms.grouping.windows import WindowCutter, window_hashes

# Bytes of a partition's rows in memory, on average. Sorting takes some three times as much.
_PARTITION_BYTES = 48 << 20
# First bits of the hash that partitions are cut by, at most.
_MOST_BITS = 12
# Rows that go through the graph at once, about: whole groups. It isn't bytes, so that the same rows
# do in every run.
_BATCH_ROWS = 1 << 14

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Partition:
    """A share of all keys, by their hash.

    Attributes:
        bits: The number of the hash's first bits that count.
        index: These bits.
    """

    bits: int
    index: int

    @classmethod
    def all(cls, row_files: Sequence[RowFile]) -> "list[Partition]":
        """All partitions of some files' rows, each small enough."""
        size = sum(each.size for each in row_files)
        bits = min((max(size - 1, 0) // _PARTITION_BYTES).bit_length(), _MOST_BITS)
        return [cls(bits, index) for index in range(1 << bits)]


@dataclass(frozen=True)
class Groups:
    """Some groups of a partition, or windows, in order.

    Attributes:
        columns: Their rows' raw columns, a group's rows in order and one after the other.
        starts: The first row of each group, or of each window.
        stops: The row after the last of each; for a window after that of its labels.
        hashes: The hash of each group's key, uint64; for windows one of its own each.
        splits: The index of each group's split.
        row_splits: The index of each row's split.
        grouping: What makes them groups.
        counted: The rows that count, bool: of windows, which overlap, those that are in one and in
            no earlier batch. None means all.
    """

    columns: pa.RecordBatch
    starts: Indices
    stops: Indices
    hashes: npt.NDArray[np.uint64]
    splits: Indices
    row_splits: Indices
    grouping: Grouping
    counted: npt.NDArray[np.bool_] | None = None

    @property
    def rows(self) -> int:
        """The number of rows that count."""
        return self.columns.num_rows if self.counted is None else int(self.counted.sum())

    def describe(self, row: int) -> str:
        """Names the group that a row is in, for messages."""
        return described(self.columns, self.grouping, row)


def described(columns: "pa.RecordBatch | pa.Table", grouping: Grouping, row: int) -> str:
    """Names a row's group by the key's columns and values."""
    if not grouping.group_by:
        return "the rows"
    cells = [f"{name} {quoted(columns.column(name)[row].as_py())}" for name in grouping.group_by]
    return f"the group of {' and '.join(cells)}"


class PartitionReader:
    """Reads groups of partitions.

    Attributes:
        counts: Counts the rows that are dropped.
    """

    def __init__(
        self,
        row_files: Sequence[RowFile],
        names: Sequence[str],
        grouping: Grouping,
        folder: str,
        infinite: Collection[str] = (),
    ) -> None:
        """Takes all files.

        Args:
            row_files: The files that have all rows.
            names: The raw columns' names, in order.
            grouping: The groups that are wanted.
            folder: The folder for rows of windows that are too many for memory.
            infinite: The columns in which an infinite number counts as missing.
        """
        self.counts = GroupCounts()
        self._files = sorted(row_files, key=lambda each: each.path)
        self._names = list(names)
        self._grouping = grouping
        self._folder = folder
        self._infinite = frozenset(infinite)
        self._keys = [HASH, SPLIT, *(str(self._names.index(name)) for name in grouping.group_by)]
        order = [] if grouping.order_by is None else [str(self._names.index(grouping.order_by))]
        self._sort_keys = [*self._keys, *order, POSITION]

    @classmethod
    def of_selection(
        cls,
        row_files: Sequence[RowFile],
        selection: Selection,
        grouping: Grouping,
        folder: str,
        further: Sequence[str] = (),
    ) -> "PartitionReader":
        """Takes all files, of the columns that were read.

        Args:
            row_files: The files that have all rows.
            selection: The raw columns.
            grouping: The groups that are wanted.
            folder: See `PartitionReader`.
            further: The columns that rows have besides.
        """
        infinite = [name for name, treatment in selection.infinite.items() if treatment == "missing"]
        return cls(row_files, [*(column.name for column in selection.columns), *further], grouping, folder, infinite)

    def read(self, partition: Partition) -> Iterator[Groups]:
        """Reads a partition's groups, or their windows.

        Groups are in the order of (hash, split, key), and so are those of consecutive partitions.

        Raises:
            DataError: A file can't be read, a group is too long, or two rows of windows are at the
                same time.
            OutputError: A file can't be written.
        """
        if self._grouping.window is not None:
            yield from self._windows(partition, self._grouping.window)
            return
        held: list[pa.Table] = []
        size = limit = 0
        for table in self._tables(partition):
            held.append(table)
            size += table.nbytes
            # Of a key that most rows have, only the rows that are wanted stay in memory.
            if self._grouping.max_length is not None and size > max(2 * limit, 2 * _PARTITION_BYTES):
                held = [self._sorted(held)]
                size = limit = held[0].nbytes
        if held:
            table = self._filled(self._sorted(held))
            held.clear()
            yield from self._cut(table)

    def _tables(self, partition: Partition) -> Iterator[pa.Table]:
        """Yields the tables of a partition that have rows."""
        for each in self._files:
            yield from (table for table in each.read(partition.bits, partition.index) if table.num_rows)

    def _sorted(self, tables: Sequence[pa.Table]) -> pa.Table:
        """Sorts rows, and drops those after the longest length."""
        table = pa.concat_tables(tables)
        table = table.take(
            pc.sort_indices(table, sort_keys=[(name, "ascending") for name in self._sort_keys])
        ).combine_chunks()
        starts = self._starts(table)
        lengths = np.diff(starts, append=table.num_rows)
        most = self._grouping.max_length
        if most is None:
            return table
        long = np.flatnonzero(lengths > most)
        if not len(long):
            return table
        if not self._grouping.truncate:
            group = described(self._raw(table), self._grouping, int(starts[long[0]]))
            raise DataError(
                f"{group}: expected at most {most:,} rows, received more; raise [sequence] max_length, or set "
                'on_too_long = "truncate", which drops those after them'
            )
        kept = np.arange(table.num_rows) - np.repeat(starts, lengths) < most
        self.counts.dropped[TOO_LONG] += int(table.num_rows - kept.sum())
        return table.filter(pa.array(kept)).combine_chunks()

    def _filled(self, table: pa.Table) -> pa.Table:
        """Fills missing cells from the rows before."""
        starts = self._starts(table)
        for name in self._grouping.forward_fill:
            at = self._names.index(name)
            column, cells = forward_fill(table.column(at), starts, infinite=name in self._infinite)
            if cells:
                self.counts.filled[name] += cells
                table = table.set_column(at, table.field(at), column)
        return table

    def _starts(self, table: pa.Table) -> Indices:
        begins = np.zeros(table.num_rows, np.bool_)
        begins[:1] = True
        for name in self._keys:
            column = table[name]
            differs = pc.not_equal(column.slice(1), column.slice(0, max(len(column) - 1, 0)))
            begins[1:] |= differs.combine_chunks().to_numpy(zero_copy_only=False)
        return np.flatnonzero(begins)

    def _raw(self, table: pa.Table) -> pa.Table:
        return table.select(list(range(len(self._names)))).rename_columns(self._names)

    def _cut(self, table: pa.Table) -> Iterator[Groups]:
        """Cuts sorted rows into batches of whole groups."""
        edges = np.append(self._starts(table), table.num_rows)
        raw = self._raw(table)
        cuts = np.flatnonzero(np.diff(edges[:-1] // _BATCH_ROWS)) + 1
        hashes, splits = to_numpy(table[HASH]), to_numpy(table[SPLIT])
        for first, end in itertools.pairwise([0, *cuts.tolist(), len(edges) - 1]):
            start, stop = int(edges[first]), int(edges[end])
            (columns,) = raw.slice(start, stop - start).to_batches()
            starts = edges[first:end]
            yield Groups(
                columns,
                starts - start,
                edges[first + 1 : end + 1] - start,
                hashes[starts],
                splits[starts],
                splits[start:stop],
                self._grouping,
            )

    def _windows(self, partition: Partition, window: Window) -> Iterator[Groups]:
        """Yields a partition's windows, in batches.

        A series may have more rows than fit into memory.
        """
        rows = SortedRows(self._sort_keys, self._folder)
        size = count = 0
        for table in self._tables(partition):
            size += table.nbytes
            count += table.num_rows
            rows.add(table)
        cutter = WindowCutter(window, size // max(count, 1))
        held: list[pa.Table] = []
        for table in self._filled_stretches(rows.read()):
            count -= table.num_rows
            held.append(table)
            if not count or sum(each.num_rows for each in held) >= cutter.least:
                stretch = pa.concat_tables(held).combine_chunks()
                held.clear()
                done = yield from self._cut_windows(stretch, cutter, last=not count)
                # A copy, so that the rest isn't kept with it.
                held.append(stretch.take(from_numpy(np.arange(done, stretch.num_rows))))

    def _filled_stretches(self, stretches: Iterator[pa.Table]) -> Iterator[pa.Table]:
        """Fills missing cells of sorted rows, across stretches."""
        before: list[pa.Table] = []
        for stretch in stretches:
            if not self._grouping.forward_fill:
                yield stretch
                continue
            filled = self._filled(pa.concat_tables([*before, stretch]))
            yield filled.slice(len(before))
            before = [filled.take([filled.num_rows - 1])]

    def _cut_windows(self, table: pa.Table, cutter: WindowCutter, *, last: bool) -> Generator[Groups, None, int]:
        """Cuts sorted rows into batches of windows.

        Returns:
            The rows at the beginning that aren't needed any more.
        """
        starts = self._starts(table)
        self._check_order(table, starts)
        hashes, splits = to_numpy(table[HASH]), to_numpy(table[SPLIT])
        cut = cutter.cut(starts, table.num_rows, last=last)
        self.counts.see_groups(splits[starts], cut.lengths)
        if cut.dropped:
            self.counts.dropped[NO_WINDOW] += cut.dropped
        raw = self._raw(table)
        for batch in cut.batches:
            # Much text may have stayed in several pieces.
            (columns,) = raw.slice(batch.start, batch.stop - batch.start).combine_chunks().to_batches()
            first = batch.starts - batch.start
            yield Groups(
                columns,
                first,
                first + cutter.window.reach + 1,
                window_hashes(hashes[batch.starts], batch.numbers),
                splits[batch.starts],
                splits[batch.start : batch.stop],
                self._grouping,
                batch.counted,
            )
        return cut.rows

    def _check_order(self, table: pa.Table, starts: Indices) -> None:
        """Checks that times differ within each group."""
        order_by = self._grouping.order_by
        assert order_by is not None  # windows need one
        times = table[str(self._names.index(order_by))]
        equal = pc.equal(times.slice(1), times.slice(0, len(times) - 1))
        same = equal.combine_chunks().to_numpy(zero_copy_only=False)
        same[starts[1:] - 1] = False
        for row in np.flatnonzero(same)[:1].tolist():
            raise DataError(
                f"{described(self._raw(table), self._grouping, row)}: expected every value of {order_by!r} once, since windows are "
                f"steps of [window] order_by, received {quoted(times[row].as_py())} twice; remove one of the rows, or name in group_by "
                "the columns that tell them apart"
            )
