"""Finds rows that repeat their file's header."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.transforms.csv.cells import CellParser, Cells
from shardmill.transforms.csv.chunks import Chunk
from shardmill.transforms.csv.header import Header
from shardmill.transforms.csv.rejects import Faults
from shardmill.transforms.records.lexicon import Positions

_REPEATED = "a row that repeats the header, as where files were joined"
# One cell that is spelled like a column's name may well be a value.
_FEWEST_CELLS = 2


class RepeatedHeader:
    """Looks for a header among the rows of its file."""

    def __init__(self, header: Header, parser: CellParser) -> None:
        """Prepares what all chunks have in common.

        Args:
            header: The file's header.
            parser: The parser of the file's cells.
        """
        self._cells = [parser.trimmed(cell) for cell in header.cells]
        self._parser = parser
        self._nulls = set(parser.nulls.to_pylist())

    def rows(self, cells: Cells, chunk: Chunk, spans: tuple[Positions, Positions]) -> Faults:
        """Finds the rows whose cells all equal the header.

        Quotes around cells make no difference, nor does, with `trim`, space. The columns that are
        read tell nearly all other rows; the whole record is parsed for the rest.

        Args:
            cells: A chunk's cells.
            chunk: The chunk.
            spans: The starts and stops of its records.

        Returns:
            The fault of each such row, by its index.
        """
        if len(self._cells) < _FEWEST_CELLS:
            return {}
        rows: Positions | None = None
        for name, position in self._parser.positions.items():
            column = cells.columns[name] if rows is None else cells.columns[name].take(pa.array(rows))
            expected = self._cells[position]
            alike = pc.is_null(column) if expected in self._nulls else pc.equal(column, expected)
            found = pc.indices_nonzero(alike).to_numpy().astype(np.int64)
            rows = found if rows is None else rows[found]
            if not len(rows):
                return {}
        rows = np.arange(len(cells.records)) if rows is None else rows
        whole = self._parser.parse_whole(chunk, spans, cells.records[rows])
        repeated = np.ones(len(rows), np.bool_)
        for column, expected in zip(whole, self._cells, strict=True):
            repeated &= pc.equal(column, expected).to_numpy(zero_copy_only=False)
        return dict.fromkeys(rows[repeated].tolist(), (None, _REPEATED))
