"""Rewrites a text as PyArrow's parser needs it."""

import numpy as np

from shardmill.transforms.records.lexicon import CR, LF, SPACE, Bytes, Lexicon, Positions
from shardmill.transforms.records.quotes import QuoteRuns, blank_starts, find_quotes
from shardmill.transforms.records.space_runs import join_runs

# Stands for bytes that mean nothing to the lexer.
_LITERAL = ord("a")


def arrow_text(text: Bytes, lexicon: Lexicon, *, at_end: bool) -> Bytes:
    """The text to parse.

    Complete comment lines are overwritten by newlines, and so are lines of blanks alone where runs
    of spaces delimit; blanks before a quote that opens a cell are moved to after it (with `trim`,
    they are dropped there).
    """
    plain = text
    if lexicon.escape is not None and lexicon.escape in text:
        plain = _neutralize(text, lexicon.escape)
    if lexicon.comment is not None and lexicon.comment in plain:
        text, plain = _blank_comments(text, plain, lexicon, at_end=at_end)
    if lexicon.trim and lexicon.delimiter == SPACE:
        text, plain = join_runs(text, plain, lexicon)
    if lexicon.trim and lexicon.quote is not None:
        text, plain = _move_blanks(text, plain, lexicon)
    return text


def _line_ends(text: Bytes, *, at_end: bool) -> Positions:
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


def _blank_comments(text: Bytes, plain: Bytes, lexicon: Lexicon, *, at_end: bool) -> tuple[Bytes, Bytes]:
    """Overwrites comment lines by newlines, which are blank lines then.

    One that isn't complete is made literal, so that no record ends in it.
    """
    lines = _line_ends(plain, at_end=at_end)
    starts = np.concatenate([[0], lines + 1])
    stops = np.append(lines, len(plain))
    found = np.flatnonzero((starts < len(plain)) & (plain[np.minimum(starts, len(plain) - 1)] == lexicon.comment))
    text, plain = text.copy(), plain.copy()
    done = state = 0
    for start, stop in zip(starts[found].tolist(), stops[found].tolist(), strict=True):
        state = find_quotes(plain[done:start], lexicon, LF, state).exit
        done = start
        if state == 0:
            complete = stop < len(plain) or at_end
            text[start:stop] = plain[start:stop] = LF if complete else _LITERAL
            done = stop
    return text, plain
