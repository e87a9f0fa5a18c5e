"""Limits the text of a compressed file that isn't rows.

A few kilobytes of a compressed file can be a terabyte of blank lines.
"""

import numpy as np

from shardmill.schemas.errors import DataError
from shardmill.transforms.records.lexicon import Positions

# Bytes of blank lines and comments that any file may have, and that each row adds to these.
_FREE_BYTES = 16 << 20
_BYTES_PER_ROW = 1 << 10
# The most bytes in a record's end: a carriage return and a newline.
_END_BYTES = 2


class Inflation:
    """Counts the text of a compressed file that isn't rows."""

    def __init__(self, path: str) -> None:
        """Starts with nothing counted.

        Args:
            path: The file, for messages.
        """
        self._path = path
        self._rows = 0
        self._idle = 0

    def add(self, size: int, starts: Positions, stops: Positions) -> None:
        """Counts some text.

        Args:
            size: The number of its bytes.
            starts: The offsets at which the rows in it start.
            stops: The offsets at which they stop.

        Raises:
            DataError: At some point in it there have been too few rows for that much text.
        """
        used = stops - starts + _END_BYTES
        before = np.cumsum(used) - used
        # Counted before each row, and at the end.
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
