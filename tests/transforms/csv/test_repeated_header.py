"""Rows that repeat their file's header: files that were joined."""

import io
from dataclasses import replace

import pytest

from shardmill.schemas.schema import ColumnType
from shardmill.transforms.csv import blocks
from shardmill.transforms.csv.blocks import read_blocks
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection, SplitKey
from shardmill.transforms.csv.units import InputFile, file_ranges, plan_units, scan_range
from tests.support.csv.csv_blocks import BYTES, FLOAT, INT, read, rejects, select, values

AB = select(a=BYTES, b=BYTES)
REASON = "a row that repeats the header, as where files were joined"


@pytest.mark.parametrize(
    ("header", "row", "dialect"),
    [
        ("a,b", "a,b", Dialect()),
        ("a,b", '"a","b"', Dialect()),
        ('"a",b', 'a,"b"', Dialect()),
        ("a, b", "a, b", Dialect()),
        ("a, b", 'a," b"', Dialect()),
        ("a, b", " a,b", Dialect(trim=True)),
        ("a,b", ' "a" ,"b" ', Dialect(trim=True)),
        ("a;b", "a;b", Dialect(delimiter=";")),
        ("a,b", "\\a,b", Dialect(escape="\\")),
        ("a,b", "'a',b", Dialect(quote="'")),
        ("x,y", "x,y", Dialect(rename=(("x", "a"), ("y", "b")))),
        ("a,b", "a,b", Dialect(null_values=("", "a"))),
        ("a,b", "a,b", Dialect(null_values=("", "a", "b"))),
        ("a,,b", "a,,b", Dialect(extra_columns="ignore")),
        ("a,b,a", "a,b,a", Dialect(extra_columns="ignore")),
        ("b,c,a", "b,c,a", Dialect(extra_columns="ignore")),
        ("b", "b", Dialect(missing_columns="null")),
        ("a,名前", "a,名前", Dialect(missing_columns="null", extra_columns="ignore")),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_row_like_the_header_is_rejected(header: str, row: str, dialect: Dialect, end: str) -> None:
    """However its cells are quoted, renamed or repaired; of a single column such a cell may be a value."""
    width = header.count(dialect.delimiter) + 1
    other = dialect.delimiter.join("123"[:width])
    data = end.join([header, other, row, other, row]).encode()
    found = read(data, AB, dialect)
    lines = [(reject.line, reject.column, reject.reason, reject.row) for reject in rejects(found)]
    expected = [(line, None, REASON, row.encode()) for line in (3, 5)]
    assert lines == (expected if width > 1 else [])
    assert [block.rows for block in found] == ([2] if width > 1 else [4])


@pytest.mark.parametrize(
    ("header", "row", "dialect"),
    [
        ("a,b", "b,a", Dialect()),
        ("a,b", "a,B", Dialect()),
        ("a,b", "a, b", Dialect()),
        ("a,b", "a,", Dialect()),
        ("a,b", ",", Dialect(null_values=("", "a", "b"))),
        ("a,b,c", "a,b,d", Dialect(extra_columns="ignore")),
        ("a,b,c", "a,b,", Dialect(extra_columns="ignore")),
        ("a,b,?", b"a,b,\xff", Dialect(extra_columns="ignore")),
        ("a,b", "a,b", Dialect(header=False, columns=("a", "b"))),
    ],
)
def test_other_rows_are_rows(header: str, row: str | bytes, dialect: Dialect) -> None:
    """Those that differ in any cell, wanted or not, and those of files without a header."""
    data = f"{header}\n".encode() + (row if isinstance(row, bytes) else row.encode()) + b"\n"
    found = read(data, AB, dialect)
    assert rejects(found) == []
    assert sum(block.rows for block in found) == (1 if dialect.header else 2)


@pytest.mark.parametrize(
    "selection",
    [
        select(a=INT, b=BYTES),
        Selection(select(b=BYTES).columns, names=("a", "b")),
        Selection(select(b=INT).columns, names=("a", "b"), key=SplitKey(("a", "b")), required=frozenset({"b"})),
        Selection((), names=("a", "b")),
    ],
)
@pytest.mark.parametrize("block", [1, 9, 1 << 20])
def test_it_is_found_whatever_columns_are_read(
    selection: Selection, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whatever types and chunks; it is told before what is wrong with its cells."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block)
    found = read(b"a,b\n1,2\na,b\n\n3,b\n4,1\na,b\n", replace(selection, names=("a", "b")))
    assert [(reject.line, reject.column) for reject in rejects(found) if reject.reason == REASON] == [
        (3, None),
        (7, None),
    ]


@pytest.mark.parametrize("name", ["1", "inf", "nan", "NA", "1e5", " 7"])
@pytest.mark.parametrize("column_type", [INT, FLOAT, BYTES])
def test_it_is_found_where_names_are_values(name: str, column_type: ColumnType) -> None:
    """A column of numbers without a bad cell tells nothing where its name is a number, too, or stands for a missing one."""
    data = f"{name},b\n3,4\n{name},b\n5,6\n".encode()
    found = read(data, select(**{name.strip(): column_type, "b": BYTES}), Dialect(null_values=("", "NA")))
    assert [(reject.line, reject.reason) for reject in rejects(found)] == [(3, REASON)]


def test_it_is_found_in_every_unit() -> None:
    """Units that don't begin their file know its header, too."""
    lines = ["a,b", *(f"{number},x" for number in range(200)), '"a",b'] * 3
    data = "\n".join(lines).encode()
    files = [InputFile("f.csv", len(data))]
    ranges = file_ranges(files, Dialect(), 500)
    scans = [scan_range(data[each.read_start : each.stop], each, Dialect()) for each in ranges]
    units = plan_units(files, scans, Dialect(), 500)
    assert len(units) > 3
    found = [block for unit in units for block in read_blocks(io.BytesIO(data[unit.start :]), unit, Dialect(), AB)]
    assert [reject.line for reject in rejects(found)] == [202, 203, 404, 405, 606]
    assert {reject.reason for reject in rejects(found)} == {REASON}
    assert sum(block.rows for block in found) == 600


def test_a_header_with_a_byte_order_mark_tells_the_mark() -> None:
    """Where the joined file began with one, that is what no reader expects."""
    found = read("\ufeffa,b\n1,2\n\ufeffa,b\n3,4\na,b\n".encode(), AB)
    assert [reject.reason for reject in rejects(found)] == [
        "a byte order mark at its start, as stands where files were joined",
        REASON,
    ]
    assert values(found) == {"a": ["1", "3"], "b": ["2", "4"]}
