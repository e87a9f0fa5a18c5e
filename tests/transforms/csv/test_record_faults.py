"""Records that are bad whatever columns are read of them."""

import re

import pytest

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.blocks import Reject
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection, SplitKey
from tests.support.csv.csv_blocks import BYTES, INT, read, rejects, select, values

STRAY = "text after the quote that closes a cell"
ABC = select(a=BYTES, b=BYTES, c=BYTES)
PLAIN = Dialect()
ESCAPED = Dialect(escape="\\")
TRIMMED = Dialect(trim=True)


def test_a_record_with_text_after_a_closing_quote_is_rejected() -> None:
    """A quote that is never closed would join two records to one that looks good; it is one rejected row of two lines."""
    found = read(b'a,b,c\n1,"x,y\n2,"z,w\n3,u,v\n', ABC)
    assert values(found) == {"a": ["3"], "b": ["u"], "c": ["v"]}
    assert rejects(found) == [
        Reject("f.csv", 2, "b", f"{STRAY}, found 'z' in a row of 2 lines: is a quote not closed?", b'1,"x,y\n2,"z,w')
    ]


@pytest.mark.parametrize(
    ("row", "column", "text", "dialect"),
    [
        ('"x"y,2,3', "a", "y", PLAIN),
        ('1,""x,3', "b", "x", PLAIN),
        ('1,2,"x"y', "c", "y", PLAIN),
        ('1,2,""""y', "c", "y", PLAIN),
        ('1,"x" y,3', "b", "y", PLAIN),
        ('1,"x" "y",3', "b", '"y"', PLAIN),
        ('1,"x"\ty,3', "b", "y", PLAIN),
        ('1,"x" y,3', "b", "y", TRIMMED),
        ('1,  "x"y,3', "b", "y", TRIMMED),
        ('1,  ""y,3', "b", "y", TRIMMED),
        ('1,"x"y"z",3', "b", 'y"z"', PLAIN),
        ('1,"x,2"y"z",3', "b", 'y"z"', PLAIN),
        ('"x"é\x00,2,3', "a", "é\0", PLAIN),
        ('"x"ééééééééééé,2,3', "a", "éééééééééé", PLAIN),
        ('"x"y,"x"y,"x"y', "a", "y", PLAIN),
        ('"x"y,2', "a", "y", PLAIN),
        ('1,2,3,"x"y', None, "y", PLAIN),
        ('1,"x"\\,,3', "b", "\\", ESCAPED),
        ('1,"\\""\\"",3', "b", '\\""', ESCAPED),
        ("1,'x'y,3", "b", "y", Dialect(quote="'")),
        ('1\t"x"y z\t3', "b", "y z", Dialect(delimiter="\t")),
        ('1 "x"y 3', "b", "y", Dialect(delimiter=" ")),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [False, True])
def test_text_after_a_closing_quote(
    row: str, column: str | None, text: str, dialect: Dialect, end: str, last: bool
) -> None:
    """It is found in every cell, before every line end and at the file's end; rows around it are read."""
    delimiter = dialect.delimiter
    lines = [delimiter.join("abc"), delimiter.join("456"), row, *([] if last else [delimiter.join("789")])]
    found = read((end.join(lines) + ("" if last else end)).encode(), ABC, dialect)
    assert values(found)["a"] == (["4"] if last else ["4", "7"])
    assert rejects(found) == [Reject("f.csv", 3, column, f"{STRAY}, found {text!r}", row.encode())]


@pytest.mark.parametrize(
    ("row", "cells", "dialect"),
    [
        ('"x" ,2,3', ["x ", "2", "3"], PLAIN),
        ('"x"\t ,2,"y" ', ["x\t ", "2", "y "], PLAIN),
        ('"x" ,"2"  , "3" ', ["x", "2", "3"], TRIMMED),
        ('x"y,2"",3"', ['x"y', '2""', '3"'], PLAIN),
        ('5" pipe,"2",""', ['5" pipe', "2", None], PLAIN),
        (' "x"y,2,3', [' "x"y', "2", "3"], PLAIN),
        ('"x""y","""2""",""""', ['x"y', '"2"', '"'], PLAIN),
        ('"x\\"y","2\\\\",3', ['x"y', "2\\", "3"], ESCAPED),
        ('"x"y,2,3', ['"x"y', "2", "3"], Dialect(quote=None)),
        ("'x'y,2,3", ["'x'y", "2", "3"], PLAIN),
        ('"x"\t2\t3', ["x", "2", "3"], Dialect(delimiter="\t")),
        ('"x" 2 3', ["x", "2", "3"], Dialect(delimiter=" ")),
    ],
)
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_other_quotes_are_fine(row: str, cells: list[str | None], dialect: Dialect, end: str) -> None:
    """Blanks may follow a closing quote; quotes within unquoted cells, doubled and escaped ones are text."""
    found = read(f"{dialect.delimiter.join('abc')}\n{row}{end}".encode(), ABC, dialect)
    assert rejects(found) == []
    assert [column for (column,) in values(found).values()] == cells


@pytest.mark.parametrize(
    "selection",
    [
        select(a=BYTES, b=BYTES),
        Selection(ABC.columns[:1], names=("a", "b"), key=SplitKey(("b",))),
        Selection(ABC.columns[:1], names=("a", "b")),
        Selection((), names=("a", "b")),
    ],
)
def test_a_record_is_bad_whatever_columns_are_read(selection: Selection) -> None:
    """The fault may be in a column that is converted, in the split key, or in one that isn't wanted."""
    found = read(b'a,b\n1,2\n3,"4"5\n', selection)
    assert [block.rows for block in found] == [1]
    assert [(reject.line, reject.column) for reject in rejects(found)] == [(3, "b")]


def test_a_fault_of_the_record_is_told_before_those_of_its_cells() -> None:
    """A row that isn't cut into cells as it was meant has no cells to find fault with."""
    found = read(b'a,b\nx,"4"5\n"1"y,2,3\nz,7\n8,9\n', select(a=INT, b=INT))
    assert values(found) == {"a": [8], "b": [9]}
    assert [(reject.line, reject.column, reject.reason) for reject in rejects(found)] == [
        (2, "b", f"{STRAY}, found '5'"),
        (3, "a", f"{STRAY}, found 'y'"),
        (4, "a", "expected an integer, found 'z'"),
    ]


@pytest.mark.parametrize(
    ("header", "found", "hint", "dialect"),
    [
        ('"a"x,b', "'x'", "double a quote inside quotes, or, if quotes in this file mean nothing special, set", PLAIN),
        ('"a";"b"', "';\"b\"'", 'set [input] delimiter = ";"', PLAIN),
        ('"a"\t"b"', "'\"b\"'", r'set [input] delimiter = "\t"', PLAIN),
        ('"a" | "b"', "'| \"b\"'", 'set [input] delimiter = "|"', PLAIN),
        ("a;'b'\"c\"", "'\"c\"'", "double a quote", Dialect(delimiter=";", quote="'")),
        ('"say \\"a\\"",b', "'a\\\\\"\"'", r'set [input] escape = "\\"', PLAIN),
    ],
)
def test_a_header_with_text_after_a_closing_quote_is_an_error(
    header: str, found: str, hint: str, dialect: Dialect
) -> None:
    """No names can be trusted then; the message has the setting that likely mends it."""
    message = re.escape(f"the header of 'f.csv' has {STRAY}, found {found}; {hint}")
    with pytest.raises(DataError, match=message):
        read(f"{header}\n1,2\n".encode(), select(a=BYTES, b=BYTES), dialect)


def test_blanks_after_a_quoted_name_are_fine() -> None:
    """They are no part of the name, as blanks around others aren't."""
    assert values(read(b'"a" ,"b"\t\n1,2\n', select(a=INT, b=INT))) == {"a": [1], "b": [2]}
