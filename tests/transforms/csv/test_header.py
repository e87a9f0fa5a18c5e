"""Names in headers: other spellings of a column, and what `[input.rename]` makes of them."""

import io
from dataclasses import replace
from typing import Literal

import pytest

from shardmill.schemas.errors import DataError
from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.csv.blocks import Reject, read_header
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.records.repair_names import Renamed
from tests.support.csv import csv_blocks
from tests.support.csv.csv_blocks import select_columns

SELECTION = select_columns((Column("Province_State", ColumnType.BYTES), Column("UserID", ColumnType.INT)))
REPAIRED = Selection((Column("a", ColumnType.INT), Column("column_3", ColumnType.INT)), ("a", "b", "column_3"))
RENAME = (("Province/State", "Province_State"), ("userid", "UserID"), ("user id", "UserID"))


def read(data: bytes, dialect: Dialect) -> tuple[dict[str, list[object]], list[Reject]]:
    """The values and rejected rows of a file."""
    found = csv_blocks.read(data, SELECTION, dialect)
    return csv_blocks.values(found), csv_blocks.rejects(found)


@pytest.mark.parametrize(
    "header", ["Province_State,UserID", "Province/State,userid", " Province/State ,user id", '"Province/State",UserID']
)
def test_a_renamed_column_is_the_column(header: str) -> None:
    """Whatever a file calls a column, its values are that column's, and so is what is wrong with them."""
    found, rejects = read(f"{header}\nHubei,1\nx,y\n".encode(), Dialect(rename=RENAME))
    assert found == {"Province_State": ["Hubei"], "UserID": [1]}
    assert rejects == [Reject("f.csv", 3, "UserID", "expected an integer, found 'y'", b"x,y")]


def test_a_header_is_read_with_its_new_names() -> None:
    """So a schema that is inferred has them; a name that isn't in the file doesn't matter."""
    assert read_header(io.BytesIO(b"userid,x\n"), "f.csv", Dialect(rename=RENAME)).names == ("UserID", "x")


def test_two_columns_cannot_be_one() -> None:
    """Two columns of a file that are renamed to one are an error: one's values would be lost."""
    with pytest.raises(
        DataError,
        match=r"the header of 'f\.csv' has 'userid' and 'UserID', which \[input\.rename\] both makes the column 'UserID'",
    ):
        read(b"userid,UserID,Province_State\n1,2,x\n", Dialect(rename=RENAME))


@pytest.mark.parametrize("unknown", ["error", "ignore"])
@pytest.mark.parametrize("absent", ["error", "null"])
@pytest.mark.parametrize(
    ("header", "line"),
    [
        ("Province/State,UserID", '"Province/State" = "Province_State"'),
        ("province_state,UserID", '"province_state" = "Province_State"'),
        ("Province State,UserID", '"Province State" = "Province_State"'),
        ("Province_State,userid", '"userid" = "UserID"'),
        ("PROVINCE_STATE,USERID", '"PROVINCE_STATE" = "Province_State"'),
        ("Province\u00a0State,UserID", '"Province\u00a0State" = "Province_State"'),
        ("\u200bProvince_State,UserID", '"\u200bProvince_State" = "Province_State"'),
        ("\uff30rovince_State,UserID", '"\uff30rovince_State" = "Province_State"'),
    ],
)
def test_another_spelling_is_never_taken_for_another_column(
    header: str, line: str, absent: Literal["error", "null"], unknown: Literal["error", "ignore"]
) -> None:
    """Even where missing columns are null and unknown ones ignored: the message gives the line to write."""
    dialect = Dialect(missing_columns=absent, extra_columns=unknown)
    with pytest.raises(
        DataError, match=r"'f\.csv' lacks the column .*differs in letter case, spaces or punctuation"
    ) as found:
        read(f"{header}\nx,1\n".encode(), dialect)
    assert f"set [input.rename] {line}, and" in str(found.value)


def test_a_letter_may_be_composed_or_not() -> None:
    """A name as some systems write it, letters and accents apart, isn't another column."""
    selection = select_columns((Column("caf\u00e9", ColumnType.INT), Column("x", ColumnType.INT)))
    dialect = Dialect(missing_columns="null", extra_columns="ignore")
    with pytest.raises(DataError, match=r"lacks the column 'caf\u00e9', but has 'cafe\u0301', which differs"):
        csv_blocks.read("cafe\u0301,x\n1,2\n".encode(), selection, dialect)


def test_another_spelling_may_be_said_to_be_another_column() -> None:
    """A name that is renamed to itself is a column of its own."""
    dialect = Dialect(missing_columns="null", extra_columns="ignore", rename=(("userid", "userid"),))
    assert read(b"Province_State,userid\nx,1\n", dialect)[0] == {"Province_State": ["x"], "UserID": [None]}


