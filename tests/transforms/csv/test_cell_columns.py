"""Cells to typed columns by the kernel, against PyArrow's CSV parser and casts."""

import pickle
import struct
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyarrow import csv

from shardmill.schemas.schema import ColumnType
from shardmill.transforms.csv import cell_columns
from shardmill.transforms.csv.cell_columns import CellColumn, ColumnParser, Grid
from shardmill.transforms.kernel.library import SLACK
from shardmill.transforms.numbers.cast import Cast, cast
from shardmill.transforms.numbers.number_format import NumberFormat
from shardmill.transforms.records.lexer import lex
from shardmill.transforms.records.lexicon import Lexicon
from tests.support.csv.csv_blocks import BYTES, FLOAT, INT
from tests.support.csv.grids import grid_of
from tests.support.locations import ROOT

NULLS = ("", "NA", "-9", 'a"b', "n" * 70)
PIECES = (
    "a",
    "1",
    "-",
    "+",
    ".",
    "e5",
    "2.5",
    "inf",
    "nan",
    "NA",
    "-9",
    "0",
    "1e39",
    "16777217",
    "12345678901234567",
    " ",
    "\t",
)
SPECIAL = (",", ",", '"', '"', '""', "\n", "\n", "\r\n", "\\", "n" * 70, "1,2\n", '"1","2"\n', 'a"b', "é", "x" * 17)


def lexicon_with(quote: str | None = '"', escape: str | None = None, *, trim: bool = False) -> Lexicon:
    """Special bytes, with commas."""
    quotes, escapes = (None if each is None else ord(each) for each in (quote, escape))
    return Lexicon(ord(","), quotes, escapes, None, trim)


PLAIN = lexicon_with()


def parse(
    text: bytes, columns: Sequence[CellColumn], lexicon: Lexicon = PLAIN, nulls: Sequence[str] = NULLS
) -> list[Cast]:
    """The columns of a text."""
    parser = ColumnParser(lexicon.packed, nulls, columns)
    values, notable = parser.parse(grid_of(text, lexicon, 1 + max(column.position for column in columns)))
    for index, each in enumerate(values):
        each.validate(full=True)
        assert index not in notable or notable[index].values is each
    return [notable.get(index, Cast(each)) for index, each in enumerate(values)]


def described(found: Cast, column_type: ColumnType) -> Any:
    """All that is known of a column; the bits of floats."""
    values = found.values
    if column_type is FLOAT:
        bits = np.frombuffer(values.fill_null(0.0).buffers()[1], np.uint32, len(values), values.offset * 4).tolist()
        values = zip(bits, values.is_valid().to_pylist(), strict=True)
    return list(values), found.reasons(column_type), found.infinite, found.rounded


def by_pyarrow(text: bytes, width: int, escape: str | None) -> list[pa.Array]:
    """The text of the records with so many cells, by PyArrow's own CSV parser."""
    names = [str(position) for position in range(width)]
    options = csv.ParseOptions(
        escape_char=escape or False,
        newlines_in_values=True,
        invalid_row_handler=lambda _: "skip",
        ignore_empty_lines=True,
    )
    nulls: dict[str, Any] = {
        "strings_can_be_null": True,
        "quoted_strings_can_be_null": True,
        "null_values": list(NULLS),
    }
    read = csv.ReadOptions(use_threads=False, column_names=names, block_size=len(text) + 2)
    convert = csv.ConvertOptions(check_utf8=False, column_types=dict.fromkeys(names, pa.string()), **nulls)
    table = csv.open_csv(pa.BufferReader(b"\n" + text), read, options, convert).read_all()
    return [table.column(name).combine_chunks() for name in names]


@settings(max_examples=400)
@given(
    st.lists(st.sampled_from(PIECES + SPECIAL), max_size=40).map("".join),
    st.integers(1, 3),
    st.sampled_from([None, "\\"]),
    st.sampled_from(["keep", "missing", "reject"]),
)
@example('"5",""1\n"5" ,"6""\n"\n', 2, None, "keep")
@example('"1"2",NA"\n', 2, None, "keep")
def test_cells_are_what_pyarrow_reads(text: str, width: int, escape: str | None, infinite: Any) -> None:
    """Text, integers and floats of any text: quotes anywhere, doubled, escaped or never closed, ragged rows, blank lines."""
    data = text.encode() + b"\n"
    lexicon = lexicon_with(escape=escape)
    # PyArrow refuses a text that ends inside a quoted cell, or in an escape: the lexer never gives one.
    stop = lex(np.frombuffer(data, np.uint8), lexicon, at_end=False).stop
    if not stop:
        return
    expected = by_pyarrow(data[:stop], width, escape)
    columns = [CellColumn(position, kind, infinite) for position in range(width) for kind in (BYTES, INT, FLOAT)]
    found = parse(data[:stop], columns, lexicon)
    for column, each in zip(columns, found, strict=True):
        assert each.values.type == column.type.arrow
        exact = cast(expected[column.position], column.type, pa.array(sorted(NULLS)), infinite)
        assert described(each, column.type) == described(exact, column.type)


