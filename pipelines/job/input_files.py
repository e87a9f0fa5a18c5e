"""The input files that patterns name, local or in a store."""

import os
from collections.abc import Mapping, Sequence

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.units import UNIT_BYTES, InputFile, compressed_suffix, file_ranges
from shardmill.transforms.files.files import is_local, store_of
from shardmill.transforms.files.local_listing import list_local
from shardmill.transforms.files.path_patterns import fixed_part, matcher
from shardmill.transforms.stores.interface import reason


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
    found = list_local(pattern) if is_local(pattern) else _match_remote(pattern)
    if found:
        return sorted(found)
    where = f" (the current folder is {os.getcwd()!r})" if is_local(pattern) and not os.path.isabs(pattern) else ""
    raise DataError(f"no file matches {pattern!r}{where}; check the path")


def _match_remote(pattern: str) -> list[tuple[str, int]]:
    wanted = matcher(pattern)
    # A name without wildcards is listed, too: that also tells whether its bucket is there.
    prefix = fixed_part(pattern)
    try:
        # What stands for a folder in some tools' eyes is an object without bytes.
        return [
            each for each in store_of(pattern).find(prefix) if wanted.fullmatch(each[0]) and not each[0].endswith("/")
        ]
    except OSError as error:
        raise DataError(f"can't list {pattern!r}: {reason(error)}") from error


def text_size(inputs: Sequence[InputFile]) -> int | None:
    """The bytes of text to read; None where some are compressed, so that nobody knows."""
    if any(compressed_suffix(found.path) for found in inputs):
        return None
    return sum(found.size for found in inputs)


def scanned_size(inputs: Sequence[InputFile], dialect: Dialect, unit_bytes: int = UNIT_BYTES) -> int:
    """The bytes that are scanned for the ends of records, where files are cut."""
    return sum(each.stop - each.start for each in file_ranges(inputs, dialect, unit_bytes))
