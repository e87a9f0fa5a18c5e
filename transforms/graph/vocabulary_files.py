"""Writes the vocabulary files that go into the graph.

A file has the reserved tokens first, and then the tokens that the analysis found or a given file
has.
"""

import dataclasses
import hashlib
import itertools
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from shardmill.schemas.errors import DataError
from shardmill.transforms.kinds.base import Kind
from shardmill.transforms.kinds.vocabulary import VocabularyKind, given_tokens
from shardmill.transforms.statistics.requests import Statistics, VocabularyStats

# Characters of a file's name, at most: file systems take 255 bytes.
_NAME_LIMIT = 200


def write_assets(kinds: Iterable[Kind], statistics: Statistics, folder: Path) -> Statistics:
    """Writes the file of each vocabulary.

    Args:
        kinds: The features.
        statistics: The results of the analysis.
        folder: An empty folder for the files.

    Returns:
        The statistics with the files' paths and sizes.

    Raises:
        DataError: A vocabulary is empty.
    """
    vocabularies: dict[str, VocabularyStats] = {}
    for kind in kinds:
        if isinstance(kind, VocabularyKind) and kind.vocabulary is not None and kind.vocabulary not in vocabularies:
            vocabularies[kind.vocabulary] = _write(kind, statistics, folder / asset_name(kind.vocabulary))
    return dataclasses.replace(statistics, vocabularies=vocabularies)


def asset_name(vocabulary: str) -> str:
    """The name of a vocabulary's file.

    It is the vocabulary's name, with special characters percent-encoded.
    """
    name = quote(vocabulary, safe=" ")
    if not name.strip(". "):
        # `.` and `..` are folders.
        name = name.replace(".", "%2E").replace(" ", "%20")
    if len(name) > _NAME_LIMIT:
        name = f"{name[:_NAME_LIMIT]}-{hashlib.sha256(vocabulary.encode()).hexdigest()[:16]}"
    return name


def _write(kind: VocabularyKind, statistics: Statistics, path: Path) -> VocabularyStats:
    name = kind.vocabulary or kind.name
    found = statistics.vocabularies.get(name, VocabularyStats(name, "", 0))
    if kind.file is None and not kind.reserved_tokens:
        shutil.copyfile(found.path, path)
        size = found.size
    else:
        with path.open("wb") as target:
            size = sum(target.write(token) > 0 for token in _tokens(kind, found))
    if not size:
        raise _empty(kind, found, statistics)
    return dataclasses.replace(found, path=str(path), size=size)


def _tokens(kind: VocabularyKind, found: VocabularyStats) -> Iterator[bytes]:
    r"""The vocabulary's tokens, each ended by `\n`."""
    reserved = [token.encode() + b"\n" for token in kind.reserved_tokens]
    yield from reserved
    if kind.file is not None:
        rest = ((token + "\n").encode() for token in given_tokens(kind.file))
        yield from itertools.filterfalse(set(reserved).__contains__, rest)
        return
    with open(found.path, "rb") as lines:
        yield from itertools.filterfalse(set(reserved).__contains__, lines)


def _empty(kind: VocabularyKind, found: VocabularyStats, statistics: Statistics) -> DataError:
    columns = ", ".join(repr(column) for column in kind.pool or kind.columns)
    if found.total and kind.frequency_threshold:
        why = (
            f"none of {found.total} tokens has a count of {kind.frequency_threshold} (`frequency_threshold`); lower it"
        )
    else:
        why = f"there is no token in the {statistics.rows} rows of the train split; remove it, or give `reserved_tokens` or a `file`"
    return DataError(f"feature {kind.name!r}: the vocabulary of column {columns} is empty: {why}")
