"""A file system of Beam's that isn't local, for tests: `away:///tmp/x` is the file `/tmp/x`, but nothing knows."""

# ruff: noqa: D102 (the methods are Beam's)

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from apache_beam.io.filesystem import FileMetadata
from apache_beam.io.localfilesystem import LocalFileSystem

SCHEME = "away"
_PREFIX = f"{SCHEME}://"


def _here(path: str) -> str:
    return path.removeprefix(_PREFIX)


class AwayFileSystem(LocalFileSystem):
    """Beam finds it by being imported."""

    @classmethod
    def scheme(cls) -> str:
        return SCHEME

    def join(self, basepath: str, *paths: str) -> str:
        return _PREFIX + super().join(_here(basepath), *paths)

    def split(self, path: str) -> tuple[str, str]:
        head, tail = super().split(_here(path))
        return _PREFIX + head, tail

    def has_dirs(self) -> bool:
        return False

    def _url_dirname(self, url_or_path: str) -> str:
        return self.split(url_or_path)[0]

    def _list(self, dir_or_prefix: str) -> Iterator[FileMetadata]:
        for found in LocalFileSystem(None)._list(_here(dir_or_prefix)):
            yield FileMetadata(_PREFIX + found.path, found.size_in_bytes, found.last_updated_in_seconds)

    def metadata(self, path: str) -> FileMetadata:
        found = super().metadata(_here(path))
        return FileMetadata(path, found.size_in_bytes, found.last_updated_in_seconds)

    def create(self, path: str, *settings: Any, **more: Any) -> Any:
        return super().create(_here(path), *settings, **more)

    def open(self, path: str, *settings: Any, **more: Any) -> Any:
        return super().open(_here(path), *settings, **more)

    def copy(self, source_file_names: list[str], destination_file_names: list[str]) -> None:
        for path in destination_file_names:
            Path(_here(path)).parent.mkdir(parents=True, exist_ok=True)
        super().copy([_here(path) for path in source_file_names], [_here(path) for path in destination_file_names])

    def exists(self, path: str) -> bool:
        return Path(_here(path)).is_file()

    def delete(self, paths: list[str]) -> None:
        super().delete([_here(path) for path in paths])