@given(
    st.lists(st.lists(st.sampled_from((*PIECES, '"', '""', "x" * 17)), max_size=5).map("".join), min_size=1, max_size=9)
)
def test_trimmed_cells(cells: list[str]) -> None:
    """With trim, blanks around text are dropped, before and behind quotes, too; what is left may be missing."""
    quoted = [f' \t"{cell.replace(chr(34), 2 * chr(34))}" ' for cell in cells]
    trimmed = [cell.strip(" \t") for cell in cells]
    expected = [None if cell in NULLS else cell for cell in trimmed]
    found = parse("".join(f"{cell}\n" for cell in quoted).encode(), [CellColumn(0, BYTES)], lexicon_with(trim=True))
    assert found[0].values.to_pylist() == expected


@st.composite
def near_middles(draw: st.DrawFn) -> str:
    """Numbers on, beside and near the middle of two float32, subnormal ones too, in several spellings."""
    bits = draw(st.integers(0, 0x7F7FFFFF))
    low, high = (Decimal(struct.unpack("<f", struct.pack("<I", bits + step))[0]) for step in (0, 1))
    with_digits = format((low + high) / 2 if bits < 0x7F7FFFFF else low, "f")
    digits = draw(st.integers(1, 40))
    text = with_digits if draw(st.booleans()) else f"{Decimal(with_digits):.{digits}e}"
    nudge = draw(st.sampled_from(["", "0", "1", "00000000000000000001"]))
    mantissa, mark, exponent = text.partition("e")
    return draw(st.sampled_from(["", "-", "+"])) + mantissa + (nudge if "." in mantissa else "") + mark + exponent


NUMBERS = st.one_of(
    near_middles(),
    st.floats(width=32).map(repr),
    st.floats().map(repr),
    st.floats(width=32).map(lambda x: f"{x:.3f}"),
    st.integers(-(2**65), 2**65).map(str),
    st.integers(2**24, 2**54).map(lambda x: f"{x}.0"),
    st.from_regex(r"\A[-+]?[0-9]{0,25}\.?[0-9]{0,25}(e[-+]?[0-9]{1,3})?\Z"),
)


@settings(max_examples=1000)
@given(st.lists(NUMBERS, min_size=1, max_size=30))
def test_numbers_are_rounded_as_by_pyarrow(cells: list[str]) -> None:
    """To the last bit, with the whole numbers that float32 doesn't hold; integers exactly."""
    text = "".join(f"{cell or 'x'}\n" for cell in cells).encode()
    found = parse(text, [CellColumn(0, FLOAT), CellColumn(0, INT)])
    for each, column_type in zip(found, (FLOAT, INT), strict=True):
        present = pa.array([None if cell in NULLS and cell else cell or "x" for cell in cells])
        exact = cast(present, column_type, pa.array(sorted(NULLS)))
        assert described(each, column_type) == described(exact, column_type)


