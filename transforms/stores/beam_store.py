"""Any other file system of Beam, such as hdfs://.

It is used through Beam's own interface.
"""

import errno
import os
from collections.abc import Iterator, Sequence

from apache_beam.io.filesystem import CompressionTypes, FileSystem

from shardmill.transforms.stores.interface import StreamWriter, explained

_AS_IT_IS = CompressionTypes.UNCOMPRESSED


class BeamStore:
    """A store in one of Beam's file systems."""

    def __init__(self, system: FileSystem) -> None:
        """Makes a store of a file system.

        Args:
            system: The file system.
        """
        self._system = system
        self.renames = bool(system.has_dirs())

    def size(self, path: str) -> int | None:
        """A file's size in bytes.

        None means that there is no such file.
        """
        with explained():
            size = int(self._system.metadata(path).size_in_bytes) if self._system.exists(path) else None
        return size if size or not self.renames or self._below(path) is None else None

    def fetch(self, path: str, start: int, stop: int) -> bytes:
        """All bytes of a file from offset `start` to `stop`."""
        with explained(), self._system.open(path, compression_type=_AS_IT_IS) as stream:
            # Unbuffered: Beam's buffer would fetch more bytes than are asked for.
            raw = getattr(stream, "raw", stream)
            raw.seek(start)
            pieces = []
            while start < stop and (piece := raw.read(stop - start)):
                pieces.append(piece)
                start += len(piece)
        return b"".join(pieces)

    def find(self, prefix: str, limit: int | None = None) -> Iterator[tuple[str, int]]:  # noqa: ARG002  (all are listed at once)
        """The paths and sizes of files, by their paths' prefix."""
        with explained():
            if not self.renames:
                yield from self._list(prefix)
            elif self._system.exists(folder := self._system.split(prefix)[0]):
                for path, size in self._list(folder):
                    if path.startswith(prefix):
                        below = None if size else self._below(path)
                        yield from [(path, size)] if below is None else below

    def _below(self, path: str) -> list[tuple[str, int]] | None:
        """The paths and sizes of the files in a folder.

        None means that the path is a file's. Beam doesn't say which of the two it is, but only
        folders can be listed.
        """
        try:
            return list(self.find(f"{path}/"))
        except OSError:
            return None

    def _list(self, location: str) -> Iterator[tuple[str, int]]:
        # Beam's public methods take patterns, and can't list a folder whose name has wildcards,
        # even if they are escaped.
        for found in self._system._list(location):  # noqa: SLF001
            yield found.path, found.size_in_bytes

    def start(self, path: str) -> "_BeamWriter":
        """Starts to write a file."""
        if self.renames:
            # HDFS doesn't overwrite a file that exists.
            self.delete([path])
        return _BeamWriter(self._system, path)

    def create_new(self, path: str, data: bytes) -> bool:
        """Creates a file unless it exists.

        In HDFS only one of concurrent calls returns True.
        """
        with explained():
            if self._system.exists(path):
                return False
        # HDFS itself refuses to overwrite a file, either when it is opened or when it is closed.
        try:
            writer = _BeamWriter(self._system, path)
            writer.write(data)
            writer.close()
        except OSError:
            with explained():
                if self._system.exists(path):
                    return False
            raise
        return True

    def copy(self, source: str, target: str) -> None:
        """Copies a file."""
        with explained():
            self._system.copy([source], [target])

    def rename(self, source: str, target: str) -> None:
        """Renames a file or folder.

        No file may have the new name; an empty folder that has it is replaced.
        """
        with explained():
            # HDFS would move the source into an existing folder.
            if self._system.exists(target):
                if self._below(target) != []:
                    raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))
                self._system.delete([target])
            self._system.rename([source], [target])

    def make_folder(self, path: str) -> None:
        """Makes a folder and its parents, where there are folders."""
        with explained():
            if self.renames and not self._system.exists(path):
                self._system.mkdirs(path)

    def delete(self, paths: Sequence[str]) -> None:
        """Removes files and folders.

        One that is gone already isn't an error.
        """
        for path in paths:
            with explained():
                if self._system.exists(path):
                    self._system.delete([path])


class _BeamWriter(StreamWriter):
    """A stream of Beam.

    Closing it always makes a file of the bytes written so far.
    """

    def __init__(self, system: FileSystem, path: str) -> None:
        with explained():
            super().__init__(system.create(path, compression_type=_AS_IT_IS))
        self._system = system
        self._path = path

    def abandon(self) -> None:
        self.close()
        with explained():
            self._system.delete([self._path])
