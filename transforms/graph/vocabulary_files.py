"""Writes the vocabulary files that go into the graph.

A file has the reserved tokens first, or all tokens of an earlier run's file, and then the tokens
that the analysis found or a given file has.
"""

import dataclasses
import hashlib
import io
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import binary_of, binary_parts, to_numpy
from shardmill.schemas.errors import DataError
from shardmill.transforms.files import files
from shardmill.transforms.kinds.base import Kind
from shardmill.transforms.kinds.categorical.given_file import given_text
from shardmill.transforms.kinds.categorical.token_mode import is_mode
from shardmill.transforms.kinds.categorical.vocabulary import VocabularyKind
from shardmill.transforms.statistics.requests import Statistics, VocabularyStats
from shardmill.transforms.tfrecord.frames import read_records

# Characters of a file's name, at most: file systems take 255 bytes.
_NAME_LIMIT = 200
# Bytes read at a time, at least; and at most, where many lines come first.
_PIECE_BYTES = 1 << 20
_MOST_BYTES = 1 << 28
_NEWLINE = ord("\n")
_COUNT = np.dtype("<i8")
# The end of the name of a file of TFRecords, by which TF Transform knows it.
TFRECORD_SUFFIX = ".tfrecord.gz"


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
    vocabularies = {name: found for name, found in statistics.vocabularies.items() if is_mode(name)}
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
    reserved = tuple(dict.fromkeys(token.encode() + b"\n" for token in kind.reserved_tokens))
    if kind.earlier is not None:
        found = _extend(kind, kind.earlier, found, path)
    elif reserved and found.counts:
        # No vocabulary's file has a colon in its name.
        counts = f"{path}:counts"
        with _lines(kind, found) as lines, path.open("wb") as tokens, open(found.counts, "rb") as counted:
            put_first(reserved, lines, tokens)
            lines.seek(0)
            with open(counts, "wb") as target:
                put_counts_first(reserved, lines, counted, target)
        found = dataclasses.replace(found, counts=counts)
    else:
        with _lines(kind, found) as lines, path.open("wb") as tokens:
            put_first(reserved, lines, tokens)
    size = count_tokens(str(path))
    if not size:
        raise _empty(kind, found, statistics)
    return dataclasses.replace(found, path=str(path), size=size)


def _extend(kind: VocabularyKind, earlier: str, found: VocabularyStats, path: Path) -> VocabularyStats:
    kept = _read_lines(earlier)
    most = None
    if kind.top_k is not None:
        most = max(kind.top_k - (len(kept) - len(kind.reserved_tokens)), 0)
    with _lines(kind, found) as lines, path.open("wb") as tokens:
        put_first(kept, lines, tokens, most)
    # Of the tokens kept not all may be counted: some may be too rare by now.
    return dataclasses.replace(found, counts="")


def put_first(reserved: Sequence[bytes] | pa.Array, lines: BinaryIO, target: BinaryIO, most: int | None = None) -> None:
    r"""Writes reserved lines, then the others of a file.

    There may be millions of lines, so none becomes a Python object.

    Args:
        reserved: The lines that come first, each ended by `\n`, all different.
        lines: The file's lines, likewise.
        target: The file to write.
        most: The most others. None means all.
    """
    first = _array(reserved)
    if not len(first) and most is None:
        shutil.copyfileobj(lines, target)
        return
    target.write(binary_parts(first)[1].data)
    for read, position in _read(first, lines):
        others = read.filter(pc.is_null(position))
        if most is not None:
            others = others.slice(0, most)
            most -= len(others)
        target.write(binary_parts(others)[1].data)


def put_counts_first(reserved: Sequence[bytes], lines: BinaryIO, counts: BinaryIO, target: BinaryIO) -> None:
    r"""Writes the counts of lines in the order of `put_first`.

    A reserved line that the file doesn't have counts 0.

    Args:
        reserved: The lines that come first, each ended by `\n`, all different.
        lines: The file's lines, likewise.
        counts: Their counts, int64 in little-endian order.
        target: The file to write, likewise.
    """
    first = np.zeros(len(reserved), _COUNT)
    target.write(first.data)
    for read, position in _read(_array(reserved), lines):
        numbers = np.frombuffer(counts.read(len(read) * _COUNT.itemsize), _COUNT)
        positions = to_numpy(position.fill_null(-1))
        target.write(numbers[positions < 0].data)
        first[positions[positions >= 0]] = numbers[positions >= 0]
    target.seek(0)
    target.write(first.data)


def _read(first: pa.Array, lines: BinaryIO) -> Iterator[tuple[pa.Array, pa.Array]]:
    """Reads lines in pieces.

    Each comes with its position among the first ones; null is none. A piece takes about as much
    memory as these.
    """
    size = max(_PIECE_BYTES, min(first.nbytes, _MOST_BYTES))
    rest = b""
    while piece := lines.read(size):
        whole, end, rest = (rest + piece).rpartition(b"\n")
        read = _split_lines(whole + end)
        yield read, pc.index_in(read, first)


def _split_lines(text: bytes) -> pa.Array:
    """A text's lines with their ends, as large_binary."""
    octets = np.frombuffer(text, np.uint8)
    stops = np.flatnonzero(octets == _NEWLINE) + 1
    return binary_of(octets, np.concatenate([np.zeros(1, np.int64), stops]))


def _read_lines(path: str) -> pa.Array:
    """All lines of a vocabulary's file: see `count_tokens`."""
    with files.opened(path) as stream:
        if not path.endswith(TFRECORD_SUFFIX):
            return _split_lines(stream.read())
        none, end = pa.scalar(b"", pa.large_binary()), pa.scalar(b"\n", pa.large_binary())
        blocks = [
            pc.binary_join_element_wise(tokens, none, end) for tokens in read_records(cast("BinaryIO", stream), path)
        ]
        return pa.concat_arrays(blocks)


def _array(lines: Sequence[bytes] | pa.Array) -> pa.Array:
    return lines if isinstance(lines, pa.Array) else pa.array(lines, pa.large_binary())


def _lines(kind: VocabularyKind, found: VocabularyStats) -> BinaryIO:
    """The tokens given or found, one a line."""
    return open(found.path, "rb") if kind.file is None else io.BytesIO(given_text(kind.file))


def count_tokens(path: str) -> int:
    """The number of tokens of a vocabulary's file.

    Args:
        path: The file, of text or, with `TFRECORD_SUFFIX`, of TFRecords.
    """
    with files.opened(path) as stream:
        if path.endswith(TFRECORD_SUFFIX):
            return sum(len(records) for records in read_records(cast("BinaryIO", stream), path))
        return sum(piece.count(b"\n") for piece in iter(lambda: stream.read(_PIECE_BYTES), b""))


def _empty(kind: VocabularyKind, found: VocabularyStats, statistics: Statistics) -> DataError:
    columns = ", ".join(repr(column) for column in kind.pool or kind.columns)
    if found.total and kind.frequency_threshold:
        why = (
            f"none of {found.total} tokens has a count of {kind.frequency_threshold} (`frequency_threshold`); lower it"
        )
    else:
        why = f"there is no token in the {statistics.rows} rows of the train split; remove it, or give `reserved_tokens` or a `file`"
    return DataError(f"feature {kind.name!r}: the vocabulary of column {columns} is empty: {why}")
