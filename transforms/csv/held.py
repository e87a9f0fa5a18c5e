"""Compares a unit's stored bytes with what was found before.

What was found before is the file's size when it was listed, and the checksum of an earlier pass.
"""

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.units import FileRange, Unit
from shardmill.transforms.files import files
from shardmill.transforms.files.checksums import NO_BYTES, Checksum

# Bytes read at a time where the rest of a unit is read for its checksum only.
_DRAINED_BYTES = 1 << 20


def changed(path: str, expected: str, received: str) -> DataError:
    """The error for a file that changed between two passes.

    Args:
        path: The file.
        expected: What was found before.
        received: What is found now.
    """
    return DataError(
        f"{path!r} changed during the run: expected {expected}, received {received}; run again when nothing writes to the input"
    )


def check_size(path: str, expected: int | None, received: int) -> None:
    """Compares an opened file's size with that in the listing.

    Args:
        path: The file.
        expected: Its size in bytes when it was listed. None means that it isn't known.
        received: Its size in bytes now.

    Raises:
        DataError: They differ.
    """
    if expected is not None and received != expected:
        raise changed(path, f"{expected:,} bytes", f"{received:,}")


def check_checksum(path: str, start: int, expected: Checksum | None, received: Checksum) -> None:
    """Compares bytes of a file with an earlier pass's checksum.

    Args:
        path: The file.
        start: The offset of the first byte that was read.
        expected: The earlier pass's checksum. None means that there was no such pass.
        received: This pass's checksum.

    Raises:
        DataError: They differ.
    """
    if expected is not None and received != expected:
        where = f"bytes {start:,} to {start + expected.length:,}"
        raise changed(path, f"{where} with the CRC32C {expected}", f"{received.length:,} bytes with {received}")


class HeldBytes:
    """The stored bytes of a unit, for one sequential reader.

    Bytes after the unit aren't read.
    """

    def __init__(self, stream: files.Opened, unit: Unit) -> None:
        """Starts at the unit's first byte.

        Args:
            stream: The file as `files.open_at` opens it, at `unit.start`.
            unit: The unit.

        Raises:
            DataError: The file's size has changed.
        """
        self._stream = stream
        self._unit = unit
        self._found = NO_BYTES
        self._check_size()

    def readinto(self, buffer: memoryview, /) -> int:
        """Reads into a buffer.

        Returns how many bytes, 0 at the unit's end only.
        """
        stop = self._unit.stop
        left = None if stop is None else stop - self._unit.start - self._found.length
        count = self._stream.readinto(buffer[:left])
        self._found = self._found.then(buffer[:count])
        return count

    def finish(self) -> Checksum:
        """Reads the rest, and checks that the unit is unchanged.

        Returns:
            The checksum of all its bytes.

        Raises:
            DataError: It has changed.
        """
        room = memoryview(bytearray(_DRAINED_BYTES))
        while self.readinto(room):
            pass
        unit = self._unit
        self._check_size()
        stop = unit.file_bytes if unit.stop is None else unit.stop
        if stop is not None and self._found.length != stop - unit.start:
            raise changed(
                unit.path, f"{stop - unit.start:,} bytes from byte {unit.start:,} on", f"{self._found.length:,}"
            )
        check_checksum(unit.path, unit.start, unit.checksum, self._found)
        return self._found

    def check_unchanged(self) -> None:
        """Checks that a unit with an error is unchanged.

        Where no earlier pass has read the unit, its file's size alone is checked.

        Raises:
            DataError: It has changed.
        """
        self._check_size()
        if self._unit.checksum is not None:
            self.finish()

    def _check_size(self) -> None:
        """Checks the file's size.

        Another process may write to the file while it is read.
        """
        check_size(self._unit.path, self._unit.file_bytes, files.opened_size(self._stream))


def read_range(file_range: FileRange) -> bytes:
    """Reads the bytes of a range, and the one before.

    Raises:
        DataError: The file can't be read, or its size has changed.
    """
    path, location = file_range.path, file_range.location or file_range.path
    with files.opened(location, file_range.read_start, file_range.stop, name=path) as stream:
        check_size(path, file_range.file_bytes, files.opened_size(stream))
        data = stream.read(file_range.stop - file_range.read_start)
        check_size(path, file_range.file_bytes, files.opened_size(stream))
        return data
