"""Cuts files into units at record boundaries.

The cuts are exact for quoted newlines, and for any text, well-formed or not.

Large files are scanned range by range, in any order (`scan_range`), and cut at the first record
that starts in each (`plan_units`).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.decoding.compression import compressed_suffix
from shardmill.transforms.decoding.encodings import UTF8_MARK, Codec
from shardmill.transforms.files.checksums import NO_BYTES, Checksum
from shardmill.transforms.records.lexer import lex, skip_lines
from shardmill.transforms.records.lexicon import LF, Bytes, Lexicon
from shardmill.transforms.records.range_scan import QUOTED, UNQUOTED, RangeScan, compose, nothing, scan_text

__all__ = [
    "UNIT_BYTES",
    "FileRange",
    "InputFile",
    "RangeScan",
    "Unit",
    "file_ranges",
    "is_splittable",
    "lexicon_of",
    "plan_units",
    "scan_beginning",
    "scan_range",
    "unclosed_quote",
    "wide_unit_bytes",
]

# The approximate size of a unit, in bytes.
UNIT_BYTES = 16 << 20
# A table with more columns has as many times larger units, as large as its chunks may be.
_NARROW_COLUMNS = 512
_WIDEST_COLUMNS = 1024
# The bytes after skipped rows in which a header's end is looked for before a file is cut.
_HEADER_BYTES = 1 << 20


@dataclass(frozen=True)
class InputFile:
    """A file to read.

    Attributes:
        path: Its path or URL.
        size: Its size in bytes, as it is stored.
        split: The split that its rows belong to. None means that rows are split one by one.
        location: Its path for a worker, whose current folder is another. None means `path`.
    """

    path: str
    size: int
    split: str | None = None
    location: str | None = None


@dataclass(frozen=True)
class FileRange:
    """A range of a file to scan for record boundaries.

    It is [start, stop), in bytes.

    Attributes:
        file: The file's index.
        path: Its path.
        start: Its first byte.
        stop: The byte after its last.
        file_bytes: The size in bytes that the file must have. None means any.
        location: The file's path for a worker. None means `path`.
    """

    file: int
    path: str
    start: int
    stop: int
    file_bytes: int | None = None
    location: str | None = None

    @property
    def read_start(self) -> int:
        """The offset at which to begin reading.

        `scan_range` needs the byte before the range, too.
        """
        return max(self.start - 1, 0)


@dataclass(frozen=True)
class Unit:
    """A record-aligned byte range of a file.

    One worker reads it.

    Attributes:
        index: Its index among all units, in the order of files and bytes.
        file: The file's index.
        path: Its path.
        start: The first byte.
        stop: The byte after the last. None means the file's end.
        first_line: The number of the physical line that `start` begins, from 1.
        header: The header's bytes, as the lexer leaves them to be parsed, where the file has one
            and the unit doesn't begin it. A guessed unit that begins it has them to be compared.
        split: The split of the file's rows, if it is given by file.
        location: The file's path for a worker. None means `path`.
        file_bytes: The size in bytes that the file must have. None means any.
        checksum: The checksum of the unit's bytes, as an earlier pass read them. None means that
            nothing has read them.
        sha256: What `UnitCount` says of them. None means that it isn't known.
    """

    index: int
    file: int
    path: str
    start: int = 0
    stop: int | None = None
    first_line: int = 1
    header: bytes | None = None
    split: str | None = None
    location: str | None = None
    file_bytes: int | None = None
    checksum: Checksum | None = None
    sha256: bytes | None = None

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Each unit comes from another worker by itself. A list of them has each header once, in
        # memory and in its pickle. Set one by one, attributes take half of the memory.
        for name, value in state.items():
            object.__setattr__(self, name, _once(value) if name == "header" else value)


@lru_cache(maxsize=1024)
def _once(header: bytes | None) -> bytes | None:
    """The first header that equals a header."""
    return header


def wide_unit_bytes(unit_bytes: int, columns: int) -> int:
    """The approximate size of a unit of a table.

    Args:
        unit_bytes: The size for a narrow table.
        columns: The number of its columns.
    """
    return unit_bytes * min(max(columns, _NARROW_COLUMNS), _WIDEST_COLUMNS) // _NARROW_COLUMNS


def is_splittable(path: str, dialect: Dialect) -> bool:
    """Whether a file can be cut inside.

    It must not be compressed, its special characters must take one byte each, and there must be no
    escapes and no comments.
    """
    codec = Codec.of(dialect.encoding)
    return (
        not compressed_suffix(path)
        and dialect.escape is None
        and dialect.comment is None
        and (codec.is_utf8 or codec.is_single_byte)
    )


def lexicon_of(dialect: Dialect) -> Lexicon:
    """The special bytes of a dialect.

    The dialect's characters are ASCII, which the configuration checks.
    """
    quote, escape, comment = (
        None if character is None else ord(character) for character in (dialect.quote, dialect.escape, dialect.comment)
    )
    return Lexicon(ord(dialect.delimiter), quote, escape, comment, dialect.trim)


def file_ranges(files: Sequence[InputFile], dialect: Dialect, unit_bytes: int = UNIT_BYTES) -> list[FileRange]:
    """Cuts large files into ranges of about equal size.

    Files that can't be cut inside have no ranges.

    Args:
        files: All files.
        dialect: Their dialect.
        unit_bytes: The approximate size of a range, in bytes.
    """
    ranges = []
    for index, file in enumerate(files):
        count = (file.size + unit_bytes // 2) // unit_bytes
        if count > 1 and is_splittable(file.path, dialect):
            cuts = [file.size * cut // count for cut in range(count + 1)]
            ranges += [
                FileRange(index, file.path, start, stop, file.size, file.location) for start, stop in pairwise(cuts)
            ]
    return ranges


def scan_range(data: bytes | memoryview, file_range: FileRange, dialect: Dialect) -> RangeScan:
    """Finds the effect of a range on each initial state.

    Args:
        data: The file's bytes from `file_range.read_start` to `file_range.stop`.
        file_range: The range.
        dialect: The file's dialect; one that `is_splittable` accepts.
    """
    scan = _scan_range(data, file_range, dialect)
    mine = memoryview(data)[file_range.start - file_range.read_start :]
    heads = [
        None if boundary is None else Checksum.of(mine[: boundary.offset - file_range.start])
        for boundary in scan.boundaries
    ]
    return replace(scan, checksum=Checksum.of(mine), heads=(heads[0], heads[1], heads[2]))


def _scan_range(data: bytes | memoryview, file_range: FileRange, dialect: Dialect) -> RangeScan:
    text, lexicon = np.frombuffer(data, np.uint8), lexicon_of(dialect)
    if file_range.start:
        return scan_text(nothing(file_range.file, file_range.start), text[1:], int(text[0]), lexicon)
    beginning, body = scan_beginning(text, file_range, dialect)
    if body is None:
        return beginning
    return replace(scan_text(beginning, text[body:], LF, lexicon), boundaries=(None, None, None))


def scan_beginning(text: Bytes, file_range: FileRange, dialect: Dialect) -> tuple[RangeScan, int | None]:
    """Finds what stands above the rows of a file.

    Args:
        text: The file's bytes from its start to at most `file_range.stop`.
        file_range: Its first range.
        dialect: The file's dialect.

    Returns:
        The scan of the range up to the offset at which the file's records, the header among them,
        begin; and that offset. None means that skipped rows or the header fill the text.
    """
    empty = nothing(file_range.file, file_range.start)
    body = body_start(text, dialect.skip_rows)
    if body is None:
        return replace(empty, whole=True), None
    header = None
    if dialect.header:
        lexed = lex(text[body : body + _HEADER_BYTES], lexicon_of(dialect), at_end=False)
        starts, stops = lexed.spans
        if not len(starts):
            return replace(empty, whole=True), None
        header = lexed.data[starts[0] : stops[0]].tobytes()
    return replace(empty, stop=body, lines=dialect.skip_rows, header=header), body


def body_start(text: Bytes, skip_rows: int) -> int | None:
    """The offset at which a file's records begin.

    It is after a byte order mark and the skipped lines at the file's start. None means that these
    don't end in the text.
    """
    if not skip_rows:
        return len(UTF8_MARK) if text[:3].tobytes() == UTF8_MARK else 0
    stop, left = skip_lines(text, skip_rows, at_end=False)
    return None if left else stop


def plan_units(
    files: Sequence[InputFile], scans: Iterable[RangeScan], dialect: Dialect, unit_bytes: int = UNIT_BYTES
) -> list[Unit]:
    """Cuts files into units.

    A scanned file is cut at the first record that starts in each range. Any other file is one unit.

    Args:
        files: All files.
        scans: The scans of the ranges that `file_ranges` names, in any order.
        dialect: The files' dialect.
        unit_bytes: As it was given to `file_ranges`.

    Raises:
        DataError: Something is wrong with a file's beginning, as its scan says, or it ends inside a
            quoted cell; the message names the line where the quote opened.
    """
    expected = Counter(file_range.file for file_range in file_ranges(files, dialect, unit_bytes))
    by_file: dict[int, list[RangeScan]] = {}
    for scan in sorted(scans, key=lambda scan: (scan.file, scan.start)):
        by_file.setdefault(scan.file, []).append(scan)
    units: list[Unit] = []
    for index, file in enumerate(files):
        found = by_file.get(index, [])
        if len(found) != expected[index]:
            raise ValueError(f"{file.path!r} has {expected[index]} ranges, but {len(found)} scans")
        units += _cut(index, file, found)
    return [replace(unit, index=index) for index, unit in enumerate(units)]


def _cut(index: int, file: InputFile, scans: list[RangeScan]) -> list[Unit]:
    """Cuts a file into its units."""
    whole = Unit(index=0, file=index, path=file.path, split=file.split, location=file.location, file_bytes=file.size)
    if not scans:
        return [whole]
    if scans[0].problem:
        raise DataError(scans[0].problem)
    if any(scan.whole for scan in scans):
        return [replace(whole, checksum=sum((scan.checksum for scan in scans), NO_BYTES))]
    units = [replace(whole, stop=file.size)]
    before, read = scans[0], scans[0].checksum
    for scan in scans[1:]:
        state = before.exits[UNQUOTED]
        boundary, head = scan.boundaries[state], scan.heads[state]
        if boundary and head:
            units[-1] = replace(units[-1], stop=boundary.offset, checksum=read + head)
            line = 1 + before.lines + boundary.lines
            units.append(replace(whole, start=boundary.offset, stop=file.size, first_line=line, header=scans[0].header))
            read = scan.checksum.after(head)
        else:
            read += scan.checksum
        before = compose(before, scan)
    units[-1] = replace(units[-1], checksum=read)
    if before.exits[UNQUOTED] == QUOTED:
        opened = before.opened[UNQUOTED]
        raise unclosed_quote(file.path, 1 + opened.lines if opened else 1)
    return units


def unclosed_quote(path: str, line: int) -> DataError:
    """The error for a file that ends within quotes.

    The file ends inside a quoted cell, whose quote opened in the given line.
    """
    return DataError(
        f"{path!r}, line {line}: a quote that opens a cell here is never closed, so the rest of the file is inside it; close or double "
        'the quote; or, if quotes in this file mean nothing special, set [input] quote = ""'
    )
