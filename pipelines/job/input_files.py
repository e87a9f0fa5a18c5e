"""Lists the input files, local or in a store."""

import os
from collections.abc import Mapping, Sequence

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.units import UNIT_BYTES, InputFile, file_ranges, wide_unit_bytes
from shardmill.transforms.decoding.compression import compressed_suffix
from shardmill.transforms.files.files import is_local, store_of
from shardmill.transforms.files.local_listing import list_local
from shardmill.transforms.files.path_patterns import fixed_part, matcher
from shardmill.transforms.stores.interface import reason


def list_files(patterns: Mapping[str | None, Sequence[str]]) -> list[InputFile]:
    """Lists the input files, each once.

    They are in the order of the patterns, and ordered by path within a pattern.

    Args:
        patterns: For each split its patterns or paths. The key None means that rows are split
            later.

    Raises:
        DataError: A pattern matches no file, or only folders; or a file is in two splits.
    """
    found: dict[str, InputFile] = {}
    for split, group in patterns.items():
        for pattern in group:
            for path, size in _match(pattern):
                if found.setdefault(path, InputFile(path, size, split, _absolute(path))).split != split:
                    raise DataError(
                        f"{path!r} is in two splits, {found[path].split!r} and {split!r}: rows would leak from one into the other; "
                        "change [input] files so that each file is in one split"
                    )
    return list(found.values())


def _absolute(path: str) -> str | None:
    return os.path.abspath(path) if is_local(path) and not os.path.isabs(path) else None


def _match(pattern: str) -> list[tuple[str, int]]:
    found = list_local(pattern) if is_local(pattern) else _match_remote(pattern)
    if found:
        return sorted(found)
    where = f" (the current folder is {os.getcwd()!r})" if is_local(pattern) and not os.path.isabs(pattern) else ""
    raise DataError(f"no file matches {pattern!r}{where}; check the path")


def _match_remote(pattern: str) -> list[tuple[str, int]]:
    wanted = matcher(pattern)
    # A name without wildcards is listed, too, which also tells whether its bucket exists.
    prefix = fixed_part(pattern)
    try:
        # Some tools write an empty object whose name ends in a slash to stand for a folder.
        return [
            each for each in store_of(pattern).find(prefix) if wanted.fullmatch(each[0]) and not each[0].endswith("/")
        ]
    except OSError as error:
        raise DataError(f"can't list {pattern!r}: {reason(error)}") from error


def text_size(inputs: Sequence[InputFile]) -> int | None:
    """Returns the bytes of text to read.

    Returns None where some files are compressed, so that the size isn't known.
    """
    if any(compressed_suffix(found.path) for found in inputs):
        return None
    return sum(found.size for found in inputs)


def scanned_size(inputs: Sequence[InputFile], dialect: Dialect, columns: int, unit_bytes: int = UNIT_BYTES) -> int:
    """Returns the bytes to scan for record ends.

    Files that are cut into units are scanned.
    """
    return sum(each.stop - each.start for each in file_ranges(inputs, dialect, wide_unit_bytes(unit_bytes, columns)))
