"""Blocks: rows as typed columns, rejected rows, and files that aren't CSV."""

import bz2
import gzip
import io
import math
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from shardmill.schemas.errors import DataError
from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.csv import blocks, chunks
from shardmill.transforms.csv import header as header_module
from shardmill.transforms.csv.blocks import Block, Reject, Selection, read_blocks, read_header
from shardmill.transforms.csv.cast import cast
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.units import Unit

BYTES, INT, FLOAT = ColumnType.BYTES, ColumnType.INT, ColumnType.FLOAT
Compress = Callable[[bytes], bytes]
NULLS = pa.array([""])


def select(**columns: ColumnType) -> Selection:
    """A selection of columns by name and type."""
    return Selection(tuple(Column(name, column_type) for name, column_type in columns.items()))


def read(data: bytes, selection: Selection, dialect: Dialect | None = None, path: str = "f.csv") -> list[Block]:
    """The blocks of a file with some bytes."""
    return list(read_blocks(io.BytesIO(data), Unit(0, 0, path), dialect or Dialect(), selection))


def values(found: Sequence[Block]) -> dict[str, list[object]]:
    """The columns of some blocks."""
    return pa.Table.from_batches([block.columns for block in found]).to_pydict() if found else {}


def rejects(found: Sequence[Block]) -> list[Reject]:
    """The rejected rows of some blocks."""
    return [reject for block in found for reject in block.rejects]


def test_columns_are_typed_and_in_the_selections_order() -> None:
    """Columns come as int64, float32 and string, in the selection's order, whatever the file's; other columns stay unread."""
    selection = Selection(select(c=FLOAT, a=BYTES, b=INT).columns, names=("a", "b", "c", "d"))
    (block,) = read(b"d,b,a,c\nx,1,one,0.1\ny,-2,two,2e3\n", selection)
    assert block.columns.schema == pa.schema([("c", pa.float32()), ("a", pa.string()), ("b", pa.int64())])
    assert block.columns.to_pydict() == {"c": [float(np.float32(0.1)), 2000], "a": ["one", "two"], "b": [1, -2]}
    assert (block.key, block.rejects, block.rows, block.size) == (None, [], 2, 25)


def test_missing_values() -> None:
    """Empty cells and the dialect's null values, quoted or not, are null, and so is nan in a float column; inf is a value."""
    data = b'a,b,c\n"",NA,NA\n,"NA","NA"\n nan,nan,1\nnan,inf,2\nx,-inf,3\n'
    found = values(read(data, select(a=BYTES, b=FLOAT, c=INT), Dialect(null_values=("", "NA"))))
    assert found == {
        "a": [None, None, " nan", "nan", "x"],
        "b": [None, None, None, math.inf, -math.inf],
        "c": [None, None, 1, 2, 3],
    }


def test_an_empty_cell_is_missing_even_if_null_values_say_otherwise() -> None:
    """Empty text is missing, always."""
    assert values(read(b"a,b\n,x\nNA,y\n", select(a=BYTES, b=BYTES), Dialect(null_values=("NA",))))["a"] == [None, None]


def test_a_file_of_nulls_alone() -> None:
    """Columns without any value have their types all the same."""
    (block,) = read(b"a,b,c\n" + b",,\n" * 3, select(a=BYTES, b=FLOAT, c=INT))
    assert block.columns.to_pydict() == {"a": [None] * 3, "b": [None] * 3, "c": [None] * 3}
    assert block.columns.schema.types == [pa.string(), pa.float32(), pa.int64()]


@pytest.mark.parametrize(
    ("cell", "column_type", "value"),
    [
        (" 5", INT, 5),
        ("+5 ", INT, 5),
        ("007", INT, 7),
        ("-0", INT, 0),
        ("  ", INT, None),
        ("0" * 30 + "5", INT, 5),
        ("-9223372036854775807", INT, -(2**63) + 1),
        (" +000009223372036854775807", INT, 2**63 - 1),
        (" 1.5\t", FLOAT, 1.5),
        ("+.5", FLOAT, 0.5),
        ("5.", FLOAT, 5.0),
        (" -1E+2", FLOAT, -100.0),
        ("1e-400", FLOAT, 0.0),
        (" +Infinity", FLOAT, math.inf),
        (" NaN ", FLOAT, None),
        ("\t", FLOAT, None),
    ],
)
def test_numbers_in_unusual_spellings(cell: str, column_type: ColumnType, value: object) -> None:
    """Spaces, plus signs and leading zeros are fine; a number spelled with spaces alone is missing."""
    result = cast(pa.array([cell, None, "1"]), column_type, NULLS)
    assert result.values.to_pylist() == [value, None, 1]
    assert result.reasons(column_type) == []


