"""Blocks: rows as typed columns, rejected rows, and files that aren't CSV."""

import math

import numpy as np
import pyarrow as pa
import pytest

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv import blocks
from shardmill.transforms.csv.blocks import Reject
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection, SplitKey
from tests.support.csv.csv_blocks import BYTES, FLOAT, INT, read, rejects, select, select_columns, values


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
    found = read(b'a,b\n1,"2\n3,4\n5,6",7\n8,9\n', select(a=BYTES, b=BYTES))
    assert rejects(found) == [
        Reject(
            "f.csv",
            2,
            None,
            "expected 2 columns, found 3 in a row of 3 lines: is a quote not closed?",
            b'1,"2\n3,4\n5,6",7',
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
    selection = select_columns(select(a=FLOAT, b=INT).columns, required=frozenset("a"))
    found = read(b"a,b\n,x\nnan,1\n2,\n", selection)
    assert values(found) == {"a": [2.0], "b": [None]}
    reason = "missing value in a column that must have one"
    assert rejects(found) == [Reject("f.csv", 2, "a", reason, b",x"), Reject("f.csv", 3, "a", reason, b"nan,1")]


def test_an_optional_column_may_be_absent_or_empty() -> None:
    """An optional column is null in a file that lacks it, and rejects no row; others are needed as ever."""
    columns = select(a=FLOAT, b=INT).columns
    selection = select_columns(columns, required=frozenset({"a", "b"}), optional=frozenset("b"))
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


def test_the_key_is_the_cells_text() -> None:
    """The key joins the cells as they are spelled, "" for missing ones; it goes with the good rows."""
    data = b"a,b,c\n1,x,9\n02,NA,9\nbad,y,9\n3,z\n4,,9\n"
    columns = select(a=INT).columns
    dialect = Dialect(null_values=("", "NA"))
    (block,) = read(data, Selection(columns, key=SplitKey(("b", "a")), names=("a", "b", "c")), dialect)
    assert block.key is not None
    assert block.key.to_pylist() == ["x\x1f1", "\x1f02", "\x1f4"]
    (block,) = read(data, Selection(columns, key=SplitKey(("a", "b", "c")), names=("a", "b", "c")), dialect)
    assert block.key is not None
    assert block.key.to_pylist() == ["1\x1fx\x1f9", "02\x1f\x1f9", "4\x1f\x1f9"]
    assert block.key.type == pa.string()


def test_the_whole_rows_key_does_not_depend_on_the_columns_order() -> None:
    """The key of whole rows has the columns in the schema's order, and a column that a file lacks is missing."""
    selection = Selection((), key=SplitKey(("a", "b")), names=("a", "b"))
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
