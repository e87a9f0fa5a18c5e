"""Finds CSV records, as PyArrow's parser sees them.

Single bytes aren't looked at in Python.

A quote opens a quoted cell only at a cell's start; inside, a doubled quote is a quote, and after
the closing one the rest of the cell is literal. So a run of adjacent quotes acts on two states,
unquoted and quoted, in one of three ways. An even run changes nothing. An odd run at a cell's start
swaps the states. Any other odd run leads to unquoted: it closes a quoted cell, or stands in an
unquoted one. The state anywhere is the parity of the swaps since the last run of the third sort,
which needs sums alone; it is exact for malformed text, too.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shardmill.transforms.csv.dialect import Dialect

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]

TAB = 9
LF = 10
CR = 13
SPACE = 32
# Stands for bytes that mean nothing to the lexer.
_LITERAL = ord("a")


@dataclass(frozen=True)
class Lexicon:
    """The bytes that are special in a dialect.

    Attributes:
        delimiter: Between cells.
        quote: Around cells. None means that there is no quoting.
        escape: Makes the next byte literal. None means that there is none.
        comment: Begins a line that is skipped. None means that there are none.
        trim: Whether a quote opens a cell even after blanks at the cell's start.
    """

    delimiter: int
    quote: int | None = None
    escape: int | None = None
    comment: int | None = None
    trim: bool = False

    @classmethod
    def of(cls, dialect: Dialect) -> "Lexicon":
        """The special bytes of a dialect.

        The dialect's characters are ASCII, which the configuration checks.
        """
        quote, escape, comment = (
            None if character is None else ord(character)
            for character in (dialect.quote, dialect.escape, dialect.comment)
        )
        return cls(ord(dialect.delimiter), quote, escape, comment, dialect.trim)

    @property
    def cell_starts(self) -> Flags:
        """bool[256]: whether a cell begins after each byte."""
        table = np.zeros(256, np.bool_)
        table[[self.delimiter, LF, CR]] = True
        return table

    @property
    def blanks(self) -> Flags:
        """bool[256]: whether each byte is a blank.

        Blanks are spaces and tabs, unless they delimit cells.
        """
        table = np.zeros(256, np.bool_)
        table[[SPACE, TAB]] = True
        table[self.delimiter] = False
        return table


@dataclass(frozen=True)
class Quotes:
    """The quotes that change the state, and the states after.

    Attributes:
        positions: Offsets, ascending.
        states: The state after each: 1 inside a quoted cell, else 0.
        entry: The state before the first.
    """

    positions: Positions
    states: npt.NDArray[np.int8]
    entry: int = 0

    def state_at(self, offsets: Positions) -> npt.NDArray[np.int8]:
        """The states before the bytes at some offsets.

        The bytes must not be quotes.
        """
        return np.concatenate([np.array([self.entry], np.int8), self.states])[np.searchsorted(self.positions, offsets)]

    @property
    def exit(self) -> int:
        """The state after the last."""
        return int(self.states[-1]) if len(self.states) else self.entry


@dataclass(frozen=True)
class Lexed:
    """The records of a text that begins with one.

    Attributes:
        text: The text to parse: complete comment lines are overwritten by newlines, and blanks
            before a quote that opens a cell are moved to after it (with `trim`, they are dropped
            there).
        plain: The same with escaped bytes neutralized; only to look for record ends.
        lines: The offset of the last byte of each physical line's end.
        ends: The offset of the last byte of each record's end; the text's length where the file's
            last line has no newline.
        is_open: Whether the text ends inside a quoted cell.
    """

    text: Bytes
    plain: Bytes
    lines: Positions
    ends: Positions
    is_open: bool

    @property
    def stop(self) -> int:
        """The offset after the last complete record.

        It is 0 where there is none.
        """
        return min(int(self.ends[-1]) + 1, len(self.text)) if len(self.ends) else 0

    def spans(self) -> tuple[Positions, Positions]:
        """Starts and stops of the records that aren't blank.

        int64 offsets; line ends are left out.
        """
        starts = np.concatenate([np.zeros(min(1, len(self.ends)), np.int64), self.ends[:-1] + 1])
        stops = self.ends.copy()
        if CR in self.plain:
            last = np.minimum(self.ends, len(self.plain) - 1)
            crlf = (self.ends > starts) & (self.ends == last) & (self.plain[last] == LF) & (self.plain[last - 1] == CR)
            stops -= crlf
        kept = stops > starts
        return starts[kept], stops[kept]


def record_spans(block: bytes | memoryview, dialect: Dialect) -> tuple[Positions, Positions]:
    r"""Finds the records in a block that ends its file.

    The block begins at a record's start.

    Records end with ``\n``, ``\r\n`` or ``\r``, or at the block's end; blank lines and comment
    lines are no records.

    Args:
        block: The bytes.
        dialect: Their dialect.

    Returns:
        Offsets where records start and stop (without their line ends), int64.
    """
    return lex(np.frombuffer(block, np.uint8), Lexicon.of(dialect), at_end=True).spans()


def lex(text: Bytes, lexicon: Lexicon, *, at_end: bool) -> Lexed:
    """Finds the ends of records and lines in a text.

    The text begins at a record's start.

    Args:
        text: The bytes.
        lexicon: The special bytes.
        at_end: Whether the file ends where the text does; else a last record without a line's end
            isn't complete.
    """
    lines = line_ends(text, at_end=at_end)
    plain = text
    if lexicon.escape is not None and lexicon.escape in text:
        plain = _neutralize(text, lexicon.escape)
    if lexicon.comment is not None and lexicon.comment in plain:
        text, plain = _blank_comments(text, plain, lexicon, at_end=at_end)
    ends = lines if lexicon.escape is None and lexicon.comment is None else line_ends(plain, at_end=at_end)
    if lexicon.trim and lexicon.quote is not None:
        text, plain = _move_blanks(text, plain, lexicon)
    quotes = find_quotes(plain, lexicon)
    if len(quotes.positions):
        ends = ends[quotes.state_at(ends) == 0]
    is_open = bool(quotes.exit)
    if at_end and not is_open and len(text) and not (len(ends) and ends[-1] == len(text) - 1):
        ends = np.append(ends, len(text))
    return Lexed(text, plain, lines, ends, is_open)


def open_quote(lexed: Lexed, lexicon: Lexicon) -> int:
    """The offset of the quote that isn't closed.

    It opened the cell in which the text ends; the text `is_open`.
    """
    runs = QuoteRuns.of(lexed.plain, np.flatnonzero(lexed.plain == lexicon.quote), lexicon, LF)
    return int(runs.positions[runs.odd][np.flatnonzero(runs.states(0))[-1]])


def line_ends(text: Bytes, *, at_end: bool) -> Positions:
    r"""The offset of each line end's last byte.

    Lines end with ``\n``, ``\r\n`` or ``\r``. A last ``\r`` counts only at the file's end, since
    ``\n`` may follow.
    """
    ends = text == LF
    if CR in text:
        returns = text == CR
        returns[:-1] &= ~ends[1:]
        returns[-1:] &= at_end
        ends |= returns
    return np.flatnonzero(ends)


def find_quotes(text: Bytes, lexicon: Lexicon, before: int = LF, entry: int = 0) -> Quotes:
    """Finds the quotes that open or close cells.

    Args:
        text: The bytes.
        lexicon: The special bytes.
        before: The byte before the text; not a quote, unless the text doesn't begin with one.
        entry: The state before the text: 1 inside a quoted cell, else 0.
    """
    if lexicon.quote is None or not (positions := np.flatnonzero(text == lexicon.quote)).size:
        return Quotes(np.empty(0, np.int64), np.empty(0, np.int8), entry)
    if entry == 0 and _is_regular(text, positions, lexicon, before):
        # Quotes open and close by turns: the common case, three times as fast as what follows.
        states = np.zeros(len(positions), np.int8)
        states[::2] = 1
        return Quotes(positions, states)
    runs = QuoteRuns.of(text, positions, lexicon, before)
    return Quotes(runs.positions[runs.odd], runs.states(entry), entry)


@dataclass(frozen=True)
class QuoteRuns:
    """Runs of adjacent quotes.

    Attributes:
        positions: The offset of each run's first quote.
        odd: Whether each has an odd number of quotes; others don't change the state.
        opens: Whether each is at a cell's start.
    """

    positions: Positions
    odd: Flags
    opens: Flags

    @classmethod
    def of(cls, text: Bytes, quotes: Positions, lexicon: Lexicon, before: int) -> "QuoteRuns":
        """The runs that some quotes of a text make.

        `before` is the byte before the text.
        """
        firsts = np.flatnonzero(np.concatenate([[True], np.diff(quotes) != 1])[: len(quotes)])
        positions = quotes[firsts]
        previous = text[positions - 1]
        previous[positions == 0] = before
        if lexicon.trim and (blank := lexicon.blanks[previous]).any():
            starts = _blank_starts(text, positions[blank], lexicon)
            previous[blank] = np.where(starts > 0, text[starts - 1], before)
        return cls(positions, np.diff(firsts, append=len(quotes)) % 2 == 1, lexicon.cell_starts[previous])

    def states(self, entry: int) -> npt.NDArray[np.int8]:
        """The state after each odd run.

        It is the parity of the swaps since the last odd run that isn't a swap.
        """
        swaps = self.opens[self.odd]
        total = np.cumsum(swaps) + entry
        settled = np.maximum.accumulate(np.where(swaps, 0, total))
        return ((total - settled) & 1).astype(np.int8)


def _blank_starts(text: Bytes, quotes: Positions, lexicon: Lexicon) -> Positions:
    """The offsets at which the blanks before some quotes begin."""
    others = np.flatnonzero(~lexicon.blanks[text])
    return np.concatenate([np.zeros(1, np.int64), others + 1])[np.searchsorted(others, quotes)]


def _move_blanks(text: Bytes, plain: Bytes, lexicon: Lexicon) -> tuple[Bytes, Bytes]:
    """Moves blanks before an opening quote to after it.

    The quote then stands at the cell's start, where PyArrow takes it for an opening one.
    """
    runs = QuoteRuns.of(plain, np.flatnonzero(plain == lexicon.quote), lexicon, LF)
    after = np.concatenate([np.zeros(1, np.int8), runs.states(0)])
    unquoted = after[np.cumsum(runs.odd) - runs.odd] == 0
    quotes = runs.positions[runs.opens & unquoted & (runs.positions > 0)]
    quotes = quotes[lexicon.blanks[plain[quotes - 1]]]
    if not len(quotes):
        return text, plain
    starts = _blank_starts(plain, quotes, lexicon)
    quote = plain[quotes[0]]
    same = plain is text
    text = text.copy()
    plain = text if same else plain.copy()
    for moved in (text, plain):
        moved[starts] = quote
        moved[quotes] = SPACE
    return text, plain


def _is_regular(text: Bytes, quotes: Positions, lexicon: Lexicon, before: int) -> bool:
    """Whether quotes open and close cells by turns.

    Every other quote, from the first, must begin a cell or double the one before it, and the others
    must end one.
    """
    allowed = lexicon.cell_starts
    allowed[lexicon.quote] = True
    opening, closing = quotes[::2], quotes[1::2]
    if opening[0] == 0:
        if not allowed[before]:
            return False
        opening = opening[1:]
    if len(closing) and closing[-1] == len(text) - 1:
        closing = closing[:-1]
    return bool(allowed[text[opening - 1]].all() and allowed[text[closing + 1]].all())


def _neutralize(text: Bytes, escape: int) -> Bytes:
    """Makes escape bytes and the bytes that they escape literal.

    Returns a copy.
    """
    escapes = np.flatnonzero(text == escape)
    firsts = np.flatnonzero(np.concatenate([[True], np.diff(escapes) != 1]))
    runs = escapes[firsts] + np.diff(firsts, append=len(escapes))
    # In a run of escapes each second one is escaped; after an odd run, the next byte is.
    escaped = runs[(np.diff(firsts, append=len(escapes)) % 2 == 1) & (runs < len(text))]
    plain = text.copy()
    plain[escapes] = _LITERAL
    plain[escaped] = _LITERAL
    return plain


def _blank_comments(text: Bytes, plain: Bytes, lexicon: Lexicon, *, at_end: bool) -> tuple[Bytes, Bytes]:
    """Overwrites comment lines by newlines, which are blank lines then.

    One that isn't complete is made literal, so that no record ends in it.
    """
    lines = line_ends(plain, at_end=at_end)
    starts = np.concatenate([[0], lines + 1])
    stops = np.append(lines, len(plain))
    found = np.flatnonzero((starts < len(plain)) & (plain[np.minimum(starts, len(plain) - 1)] == lexicon.comment))
    text, plain = text.copy(), plain.copy()
    done = state = 0
    for start, stop in zip(starts[found].tolist(), stops[found].tolist(), strict=True):
        state = find_quotes(plain[done:start], lexicon, LF, state).exit
        done = start
        if state == 0:
            text[start:stop] = plain[start:stop] = LF if stop < len(plain) or at_end else _LITERAL
            done = stop
    return text, plain