@pytest.mark.parametrize("cell", ["inf", "-Infinity", " +INF "])
@pytest.mark.parametrize("neighbour", ["1", " 2 "])
def test_infinite_cells_are_what_they_are_said_to_be(cell: str, neighbour: str) -> None:
    """A value, missing, or a bad cell; counted in any case; missing cells and those that are too large are neither."""
    cells = pa.array([cell, None, neighbour, "nan", "1e39"])
    too_large = (4, "expected a number that fits float32, found '1e39'")
    number = float(neighbour)
    kept = cast(cells, FLOAT, NULLS)
    assert kept.values.to_pylist() == [float(cell), None, number, None, None]
    missing = cast(cells, FLOAT, NULLS, "missing")
    assert missing.values.to_pylist() == [None, None, number, None, None]
    rejected = cast(cells, FLOAT, NULLS, "reject")
    assert rejected.values.to_pylist() == [None, None, number, None, None]
    assert kept.reasons(FLOAT) == missing.reasons(FLOAT) == [too_large]
    assert rejected.reasons(FLOAT) == [(0, f"expected a finite number, found {cell!r}"), too_large]
    assert [each.infinite for each in (kept, missing, rejected)] == [1, 1, 1]


def test_infinite_cells_are_read_by_column() -> None:
    """A block counts them, those of rejected rows too; each column has a rule of its own."""
    columns = select(a=FLOAT, b=FLOAT, c=FLOAT).columns
    selection = Selection(columns, infinite={"b": "missing", "c": "reject"})
    (block,) = read(b"a,b,c\ninf,inf,1\n2,-inf,inf\n3,3,3\n", selection)
    assert values([block]) == {"a": [math.inf, 3], "b": [None, 3], "c": [1, 3]}
    assert block.infinite == {"a": 1, "b": 2, "c": 1}
    assert rejects([block]) == [Reject("f.csv", 3, "c", "expected a finite number, found 'inf'", b"2,-inf,inf")]


@pytest.mark.parametrize(
    ("cell", "column_type", "reason"),
    [
        ("abc", INT, "expected an integer, found 'abc'"),
        ("1.0", INT, "expected an integer, found '1.0'"),
        ("1e3", INT, "expected an integer, found '1e3'"),
        ("0x10", INT, "expected an integer, found '0x10'"),
        ("1_000", INT, "expected an integer, found '1_000'"),
        ("+-5", INT, "expected an integer, found '+-5'"),
        ("٣", INT, "expected an integer, found '٣'"),
        ("nan", INT, "expected an integer, found 'nan'"),
        ("12345678901234567890", INT, "expected an integer from -2**63+1 to 2**63-1, found '12345678901234567890'"),
        ("9223372036854775808", INT, "expected an integer from -2**63+1 to 2**63-1, found '9223372036854775808'"),
        # In the graph it stands for a missing value.
        ("-9223372036854775808", INT, "expected an integer from -2**63+1 to 2**63-1, found '-9223372036854775808'"),
        ("abc", FLOAT, "expected a number, found 'abc'"),
        ("0x10", FLOAT, "expected a number, found '0x10'"),
        ("1_0", FLOAT, "expected a number, found '1_0'"),
        ("1,5", FLOAT, "expected a number, found '1,5'"),
        ("nan(7)", FLOAT, "expected a number, found 'nan(7)'"),
        ("1e39", FLOAT, "expected a number that fits float32, found '1e39'"),
        (" -1e400", FLOAT, "expected a number that fits float32, found ' -1e400'"),
        ("9" * 50, FLOAT, f"expected a number that fits float32, found {'9' * 40!r}... (of length 50)"),
        ("x\0y", FLOAT, r"expected a number, found 'x\x00y'"),
    ],
)
@pytest.mark.parametrize("neighbour", ["1", " 1", "bad"])
def test_bad_numbers(cell: str, column_type: ColumnType, reason: str, neighbour: str) -> None:
    """A cell that spells no number of its type is bad, and says why, whatever its neighbours are."""
    result = cast(pa.array([neighbour, cell, None]), column_type, NULLS)
    assert result.values[1].as_py() is None
    assert dict(result.reasons(column_type))[1] == reason
    assert len(result.reasons(column_type)) == 1 + (neighbour == "bad")


@given(
    st.lists(
        st.text("0123456789+-.eEinfaxXN_ \t", max_size=8) | st.floats(width=32).map(str) | st.integers().map(str),
        min_size=1,
        max_size=5,
    )
)
def test_a_cell_is_cast_by_itself(cells: list[str]) -> None:
    """The fast way for blocks without bad cells and the slow way for others agree on each cell."""
    for column_type in (INT, FLOAT):
        together = cast(pa.array(cells), column_type, NULLS)
        apart = [cast(pa.array([cell]), column_type, NULLS) for cell in cells]
        assert together.values.to_pylist() == [each.values[0].as_py() for each in apart]
        assert [row for row, _ in together.reasons(column_type)] == [
            row for row, each in enumerate(apart) if each.bad is not None
        ]


