"""Counts of cells by their spelling, which decide columns' types."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.inference.spelling import Spelling, count_cells
from shardmill.transforms.csv.cell_columns import CellColumn, ColumnParser, Grid, NullSpellings
from shardmill.transforms.kernel.library import kernel

Counts = npt.NDArray[np.int64]

SPELLINGS: tuple[Spelling | None, ...] = (
    None,
    None,
    Spelling.INTEGER,
    Spelling.WHOLE,
    Spelling.FLOAT,
    Spelling.LEADING_ZERO,
    Spelling.BIG,
    Spelling.INFINITE,
    Spelling.NAN,
    Spelling.BLANK,
    None,
)
"""The counters of a column, in the order of native/cells/spelling.c.

The first is for cells of other spellings, the second for missing ones, the last for cells that the
kernel leaves to `count_cells`, where it stays 0.
"""

_OTHER, ABSENT = 0, 1
# Such cells, as the kernel tells them; there are few, or none at all.
_CELL = np.dtype([("column", np.uint32), ("row", np.uint32)])
_ROOM = 1024


class SpellingCounter:
    """Counts the cells of some columns.

    Several threads may use it at once.
    """

    def __init__(self, dialect: bytes, null_values: Sequence[str], columns: Sequence[CellColumn | None]) -> None:
        """Prepares what all rows have in common.

        Args:
            dialect: The special bytes: `Lexicon.packed`.
            null_values: The spellings of missing cells; the empty one needn't be among them.
            columns: The columns, of type BYTES. None stands for one that the file lacks, in which
                every row's cell is missing.
        """
        self._dialect = dialect
        self._parser = ColumnParser(dialect, null_values, [])
        self._nulls = NullSpellings(self._parser.nulls)
        self._there = np.array([column is not None for column in columns], np.bool_)
        present = [column for column in columns if column is not None]
        self._positions = np.array([column.position for column in present], np.uint32)
        # Cells of these are counted as they are respelled.
        formatted = [index for index, column in enumerate(present) if column.number_format is not None]
        self._formatted = [(index, ColumnParser(dialect, null_values, [present[index]])) for index in formatted]

    def count(self, grid: Grid) -> Counts:
        """Counts the cells of rows.

        Args:
            grid: The cells, which are UTF-8.

        Returns:
            int64 [columns, SPELLINGS].
        """
        counts, hard = self._count(grid, _ROOM)
        for index in np.unique(hard["column"]).tolist():
            rows = hard["row"][hard["column"] == index].astype(np.int64)
            counts[index, -1] = 0
            counts[index] += _count_text(self._parser.text(grid.take(rows), int(self._positions[index]), pa.string()))
        for index, parser in self._formatted:
            (text,), _ = parser.parse(grid)
            counts[index] = _count_text(text)
        every = np.zeros((len(self._there), len(SPELLINGS)), np.int64)
        every[:, ABSENT] = len(grid)
        every[self._there] = counts
        return every

    def _count(self, grid: Grid, room: int) -> tuple[Counts, npt.NDArray[np.void]]:
        """Counts cells, and finds the hard ones.

        Args:
            grid: The cells.
            room: The most hard cells that are expected; with more, all is done again.
        """
        columns = len(self._positions)
        counts, hard = np.zeros((columns, len(SPELLINGS)), np.int64), np.empty(room, _CELL)
        found = kernel().kernel_spellings(
            *grid.arguments, self._dialect, self._nulls.packed, self._positions, columns, counts, hard, room
        )
        return (counts, hard[:found]) if found <= room else self._count(grid, found)


def _count_text(cells: pa.Array) -> Counts:
    """Counts strings, null where missing: int64 [SPELLINGS]."""
    present = cells.filter(pc.fill_null(pc.not_equal(cells, ""), fill_value=False))
    spellings = count_cells(present).spellings
    counts = np.array([spellings[kind] if kind else 0 for kind in SPELLINGS], np.int64)
    counts[ABSENT] = len(cells) - len(present)
    counts[_OTHER] = len(present) - counts[ABSENT + 1 :].sum()
    return counts
