"""Scans ranges of a file for each initial state.

Ranges are scanned apart, and their scans are composed in order.

The states are unquoted, quoted, and just after a quote inside a quoted cell. Where records start in
a range is known for each of them, so that scans need no order; composing them tells which it was.
This is exact for any text, well-formed or not.
"""

from dataclasses import dataclass, replace

import numpy as np

from shardmill.transforms.files.checksums import NO_BYTES, Checksum
from shardmill.transforms.records.lexicon import CR, LF, Bytes, Lexicon, Positions
from shardmill.transforms.records.quotes import QuoteRuns

# The states between two bytes. After a quote inside a quoted cell, another one continues the cell
# and anything else ends it.
UNQUOTED, QUOTED, AFTER_QUOTE = range(3)
_STATES = (UNQUOTED, QUOTED, AFTER_QUOTE)
# The states after an even and after an odd number of quotes that continue a run, by the state
# before them.
_CONTINUED = {QUOTED: (QUOTED, AFTER_QUOTE), AFTER_QUOTE: (AFTER_QUOTE, QUOTED)}

# Bytes that are scanned at a time, which bounds memory where most bytes are quotes.
PIECE_BYTES = 1 << 20

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
    """Adds the text after a scanned range, piece by piece."""
    for cut in range(0, len(text), PIECE_BYTES):
        piece = text[cut : cut + PIECE_BYTES]
        scan = compose(scan, _scan_piece(piece, int(text[cut - 1]) if cut else before, scan.stop, lexicon))
    return scan


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


def _scan_piece(text: Bytes, before: int, start: int, lexicon: Lexicon) -> RangeScan:
    """Scans bytes of which the one before is known."""
    quotes = np.flatnonzero(text == lexicon.quote) if lexicon.quote is not None else np.empty(0, np.int64)
    # Quotes that continue a run from before the piece; they act on the state by themselves,
    # whatever stands before the run.
    leading = np.count_nonzero(quotes == np.arange(len(quotes))) if before == lexicon.quote else 0
    entries = (UNQUOTED, _CONTINUED[QUOTED][leading % 2], _CONTINUED[AFTER_QUOTE][leading % 2])
    scan = RangeScan(-1, start, start + len(text), 0, entries, (None,) * 3, (None,) * 3)
    if leading == len(text):
        return scan
    # A carriage return counts as a line's end where it stands, and a newline where none precedes
    # it.
    previous = np.concatenate([np.array([before], np.uint8), text[:-1]])
    if lexicon.trim and lexicon.blanks[previous[quotes]].any():
        scan = replace(scan, whole=True)
    lines = np.flatnonzero((text == CR) | ((text == LF) & (previous != CR)))
    starts = np.flatnonzero((previous == LF) | ((previous == CR) & (text != LF)))
    runs = _Runs.of(text, quotes[leading:], lexicon, before)
    by_entry = [runs.scan(entry % AFTER_QUOTE, starts) for entry in (UNQUOTED, QUOTED)]
    ways = [by_entry[entry % AFTER_QUOTE] for entry in entries]

    def position(offset: int | None) -> Position | None:
        return None if offset is None else Position(start + offset, int(np.searchsorted(lines, offset)))

    (exit_0, start_0, quote_0), (exit_1, start_1, quote_1), (exit_2, start_2, quote_2) = ways
    return replace(
        scan,
        lines=len(lines),
        exits=(exit_0, exit_1, exit_2),
        boundaries=(position(start_0), position(start_1), position(start_2)),
        opened=(position(quote_0), position(quote_1), position(quote_2)),
    )


@dataclass(frozen=True)
class _Runs:
    """A piece's runs of quotes, the last kept apart.

    A run in which the piece ends may go on in the next piece.
    """

    positions: Positions
    runs: QuoteRuns
    last: int  # Where that last run starts; the piece's length without one.
    last_length: int
    last_opens: bool  # Whether it is at a cell's start.

    @classmethod
    def of(cls, text: Bytes, quotes: Positions, lexicon: Lexicon, before: int) -> "_Runs":
        length = int(np.count_nonzero(quotes[::-1] == len(text) - 1 - np.arange(len(quotes))))
        last = len(text) - length
        runs = QuoteRuns.of(text, quotes[: len(quotes) - length], lexicon, before)
        opens = bool(lexicon.cell_starts[text[last - 1] if last else before])
        return cls(runs.positions[runs.odd], runs, last, length, opens)

    def scan(self, entry: int, starts: Positions) -> tuple[int, int | None, int | None]:
        """Scans the piece from an unquoted or a quoted state.

        Returns the state at the end, the first record's start, and the offset of the quote that
        opened the last cell. None means that the piece has no such offset.
        """
        states = np.concatenate([np.array([entry], np.int8), self.runs.states(entry)])
        free = np.flatnonzero(states[np.searchsorted(self.positions, starts)] == UNQUOTED)
        boundary = int(starts[free[0]]) if len(free) else None
        exit_state, opened = int(states[-1]), None
        if exit_state == QUOTED:
            openers = np.flatnonzero(states[1:])
            opened = int(self.positions[openers[-1]]) if len(openers) else None
            exit_state = _CONTINUED[QUOTED][self.last_length % 2]
        elif self.last_length and self.last_opens:
            exit_state, opened = _CONTINUED[AFTER_QUOTE][self.last_length % 2], self.last
        return exit_state, boundary, opened