@given(st.floats(width=32) | st.floats())
def test_floats_are_correctly_rounded(number: float) -> None:
    """A float's text becomes the nearest float32, not the nearest of the nearest float64; too large ones are bad."""
    result = cast(pa.array([repr(number)]), FLOAT, NULLS)
    with np.errstate(over="ignore"):
        expected = np.float32(number)
    if math.isnan(number) or (math.isinf(expected) and not math.isinf(number)):
        assert result.values.to_pylist() == [None]
    else:
        assert result.values[0].as_py() == expected


@given(st.integers(-(2**64), 2**64))
def test_integers_are_exact(number: int) -> None:
    """An integer's text becomes that integer, or is bad if it is too large."""
    fits = abs(number) < 2**63
    assert cast(pa.array([str(number)]), INT, NULLS).values.to_pylist() == [number if fits else None]


def test_rejected_rows() -> None:
    """A rejected row has its file, physical line, column, reason and bytes; the rows around it are kept."""
    data = b'n,x,s\r\n1,0.5,a\r\n\r\nb,1,"two\r\nlines"\r\n2,3\r\n3,4,5,6\r\n4,y,"say ""hi"""\r\n5,1,b\r\n"6,\r\n7",z,c\r\n8,1,d'
    found = read(data, select(n=INT, x=FLOAT, s=BYTES))
    assert values(found) == {"n": [1, 5, 8], "x": [0.5, 1, 1], "s": ["a", "b", "d"]}
    assert rejects(found) == [
        Reject("f.csv", 4, "n", "expected an integer, found 'b'", b'b,1,"two\r\nlines"'),
        Reject("f.csv", 6, None, "expected 3 columns, found 2", b"2,3"),
        Reject("f.csv", 7, None, "expected 3 columns, found 4", b"3,4,5,6"),
        Reject("f.csv", 8, "x", "expected a number, found 'y'", b'4,y,"say ""hi"""'),
        Reject("f.csv", 10, "n", "expected an integer, found '6,\\r\\n7'", b'"6,\r\n7",z,c'),
    ]


def test_a_ragged_row_of_several_lines_hints_at_a_quote() -> None:
    """A quote that swallows the next rows up to another quote is likely the reason for a wrong number of columns."""
    found = read(b'a,b\n1,"2\n3,4\n5,6"x,7\n8,9\n', select(a=BYTES, b=BYTES))
    assert rejects(found) == [
        Reject(
            "f.csv",
            2,
            None,
            "expected 2 columns, found 3 in a row of 3 lines: is a quote not closed?",
            b'1,"2\n3,4\n5,6"x,7',
        )
    ]
    assert values(found) == {"a": ["8"], "b": ["9"]}


def test_one_column_is_one_column() -> None:
    """Numbers agree in messages; blank lines are no rows even where the only column might be missing, and quoted empty cells are."""
    found = read(b'a\n1\n\n2,3\n""\n', select(a=INT))
    assert values(found) == {"a": [1, None]}
    assert rejects(found) == [Reject("f.csv", 4, None, "expected 1 column, found 2", b"2,3")]


def test_a_missing_value_where_one_is_required() -> None:
    """A null in a required column rejects the row; of several faults the first column's is named."""
    selection = Selection(select(a=FLOAT, b=INT).columns, required=frozenset("a"))
    found = read(b"a,b\n,x\nnan,1\n2,\n", selection)
    assert values(found) == {"a": [2.0], "b": [None]}
    reason = "missing value in a column that must have one"
    assert rejects(found) == [Reject("f.csv", 2, "a", reason, b",x"), Reject("f.csv", 3, "a", reason, b"nan,1")]


def test_an_optional_column_may_be_absent_or_empty() -> None:
    """An optional column is null in a file that lacks it, and rejects no row; others are needed as ever."""
    columns = select(a=FLOAT, b=INT).columns
    selection = Selection(columns, required=frozenset({"a", "b"}), optional=frozenset("b"))
    assert values(read(b"a\n1\n2\n", selection)) == {"a": [1.0, 2.0], "b": [None, None]}
    found = read(b"a,b\n1,\n,2\n3,3\n", selection)
    assert values(found) == {"a": [1.0, 3.0], "b": [None, 3]}
    assert [reject.line for reject in rejects(found)] == [3]
    with pytest.raises(DataError, match=r"'f\.csv' lacks the column 'a'; its columns are 'b', 'c'"):
        read(b"b,c\n1,2\n", selection, Dialect(extra_columns="ignore"))


def test_a_rows_line_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A good row's first physical line, whatever rows of several lines, blank lines and rejected rows are before it."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 16)
    data = b'a,b\n1,"x\ny"\n\n2,z\nbad,z\n3,"\n\n"\n4\n5,"v\nw"\n6,u\n'
    found = read(data, select(a=INT, b=BYTES))
    assert values(found)["a"] == [1, 2, 3, 5, 6]
    assert [line for block in found if block.origin for line in block.origin.lines.tolist()] == [2, 5, 7, 11, 13]


