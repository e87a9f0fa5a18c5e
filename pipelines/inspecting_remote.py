"""What `shardmill inspect` shows of a remote path, as a local copy."""

import contextlib
import os
import tempfile
from collections.abc import Iterator

from schemas.errors import DataError
from transforms import files
from transforms.trace import TRANSFORM_FN

# Of a run's folder: all that is shown. Shards may be large.
_SHOWN = ("pre_transform_feature_stats", "transformed_metadata", f"{TRANSFORM_FN}/assets")
_FILES = ("manifest.json", "_SUCCESS")


@contextlib.contextmanager
def fetched(path: str) -> Iterator[str]:
    """A local copy of a file, or of what is shown of a run's folder; it is gone when the block ends.

    Raises:
        DataError: There is nothing at the path, or it can't be read.
    """
    with tempfile.TemporaryDirectory(prefix="shardmill-inspect-") as folder:
        copy = os.path.join(folder, os.path.basename(path.rstrip("/")))
        with files.reading(path):
            is_file = files.size(path) is not None
            is_there = is_file or files.exists(path)
        if not is_there:
            raise DataError(f"there is nothing at {path!r}")
        if is_file:
            files.copy(path, copy)
        else:
            _fetch_run(path, copy)
        yield copy


def _fetch_run(path: str, copy: str) -> None:
    os.mkdir(copy)
    for name in _SHOWN:
        files.copy_folder(files.join(path, name), os.path.join(copy, name))
    for name in _FILES:
        if files.size(files.join(path, name)) is not None:
            files.copy(files.join(path, name), os.path.join(copy, name))
