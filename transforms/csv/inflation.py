"""What a compressed file may hold beside its rows: a few kilobytes of it can be a terabyte of blank lines."""

import numpy as np

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.lexer import Positions

# So many bytes of blank lines and comments a file may have, and so many more for each row.
_FREE_BYTES = 16 << 20
_BYTES_PER_ROW = 1 << 10
# A record's end may take two bytes.
_END_BYTES = 2


class Inflation:
    """Counts what a compressed file inflates to that isn't part of a row."""

    def __init__(self, path: str) -> None:
        """Starts.

        Args:
            path: The file, for messages.
        """
        self._path = path
        self._rows = 0
        self._idle = 0

    def add(self, size: int, starts: Positions, stops: Positions) -> None:
        """Counts some text.

        Args:
            size: Its bytes.
            starts: Where the rows in it start.
            stops: Where they stop.

        Raises:
            DataError: Somewhere in it there have been too few rows for so much text.
        """
        used = stops - starts + _END_BYTES
        before = np.cumsum(used) - used
        # Before each row, and at the end.
        idle = self._idle + np.append(starts - before, size - used.sum())
        rows = self._rows + np.arange(len(starts) + 1)
        over = np.flatnonzero(idle > _FREE_BYTES + _BYTES_PER_ROW * rows)
        if len(over):
            raise DataError(
                f"{self._path!r}: expected at most {_FREE_BYTES >> 20} MiB of blank lines, comments and skipped rows, and "
                f"{_BYTES_PER_ROW >> 10} KiB a row, received more with {int(rows[over[0]]):,} rows; it inflates to far more than it "
                "holds: take them out, or decompress the file if that is meant"
            )
        self._rows, self._idle = int(rows[-1]), int(idle[-1])
