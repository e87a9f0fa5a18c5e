"""Statistics of files' columns, with the cells that don't fit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from shardmill.pipelines.validate.column_values import BadCells, ColumnValues
from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.csv.blocks import Block
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.rows.counts import Rejections
from shardmill.transforms.select_tokens import write_runs
from shardmill.transforms.statistics.accumulator import Analysis
from shardmill.transforms.statistics.requests import Request, VocabularyRequest
from shardmill.transforms.statistics.token_files import Run

# Rows and bytes of blocks that wait: over thousands of columns a pass isn't worth its calls for
# fewer rows.
_WAITING_ROWS = 8192
_WAITING_BYTES = 16 << 20
# The most bytes of counted values in memory: of a column, of all, and what stays when these are
# written to files.
_COLUMN_BYTES = 32 << 20
_HELD_BYTES = 64 << 20
_LEFT_BYTES = 16 << 20


@dataclass(frozen=True)
class Measuring:
    """Makes accumulators of columns' statistics.

    Attributes:
        columns: The columns, with the types by which their cells are read.
        null_values: The spellings of a missing cell.
        folder: A folder for files of counted values.
    """

    columns: tuple[Column, ...]
    null_values: tuple[str, ...]
    folder: str

    def nothing(self, names: tuple[str, ...]) -> "Measured":
        """An accumulator of no rows, for columns of these names."""
        assert names == tuple(column.name for column in self.columns)
        return Measured(
            ColumnValues(self.columns, self.null_values), Analysis(self.requests, self.columns), self.folder
        )

    @property
    def requests(self) -> Sequence[Request]:
        """The requests for the columns' statistics."""
        return [
            VocabularyRequest(column.name, (column.name,)) for column in self.columns if column.type is ColumnType.BYTES
        ]


@dataclass
class Measured:
    """Statistics of rows, which merge in any order.

    Attributes:
        values: Reads cells, and keeps those that aren't of their column's type.
        analysis: The statistics of the values.
        folder: A folder for files of counted values.
        rejections: The rows that can't be read.
        read: All rows.
        runs: The counts of values that are in files, by column.
    """

    values: ColumnValues
    analysis: Analysis
    folder: str
    rejections: Rejections = field(default_factory=Rejections)
    read: int = 0
    runs: list[tuple[str, Run]] = field(default_factory=list)

    @property
    def bad(self) -> Mapping[str, BadCells]:
        """The cells that aren't of their column's type, by column."""
        return self.values.bad

    def add(self, unit: Unit, blocks: Iterable[Block]) -> None:
        """Adds the rows of a unit.

        Args:
            unit: The unit.
            blocks: Its blocks, whose columns are strings.
        """
        waiting: list[pa.RecordBatch] = []
        rows = size = 0
        for block in blocks:
            self.rejections.update(unit.index, block.rejects)
            self.read += block.read
            waiting.append(block.columns)
            rows, size = rows + block.rows, size + block.size
            if rows >= _WAITING_ROWS or size >= _WAITING_BYTES:
                self._analyze(waiting)
                waiting, rows, size = [], 0, 0
        self._analyze(waiting)

    def merge(self, other: "Measured") -> None:
        """Adds the rows of another accumulator of the same columns."""
        self.values.merge(other.bad)
        self.analysis.merge(other.analysis)
        self.rejections.merge(other.rejections)
        self.read += other.read
        self.runs += other.runs
        self._write_large()

    def move_down(self, above: Sequence[int]) -> None:
        """Adds to line numbers the lines above each unit."""
        self.rejections.move_down(above)

    def take_runs(self) -> dict[str, list[Run]]:
        """Takes out the counts of all values, by column."""
        self.runs += write_runs(self.analysis.take_tables(), self.folder)
        runs: dict[str, list[Run]] = {}
        for name, run in self.runs:
            runs.setdefault(name, []).append(run)
        return runs

    def _analyze(self, batches: Sequence[pa.RecordBatch]) -> None:
        if any(batch.num_rows for batch in batches):
            self.analysis.update(self.values.read(pa.Table.from_batches(batches)))
            self._write_large()

    def _write_large(self) -> None:
        """Writes counts that take too much memory to a file."""
        self.runs += write_runs(self.analysis.take_tables(_COLUMN_BYTES), self.folder)
        if self.analysis.token_bytes > _HELD_BYTES:
            self.runs += write_runs(self.analysis.take_largest_tables(_LEFT_BYTES), self.folder)
