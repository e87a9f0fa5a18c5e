"""Parses rows into what a selection wants.

Cells that aren't UTF-8 are found.
"""

import re
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from shardmill.transforms.csv.cell_columns import CellColumn, ColumnParser, Grid
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.csv.units import lexicon_of
from shardmill.transforms.kernel.library import SLACK
from shardmill.transforms.numbers.cast import Cast
from shardmill.transforms.records.lexicon import Bytes

# Stands for a byte that isn't UTF-8 while the rest of its chunk is parsed.
_UNKNOWN = "?"
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True)
class Cells:
    """The cells of some rows.

    Attributes:
        columns: The values of the columns to convert, by name; those that the file lacks are
            absent.
        notable: All about those of them that have bad cells, or numbers that are to be counted.
        texts: The text of the selection's `texts`, likewise; null where missing.
        undecodable: The rows whose cell isn't UTF-8, with its bytes, by column name.
    """

    columns: dict[str, pa.Array]
    notable: dict[str, Cast]
    texts: dict[str, pa.Array]
    undecodable: dict[str, list[tuple[int, bytes]]]


class CellParser:
    """Parses the rows of one file."""

    def __init__(self, dialect: Dialect, selection: Selection, positions: dict[str, int]) -> None:
        """Prepares what all rows have in common.

        Args:
            dialect: The file's dialect.
            selection: The columns to read.
            positions: The position of each of them among a record's cells, by name; those that the
                file lacks are absent.
        """
        self._positions = positions
        formats = dict(dialect.numbers)
        self._converted = [column.name for column in selection.converted if column.name in positions]
        columns = [
            CellColumn(
                positions[column.name],
                column.type,
                selection.infinite.get(column.name, "keep"),
                formats.get(column.name),
            )
            for column in selection.converted
            if column.name in positions
        ]
        self._texts = [name for name in selection.texts if name in positions]
        texts = [CellColumn.text(positions[name]) for name in self._texts]
        self._parser = ColumnParser(lexicon_of(dialect).packed, dialect.null_values, [*columns, *texts])

    def parse(self, grid: Grid, *, high: bool) -> Cells:
        """Parses rows.

        Args:
            grid: Their cells.
            high: Whether the text has a byte of 128 or more.
        """
        undecodable = {}
        if high and not _is_utf8(grid.text):
            readable = replace(grid, text=_readable(grid.text))
            undecodable = self._undecodable(grid, readable.text)
            grid = readable
        values, notable = self._parser.parse(grid)
        return Cells(
            dict(zip(self._converted, values, strict=False)),
            {self._converted[index]: cast for index, cast in notable.items()},
            dict(zip(self._texts, values[len(self._converted) :], strict=True)),
            undecodable,
        )

    def _undecodable(self, grid: Grid, readable: Bytes) -> dict[str, list[tuple[int, bytes]]]:
        """Finds the cells that differ in the readable text."""
        # Each such byte's cell: the separator before it, and the row before that. What is between
        # two rows is beyond the first one's positions.
        separators = np.unique(np.searchsorted(grid.separators[1:], np.flatnonzero(grid.text != readable)))
        separators = separators[np.searchsorted(separators, grid.first[0]) if len(grid) else len(separators) :]
        rows = np.searchsorted(grid.first, separators, side="right") - 1
        positions = separators - grid.first[rows]
        found = {}
        for name, position in self._positions.items():
            of_column = rows[positions == position]
            if len(of_column):
                cells = self._parser.text(grid.take(of_column), position, pa.binary())
                found[name] = list(zip(of_column.tolist(), cells.to_pylist(), strict=True))
        return found


def _is_utf8(text: Bytes) -> bool:
    """Whether all of a text is UTF-8.

    If so, each of its cells is, too.
    """
    whole = pa.Array.from_buffers(
        pa.large_string(), 1, [None, pa.py_buffer(np.array([0, len(text)], np.int64)), pa.py_buffer(text)]
    )
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _readable(text: Bytes) -> Bytes:
    """Replaces each byte that isn't UTF-8.

    The replacement is one byte, so that all offsets stay the same.
    """
    decoded = _ESCAPED_BYTE.sub(_UNKNOWN, text.tobytes().decode("utf-8", "surrogateescape"))
    return np.frombuffer(decoded.encode() + bytes(SLACK), np.uint8)[: len(text)]
