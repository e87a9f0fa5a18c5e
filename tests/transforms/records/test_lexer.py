"""The kernel finds the records, cells and lines of any text in any dialect."""

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyarrow import csv

from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.units import lexicon_of
from shardmill.transforms.kernel.library import SLACK
from shardmill.transforms.records.lexer import Lexed, lex, skip_lines
from shardmill.transforms.records.lexicon import Lexicon
from tests.support.csv.csv_machine import Found, UnclosedError, read_slowly
from tests.support.locations import ROOT

DIALECTS = [
    Dialect(),
    Dialect(quote=None),
    Dialect(delimiter="\t", quote="'"),
    Dialect(trim=True),
    Dialect(delimiter="\t", trim=True),
    Dialect(delimiter=" ", trim=True),
    Dialect(delimiter=" ", trim=True, quote=None),
    Dialect(escape="\\"),
    Dialect(comment="#"),
    Dialect(comment="#", escape="\\"),
    Dialect(trim=True, comment="#", escape="\\"),
    Dialect(delimiter=" ", trim=True, comment="#", escape="\\"),
]
PIECES = [b"a", b"12", b",", b",", b'"', b'"', b'""', b'","', b"'", b"\n", b"\n", b"\r", b"\r\n", b" ", b"  ", b"\t"]
PIECES += [b' "', b'" ', b'"\n', b'\n"', b"\\", b'\\"', b"#", b"\n#", b"\0", b"\xff", b"x" * 30]
# Long enough to go over the edges of the blocks of 64 bytes in which most dialects are read.
TEXTS = st.tuples(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=6, unique=True).flatmap(
        lambda few: st.lists(st.sampled_from(few), max_size=60)
    ),
    st.integers(0, 70),
).map(lambda parts: b"x" * parts[1] + b"".join(parts[0]))


def lexed(text: bytes, dialect: Dialect, *, at_end: bool = True) -> Lexed:
    """A text's records."""
    return lex(np.frombuffer(text, np.uint8), lexicon_of(dialect), at_end=at_end)


def slow_reading(text: bytes, dialect: Dialect) -> tuple[list[Found], bool, bool]:
    """What a text holds up to its last complete line, and whether it ends inside quotes, or with an escape outside them."""
    try:
        return read_slowly(text, dialect), False, False
    except UnclosedError as error:
        return error.found, error.quoted, not error.quoted


def cells_of(found: Lexed) -> list[list[bytes]]:
    """The text of all cells, with quotes and escapes, without blanks around."""
    cuts = (found.separators + np.uint32(1)).astype(np.int64).tolist()
    return [
        [found.data[cuts[at] : cuts[at + 1] - 1].tobytes().strip(b" \t") for at in range(first, first + count)]
        for first, count in zip(found.first.tolist(), found.cells.tolist(), strict=True)
    ]


@settings(max_examples=600)
@given(TEXTS, st.sampled_from(DIALECTS))
@example(b'a"b\n"c\nd",e\n', DIALECTS[0])
@example(b'""\n"a""\n"\n', DIALECTS[0])
@example(b'a\r\r\n\n"x\r"y"\rb', DIALECTS[0])
@example(b'#"\n"#\n#"\n', DIALECTS[9])
@example(b"#\\\n,\n", DIALECTS[9])
@example(b' "a\n"\n #"\n"\n', DIALECTS[10])
@example(b"a b\n \t\n1 1\n  ", DIALECTS[5])
@example(b"\\\r\na", DIALECTS[7])
def test_any_text_is_cut_as_by_a_slow_reading(text: bytes, dialect: Dialect) -> None:
    """Records, cells, lines and faults are those that going from byte to byte gives."""
    expected, is_open, is_escaped = slow_reading(text, dialect)
    records = [each for each in expected if each.kind == "record"]
    found = lexed(text, dialect, at_end=not is_escaped)
    starts, stops = found.spans
    assert starts.dtype == stops.dtype == np.int64
    assert [text[start:stop] for start, stop in zip(starts, stops, strict=True)] == [each.text for each in records]
    assert starts.tolist() == [each.start for each in records]
    assert cells_of(found) == [[cell.strip(b" \t") for cell in each.raw] for each in records]
    assert (found.lines_before(starts) + 1).tolist() == [each.line for each in records]
    assert found.stray.records.tolist() == [at for at, each in enumerate(records) if each.torn]
    assert (found.blank, found.comments) == tuple(
        sum(each.kind == kind for each in expected) for kind in ("blank", "comment")
    )
    assert found.stop == (expected[-1].stop if expected else 0)
    assert found.lines == found.line_at(found.stop)
    assert (found.opened >= 0) is is_open
    assert found.high is (b"\xff" in text)


