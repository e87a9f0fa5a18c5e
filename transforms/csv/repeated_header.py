"""Finds rows that repeat their file's header."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.csv.cell_columns import Grid
from shardmill.transforms.csv.cells import Cells
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.header import Header
from shardmill.transforms.csv.rejects import Faults
from shardmill.transforms.csv.units import lexicon_of
from shardmill.transforms.kernel.library import kernel
from shardmill.transforms.numbers.cast import cast

_REPEATED = "a row that repeats the header, as where files were joined"
# One cell that is spelled like a column's name may well be a value.
_FEWEST_CELLS = 2


class RepeatedHeader:
    """Looks for a header among the rows of its file."""

    def __init__(
        self, header: Header, dialect: Dialect, columns: Sequence[Column], positions: Mapping[str, int]
    ) -> None:
        """Prepares what all chunks have in common.

        Args:
            header: The file's header.
            dialect: The file's dialect.
            columns: The columns that are converted.
            positions: The position of each of them among a record's cells, by name; those that the
                file lacks are absent.
        """
        cells = [cell.encode() for cell in header.cells]
        self._width = len(cells)
        self._text = np.frombuffer(b"".join(cells) or b"\0", np.uint8)
        self._offsets = np.cumsum([0, *map(len, cells)]).astype(np.uint32)
        self._dialect = lexicon_of(dialect).packed
        nulls = pa.array(sorted({"", *dialect.null_values}), pa.string())
        # The columns whose cell in the header spells no value of theirs: one cast for each type,
        # since a thousand casts would cost more than the unit.
        self._telling: set[str] = set()
        for column_type in ColumnType:
            names = [column.name for column in columns if column.type is column_type and column.name in positions]
            if header.cells and names:
                spelled = cast(pa.array([header.cells[positions[name]] for name in names]), column_type, nulls)
                self._telling.update(names[index] for index in ([] if spelled.bad is None else spelled.bad.tolist()))

    def rows(self, grid: Grid, cells: Cells) -> Faults:
        """Finds the rows whose cells all equal the header.

        Quotes around cells make no difference, nor does, with `trim`, space.

        Args:
            grid: The rows' cells.
            cells: The values of the same rows.

        Returns:
            The fault of each such row, by its index.
        """
        # Where such a column has nothing but values, no row need be looked at.
        if self._width < _FEWEST_CELLS or self._telling - cells.notable.keys():
            return {}
        found = np.empty(len(grid), np.uint32)
        count = kernel().kernel_repeats(*grid.arguments, self._dialect, self._text, self._offsets, self._width, found)
        return dict.fromkeys(found[:count].tolist(), (None, _REPEATED))