@pytest.mark.parametrize(
    ("cell", "column_type"),
    [
        (cell, INT)
        for cell in ("5.0", "+5", " 5", "1e5", '"5.00"', "-0", "0" * 30 + "1", "9" * 18, "NA", "nan", "120e-1")
    ]
    + [
        (cell, FLOAT)
        for cell in ("+5", " 5", "1e-300", "1e-40", "-1e-44", "0.84147098480789650", "16777217", "1e30", "nan", "")
    ],
)
def test_numbers_in_other_spellings_are_read_at_once(
    cell: str, column_type: ColumnType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what is wrong or doubtful is cast from its text."""
    exact = cast(pa.array([cell.strip('"')]), column_type, pa.array(sorted(NULLS)))
    monkeypatch.setattr(cell_columns, "cast", None)
    found, _ = parse(f"{cell},\n".encode(), [CellColumn(0, column_type), CellColumn(1, BYTES)])
    assert described(found, column_type) == described(exact, column_type)


@pytest.mark.parametrize("count", [1, 99])
@pytest.mark.parametrize("listed", [0, 1, 1 << 15])
def test_hard_cells_are_cast_alone_or_with_their_column(
    count: int, listed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether they are few, many, or more than are listed, values and faults stand in their rows."""
    monkeypatch.setattr(cell_columns, "_MOST_HARD", listed)
    rows = 100
    cells = ["x" if row >= rows - count else "12345678901234567890" if row == 0 else str(row) for row in range(rows)]
    text = "".join(f"{cell},{row}\n" for row, cell in enumerate(cells)).encode()
    found, other = parse(text, [CellColumn(0, FLOAT), CellColumn(1, INT)])
    good = [float(np.float32(cell)) if cell != "x" else None for cell in cells]
    assert found.values.to_pylist() == good
    assert found.values.null_count == count
    assert found.reasons(FLOAT) == [(row, "expected a number, found 'x'") for row in range(rows - count, rows)]
    assert found.rounded == int(cells[0] != "x")
    assert other.values.to_pylist() == list(range(rows))


def test_formats_are_read_from_text() -> None:
    """Numbers in a format of their own are respelled first."""
    column = CellColumn(0, INT, number_format=NumberFormat(thousands="."))
    (found,) = parse(b"1.234\nx\n", [column])
    assert found.values.to_pylist() == [1234, None]
    assert found.reasons(INT) == [(1, "expected an integer with thousands '.', found 'x'")]


@pytest.mark.parametrize("character", ["5", "-", "."])
def test_quotes_and_escapes_that_numbers_have(character: str) -> None:
    """They are special before they are a part of a number."""
    text = f"{character}12{character}\n".encode()
    assert parse(text, [CellColumn(0, INT)], lexicon_with(quote=character))[0].values.to_pylist() == [12]
    assert parse(f"{character}12\n".encode(), [CellColumn(0, INT)], lexicon_with(escape=character))[
        0
    ].values.to_pylist() == [12]


def test_no_rows_and_no_columns() -> None:
    """Give empty columns, and none."""
    assert [len(each.values) for each in parse(b"1\n", [CellColumn(position, BYTES) for position in (0, 1)])] == [0, 0]
    assert ColumnParser(PLAIN.packed, (), []).parse(grid_of(b"1\n", PLAIN, 1)) == ([], {})


def test_constants_are_those_of_the_kernel() -> None:
    """Kinds of columns, and what becomes of infinite numbers."""
    source = (ROOT / "native" / "cells" / "cells.c").read_text(encoding="utf-8")
    one, two, three = cell_columns._FLOAT, cell_columns._INT, cell_columns._TEXT
    assert f"enum {{ FLOAT = {one}, INT = {two}, TEXT = {three} }};" in source
    assert "enum { KEEP, AS_MISSING, REJECT };" in source
    assert list(cell_columns._INFINITY.values()) == [0, 1, 2]


def test_buffers_have_no_bytes_that_nobody_wrote() -> None:
    """What stands between a column's buffers doesn't go along into pickles and files."""
    found = parse(b"1,2.5,ab\n,x,\n3,,NA\n", [CellColumn(0, INT), CellColumn(1, FLOAT), CellColumn(2, BYTES)])
    sizes = [[buffer and buffer.size for buffer in each.values.buffers()] for each in found]
    assert sizes == [[1, 24], [1, 12], [1, 16, 2]]
    whole = parse(b"1,2\n", [CellColumn(0, INT), CellColumn(1, BYTES)])
    assert [[buffer and buffer.size for buffer in each.values.buffers()] for each in whole] == [[None, 8], [None, 8, 1]]


def test_a_pickled_parser_knows_the_missing_cells() -> None:
    """Its copy has addresses of its own, also once the first parser and its memory are gone."""
    pickled = pickle.dumps(ColumnParser(PLAIN.packed, ["missing value"], [CellColumn.text(0)]))
    others = [np.full(13, 120, np.uint8) for _ in range(1000)]
    (values,), _ = pickle.loads(pickled).parse(grid_of(b"missing value\nx\n", PLAIN, 1))
    assert values.to_pylist() == [None, "x"]
    assert len(others) == 1000


def test_text_of_some_rows() -> None:
    """Any rows' cells are read alone, as bytes, too."""
    parser = ColumnParser(PLAIN.packed, NULLS, [])
    grid = grid_of(b'1,"c""d"\n2,NA\n3,\xff\n', PLAIN, 2)
    assert parser.text(grid.take(np.array([2, 0])), 1, pa.binary()).to_pylist() == [b"\xff", b'c"d']
    assert parser.text(grid, 0, pa.string()).to_pylist() == ["1", "2", "3"]


def test_too_much_text_is_refused() -> None:
    """Strings have offsets of 31 bits: none is written beyond them."""
    separators = np.array([2**32 - 1, 2**31], np.uint32)
    grid = Grid(np.zeros(SLACK, np.uint8)[:0], separators, np.zeros(1, np.uint32))
    message = "a column of text: expected at most 2,147,483,647 bytes, received 2,147,483,648; parse fewer rows at once"
    with pytest.raises(ValueError, match=message):
        ColumnParser(PLAIN.packed, (), [CellColumn.text(0)]).parse(grid)