@settings(max_examples=300)
@given(TEXTS, st.sampled_from(DIALECTS), st.integers(0, 200))
@example(b"a\r\nb", DIALECTS[0], 2)
@example(b"# a\r\nb", DIALECTS[8], 4)
def test_a_cut_text_has_the_lines_that_are_complete(text: bytes, dialect: Dialect, cut: int) -> None:
    """A line is complete where its end is, for a carriage return with the byte after it; and reading goes on from there."""
    cut = min(cut, len(text))
    expected, _, _ = slow_reading(text, dialect)
    complete = [
        each
        for each in expected
        if each.stop <= cut and text[each.start : each.stop] != each.text and (each.stop < cut or text[cut - 1] != 13)
    ]
    found = lexed(text[:cut], dialect, at_end=False)
    assert found.stop == (complete[-1].stop if complete else 0)
    assert found.spans[0].tolist() == [each.start for each in complete if each.kind == "record"]
    whole, rest = lexed(text, dialect), lexed(text[found.stop :], dialect)
    assert cells_of(found) + cells_of(rest) == cells_of(whole)
    assert (found.lines + rest.lines, found.blank + rest.blank, found.comments + rest.comments) == (
        whole.lines,
        whole.blank,
        whole.comments,
    )


@given(
    st.lists(st.sampled_from([b"a", b",", b'"', b'"', b'""', b"\n", b"\r\n", b" ", b"x" * 60]), max_size=60).map(
        b"".join
    )
)
def test_records_are_those_of_pyarrow(text: bytes) -> None:
    """PyArrow's parser finds as many records with as many cells, in malformed text, too."""
    found = lexed(text, Dialect())
    if found.opened >= 0 or not len(found.first):
        return
    others: list[int] = []

    def note(row: csv.InvalidRow) -> str:
        others.append(row.actual_columns)
        return "skip"

    width = int(found.cells[0])
    table = csv.open_csv(
        io.BytesIO(text),
        read_options=csv.ReadOptions(
            use_threads=False, column_names=[str(at) for at in range(width)], block_size=len(text) + 1
        ),
        parse_options=csv.ParseOptions(newlines_in_values=True, invalid_row_handler=note),
    ).read_all()
    assert table.num_rows == np.count_nonzero(found.cells == width)
    assert others == found.cells[found.cells != width].tolist()


@given(st.lists(st.sampled_from([b"a", b"\n", b"\r", b"\r\n", b'"']), max_size=9).map(b"".join), st.integers(0, 9))
def test_lines_are_skipped_whatever_is_in_them(text: bytes, count: int) -> None:
    """The offset is after the last line end that counts."""
    for at_end in (True, False):
        ends = text if at_end or not text.endswith(b"\r") else text[:-1]
        lines = [line for line in ends.splitlines(keepends=True) if line.endswith((b"\r", b"\n"))][:count]
        assert skip_lines(np.frombuffer(text, np.uint8), count, at_end=at_end) == (
            sum(map(len, lines)),
            count - len(lines),
        )


def test_text_after_a_closing_quote_is_told_with_its_cell() -> None:
    """Of each record the first such cell, and where its text begins after blanks."""
    found = lexed(b'a,"b" ,c\n1,"2" x,"3"y\n"4" \n""z,"', Dialect())
    assert [each.tolist() for each in found.stray] == [[1], [1], [15]]


def test_the_packed_dialect_is_as_the_sources_say() -> None:
    """Python gives the bytes in the order of C's structure."""
    assert Lexicon(44, 34, 92, 35, trim=True).packed == b',"\\#\1\1\1\1'
    assert Lexicon(9).packed == b"\t\0\0\0\0\0\0\0"
    order = "u8 delimiter, quote, escape, comment, has_quote, has_escape, has_comment, trim;"
    assert order in (ROOT / "native" / "records" / "dialect.h").read_text(encoding="utf-8")


def test_a_text_of_two_gibibytes_is_refused() -> None:
    """Offsets are 32-bit numbers."""
    text = np.broadcast_to(np.uint8(0), (1 << 31,))
    said = "a text to cut into records: expected at most 2,147,483,647 bytes, received 2,147,483,648; lex fewer bytes at once"
    with pytest.raises(ValueError, match=f"^{said}$"):
        lex(text, Lexicon(44), at_end=True)


def test_a_text_with_more_separators_than_the_last_is_read() -> None:
    """A thread's memory grows with its texts, and what an earlier text gave stays as it was."""
    few, many = lexed(b"1,2\n", Dialect()), lexed(b",\n" * 100_000, Dialect())
    assert (few.separators.tolist(), many.first.tolist()[-1]) == ([(1 << 32) - 1, 1, 3], 199_998)
    assert len(lexed(b",\n" * 10, Dialect()).first) == 10
    assert many.cells.tolist() == [2] * 100_000


def test_memory_is_used_again_once_nobody_holds_it() -> None:
    """What a text's records hold stays as it is while further texts are lexed, and is written to when they are gone."""
    lexicon = lexicon_of(Dialect())
    texts = [
        np.frombuffer(line * 3 + bytes(SLACK), np.uint8)[:-SLACK] for line in (b"a,b\n", b"a,b,c\n", b"abc,d,e,f\n")
    ]

    def lex_all() -> None:
        held = [lex(text, lexicon, at_end=True) for text in reversed(texts)]
        for lexed, commas, size in zip(held, (3, 2, 1), (10, 6, 4), strict=True):
            assert lexed.cells.tolist() == [commas + 1] * 3
            assert lexed.separators[lexed.first].tolist() == [2**32 - 1, size - 1, 2 * size - 1]
        released = held.pop(0).separators.ctypes.data
        assert lex(texts[0], lexicon, at_end=True).separators.ctypes.data == released

    # A thread of its own has nothing from other tests.
    with ThreadPoolExecutor(1) as executor:
        executor.submit(lex_all).result()
