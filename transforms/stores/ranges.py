"""A remote file as a stream that reads ranges.

Ranges grow while each follows the one before, so that there are few requests and few bytes are
fetched in vain.
"""

import errno
import io
import os
from collections.abc import Callable

# Bytes of the first range after opening or a jump, and of the largest; each range that follows the
# one before is twice as large.
_FIRST_BYTES = 64 << 10
_LARGEST_BYTES = 4 << 20


class RangeReader(io.RawIOBase):
    """Reads a file of known size by ranges.

    Attributes:
        size: The file's size in bytes.
    """

    def __init__(self, fetch: Callable[[int, int], bytes], size: int, offset: int = 0, stop: int | None = None) -> None:
        """Opens the file.

        Args:
            fetch: Returns all bytes from a start offset to a stop offset.
            size: The file's size in bytes.
            offset: The offset at which reading starts.
            stop: The offset at which reading will end: nothing beyond it is fetched ahead. None
                means the file's end.
        """
        super().__init__()
        self.size = size
        self._fetch = fetch
        self._position = offset
        self._stop = size if stop is None else min(stop, size)
        self._window = b""
        self._window_start = offset
        self._ahead = _FIRST_BYTES

    def readable(self) -> bool:
        """Returns True."""
        return True

    def seekable(self) -> bool:
        """Returns True."""
        return True

    def tell(self) -> int:
        """The offset at which the next read starts."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Sets the offset at which the next read starts."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        """Reads `size` bytes, or fewer at the file's end only."""
        rest = max(0, self.size - self._position)
        wanted = rest if size is None or size < 0 else min(size, rest)
        pieces = []
        while wanted:
            skipped = self._position - self._window_start
            piece = self._window[skipped : skipped + wanted] if skipped >= 0 else b""
            if not piece:
                self._fill(wanted)
                continue
            pieces.append(piece)
            self._position += len(piece)
            wanted -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """Reads into a buffer."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _fill(self, wanted: int) -> None:
        follows = self._position == self._window_start + len(self._window)
        self._ahead = min(2 * self._ahead, _LARGEST_BYTES) if follows and self._window else _FIRST_BYTES
        stop = self._position + max(wanted, min(self._ahead, self._stop - self._position))
        self._window = self._fetch(self._position, stop)
        self._window_start = self._position
        if len(self._window) < stop - self._position:
            raise OSError(errno.EIO, f"it ends before byte {stop:,}, so it has changed since it was opened")
