"""Copies a remote path for `shardmill inspect`."""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence

from shardmill.schemas.errors import DataError
from shardmill.schemas.run_folder import MANIFEST, RAW_STATISTICS, SUCCESS, TRANSFORMED_METADATA, VOCABULARIES
from shardmill.transforms.files import copying, files

# The parts of a run's folder that are shown. Shards may be large and aren't copied.
_SHOWN = (MANIFEST, SUCCESS, RAW_STATISTICS, TRANSFORMED_METADATA, VOCABULARIES)


@contextlib.contextmanager
def fetched(path: str) -> Iterator[str]:
    """Copies a file or run to a temporary local folder.

    The copy is removed at the block's end. Of a run's folder, only the files that are shown are
    copied.

    Raises:
        DataError: There is nothing at the path, or it can't be read. An error that the block raises
            names the path instead of the copy's.
    """
    with files.reading(path):
        is_file = files.size(path) is not None
        is_there = is_file or files.exists(path)
    if not is_there:
        raise DataError(f"no file or folder at {path!r}; check the path")
    with _copy_path(path) as copy:
        if is_file:
            copying.copy(path, copy)
        else:
            _fetch(path, copy, _SHOWN)
        yield copy


@contextlib.contextmanager
def fetched_run(folder: str, names: Sequence[str]) -> Iterator[str]:
    """Copies parts of a run to a temporary local folder.

    The copy is removed at the block's end. Files and folders that don't exist are left out.

    Raises:
        DataError: They can't be read. An error that the block raises names the folder instead of
            the copy.
    """
    with _copy_path(folder) as copy:
        _fetch(folder, copy, names)
        yield copy


@contextlib.contextmanager
def _copy_path(path: str) -> Iterator[str]:
    """Provides a local path of the same name for copies.

    Errors name the original path.
    """
    parent, _, name = path.rstrip("/").rpartition("/")
    with tempfile.TemporaryDirectory(prefix="shardmill-inspect-") as folder:
        try:
            yield os.path.join(folder, name)
        except DataError as error:
            raise DataError(str(error).replace(folder, parent)) from error


def _fetch(folder: str, copy: str, names: Sequence[str]) -> None:
    os.mkdir(copy)
    for name in names:
        source, target = files.join(folder, name), os.path.join(copy, name)
        if files.size(source) is None:
            copying.copy_folder(source, target)
        else:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            copying.copy(source, target)
