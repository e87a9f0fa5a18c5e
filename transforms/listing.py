"""The input files that patterns name, local or in a store."""

import os
import re
from collections.abc import Mapping, Sequence

from apache_beam.io.filesystem import BeamIOError, FileSystem
from apache_beam.io.filesystems import FileSystems

from schemas.errors import DataError
from transforms.files import is_local, join
from transforms.records import InputFile
from transforms.store import reason
from transforms.stores import store_of


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
                if found.setdefault(path, InputFile(path, size, split, _place(path))).split != split:
                    raise DataError(
                        f"{path!r} is in two splits, {found[path].split!r} and {split!r}: rows would leak from one into the other. "
                        "Change [input] files so that each file is in one split."
                    )
    return list(found.values())


def _place(path: str) -> str | None:
    return os.path.abspath(path) if is_local(path) and not os.path.isabs(path) else None


def _match(pattern: str) -> list[tuple[str, int]]:
    found = _match_local(pattern) if is_local(pattern) else _match_remote(pattern)
    if found:
        return sorted(found)
    where = f" (the current folder is {os.getcwd()!r})" if is_local(pattern) and not os.path.isabs(pattern) else ""
    raise DataError(f"no file matches {pattern!r}{where}; check the path")


def _match_local(pattern: str) -> list[tuple[str, int]]:
    # Beam finds nothing for a pattern that names no folder.
    here = "" if "/" in pattern else "./"
    try:
        matches = FileSystems.match([here + pattern])[0].metadata_list
    except (BeamIOError, ValueError) as error:
        raise DataError(f"can't list {pattern!r}: {error}") from error
    found = [(each.path.removeprefix(here), each.size_in_bytes) for each in matches if not os.path.isdir(each.path)]
    if matches and not found:
        raise DataError(
            f"{pattern!r} matches a folder, not a file; to read the files in it write {join(pattern, '*.csv')!r}"
        )
    return found


def _match_remote(pattern: str) -> list[tuple[str, int]]:
    wanted = re.compile(FileSystem.translate_pattern(pattern))
    # A name without wildcards is listed, too: that also tells whether its bucket is there.
    prefix = re.split(r"[*?[]", pattern, maxsplit=1)[0]
    try:
        # What stands for a folder in some tools' eyes is an object without bytes.
        return [each for each in store_of(pattern).find(prefix) if wanted.match(each[0]) and not each[0].endswith("/")]
    except OSError as error:
        raise DataError(f"can't list {pattern!r}: {reason(error)}") from error
