"""Scans ranges of a file for each initial state.

Compiled code scans them (native/records/scan.c), each apart, and their scans are composed in order.

The states are unquoted, quoted, and just after a quote inside a quoted cell. Where records start in
a range is known for each of them, so that scans need no order; composing them tells which it was.
This is exact for any text, well-formed or not.
"""

from dataclasses import dataclass, replace

import numpy as np

from shardmill.transforms.files.checksums import NO_BYTES, Checksum
from shardmill.transforms.kernel.library import kernel
from shardmill.transforms.records.lexicon import Bytes, Lexicon

# The states between two bytes. After a quote inside a quoted cell, another one continues the cell
# and anything else ends it.
UNQUOTED, QUOTED, AFTER_QUOTE = range(3)
_STATES = (UNQUOTED, QUOTED, AFTER_QUOTE)
ByState = tuple[int, int, int]
PositionByState = tuple["Position | None", "Position | None", "Position | None"]


@dataclass(frozen=True)
class Position:
    """A position in a file.

    Attributes:
        offset: In bytes from the file's start.
        lines: The lines that end between the scanned range's start and here.
    """

    offset: int
    lines: int


@dataclass(frozen=True)
class RangeScan:
    """The effect of a range on each possible initial state.

    Attributes:
        file: The file's index.
        start: The range's first byte.
        stop: The byte after its last.
        lines: The lines that end in it.
        exits: For each state before it, the state after it.
        boundaries: For each state before it, the first position where a record starts in it. None
            means that none does.
        opened: For each state before it, the position of the quote that opened the cell in which it
            ends. None means that there is none in it.
        header: In a file's first range, the header's bytes, as the lexer leaves them to be parsed,
            or none in files without a header.
        whole: Whether the file can't be cut: skipped rows or the header fill its first range, or
            blanks that are to be trimmed stand before a quote, so that a byte alone doesn't tell
            whether a cell begins after it.
        checksum: The checksum of its bytes.
        heads: For each state before it, the checksum of its bytes before the position in
            `boundaries`. None means that there is no such position.
        problem: In a file's first range, what is wrong with the file's beginning. None means
            nothing that was looked for.
    """

    file: int
    start: int
    stop: int
    lines: int
    exits: ByState
    boundaries: PositionByState
    opened: PositionByState
    header: bytes | None = None
    whole: bool = False
    checksum: Checksum = NO_BYTES
    heads: tuple[Checksum | None, Checksum | None, Checksum | None] = (None, None, None)
    problem: str | None = None


def nothing(file: int, start: int) -> RangeScan:
    """The scan of an empty range."""
    nowhere = (None, None, None)
    return RangeScan(file, start, start, 0, _STATES, nowhere, nowhere)


def scan_text(scan: RangeScan, text: Bytes, before: int, lexicon: Lexicon) -> RangeScan:
    """Adds the text after a scanned range.

    Args:
        scan: The range.
        text: The bytes that follow it.
        before: The byte before them.
        lexicon: The special bytes; neither escapes nor comments.
    """
    found = np.empty(17, np.int64)
    kernel().kernel_scan_range(text, len(text), before, lexicon.packed, found)
    lanes, (lines, blanks) = found[:15].reshape(3, 5).tolist(), found[15:].tolist()

    def positions(column: int) -> PositionByState:
        one, two, three = (
            None if lane[column] < 0 else Position(scan.stop + lane[column], lane[column + 1]) for lane in lanes
        )
        return one, two, three

    exits = (lanes[0][0], lanes[1][0], lanes[2][0])
    stop = scan.stop + len(text)
    return compose(scan, RangeScan(-1, scan.stop, stop, lines, exits, positions(1), positions(3), whole=bool(blanks)))


def compose(first: RangeScan, then: RangeScan) -> RangeScan:
    """Composes the scans of two adjacent ranges."""
    exits, boundaries, opened = [], [], []
    for state, between in zip(_STATES, first.exits, strict=True):
        exits.append(then.exits[between])
        boundaries.append(first.boundaries[state] or _later(then.boundaries[between], first.lines))
        opened.append(_later(then.opened[between], first.lines) or (first.opened[state] if exits[-1] else None))
    return replace(
        first,
        stop=then.stop,
        lines=first.lines + then.lines,
        whole=first.whole or then.whole,
        exits=(exits[0], exits[1], exits[2]),
        boundaries=(boundaries[0], boundaries[1], boundaries[2]),
        opened=(opened[0], opened[1], opened[2]),
    )


def _later(position: Position | None, lines: int) -> Position | None:
    return position and Position(position.offset, position.lines + lines)
