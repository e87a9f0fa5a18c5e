"""The reader's account: tables come back as they were written, and of any bytes no row is lost."""

import csv
import io
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv import blocks
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.decoding.text import HEAD_BYTES, check_head
from shardmill.transforms.records.skipped import Skipped
from shardmill.transforms.scoring.samples import Sample
from shardmill.transforms.sniff.sniff import sniff
from tests.support.csv.csv_blocks import BYTES, plan, read_units, select, values
from tests.support.csv.csv_machine import Found, UnclosedError, read_slowly

NAMES = ("head_1", "head_2", "head_3")
DELIMITERS = (",", ";", "\t", "|", " ", ":")
QUOTINGS = (csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC, csv.QUOTE_NONE)
CELLS = st.text(st.sampled_from([*"ab1,;\t| :\"'\\#\n\ré名", "x", "x"]), max_size=6)
PIECES = (
    "a",
    "1",
    ",",
    ",",
    ";",
    '"',
    '"',
    '""',
    "'",
    " ",
    "\t",
    "\n",
    "\n",
    "\r",
    "\r\n",
    "\\",
    "#",
    "\n#",
    '",',
    ',"',
)
TEXTS = st.lists(st.sampled_from([each.encode() for each in PIECES] + [b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\0"]))
BYTES_OF_ANY_KIND = st.one_of(TEXTS.map(b"".join), st.binary(max_size=60))
DIALECTS = st.builds(
    Dialect,
    delimiter=st.sampled_from([",", ",", ";", "\t", " "]),
    quote=st.sampled_from(['"', '"', "'", None]),
    escape=st.sampled_from([None, None, "\\"]),
    comment=st.sampled_from([None, None, "#"]),
    null_values=st.sampled_from([("",), ("", " a", "1 ")]),
    trim=st.booleans(),
    skip_rows=st.sampled_from([0, 0, 1, 3]),
    header=st.just(value=False),
    columns=st.just(("a", "b")),
)
# A file of this size isn't cut.
WHOLE = 1 << 30
# Why text of any kind may be refused, beside an end within quotes: it looks like something else.
OTHER_KINDS = "isn't a CSV file|looks like a binary file|byte order mark"


@settings(max_examples=400)
@given(
    st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=5),
    st.tuples(st.sampled_from(DELIMITERS), st.sampled_from(['"', "'"]), st.sampled_from(QUOTINGS)),
    st.booleans(),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([3, 50, 1 << 20]),
)
def test_tables_of_python_are_read_back(
    rows: list[list[str]], characters: tuple[str, str, Any], doubled: bool, end: str, block: int
) -> None:
    """Whatever Python's csv module writes, in any dialect, is read as it was, empty cells as missing ones."""
    delimiter, quote, quoting = characters
    escape = None if doubled and quoting != csv.QUOTE_NONE else "\\"
    stream = io.StringIO()
    written = csv.writer(
        stream,
        delimiter=delimiter,
        quotechar=quote,
        quoting=quoting,
        doublequote=doubled,
        escapechar=escape,
        lineterminator=end,
    )
    written.writerows([NAMES, *rows])
    # Older Pythons don't escape the escape itself.
    assume(list(csv.reader(io.StringIO(stream.getvalue(), newline=""), written.dialect)) == [list(NAMES), *rows])
    dialect = Dialect(delimiter=delimiter, quote=None if quoting == csv.QUOTE_NONE else quote, escape=escape)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", block)
        skipped = Skipped()
        selection = select(**dict.fromkeys(NAMES, BYTES))
        found = read_units(stream.getvalue().encode(), [Unit(0, 0, "f.csv")], dialect, selection, skipped)
    assert not any(each.rejects for each in found)
    assert [list(row) for row in zip(*values(found).values(), strict=True)] == [
        [cell or None for cell in row] for row in rows
    ]
    assert skipped == Skipped(lines=skipped.lines)


@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow])
@given(BYTES_OF_ANY_KIND, DIALECTS, st.sampled_from([1, 7, 1 << 20]), st.sampled_from([None, 5, 17]))
@example(b"#a\n\n#b", Dialect(comment="#", header=False, columns=("a", "b")), 1, None)
@example(b"1,2\r#c\r\r3,4\r", Dialect(comment="#", header=False, columns=("a", "b")), 7, None)
@example(b"#a\\\nb\n\n1,2", Dialect(comment="#", escape="\\", header=False, columns=("a", "b")), 7, None)
@example(b"x\ny", Dialect(skip_rows=3, header=False, columns=("a", "b")), 7, None)
@example(b'" a"  \t b\n1  2 \n', Dialect(delimiter=" ", trim=True, header=False, columns=("a", "b")), 7, None)
@example(b' "a, b" ,\t"c""d"\t\n', Dialect(trim=True, header=False, columns=("a", "b")), 7, None)
@example(b'1,"x\n2,"y\n\n3,4\n', Dialect(header=False, columns=("a", "b")), 7, 5)
def test_of_any_bytes_no_row_is_lost(data: bytes, dialect: Dialect, block: int, unit_bytes: int | None) -> None:
    """Rows, rejected rows, comments, blank and skipped lines are those of a reading byte by byte, whatever the cut."""
    check_account(data, dialect, select(a=BYTES, b=BYTES), block, unit_bytes)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.sampled_from(["1,2", "a,b", "x;y", '"p,q",3', "# c", "", "Total", "1\t2", "'s,t',4", '5,"u']), max_size=9
    ),
    st.sampled_from(["\n", "\r\n"]),
    BYTES_OF_ANY_KIND,
)
def test_a_guessed_dialect_loses_no_row(lines: list[str], end: str, tail: bytes) -> None:
    """Whatever dialect is guessed of a file, the account of its rows is whole under it."""
    data = end.join([*lines, ""]).encode() + tail
    try:
        dialect = sniff([Sample("f.csv", data, complete=True)]).dialect
    except DataError:
        return
    assume(dialect.encoding == "utf-8")
    # With names of its own the first record is a row, too.
    columns = tuple(f"column_{number}" for number in range(1, 1 + len(dialect.columns or ("a", "b"))))
    dialect = replace(dialect, header=False, columns=columns)
    check_account(data, dialect, select(**dict.fromkeys(columns, BYTES)), 1 << 20, None)