def test_text_that_is_not_utf8() -> None:
    """A cell that isn't UTF-8 rejects its row, ragged ones too, but only in columns that are read."""
    selection = Selection(select(a=BYTES, n=INT).columns, names=("a", "n", "u"))
    data = "a,n,u\né,1,é\n".encode() + b"\xe9,2,x\nok,3,\xff\n\xff\nb\xc3,x,\xff\n?,4,y\n\xff\xfe,5\n"
    found = read(data, selection, Dialect(null_values=("", "?")))
    assert values(found) == {"a": ["é", "ok", None], "n": [1, 3, 4]}
    assert rejects(found) == [
        Reject("f.csv", 3, "a", r"expected text in the encoding 'utf-8', found b'\xe9'", b"\xe9,2,x"),
        Reject("f.csv", 5, None, "expected 3 columns, found 1", b"\xff"),
        Reject("f.csv", 6, "a", r"expected text in the encoding 'utf-8', found b'b\xc3'", b"b\xc3,x,\xff"),
        Reject("f.csv", 8, None, "expected 3 columns, found 2", b"\xff\xfe,5"),
    ]


@given(
    st.lists(
        st.lists(
            st.lists(
                st.sampled_from([b"a", b"1", b" ", b"\r", b"\xff", b"\xc3", b"\xa9", b"\xe2\x82\xac"]), max_size=3
            ).map(b"".join),
            min_size=1,
            max_size=3,
        ),
        max_size=8,
    ),
    st.integers(1, 30),
)
def test_no_row_is_lost_whatever_the_bytes(rows: list[list[bytes]], block_bytes: int) -> None:
    """Rows and rejected rows together are the file's records, and a rejected row is the file's bytes."""
    data = b"\n".join(b",".join(row) for row in rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", block_bytes)
        found = read(b"x,y\n" + data, select(x=BYTES, y=FLOAT), Dialect(quote=None))
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    assert sum(block.rows + len(block.rejects) for block in found) == sum(map(bool, lines))
    for reject in rejects(found):
        assert reject.row == lines[reject.line - 2]


def test_the_key_is_the_cells_text() -> None:
    """The key joins the cells as they are spelled, "" for missing ones; it goes with the good rows."""
    data = b"a,b,c\n1,x,9\n02,NA,9\nbad,y,9\n3,z\n4,,9\n"
    columns = select(a=INT).columns
    dialect = Dialect(null_values=("", "NA"))
    (block,) = read(data, Selection(columns, key=("b", "a"), names=("a", "b", "c")), dialect)
    assert block.key is not None
    assert block.key.to_pylist() == ["x\x1f1", "\x1f02", "\x1f4"]
    (block,) = read(data, Selection(columns, key=(), names=("a", "b", "c")), dialect)
    assert block.key is not None
    assert block.key.to_pylist() == ["1\x1fx\x1f9", "02\x1f\x1f9", "4\x1f\x1f9"]
    assert block.key.type == pa.string()


def test_the_whole_rows_key_does_not_depend_on_the_columns_order() -> None:
    """The key of whole rows has the columns in the schema's order, and a column that a file lacks is missing."""
    selection = Selection((), key=(), names=("a", "b"))
    dialect = Dialect(missing_columns="null")
    keys = [
        block.key.to_pylist()
        for data in (b"a,b\n1,2\n", b"b,a\n2,1\n", b"b\n2\n")
        for block in read(data, selection, dialect)
        if block.key is not None
    ]
    assert keys == [["1\x1f2"], ["1\x1f2"], ["\x1f2"]]


def test_no_columns_are_still_rows() -> None:
    """A selection of nothing counts rows."""
    (block,) = read(b"a,b\n1,2\n3,4\n5\n", Selection((), names=("a", "b")))
    assert (block.rows, len(block.rejects)) == (2, 1)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("end", ["", "newline"])
def test_line_ends(newline: str, end: str) -> None:
    """LF, CRLF and CR end lines, and the last line needn't end."""
    text = newline.join(["a,b", "1,2", "", "3,x"]) + (newline if end else "")
    found = read(text.encode(), select(a=INT, b=INT))
    assert values(found) == {"a": [1], "b": [2]}
    assert rejects(found) == [Reject("f.csv", 4, "b", "expected an integer, found 'x'", b"3,x")]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"a,b", b"a,b\n", b"\xef\xbb\xbf", b"\n\na,b\n\n"])
def test_files_without_rows(data: bytes) -> None:
    """Empty files and files with a header alone have no rows, and are no error."""
    assert read(data, select(a=INT, b=INT)) == []


def test_byte_order_marks() -> None:
    """A mark at the file's start is no part of the first name; inside a row it is data, at the start of a block, too."""
    data = b'\xef\xbb\xbf"a",b\n"\xef\xbb\xbfx",1\n'
    assert values(read(data, select(a=BYTES, b=INT))) == {"a": ["\ufeffx"], "b": [1]}
    assert read_header(io.BytesIO(data), "f.csv", Dialect()) == ["a", "b"]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("latin-1", "ñ,b\né,1\n"),
        ("cp1252", "ñ,b\n€,1\n"),
        ("utf-16", "ñ,b\n€\U0001f600,1\n"),
        ("utf-16-be", "ñ,b\nx,1\n"),
        ("shift_jis", "名,b\n表,1\n"),
    ],
)
def test_encodings(encoding: str, text: str) -> None:
    """Other encodings are read as UTF-8."""
    name, cell = text[0], text.splitlines()[1].removesuffix(",1")
    assert values(read(text.encode(encoding), select(**{name: BYTES, "b": INT}), Dialect(encoding=encoding))) == {
        name: [cell],
        "b": [1],
    }


