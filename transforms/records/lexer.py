"""Finds CSV records, as PyArrow's parser sees them.

Single bytes aren't looked at in Python.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from shardmill.transforms.records.lexicon import CR, LF, SPACE, Bytes, Lexicon, Positions
from shardmill.transforms.records.quotes import QuoteRuns, Quotes, blank_starts, find_quotes
from shardmill.transforms.records.space_runs import join_runs

# Stands for bytes that mean nothing to the lexer.
_LITERAL = ord("a")


@dataclass(frozen=True)
class Lines:
    """Some lines of a text.

    Attributes:
        starts: Their first bytes' offsets, ascending.
        stops: The offsets of the last bytes of their ends; the text's length where it ends.
    """

    starts: Positions
    stops: Positions


_NO_LINES = Lines(np.empty(0, np.int64), np.empty(0, np.int64))


@dataclass(frozen=True)
class Lexed:
    """The records of a text that begins with one.

    Attributes:
        text: The text to parse: complete comment lines are overwritten by newlines, and so are
            lines of blanks alone where runs of spaces delimit; blanks before a quote that opens a
            cell are moved to after it (with `trim`, they are dropped there).
        plain: The same with escaped bytes neutralized; only to look for record ends.
        lines: The offset of the last byte of each physical line's end.
        ends: The offset of the last byte of each record's end; the text's length where the file's
            last line has no newline.
        quotes: The quotes of `plain` that open and close cells.
        comments: The complete comment lines.
        stray: Where text follows the quote that closes a cell, as `Quotes.followed_by_text`.
    """

    text: Bytes
    plain: Bytes
    lines: Positions
    ends: Positions
    quotes: Quotes
    comments: Lines
    stray: Positions

    @property
    def is_open(self) -> bool:
        """Whether the text ends inside a quoted cell."""
        return bool(self.quotes.exit)

    @property
    def stop(self) -> int:
        """The offset after the last complete record.

        It is 0 where there is none.
        """
        return min(int(self.ends[-1]) + 1, len(self.text)) if len(self.ends) else 0

    @cached_property
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
        # A record doesn't begin with a newline, but lines of blanks alone were overwritten by them.
        kept = stops > starts
        kept[kept] = self.plain[starts[kept]] != LF
        return starts[kept], stops[kept]


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
    comments = _NO_LINES
    if lexicon.escape is not None and lexicon.escape in text:
        plain = _neutralize(text, lexicon.escape)
    if lexicon.comment is not None and lexicon.comment in plain:
        text, plain, comments = _blank_comments(text, plain, lexicon, at_end=at_end)
    ends = lines if lexicon.escape is None and lexicon.comment is None else line_ends(plain, at_end=at_end)
    if lexicon.trim and lexicon.delimiter == SPACE:
        text, plain = join_runs(text, plain, lexicon)
    if lexicon.trim and lexicon.quote is not None:
        text, plain = _move_blanks(text, plain, lexicon)
    quotes = find_quotes(plain, lexicon)
    if len(quotes.positions):
        ends = ends[quotes.state_at(ends) == 0]
    if at_end and not quotes.exit and len(text) and not (len(ends) and ends[-1] == len(text) - 1):
        ends = np.append(ends, len(text))
    return Lexed(text, plain, lines, ends, quotes, comments, quotes.followed_by_text(plain, lexicon))


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


def _move_blanks(text: Bytes, plain: Bytes, lexicon: Lexicon) -> tuple[Bytes, Bytes]:
    """Moves blanks before an opening quote to after it.

    The quote then stands at the cell's start, where PyArrow takes it for an opening one.
    """
    runs = QuoteRuns.of(plain, np.flatnonzero(plain == lexicon.quote), lexicon, LF)
    quotes = runs.positions[runs.opens & (runs.states_before(0) == 0) & (runs.positions > 0)]
    quotes = quotes[lexicon.blanks[plain[quotes - 1]]]
    if not len(quotes):
        return text, plain
    starts = blank_starts(plain, quotes, lexicon)
    quote = plain[quotes[0]]
    same = plain is text
    text = text.copy()
    plain = text if same else plain.copy()
    for moved in (text, plain):
        moved[starts] = quote
        moved[quotes] = SPACE
    return text, plain


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


def _blank_comments(text: Bytes, plain: Bytes, lexicon: Lexicon, *, at_end: bool) -> tuple[Bytes, Bytes, Lines]:
    """Overwrites comment lines by newlines, which are blank lines then.

    One that isn't complete is made literal, so that no record ends in it, and isn't returned.
    """
    lines = line_ends(plain, at_end=at_end)
    starts = np.concatenate([[0], lines + 1])
    stops = np.append(lines, len(plain))
    found = np.flatnonzero((starts < len(plain)) & (plain[np.minimum(starts, len(plain) - 1)] == lexicon.comment))
    text, plain = text.copy(), plain.copy()
    done = state = 0
    comments = []
    for start, stop in zip(starts[found].tolist(), stops[found].tolist(), strict=True):
        state = find_quotes(plain[done:start], lexicon, LF, state).exit
        done = start
        if state == 0:
            complete = stop < len(plain) or at_end
            text[start:stop] = plain[start:stop] = LF if complete else _LITERAL
            done = stop
            comments += [(start, stop)] * complete
    starts, stops = np.array(comments, np.int64).reshape(-1, 2).T
    return text, plain, Lines(starts, stops)
