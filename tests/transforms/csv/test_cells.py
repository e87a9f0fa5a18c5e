"""Records parsed into cells in every dialect."""

import io
from typing import Any

import pytest

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv import blocks, chunks
from shardmill.transforms.csv import header as header_module
from shardmill.transforms.csv.blocks import Reject, read_header
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection
from tests.support.csv.csv_blocks import BYTES, FLOAT, INT, read, rejects, select, values


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


def test_trim() -> None:
    """With trim, spaces around cells are dropped, and what is left may be a null value."""
    data = b'a, b ,c\n x , 1, ?\n  ,2 ," y "\n'
    dialect = Dialect(trim=True, null_values=("?",))
    assert values(read(data, select(a=BYTES, b=INT, c=BYTES), dialect)) == {
        "a": ["x", None],
        "b": [1, 2],
        "c": [None, "y"],
    }


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
    assert read_header(io.BytesIO(data), "f.csv", dialect).names == ("a", "b")


@pytest.mark.parametrize(
    ("header", "message"),
    [
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
    """Names that are missing, unknown or no text are one error, which says what to do."""
    with pytest.raises(DataError, match=message):
        read(header + b"\n1,2\n", select(a=BYTES, b=BYTES))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"a,,b,", r"the header of 'f.csv' has no name for column 2, 4 of 4; give each column .* header = false"),
        (b"a,b, a ", r"the header of 'f.csv' has the name 'a' twice, for columns 1 and 3; give each column"),
    ],
)
def test_strict_headers(header: bytes, message: str) -> None:
    """Where names must not be repaired, an empty one or one that is there twice is an error."""
    with pytest.raises(DataError, match=message) as found:
        read(header + b"\n1,2\n", select(a=BYTES, b=BYTES), Dialect(header_names="strict"))
    assert 'set [input] header_names = "repair"' in str(found.value)


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


def test_files_with_the_same_header_have_it_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many small files the header would take as long as the rows."""
    parsed = []
    lex = header_module.lex

    def counted(*args: Any, **options: Any) -> Any:
        parsed.append(args)
        return lex(*args, **options)

    monkeypatch.setattr(header_module, "lex", counted)
    selection = Selection(select(b=INT).columns, names=("parsed once", "b"))
    for number in range(9):
        assert values(read(b"parsed once,b\nx,%d\n" % number, selection)) == {"b": [number]}
    assert len(parsed) == 1