def test_a_byte_that_the_encoding_does_not_have() -> None:
    """Where a byte is a character, the row with an unknown byte is rejected; elsewhere the file is an error."""
    found = read(b"a,b\n\x81,1\n\x80,2\n", select(a=BYTES, b=INT), Dialect(encoding="cp1252"))
    assert values(found) == {"a": ["€"], "b": [2]}
    assert rejects(found) == [
        Reject("f.csv", 2, "a", r"expected text in the encoding 'cp1252', found b'\x81'", b"\x81,1")
    ]
    with pytest.raises(DataError, match=r"'f.csv' isn't text in the encoding 'utf-16'.*check \[input\] encoding"):
        read("a,b\n".encode("utf-16") + b"\x00", select(a=BYTES, b=INT), Dialect(encoding="utf-16"))


@pytest.mark.parametrize("delimiter", ["\t", "|", ";", " "])
def test_delimiters(delimiter: str) -> None:
    """Any ASCII character may delimit cells."""
    data = f'a{delimiter}b\n"x{delimiter}y"{delimiter}1\n'.encode()
    assert values(read(data, select(a=BYTES, b=INT), Dialect(delimiter=delimiter))) == {
        "a": [f"x{delimiter}y"],
        "b": [1],
    }


def test_quotes_escapes_and_comments() -> None:
    """Quotes may be others or none; an escape takes a character's meaning away; comment lines count as lines and aren't rows."""
    columns = select(a=BYTES, b=BYTES)
    assert values(read(b"a,b\n'x,y',\"\n", columns, Dialect(quote="'"))) == {"a": ["x,y"], "b": ['"']}
    assert values(read(b'a,b\n"x,y\n', columns, Dialect(quote=None))) == {"a": ['"x'], "b": ["y"]}
    assert values(read(b'a,b\nx\\,y,"say \\"hi\\""\nx\\\ny,\\\\\n', columns, Dialect(escape="\\"))) == {
        "a": ["x,y", "x\ny"],
        "b": ['say "hi"', "\\"],
    }
    data = b'# "one\na,b\n# two\n1,"#\n# 3"\n#\n4\n#'
    found = read(data, columns, Dialect(comment="#"))
    assert values(found) == {"a": ["1"], "b": ["#\n# 3"]}
    assert rejects(found) == [Reject("f.csv", 7, None, "expected 2 columns, found 1", b"4")]


@given(
    st.lists(
        st.sampled_from(["a,b\n", "#", "# x\n", '"', "\\", "\\\n", ",", "\r", "\n", "ab", '"c\n#d"', "1,2\r\n"]),
        max_size=30,
    ).map("".join),
    st.integers(1, 20),
)
def test_block_size_does_not_matter(text: str, block_bytes: int) -> None:
    """Blocks of any size give the same rows, lines and rejected rows, with escapes and comments, too."""
    dialect = Dialect(header=False, escape="\\", comment="#")
    columns = select(a=BYTES, b=BYTES)

    def outcome() -> object:
        try:
            found = read(text.encode(), columns, dialect)
        except DataError as error:
            return str(error)
        return (
            [row for block in found for row in block.columns.to_pylist()],
            rejects(found),
            sum(block.rows + len(block.rejects) for block in found),
        )

    whole = outcome()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", block_bytes)
        assert outcome() == whole


def test_trim() -> None:
    """With trim, spaces around cells are dropped, and what is left may be a null value."""
    data = b'a, b ,c\n x , 1, ?\n  ,2 ," y "\n'
    dialect = Dialect(trim=True, null_values=("?",))
    assert values(read(data, select(a=BYTES, b=INT, c=BYTES), dialect)) == {
        "a": ["x", None],
        "b": [1, 2],
        "c": [None, "y"],
    }


@given(
    st.lists(st.lists(st.text('ab," \n', max_size=6), min_size=2, max_size=2), min_size=1, max_size=5),
    st.sampled_from(["", " ", "  ", "\t "]),
)
def test_trim_before_quotes(rows: list[list[str]], blanks: str) -> None:
    """With trim, blanks before a quote don't keep it from opening a cell: `a, "b, c"` has two cells."""
    text = "".join(
        ",".join(blanks + '"' + cell.replace('"', '""') + '"' + blanks for cell in row) + "\n"
        for row in [["x", "y"], *rows]
    )
    found = read(text.encode(), select(x=BYTES, y=BYTES), Dialect(trim=True))
    assert rejects(found) == []
    assert [list(row.values()) for block in found for row in block.columns.to_pylist()] == [
        [cell.strip(" \n") or None for cell in row] for row in rows
    ]


