"""What a compressed file may hold beside its rows: a few kilobytes of it can be a terabyte of blank lines."""

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
            DataError: There are too few rows for so much text.
        """
        self._rows += len(starts)
        self._idle += max(0, size - int((stops - starts).sum()) - _END_BYTES * len(starts))
        if self._idle > _FREE_BYTES + _BYTES_PER_ROW * self._rows:
            raise DataError(
                f"{self._path!r}: expected at most {_FREE_BYTES >> 20} MiB of blank lines, comments and skipped rows, and "
                f"{_BYTES_PER_ROW >> 10} KiB a row, received {self._idle:,} bytes of them with {self._rows:,} rows; it inflates to "
                "far more than it holds: take them out, or decompress the file if that is meant"
            )
