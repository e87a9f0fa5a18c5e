"""Guess: from files to units, without reading all of them.

`plan_units` cuts a file at the first record that begins in each range, for which all of the file
must be scanned. Here the first line that begins in a range is taken for that record, so that a
range's first few KB are enough. It is that record unless a quoted cell goes on there.

The pass that reads the units anyway tells whether all guesses are right. A file's first unit begins
right. A unit that begins right, and in which no quote is open at the end, ends where a record does;
so the next unit begins right, too, and at the first record of its range, since no line begins there
before. If a guess is wrong, the unit before it ends inside a quoted cell, which is an error.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from shardmill.transforms.csv import held
from shardmill.transforms.csv.blocks import examine
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.csv.units import (
    FileRange,
    InputFile,
    RangeScan,
    Unit,
    lexicon_of,
    plan_units,
    scan_beginning,
)
from shardmill.transforms.files.checksums import NO_BYTES
from shardmill.transforms.read import PlanUnits
from shardmill.transforms.records.lexer import lex
from shardmill.transforms.records.lexicon import Bytes, Lexicon
from shardmill.transforms.records.range_scan import UNQUOTED, nothing, scan_text
from shardmill.transforms.workers import metrics

# The bytes of a range that are read first; more are only where a header or a line is longer.
GUESS_BYTES = 64 << 10

_NEWLINES = "a quoted cell has a line's end, and so may one that goes on where a unit begins"


class GuessUnits(PlanUnits):
    """Cuts files into the units that `PlanUnits` most probably makes.

    Of a range only the first few KB are read. A pass over the units must verify them. The output is
    empty where they are in doubt.
    """

    @staticmethod
    def scan(file_range: FileRange, dialect: Dialect, selection: Selection) -> RangeScan:
        """Guesses where the first record begins in a range."""
        with metrics.working("scan", f"{file_range.path!r} from byte {file_range.start}") as work:
            size, scan = GUESS_BYTES, None
            while scan is None:
                stop = min(file_range.start + size, file_range.stop)
                data = held.read_range(replace(file_range, stop=stop))
                work.add(0, stop - file_range.start)
                scan = guess_range(data, file_range, dialect)
                size *= 2
            return scan if scan.problem else examine(scan, data, file_range, dialect, selection)

    @staticmethod
    def plan(_: Any, scans: list[RangeScan], inputs: list[InputFile], dialect: Dialect, unit_bytes: int) -> list[Unit]:
        """Cuts the files."""
        return guessed_units(inputs, scans, dialect, unit_bytes)


def can_guess(dialect: Dialect) -> bool:
    """Whether the ends of units tell if guesses are right.

    Where blanks before quotes are trimmed, any blank of the file may forbid to cut it.
    """
    return dialect.quote is None or not dialect.trim


def guess_range(data: bytes, file_range: FileRange, dialect: Dialect) -> RangeScan | None:
    """Guesses where the first record begins in a range.

    Args:
        data: The file's bytes from `file_range.read_start` to at most `file_range.stop`.
        file_range: The range.
        dialect: The file's dialect; one that `is_splittable` and `can_guess` accept.

    Returns:
        A scan whose `problem` says what casts doubt on guesses. It has no lines and no checksums.
        None means that more of the range's bytes are needed.
    """
    text, lexicon = np.frombuffer(data, np.uint8), lexicon_of(dialect)
    if file_range.start:
        unquoted = replace(lexicon, quote=None)
        scan = scan_text(nothing(file_range.file, file_range.start), text[1:], int(text[0]), unquoted)
        boundary = scan.boundaries[UNQUOTED]
        records = None if boundary is None else boundary.offset - file_range.read_start
    else:
        scan, records = scan_beginning(text, file_range, dialect)
    if records is None:
        return scan if file_range.read_start + len(text) == file_range.stop else None
    doubtful = _has_quoted_lines(text[records:], lexicon)
    return replace(scan, heads=(NO_BYTES,) * 3, problem=_NEWLINES if doubtful else None)


def _has_quoted_lines(text: Bytes, lexicon: Lexicon) -> bool:
    """Whether lines end inside quotes in a text."""
    lexed = lex(text, lexicon, at_end=False)
    return lexed.line_at(len(lexed.data)) > len(lexed.first) + lexed.blank


def guessed_units(
    files: Sequence[InputFile], scans: Sequence[RangeScan], dialect: Dialect, unit_bytes: int
) -> list[Unit]:
    """Cuts files into units where records are guessed to begin.

    Their first lines aren't known, and taken for 1. A file's first unit has the header, too, by
    which the others are read, to be compared with what it begins with.

    Args:
        files: All files.
        scans: What `guess_range` found in the ranges that `file_ranges` names, in any order.
        dialect: The files' dialect.
        unit_bytes: As it was given to `file_ranges`.

    Returns:
        The units. There are none where a guess is in doubt, or something is wrong with a file.
    """
    if any(scan.problem for scan in scans):
        return []
    headers = {scan.file: scan.header for scan in scans if not scan.start}
    return [
        replace(unit, first_line=1, checksum=None, header=headers.get(unit.file))
        for unit in plan_units(files, scans, dialect, unit_bytes)
    ]