def test_trim_of_even_quotes() -> None:
    """Empty and quoted quotes after a blank are what they are without it, and a quote inside a cell stays."""
    data = b'a, "b"\n "", """"\n x "y", "z"\n'
    assert values(read(data, select(a=BYTES, b=BYTES), Dialect(trim=True))) == {"a": [None, 'x "y"'], "b": ['"', "z"]}


def test_skipped_rows() -> None:
    """Lines above the header are skipped, whatever is in them, and count as lines."""
    for newline in (b"\n", b"\r\n", b"\r"):
        data = newline.join([b'Report "1', b"", b"a,b", b"1,x", b"2,3", b""])
        with pytest.MonkeyPatch.context() as patch:
            for size in (1, 2, 3, 100):
                patch.setattr(blocks, "BLOCK_BYTES", size)
                found = read(data, select(a=INT, b=INT), Dialect(skip_rows=2))
                assert values(found) == {"a": [2], "b": [3]}
                assert [reject.line for reject in rejects(found)] == [4]
    assert read(b"a,b\n1,2", select(a=INT, b=INT), Dialect(skip_rows=5)) == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", 1)
        assert values(read(b"\r\r\r\n\ra,b\r1,2\r", select(a=INT, b=INT), Dialect(skip_rows=4))) == {"a": [1], "b": [2]}


def test_files_without_a_header() -> None:
    """Without a header the names come from the dialect, or else from the schema."""
    data = b"1,x\n2,y\n"
    selection = select(b=BYTES)
    dialect = Dialect(header=False, columns=("a", "b"), extra_columns="ignore")
    assert values(read(data, selection, dialect)) == {"b": ["x", "y"]}
    assert values(read(data, select(a=INT, b=BYTES), Dialect(header=False))) == {"a": [1, 2], "b": ["x", "y"]}
    assert read_header(io.BytesIO(data), "f.csv", dialect) == ["a", "b"]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (
            b"a,,b,",
            r"the header of 'f.csv' has no name for column 2, 4 of 4; give each column .* \[input\] header = false",
        ),
        (b"a,b, a ", r"the header of 'f.csv' has the name 'a' twice, for columns 1 and 3; give each column"),
        (b"a,c", r"'f.csv' lacks the column 'b'; its columns are 'a', 'c'.*missing_columns = \"null\""),
        (b"a,B,b", r"'f.csv' has the column 'B', which the schema doesn't have.*extra_columns = \"ignore\""),
        (b"1,2", r"'f.csv' has none of the columns 'a', 'b'; its first line is '1', '2'.*header = false.*delimiter"),
        (
            b"a,b\xff",
            r"the header of 'f.csv' isn't text in the encoding 'utf-8' \(b'a,b\\xff'\); check \[input\] encoding",
        ),
        (b"a,b\0", r"the header of 'f.csv' has a NUL byte in the name 'b\\x00'; is it a text file\?"),
        (b'a,"b', r"'f.csv', line 1: a quote that opens a cell here is never closed"),
    ],
)
def test_bad_headers(header: bytes, message: str) -> None:
    """Names that are empty, there twice, missing or unknown are one error, which says what to do."""
    with pytest.raises(DataError, match=message):
        read(header + b"\n1,2\n", select(a=BYTES, b=BYTES))


def test_the_nearest_name_is_told() -> None:
    """A missing column's message names the file's column that is spelled nearest."""
    line = r"If 'distances' is 'distance', set \[input.rename\] \"distances\" = \"distance\"\. To read"
    with pytest.raises(
        DataError, match=rf"'f.csv' lacks the column 'distance'; did you mean 'distances'\? Its columns are .*\. {line}"
    ):
        read(b"a,distances\n1,2\n", select(a=INT, distance=INT))


def test_missing_and_extra_columns_as_configured() -> None:
    """A column that a file lacks is null, and an unknown one is ignored, where the dialect says so."""
    dialect = Dialect(missing_columns="null", extra_columns="ignore")
    found = values(read(b"x,a\n9,1\n", select(a=INT, b=BYTES, c=FLOAT), dialect))
    assert found == {"a": [1], "b": [None], "c": [None]}


def test_an_unclosed_quote_names_its_line() -> None:
    """A quote that swallows the rest of the file stops the reader, with the line where it opened."""
    data = b'a,b\n1,"x\ny"\n2,3\n4,"5\n' + b'6,""\n' * 100
    with pytest.raises(
        DataError, match=r"'f.csv', line 5: a quote that opens a cell here is never closed.*\[input\] quote = \"\""
    ):
        read(data, select(a=INT, b=BYTES))


