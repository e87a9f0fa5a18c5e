"""Scans of ranges tell what they do to each state, and compose."""

from dataclasses import replace

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shardmill.transforms.records.lexicon import Lexicon
from shardmill.transforms.records.range_scan import (
    AFTER_QUOTE,
    QUOTED,
    UNQUOTED,
    Position,
    RangeScan,
    nothing,
    scan_text,
)

PIECES = ["a", "b", ",", ",", '"', '"', '""', '","', "\n", "\n", "\r", "\r\n", '\n"', '"\n', " ", '" ', "x" * 30]
TEXTS = st.tuples(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=6, unique=True).flatmap(
        lambda few: st.lists(st.sampled_from(few), max_size=60)
    ),
    st.integers(0, 70),
).map(lambda parts: ("x" * parts[1] + "".join(parts[0])).encode())
LEXICONS = st.sampled_from([Lexicon(44, 34), Lexicon(32, 34), Lexicon(44)])
START = 7


def scan(text: bytes, before: int, lexicon: Lexicon) -> RangeScan:
    """Scans a range that begins at byte `START`."""
    return scan_text(nothing(0, START), np.frombuffer(text, np.uint8), before, lexicon)


def slow_scan(
    text: bytes, before: int, state: int, lexicon: Lexicon
) -> tuple[int, Position | None, Position | None, int]:
    """The state after a text, where the first record starts, where the last quote opens, and the lines: from byte to byte."""
    quote, boundary, opened, lines = lexicon.quote, None, None, 0
    if state == AFTER_QUOTE and before != quote:
        state = UNQUOTED
    for at, byte in enumerate(text):
        if state == UNQUOTED and boundary is None and (before == 10 or (before == 13 and byte != 10)):
            boundary = Position(START + at, lines)
        if byte == quote and state != UNQUOTED:
            state = AFTER_QUOTE if state == QUOTED else QUOTED
        elif byte == quote and before in (lexicon.delimiter, 10, 13):
            state, opened = QUOTED, Position(START + at, lines)
        elif state == AFTER_QUOTE:
            state = UNQUOTED
        lines += byte == 13 or (byte == 10 and before != 13)
        before = byte
    return state, boundary, opened if state else None, lines


@settings(max_examples=500)
@given(TEXTS.filter(bool), st.sampled_from(b'\n\r",a '), LEXICONS)
@example(b'""', 34, Lexicon(44, 34))
@example(b'\n"\n', 13, Lexicon(44, 34))
def test_any_range_has_the_effect_of_a_slow_scan(text: bytes, before: int, lexicon: Lexicon) -> None:
    """Whatever is before it, the state after it, its first record's start and the last opening quote are those found byte by byte."""
    found = scan(text, before, lexicon)
    for state in (UNQUOTED, QUOTED, AFTER_QUOTE):
        exits, boundary, opened, lines = slow_scan(text, before, state, lexicon)
        assert (found.exits[state], found.boundaries[state], found.opened[state]) == (exits, boundary, opened)
        assert (found.lines, found.stop) == (lines, START + len(text))


@given(TEXTS, st.integers(0, 200), LEXICONS)
def test_the_scans_of_parts_compose(text: bytes, cut: int, lexicon: Lexicon) -> None:
    """A range scanned in two parts gives what it gives at once."""
    cut = min(cut, len(text))
    before = text[cut - 1] if cut else 10
    parts = scan_text(scan(text[:cut], 10, lexicon), np.frombuffer(text[cut:], np.uint8), before, lexicon)
    assert parts == scan(text, 10, lexicon)


@given(TEXTS)
def test_a_blank_before_a_quote_is_told_where_it_matters(text: bytes) -> None:
    """Only with `trim`, and only of a blank that delimits no cells."""
    for lexicon in (Lexicon(44, 34), Lexicon(32, 34)):
        blanks = b' "' in b"\n" + text and lexicon.delimiter == 44
        assert scan(text, 10, replace(lexicon, trim=True)).whole is blanks
        assert not scan(text, 10, lexicon).whole
