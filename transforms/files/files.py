"""Files by path or URL, local or in a store.

They are read from an offset, created, replaced and removed. A path without a scheme is
local; `gs://`, `s3://` and `hdfs://` need extras. `opened`, `created` and `replacing` turn an
`OSError` into one message that names the file; `reading` and `writing` do so for work of several
steps.
"""

import contextlib
import errno
import functools
import os
import re
import shutil
import stat
import tempfile
import uuid
from collections.abc import Iterator
from io import BufferedReader
from typing import BinaryIO, TypeAlias, cast

from shardmill.schemas.errors import DataError, OutputError
from shardmill.transforms.stores.given_up import give_up, making
from shardmill.transforms.stores.interface import Store, reason
from shardmill.transforms.stores.ranges import RangeReader
from shardmill.transforms.stores.uploads import Upload, abandon_uploads

# A file opened for reading, local or remote.
Opened: TypeAlias = BufferedReader | RangeReader
# Errors for which free space is the remedy.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# The names that `tempfile` gives to folders with a prefix of ours.
_TEMPORARY = r"shardmill-\w+-[a-z0-9_]{8}"
# Attempts to remove a folder: threads that are still at work make new files for a moment.
_ATTEMPTS_TO_REMOVE = 20


def store_of(path: str) -> Store:
    """The store that a remote path is in.

    See `transforms.stores.clients`, which imports Beam, and which local paths don't need.
    """
    from shardmill.transforms.stores import clients

    return clients.store_of(path)


def is_local(path: str) -> bool:
    """Whether a path is on this machine's own file system."""
    return "://" not in path


def can_rename(path: str) -> bool:
    """Whether files and folders at a path can be renamed.

    In object stores they can't; there a file appears when it is complete.
    """
    return is_local(path) or store_of(path).renames


def join(folder: str, *names: str) -> str:
    """A path below a folder, local or remote."""
    return "/".join((folder.rstrip("/"), *names))


@contextlib.contextmanager
def reading(path: str) -> Iterator[None]:
    """Turns an `OSError` of reading into one message.

    Args:
        path: The file or folder that the block reads.

    Raises:
        DataError: Instead of the `OSError`.
    """
    try:
        yield
    except OSError as error:
        raise DataError(f"can't read {path!r}: {reason(error)}") from error


@contextlib.contextmanager
def writing(path: str) -> Iterator[None]:
    """Turns an `OSError` of writing into one message.

    Such errors are a full disk and a missing permission.

    Args:
        path: The file or folder that the block writes.

    Raises:
        OutputError: Instead of the `OSError`.
    """
    try:
        yield
    except OSError as error:
        other = (
            "set TMPDIR, where the worker starts, to a folder on a larger disk"
            if _is_temporary(path)
            else "choose another output folder"
        )
        raise OutputError(
            f"can't write {path!r}: {reason(error)}; nothing was published: {'free space' if error.errno in _FULL else 'see to that'}, "
            f"or {other}"
        ) from error


def _is_temporary(path: str) -> bool:
    """Whether a path is in a temporary folder of ours.

    An output may be in `/tmp`, too.
    """
    if not is_local(path):
        return False
    below = os.path.relpath(path, tempfile.gettempdir())
    return bool(re.fullmatch(_TEMPORARY, below.partition(os.sep)[0]))


def open_at(path: str, offset: int = 0, stop: int | None = None, *, size: int | None = None) -> Opened:
    """Opens a file for reading at an offset, without decompressing.

    Args:
        path: The file.
        offset: The offset at which reading starts.
        stop: The offset at which reading will end: of a remote file nothing beyond it is fetched
            ahead. None means the file's end.
        size: The bytes that a remote file has at least, beyond which nothing is read. None means
            that its store is asked for its size, which takes a request.
    """
    if is_local(path):
        stream = open(path, "rb")  # noqa: SIM115
        if offset:
            stream.seek(offset)
        return stream
    store = store_of(path)
    if size is None and (size := store.size(path)) is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    return RangeReader(functools.partial(store.fetch, path), size, offset, stop)


def opened_size(stream: Opened) -> int:
    """The size in bytes of a file opened by `open_at`.

    A local file's size is that of now, a remote file's that of when it was opened.
    """
    return stream.size if isinstance(stream, RangeReader) else os.fstat(stream.fileno()).st_size


def create(path: str) -> BinaryIO:
    """Opens a file for writing, without compressing.

    A remote file appears when it is closed; one whose `with` block fails never does.
    """
    with making(path):
        return open(path, "wb") if is_local(path) else cast("BinaryIO", Upload(store_of(path).start(path), path))


def create_new(path: str, data: bytes) -> bool:
    """Creates a remote file unless it exists.

    Of concurrent calls only one creates it.

    Args:
        path: The file.
        data: Its bytes.

    Returns:
        Whether it was created; an existing file isn't changed.

    Raises:
        OSError: The file can't be created.
    """
    with making(path):
        return store_of(path).create_new(path, data)


