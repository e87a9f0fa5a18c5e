"""The files of an untrusted folder.

Only files of the folder itself are read, never what a link, a device or a FIFO in it leads to.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from shardmill.schemas.errors import DataError
from shardmill.transforms.stores.interface import reason

# Most bytes of a file that is read whole. These files describe a run; for a million shards they
# take half of this.
_WHOLE_BYTES = 1 << 28
# Bytes read at a time.
_PIECE = 1 << 20
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISLNK, "a link"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
)


def open_file(folder: str, name: str) -> BinaryIO:
    """Opens a file of a folder for reading.

    Args:
        folder: The folder, local or remote; it may be a link itself.
        name: The file's path in it.

    Raises:
        OSError: The file can't be read; the error has the file's whole path.
        DataError: The file, or a folder on the way to it, is a link, a device, a FIFO or a socket.
    """
    path = _join(folder, name)
    if "://" in folder:
        # Imported here because `files` loads the clients of stores, and so Beam, for remote files.
        from shardmill.transforms.files import files

        return cast("BinaryIO", files.open_at(path))
    try:
        return os.fdopen(_descend(folder, name), "rb")
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error


def _descend(folder: str, name: str) -> int:
    """Opens the file, its path part by part.

    Each part is opened relative to the one before, so that no part can be replaced meanwhile.

    Returns:
        A descriptor of the file.
    """
    *parents, last = name.split("/")
    opened = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for parent in parents:
            opened, before = _open(folder, name, parent, opened, os.O_PATH | os.O_DIRECTORY), opened
            os.close(before)
        # Without O_NONBLOCK, opening a FIFO would wait for a writer.
        found = _open(folder, name, last, opened, os.O_RDONLY | os.O_NONBLOCK)
    finally:
        os.close(opened)
    if not stat.S_ISREG(mode := os.fstat(found).st_mode):
        os.close(found)
        raise _not_enclosed(folder, name, mode)
    return found


def _open(folder: str, name: str, part: str, parent: int, flags: int) -> int:
    try:
        return os.open(part, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    except OSError as error:
        # The errors of opening a link, a path through something that isn't a folder, a device
        # without a driver, and a socket.
        if error.errno not in (errno.ELOOP, errno.ENOTDIR, errno.ENXIO, errno.EOPNOTSUPP):
            raise
        mode = os.stat(part, dir_fd=parent, follow_symlinks=False).st_mode
        if stat.S_ISREG(mode):
            raise
        raise _not_enclosed(folder, name, mode) from error


def _not_enclosed(folder: str, name: str, mode: int) -> DataError:
    kind = next((words for is_kind, words in _KINDS if is_kind(mode)), "a device")
    return DataError(
        f"{_join(folder, name)!r}: expected a file of the run's own, received {kind}, which isn't followed; put the file itself "
        "there (cp -RL copies a folder so), or get the run anew"
    )


def read(folder: str, name: str) -> bytes:
    """Reads the whole of a file of a folder.

    Args:
        folder: The folder.
        name: The file's path in it.

    Raises:
        DataError: The file can't be read, isn't a file of the folder itself, or is larger than any
            file that describes a run.
    """
    path = _join(folder, name)
    with _reading(path), open_file(folder, name) as stream:
        data = stream.read(_WHOLE_BYTES + 1)
    if len(data) > _WHOLE_BYTES:
        raise DataError(f"{path!r}: expected at most {_WHOLE_BYTES:,} bytes, received more; get the run anew")
    return data


def digest(folder: str, name: str) -> tuple[int, str]:
    """A file's size and SHA-256.

    Args:
        folder: The folder.
        name: The file's path in it.

    Returns:
        The bytes of the file, and the SHA-256 in hexadecimal digits.

    Raises:
        DataError: The file can't be read, or isn't a file of the folder itself.
    """
    found = hashlib.sha256()
    size = 0
    for piece in pieces(folder, name):
        found.update(piece)
        size += len(piece)
    return size, found.hexdigest()


def pieces(folder: str, name: str) -> Iterator[bytes]:
    """A file's bytes, piece by piece.

    Args:
        folder: The folder.
        name: The file's path in it.

    Raises:
        DataError: The file can't be read, or isn't a file of the folder itself.
    """
    with _reading(_join(folder, name)), open_file(folder, name) as stream:
        while piece := stream.read(_PIECE):
            yield piece


@contextmanager
def _reading(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(f"can't read {path!r}: {reason(error)}") from error


def _join(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}"