@pytest.mark.parametrize("data", [b"a,b\n1,2\n3,\\", b"a,b\n1,2\n\\\\\\", b"a,b\n\n\\"])
def test_an_escape_at_the_end_names_its_line(data: bytes) -> None:
    """A file that ends with an escape, which nothing follows, is cut short."""
    with pytest.raises(
        DataError, match=r"'f.csv', line 3: the file ends with the escape character '\\\\', which nothing follows"
    ):
        read(data, select(a=BYTES, b=BYTES), Dialect(escape="\\"))


def test_a_record_beyond_all_bounds_is_taken_for_an_unclosed_quote(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader gives up on a record before a worker's memory is full."""
    monkeypatch.setattr(chunks, "MAX_RECORD_BYTES", 1 << 20)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1 << 16)
    with pytest.raises(
        DataError,
        match=r"'f.csv', line 2: a record .* is larger than 1 MiB; is the quote that opens a cell in line 3 never",
    ):
        read(b'a,b\n"1\n",2,"' + b"x\n" * (2 << 20), select(a=INT, b=BYTES))
    with pytest.raises(DataError, match="larger than 1 MiB; has the file lines"):
        read(b"a,b\n" + b"x" * (3 << 20), select(a=INT, b=BYTES))


def test_a_cell_of_100_mb() -> None:
    """A record far larger than a block is a row like others."""
    cell = b"x" * (100 << 20)
    found = read(b'a,b\n1,"' + cell + b'"\n2,y\n' + cell[: 8 << 20] + b",z\n", select(a=INT, b=BYTES))
    assert [len(str(value)) for block in found for value in block.columns.column(1).to_pylist()] == [100 << 20, 1]
    assert [(reject.line, len(reject.reason)) for reject in rejects(found)] == [(4, 92)]


def test_5000_columns() -> None:
    """Wide files are read like others, and a ragged row in them is found."""
    names = [f"c{index}" for index in range(5000)]
    row = ",".join(map(str, range(5000)))
    data = "\n".join([",".join(names), row, row + ",1", row]).encode()
    found = read(data, select(**dict.fromkeys(names, INT)))
    assert sum(block.rows for block in found) == 2
    assert found[0].columns.column(4999).to_pylist() == [4999, 4999]
    assert [reject.reason for reject in rejects(found)] == ["expected 5000 columns, found 5001"]


def test_nul_in_a_token_is_a_value() -> None:
    """NUL is a character like others inside a cell."""
    assert values(read(b"a,b\nx\0y,1\n", select(a=BYTES, b=INT))) == {"a": ["x\0y"], "b": [1]}


ROWS = b"a,b\n" + b"".join(b"%d,x%d\n" % (index, index) for index in range(20_000))


@pytest.mark.parametrize(
    ("suffix", "compress"),
    [(".gz", gzip.compress), (".bz2", bz2.compress), (".zst", zstandard.ZstdCompressor(write_checksum=True).compress)],
)
class TestCompressed:
    """Files compressed as their suffix says."""

    def test_members(self, suffix: str, compress: Compress, monkeypatch: pytest.MonkeyPatch) -> None:
        """All members of a compressed file are read."""
        monkeypatch.setattr(blocks, "BLOCK_BYTES", 10_000)
        data = compress(ROWS[:1001]) + compress(ROWS[1001:]) + compress(b"-1,end")
        found = read(data, select(a=INT, b=BYTES), path="f.csv" + suffix)
        assert values(found)["a"] == [*range(20_000), -1]
        assert len(found) > 10

    def test_cut_short(self, suffix: str, compress: Compress) -> None:
        """A file that is cut short anywhere is an error that names it."""
        data = compress(ROWS)
        for size in (0, 1, 5, len(data) // 2, len(data) - 1):
            with pytest.raises(DataError, match=rf"can't decompress 'f.csv{suffix}'"):
                read(data[:size], select(a=INT, b=BYTES), path="f.csv" + suffix)
        with pytest.raises(DataError, match=rf"can't decompress 'f.csv{suffix}'"):
            read(data + data[:20], select(a=INT, b=BYTES), path="f.csv" + suffix)

    def test_damaged(self, suffix: str, compress: Compress) -> None:
        """A flipped byte is an error that names the file, or else changes nothing."""
        data = compress(ROWS)
        outcomes = set()
        for place in range(0, len(data), len(data) // 20):
            damaged = data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :]
            try:
                found = read(damaged, select(a=INT, b=BYTES), path="f.csv" + suffix)
            except DataError as error:
                outcomes.add("named" if f"'f.csv{suffix}'" in str(error) else str(error))
            else:
                outcomes.add(
                    "all rows"
                    if sum(block.rows for block in found) == len(ROWS.splitlines()) - 1
                    else f"{place}: other rows"
                )
        assert outcomes - {"all rows"} == {"named"}

    def test_not_compressed(self, suffix: str, compress: Compress) -> None:
        """Plain text with such a suffix is an error, and so is such a file without the suffix."""
        with pytest.raises(
            DataError, match=rf"can't decompress 'f.csv{suffix}'.*or not what its suffix '{suffix}' says"
        ):
            read(ROWS, select(a=INT, b=BYTES), path="f.csv" + suffix)
        with pytest.raises(
            DataError, match=rf"'f.csv' isn't a CSV file: it is .*compressed; give its name the suffix {suffix}"
        ):
            read(compress(ROWS), select(a=INT, b=BYTES))


def test_zeros_after_gzip_are_padding() -> None:
    """Tapes and some tools pad gzip files with zeros."""
    assert values(read(gzip.compress(b"a\n1\n") + bytes(512), select(a=INT), path="f.csv.gz")) == {"a": [1]}


def _zip() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("f.csv", ROWS)
    return archive.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (_zip(), "it is a zip archive"),
        (b"PAR1\x15\x04", "it is a Parquet file"),
        (b"f.csv".ljust(257, b"\0") + b"ustar\0" + bytes(300), "it is a tar archive"),
        (
            bytes(range(256)) * 10,
            "'f.csv' looks like a binary file, not CSV: [0-9]+ of its first 2560 bytes are control characters",
        ),
        ("a,b\n1,2\n".encode("utf-16-le"), 'if it is UTF-16 text, set .* encoding = "utf-16-le"'),
        (
            "a,b\n1,2\n".encode("utf-16"),
            'UTF-16 byte order mark, but is to be read as .utf-8.; set .* encoding = "utf-16"',
        ),
    ],
)
def test_files_that_are_not_csv(data: bytes, message: str) -> None:
    """Other formats are told apart and named."""
    with pytest.raises(DataError, match=message):
        read(data, select(a=INT))