@pytest.mark.parametrize("header", ['"a";x', '"a,x', "\ufeff\ufeffa,x"])
def test_a_misread_name_is_not_another_spelling(header: str) -> None:
    """Where quotes or marks are left in a name, another setting is wrong: to rename the column isn't advised."""
    selection = select_columns((Column("a", ColumnType.INT), Column("x", ColumnType.INT)))
    dialect = Dialect(quote=None, delimiter=";" if ";" in header else ",")
    with pytest.raises(DataError, match=r"lacks the column 'a'") as found:
        csv_blocks.read(f"{header}\n1,2\n".encode(), selection, dialect)
    assert "rename" not in str(found.value)


def test_names_of_punctuation_alone_are_not_alike() -> None:
    """A column `%` isn't another spelling of `#`."""
    selection = select_columns((Column("a", ColumnType.INT), Column("%", ColumnType.INT)))
    with pytest.raises(DataError, match=r"lacks the column '%'; its columns are 'a', '#'"):
        csv_blocks.read(b"a,#\n1,2\n", selection, Dialect())


def test_columns_without_a_name_are_called_by_their_position() -> None:
    """As `to_csv` of pandas and `write.csv` of R leave row names; blanks alone are no name, and `rename` may give one."""
    header = read_header(io.BytesIO(b",x,\xc2\xa0 ,y\n0,1,2,3\n"), "f.csv", Dialect())
    assert header.names == ("column_1", "x", "column_3", "y")
    assert header.renamed == (Renamed(1, "", "column_1"), Renamed(3, "", "column_3"))
    renamed = read_header(io.BytesIO(b",x\n0,1\n"), "f.csv", Dialect(rename=(("column_1", "row"),)))
    assert (renamed.names, renamed.renamed) == (("row", "x"), ())


def test_a_name_that_is_there_twice_gets_a_number() -> None:
    """The first keeps it, also where names are equal only without the spaces around them."""
    header = read_header(io.BytesIO(b'a,b," a",a_2,a\n'), "f.csv", Dialect())
    assert header.names == ("a", "b", "a_3", "a_2", "a_4")
    assert header.renamed == (Renamed(3, "a", "a_3"), Renamed(5, "a", "a_4"))


def test_a_header_may_end_with_a_delimiter() -> None:
    """The column that it makes has no values, and the others theirs."""
    found = csv_blocks.read(b'"a","b",\n1,2,\n', REPAIRED, Dialect())
    assert found[0].columns.to_pydict() == {"a": [1], "column_3": [None]}
    assert found[0].renamed == (Renamed(3, "", "column_3"),)


@pytest.mark.parametrize("unknown", ["error", "ignore"])
@pytest.mark.parametrize("absent", ["error", "null"])
def test_an_unnamed_column_elsewhere_is_not_lost(
    absent: Literal["error", "null"], unknown: Literal["error", "ignore"]
) -> None:
    """In a file with another order it has another name: it is named, even where columns may be missing or unknown."""
    dialect = Dialect(missing_columns=absent, extra_columns=unknown)
    message = (
        r"'f\.csv' lacks the column 'column_3', but has a column without a name, which is called 'column_1' because"
    )
    with pytest.raises(DataError, match=message) as found:
        csv_blocks.read(b",a,b\n3,1,2\n", REPAIRED, dialect)
    assert 'set [input.rename] "column_1" = "column_3", and' in str(found.value)
    same = replace(dialect, rename=(("column_1", "column_3"),))
    (block,) = csv_blocks.read(b",a,b\n3,1,2\n", REPAIRED, same)
    assert block.columns.to_pydict() == {"a": [1], "column_3": [3]}
    if absent == "null" and unknown == "ignore":
        other = replace(dialect, rename=(("column_1", "column_1"),))
        (block,) = csv_blocks.read(b",a,b\n3,1,2\n", REPAIRED, other)
        assert block.columns.to_pydict() == {"a": [1], "column_3": [None]}


def test_a_repaired_name_is_matched_as_any_other() -> None:
    """Of names that are there twice the first is the first in every file, wherever they are."""
    selection = Selection((Column("a", ColumnType.INT), Column("a_2", ColumnType.INT)), ("a", "b", "a_2"))
    for data in (b"a,b,a\n1,2,3\n", b"b,a,a\n2,1,3\n"):
        (block,) = csv_blocks.read(data, selection, Dialect())
        assert block.columns.to_pydict() == {"a": [1], "a_2": [3]}


def test_a_column_that_rename_makes_twice_is_an_error_with_repaired_names_too() -> None:
    """What the configuration says isn't repaired."""
    with pytest.raises(DataError, match=r"has 'column_1' and 'x', which \[input\.rename\] both makes the column 'x'"):
        read_header(io.BytesIO(b",x\n"), "f.csv", Dialect(rename=(("column_1", "x"),)))