def check_account(data: bytes, dialect: Dialect, selection: Selection, block: int, unit_bytes: int | None) -> None:
    """Holds the reader's account of a file against a reading byte by byte."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", block)
        try:
            expected = read_slowly(data, dialect)
        except UnclosedError:
            with pytest.raises(DataError, match=f"is never closed|nothing follows|{OTHER_KINDS}"):
                read_units(data, plan(data, unit_bytes or WHOLE, dialect), dialect, selection)
            return
        try:
            check_head(data[:HEAD_BYTES], "f.csv", dialect.encoding)
        except DataError:
            return
        skipped = Skipped()
        found = read_units(data, plan(data, unit_bytes or WHOLE, dialect), dialect, selection, skipped)
    counts = {kind: sum(each.kind == kind for each in expected) for kind in ("above", "comment", "blank")}
    assert skipped == Skipped(*counts.values(), lines=skipped.lines)
    records = [each for each in expected if each.kind == "record"]
    good = [each for each in records if is_good(each, len(selection.columns))]
    lines = [line for each in found if each.origin for line in each.origin.lines.tolist()]
    assert lines == [each.line for each in good]
    bad = [(reject.line, reject.row) for each in found for reject in each.rejects]
    assert bad == [(each.line, each.text) for each in records if each not in good]
    assert [list(row) for row in zip(*values(found).values(), strict=True)] == [
        [text_of(cell, dialect) for cell in each.cells] for each in good
    ]


def text_of(cell: bytes, dialect: Dialect) -> str | None:
    """A cell's text; None where it is missing."""
    text = (cell.strip() if dialect.trim else cell).decode()
    spelled = {text} if dialect.trim and dialect.delimiter == " " else {text, cell.decode()}
    return None if not text or spelled & set(dialect.null_values) else text


def is_good(found: Found, width: int) -> bool:
    """Whether a record is a row: of so many cells, whole, and text."""
    try:
        found.text.decode()
    except UnicodeDecodeError:
        return False
    return not found.torn and len(found.cells) == width and not found.text.startswith(b"\xef\xbb\xbf")
