"""Files by path or URL, through Beam's file systems: list, read from an offset, create, copy a folder.

A path without a scheme is local; `gs://`, `s3://` and `hdfs://` need Beam's extras. Every `OSError` leaves here as one message
that names the file.
"""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, cast

from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems

from schemas.errors import DataError, OutputError
from transforms.records import InputFile

_AS_IT_IS = CompressionTypes.UNCOMPRESSED
_COPY_BYTES = 1 << 20


def is_local(path: str) -> bool:
    """Whether a path is on this machine's own file system."""
    return "://" not in path


def join(folder: str, *names: str) -> str:
    """A path below a folder, local or remote."""
    return "/".join((folder.rstrip("/"), *names))


def list_files(patterns: Mapping[str | None, Sequence[str]]) -> list[InputFile]:
    """Finds the input files: in the order of the patterns, by path within a pattern, each once.

    Args:
        patterns: For each split (None: the rows are split later) its patterns or paths.

    Raises:
        DataError: A pattern matches no file, or only folders; a file stands in two splits.
    """
    found: dict[str, InputFile] = {}
    for split, group in patterns.items():
        for pattern in group:
            for path, size in _match(pattern):
                if found.setdefault(path, InputFile(path, size, split)).split != split:
                    raise DataError(
                        f"{path!r} is in two splits, {found[path].split!r} and {split!r}: rows would leak from one into the other. "
                        "Change [input] files so that each file is in one split."
                    )
    return list(found.values())


def _match(pattern: str) -> list[tuple[str, int]]:
    # Beam finds nothing for a pattern that names no folder.
    here = "" if "/" in pattern else "./"
    try:
        matches = FileSystems.match([here + pattern])[0].metadata_list
    except (BeamIOError, ValueError) as error:
        raise DataError(f"can't list {pattern!r}: {error}") from error
    files = [
        (found.path.removeprefix(here), found.size_in_bytes)
        for found in matches
        if not (is_local(found.path) and os.path.isdir(found.path))
    ]
    if files:
        return sorted(files)
    if matches:
        raise DataError(
            f"{pattern!r} matches a folder, not a file; to read the files in it write {join(pattern, '*.csv')!r}"
        )
    where = f" (the current folder is {os.getcwd()!r})" if is_local(pattern) and not os.path.isabs(pattern) else ""
    raise DataError(f"no file matches {pattern!r}{where}; check the path")


@contextlib.contextmanager
def reading(path: str) -> Iterator[None]:
    """Turns an `OSError` while a file is read into one message.

    Raises:
        DataError: In place of the `OSError`.
    """
    try:
        yield
    except (OSError, BeamIOError) as error:
        raise DataError(f"can't read {path!r}: {_reason(error)}") from error


@contextlib.contextmanager
def writing(path: str) -> Iterator[None]:
    """Turns an `OSError` while a file is written (no space, no permission) into one message.

    Raises:
        OutputError: In place of the `OSError`.
    """
    try:
        yield
    except (OSError, BeamIOError) as error:
        raise OutputError(
            f"can't write {path!r}: {_reason(error)}. Nothing was published; free space or choose another output folder"
        ) from error


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def open_at(path: str, offset: int = 0) -> BinaryIO:
    """Opens a file for reading at an offset; nothing is decompressed."""
    opened = Path(path).open("rb") if is_local(path) else FileSystems.open(path, compression_type=_AS_IT_IS)  # noqa: SIM115
    stream = cast("BinaryIO", opened)
    if offset:
        stream.seek(offset)
    return stream


def read_range(path: str, start: int, stop: int) -> bytes:
    """Reads the bytes from `start` to `stop` (or to the file's end)."""
    with reading(path), open_at(path, start) as stream:
        return stream.read(stop - start)


def create(path: str) -> BinaryIO:
    """Opens a file for writing, as it is: nothing is compressed."""
    if is_local(path):
        return open(path, "wb")
    return cast("BinaryIO", FileSystems.create(path, compression_type=_AS_IT_IS))


def make_folder(path: str) -> None:
    """Makes a local folder and its parents; object stores have no folders to make."""
    if is_local(path):
        os.makedirs(path, exist_ok=True)


def size(path: str) -> int | None:
    """A file's bytes; None where there is no such file."""
    if is_local(path):
        return os.path.getsize(path) if os.path.isfile(path) else None
    with reading(path):
        found = FileSystems.match([path])[0].metadata_list
    return int(found[0].size_in_bytes) if found else None


def digest(path: str) -> tuple[int, str]:
    """A file's bytes, and its SHA-256 in hexadecimal digits."""
    found = hashlib.sha256()
    count = 0
    with reading(path), open_at(path) as stream:
        while piece := stream.read(_COPY_BYTES):
            found.update(piece)
            count += len(piece)
    return count, found.hexdigest()


def exists(path: str) -> bool:
    """Whether a file or folder is there."""
    return os.path.lexists(path) if is_local(path) else FileSystems.exists(path)


def remove(path: str) -> None:
    """Removes a file or a folder with all in it; one that is gone is no error."""
    if is_local(path):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path, ignore_errors=True)
        else:
            # Where a parent is no folder, nothing is there either.
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                os.unlink(path)
    elif FileSystems.exists(path):
        FileSystems.delete([path])


def copy_folder(source: str, target: str) -> None:
    """Copies a folder file by file; either side may be remote."""
    for path in walk(source):
        place = join(target, path[len(source.rstrip("/")) + 1 :])
        make_folder(place.rsplit("/", 1)[0])
        with writing(place), open_at(path) as reader, create(place) as writer:
            shutil.copyfileobj(reader, writer, _COPY_BYTES)


def walk(folder: str) -> list[str]:
    """The paths of all files below a folder, sorted."""
    if is_local(folder):
        return sorted(os.path.join(root, name) for root, _, names in os.walk(folder) for name in names)
    return sorted(found.path for found in FileSystems.match([join(folder, "**")])[0].metadata_list)
