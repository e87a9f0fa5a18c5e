"""Tables that Python's csv module writes in any dialect are read back in the guessed one; no row of any text is lost."""

import csv
import io
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from shardmill.schemas.errors import DataError
from tests.support.csv.csv_machine import UnclosedError, read_slowly
from tests.support.csv.sniffed import read_sniffed

# Cells as people have them: words, amounts, dates, text with all that is special somewhere.
_WORDS = st.text("abcdeé ", min_size=1, max_size=6).map(str.strip).filter(bool)
_PLAIN = st.one_of(
    _WORDS, st.integers(-999, 9999).map(str), st.sampled_from(["2020-01-31", "1.5", "0", "10:30", "yes", "x@y.z"])
)
_SPECIAL = st.text("ab1,;|\t\"'\\\n#:. -", max_size=8).map(str.strip)
_QUOTINGS = st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])


@st.composite
def tables(draw: st.DrawFn, cells: st.SearchStrategy[str]) -> list[list[str]]:
    """Some rows of two to five cells, with a header of words."""
    width = draw(st.integers(2, 5))
    header = draw(st.lists(st.from_regex("[a-z]{3,6}", fullmatch=True), min_size=width, max_size=width, unique=True))
    return [header, *draw(st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=8))]


def written(rows: list[list[str]], **settings: Any) -> str:
    """The text of some rows in a dialect of Python's csv module."""
    stream = io.StringIO(newline="")
    csv.writer(stream, **settings).writerows(rows)
    return stream.getvalue()


def check(text: str, rows: list[list[str]]) -> None:
    """Holds what is read against what was written, unless the guess says that it isn't sure."""
    # Nothing is missing and nothing is a comment: these are for rows to say, not for a dialect.
    table = read_sniffed(text, null_values=("",), trim=False, comment=None, skip_rows=0, header=True)
    if table.sure:
        assert table.names == rows[0]
        assert [[cell or "" for cell in row] for row in table.rows] == rows[1:]


@given(
    tables(_PLAIN),
    st.sampled_from(",;|\t "),
    st.sampled_from("\"'"),
    _QUOTINGS,
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_plain_tables_are_read_back(rows: list[list[str]], delimiter: str, quote: str, quoting: Any, end: str) -> None:
    """Whatever their delimiter, quotes and line ends."""
    check(written(rows, delimiter=delimiter, quotechar=quote, quoting=quoting, lineterminator=end), rows)


@given(tables(_SPECIAL | _PLAIN), st.sampled_from(",;|\t"), st.sampled_from("\"'"))
def test_tables_of_quoted_text_are_read_back(rows: list[list[str]], delimiter: str, quote: str) -> None:
    """Also where cells hold delimiters, quotes, line ends and backslashes."""
    check(written(rows, delimiter=delimiter, quotechar=quote, quoting=csv.QUOTE_ALL), rows)


@given(tables(_PLAIN | st.text("ab\"'", max_size=5)), st.sampled_from(",;|\t"))
def test_tables_with_escapes_are_read_back(rows: list[list[str]], delimiter: str) -> None:
    """Quotes are escaped, not doubled."""
    check(written(rows, delimiter=delimiter, quoting=csv.QUOTE_ALL, doublequote=False, escapechar="\\"), rows)


@given(st.lists(st.text("ab1,;\t|\"'#: \\", max_size=12), min_size=1, max_size=12).map("\n".join))
@example("1\n;\n\\\n")
@example("|#;\na")
@example('a,b\n1,2\n!bad\n"x\n')
@example("# a\n# b\n1,2\n# c\n3,4\n")
def test_no_row_of_any_text_is_lost(text: str) -> None:
    """Rows read, rejected rows, comments, blank lines and skipped lines are all that an independent reading finds."""
    try:
        table = read_sniffed(text)
        found = read_slowly(text.encode(), table.dialect)
    except (DataError, UnclosedError):
        return
    records = sum(each.kind == "record" for each in found)
    assert len(table.rows) + len(table.rejected) + (table.dialect.header and records > 0) == records
    # The last line may have no end.
    lines = len(found) + sum(each.text.count(b"\n") for each in found)
    assert lines - text.count("\n") in {0, 1}
