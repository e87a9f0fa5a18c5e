"""Files and folders, read whole: copied, or hashed."""

import errno
import hashlib
import os
from collections.abc import Iterator

from shardmill.schemas.errors import DataError
from shardmill.transforms.files import files
from shardmill.transforms.stores.given_up import making

# Bytes read at a time.
_READ_BYTES = 1 << 20


def copy_folder(source: str, target: str) -> None:
    """Copies a folder file by file.

    The source, the target or both may be remote.

    Raises:
        DataError: The source can't be read.
        OutputError: The target can't be written.
    """
    with files.reading(source):
        # Some tools make objects that stand for folders.
        paths = [path for path in files.walk(source) if not path.endswith("/")]
    for path in paths:
        name = path[len(source.rstrip("/")) + 1 :]
        # In an object store, a name may have any text between slashes.
        if not {".", ".."}.isdisjoint(name.split("/")):
            raise DataError(
                f"{source!r} holds {name!r}, which leads out of the folder; remove it, or name another folder"
            )
        copied = files.join(target, name)
        with files.writing(copied):
            files.make_folder(copied.rsplit("/", 1)[0])
        copy(path, copied)


def copy(source: str, target: str) -> None:
    """Copies a file.

    Within a remote file system, the bytes don't pass through this machine.

    Raises:
        DataError: The source can't be read.
        OutputError: The target can't be written.
    """
    with files.writing(target):
        if not files.is_local(source) and source.partition("://")[0] == target.partition("://")[0]:
            _copy_within(source, target)
            return
        with files.create(target) as writer:
            for piece in pieces(source):
                writer.write(piece)


def _copy_within(source: str, target: str) -> None:
    store = files.store_of(source)
    try:
        with making(target):
            store.copy(source, target)
    except OSError:
        # The store doesn't say whether the source or the target is the problem.
        if files.size(source) is None:
            raise DataError(f"can't read {source!r}: {os.strerror(errno.ENOENT)}") from None
        raise


def digest(path: str) -> tuple[int, str]:
    """A file's size and SHA-256.

    Returns:
        The bytes of the file, and the SHA-256 in hexadecimal digits.
    """
    found = hashlib.sha256()
    count = 0
    for piece in pieces(path):
        found.update(piece)
        count += len(piece)
    return count, found.hexdigest()


def pieces(path: str) -> Iterator[bytes]:
    """Yields a file's bytes, some at a time.

    Raises:
        DataError: It can't be read.
    """
    with files.opened(path) as stream:
        while piece := stream.read(_READ_BYTES):
            yield piece
