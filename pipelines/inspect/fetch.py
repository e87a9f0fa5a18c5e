"""What `shardmill inspect` reads of a remote path, as a local copy."""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence

from shardmill.schemas.errors import DataError
from shardmill.schemas.run_folder import MANIFEST, RAW_STATISTICS, SUCCESS, TRANSFORMED_METADATA, VOCABULARIES
from shardmill.transforms.files import files

# Of a run's folder: all that is shown. Shards may be large.
_SHOWN = (MANIFEST, SUCCESS, RAW_STATISTICS, TRANSFORMED_METADATA, VOCABULARIES)


@contextlib.contextmanager
def fetched(path: str) -> Iterator[str]:
    """A local copy of a file, or of what is shown of a run's folder; it is gone when the block ends.

    Raises:
        DataError: There is nothing at the path, or it can't be read; or what the block raises, with the path for the copy's.
    """
    with files.reading(path):
        is_file = files.size(path) is not None
        is_there = is_file or files.exists(path)
    if not is_there:
        raise DataError(f"there is nothing at {path!r}")
    with _place(path) as copy:
        if is_file:
            files.copy(path, copy)
        else:
            _fetch(path, copy, _SHOWN)
        yield copy


@contextlib.contextmanager
def fetched_run(folder: str, names: Sequence[str]) -> Iterator[str]:
    """A local copy of some of a run's files and folders, as far as they are there; it is gone when the block ends.

    Raises:
        DataError: They can't be read; or what the block raises, with the folder for the copy.
    """
    with _place(folder) as copy:
        _fetch(folder, copy, names)
        yield copy


@contextlib.contextmanager
def _place(path: str) -> Iterator[str]:
    """A path for a copy, of the same name; errors tell of the path itself."""
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
            files.copy_folder(source, target)
        else:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            files.copy(source, target)