@contextlib.contextmanager
def opened(
    path: str, offset: int = 0, stop: int | None = None, *, size: int | None = None, name: str | None = None
) -> Iterator[Opened]:
    """Opens a file as `open_at` does, and closes it.

    Args:
        path: The file.
        offset: The offset at which reading starts.
        stop: The offset at which reading will end. None means the file's end.
        size: See `open_at`.
        name: The file's path in messages. None means `path`.

    Yields:
        The stream to read from.

    Raises:
        DataError: Instead of an `OSError` of the block, or of opening the file.
    """
    with reading(name or path), open_at(path, offset, stop, size=size) as stream:
        yield stream


@contextlib.contextmanager
def created(path: str) -> Iterator[BinaryIO]:
    """Opens a file as `create` does, and closes it.

    Yields:
        The stream to write to.

    Raises:
        OutputError: Instead of an `OSError` of the block, or of writing the file.
    """
    with writing(path), create(path) as stream:
        yield stream


@contextlib.contextmanager
def replacing(path: str, scratch: str) -> Iterator[BinaryIO]:
    """Writes a file atomically, even beside concurrent attempts.

    Engines retry work whose worker they take for dead, and it may still be running. So each attempt
    writes a file of its own, which gets the final name when it is complete; of several attempts,
    the last one to complete wins. Where files appear only when they are complete, as in object
    stores, the final file is written directly.

    Args:
        path: The file.
        scratch: A folder for the attempts, on the same file system, which exists as long as the
            file is wanted.

    Yields:
        The stream to write to.

    Raises:
        OutputError: Instead of an `OSError` of the block, or of writing the file.
    """
    with writing(path):
        if not can_rename(path):
            with create(path) as stream:
                yield stream
            return
        attempt = join(scratch, f"{path.rsplit('/', 1)[-1]}-{uuid.uuid4().hex[:8]}")
        try:
            with create(attempt) as stream:
                yield stream
            rename(attempt, path)
        except BaseException:
            remove(attempt)
            raise


def rename(source: str, target: str) -> None:
    """Renames a file or a folder; only where `can_rename`.

    It replaces what has the new name, if that is a file or an empty folder.

    Raises:
        OSError: The target is a folder that isn't empty, or the source can't be renamed.
    """
    with making(target):
        if is_local(source):
            os.replace(source, target)
            return
        store = store_of(source)
        if store.size(target) is not None:
            store.delete([target])
        store.rename(source, target)


def make_folder(path: str) -> None:
    """Makes a folder and its parents.

    Object stores have no folders to make.
    """
    with making(path):
        if is_local(path):
            os.makedirs(path, exist_ok=True)
        else:
            store_of(path).make_folder(path)


def size(path: str) -> int | None:
    """A file's size in bytes.

    None means that there is no such file.

    Raises:
        DataError: The size can't be known, because a folder above the file may not be entered, or
            because the store doesn't answer.
    """
    with reading(path):
        if not is_local(path):
            return store_of(path).size(path)
        try:
            found = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def try_writing(folder: str) -> None:
    """Writes and removes a small file, to test permissions.

    In an object store, permissions show in no other way.

    Args:
        folder: A folder that exists.

    Raises:
        OSError: A file can't be written there, or can't be removed.
    """
    path = join(folder, f"probe-{uuid.uuid4().hex}")
    with create(path) as stream:
        stream.write(b"may write here\n")
    remove(path)


def exists(path: str) -> bool:
    """Whether a file or folder exists.

    A folder of an object store exists if something is in it.

    Raises:
        OSError: It can't be known: a folder above may not be entered, or the bucket of an object
            store doesn't exist or may not be read.
    """
    if is_local(path):
        try:
            os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True
    store = store_of(path)
    folder = f"{path.rstrip('/')}/"
    # Some tools make an object of that name to stand for an empty folder.
    return store.size(path) is not None or any(found != folder for found, _ in store.find(folder, 2))


def remove(path: str) -> None:
    """Removes a file, or a folder with all in it.

    One that is gone already isn't an error. Files of a local folder that can't be removed stay.

    Raises:
        OSError: A file, or something remote, can't be removed.
    """
    if not is_local(path):
        store = store_of(path)
        store.delete([path] if store.renames else [path, *walk(path)])
    elif os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        # If a parent isn't a folder, the file doesn't exist either.
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(path)


def discard(folder: str) -> None:
    """Removes a folder that this process may be writing to.

    Its threads may still be at work; from now on they can make nothing in the folder.

    Raises:
        OSError: The folder can't be removed.
    """
    give_up(folder)
    abandon_uploads(folder)
    if not is_local(folder):
        remove(folder)
        return
    if not os.path.isdir(folder):
        return
    # Other code makes files by path, not by the functions of this module: without the folder that
    # fails from now on.
    removed = f"{folder}-removed"
    os.rename(folder, removed)
    for _ in range(_ATTEMPTS_TO_REMOVE):
        remove(removed)
        if not os.path.exists(removed):
            break


def find(prefix: str) -> Iterator[str]:
    """Finds remote files by the beginning of their paths."""
    return (path for path, _ in store_of(prefix).find(prefix))


def walk(folder: str) -> list[str]:
    """The paths of all files below a folder, sorted."""
    if is_local(folder):
        return sorted(os.path.join(root, name) for root, _, names in os.walk(folder) for name in names)
    return sorted(find(f"{folder.rstrip('/')}/"))
