"""Finds rows that repeat their file's header."""

import numpy as np

from shardmill.transforms.csv.cell_columns import Grid
from shardmill.transforms.csv.header import Header
from shardmill.transforms.csv.rejects import Faults
from shardmill.transforms.kernel.library import kernel
from shardmill.transforms.records.lexicon import Lexicon

_REPEATED = "a row that repeats the header, as where files were joined"
# One cell that is spelled like a column's name may well be a value.
_FEWEST_CELLS = 2


class RepeatedHeader:
    """Looks for a header among the rows of its file."""

    def __init__(self, header: Header, lexicon: Lexicon) -> None:
        """Prepares what all chunks have in common.

        Args:
            header: The file's header.
            lexicon: The file's special bytes.
        """
        cells = [cell.encode() for cell in header.cells]
        self._width = len(cells)
        self._text = np.frombuffer(b"".join(cells) or b"\0", np.uint8)
        self._offsets = np.cumsum([0, *map(len, cells)]).astype(np.uint32)
        self._dialect = lexicon.packed

    def rows(self, grid: Grid) -> Faults:
        """Finds the rows whose cells all equal the header.

        Quotes around cells make no difference, nor does, with `trim`, space.

        Args:
            grid: The rows' cells.

        Returns:
            The fault of each such row, by its index.
        """
        if self._width < _FEWEST_CELLS:
            return {}
        found = np.empty(len(grid), np.uint32)
        count = kernel().kernel_repeats(*grid.arguments, self._dialect, self._text, self._offsets, self._width, found)
        return dict.fromkeys(found[:count].tolist(), (None, _REPEATED))