def test_a_mark_that_contradicts_the_encoding() -> None:
    """A UTF-8 mark in a file to be read in another encoding is an error, not three odd characters."""
    with pytest.raises(DataError, match=r"begins with a UTF-8 byte order mark, but is to be read as 'latin-1'"):
        read(b"\xef\xbb\xbfa\n1\n", select(a=INT), Dialect(encoding="latin-1"))


def test_a_file_that_shrank() -> None:
    """A unit whose end the file no longer has is an error: rows would be lost."""
    unit = Unit(1, 0, "f.csv", start=4, stop=100, first_line=2, header=b"a,b")
    with pytest.raises(
        DataError, match=r"'f\.csv' changed during the run: it ends 92 bytes before it did when the run began"
    ):
        list(read_blocks(io.BytesIO(b"1,2\n"), unit, Dialect(), select(a=INT, b=INT)))


class Trickle(io.RawIOBase):
    """A stream that gives a few bytes at a time and can't seek, as remote files may."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data = io.BytesIO(data)
        self.largest = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """At most 7 bytes."""
        self.largest = max(self.largest, size)
        return self._data.read(min(size, 7) if size >= 0 else 7)


@pytest.mark.parametrize(
    ("suffix", "compress"),
    [
        ("", bytes),
        (".gz", gzip.compress),
        (".bz2", bz2.compress),
        (".zst", zstandard.ZstdCompressor(write_checksum=True).compress),
    ],
)
def test_streams_may_trickle(suffix: str, compress: Compress) -> None:
    """Streams may give fewer bytes than asked for; none is asked for all it has."""
    stream = Trickle(compress(ROWS[:5000] + b"1,1\n"))
    found = list(read_blocks(stream, Unit(0, 0, "f.csv" + suffix), Dialect(), select(a=INT, b=BYTES)))  # type: ignore[arg-type]
    assert sum(block.rows for block in found) + len(rejects(found)) == ROWS[:5000].count(b"\n")
    assert 0 < stream.largest <= blocks.BLOCK_BYTES


def test_memory_is_bounded_by_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks hold at most BLOCK_BYTES of text, and few of them are read ahead: none."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1 << 14)
    stream = io.BytesIO(ROWS)
    for count, block in enumerate(read_blocks(stream, Unit(0, 0, "f.csv"), Dialect(), select(a=INT, b=BYTES)), 1):
        assert block.size <= 1 << 14
        assert stream.tell() <= count * (1 << 14) + 4096


def test_file_errors_pass() -> None:
    """Errors of the file system aren't taken for damaged data."""

    class Broken(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def read(self, _size: int = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    for path in ("f.csv", "f.csv.gz", "f.csv.bz2"):
        with pytest.raises(OSError, match="Input/output error"):
            list(read_blocks(Broken(), Unit(0, 0, path), Dialect(), select(a=INT)))  # type: ignore[arg-type]


def test_files_with_the_same_header_have_it_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many small files the header would take as long as the rows."""
    parsed = []
    parse = header_module.csv.read_csv

    def counted(*args: Any, **options: Any) -> pa.Table:
        parsed.append(args)
        return parse(*args, **options)

    monkeypatch.setattr(header_module.csv, "read_csv", counted)
    selection = Selection(select(b=INT).columns, names=("parsed once", "b"))
    for number in range(9):
        assert values(read(b"parsed once,b\nx,%d\n" % number, selection)) == {"b": [number]}
    assert len(parsed) == 1
