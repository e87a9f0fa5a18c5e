"""Rows of another width than their header: how they differ, and what reads them."""

import io
from typing import Literal

import pytest

from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.csv.blocks import read_blocks, read_header
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.rows.counts import Rejections
from shardmill.transforms.rows.ragged import Ragged, find_ragged
from tests.support.csv.csv_blocks import select_columns

TRAILING = "They end with ',', and the header doesn't. To read them set [input] header_lacks = \"last\""
ROW_NAMES = (
    "Their first cell may be a row's name, for which the header has no cell. To read them set [input] "
    'header_lacks = "first"'
)
BELOW = (
    "If the header is further below, set [input] skip_rows to the number of lines above it; if not, check [input] delimiter and "
    "quote"
)


def ragged_of(data: bytes, dialect: Dialect) -> Ragged:
    """What is told of a file's rows."""
    names = read_header(io.BytesIO(data), "f.csv", dialect).names
    selection = select_columns(tuple(Column(name, ColumnType.BYTES) for name in names))
    rejections, read = Rejections(), 0
    for block in read_blocks(io.BytesIO(data), Unit(0, 0, "f.csv"), dialect, selection):
        rejections.update(0, block.rejects)
        read += block.rows + len(block.rejects)
    return find_ragged(rejections, read, dialect)


@pytest.mark.parametrize(
    ("data", "dialect", "problem", "remedy"),
    [
        (
            b"a,b\n1,2,\n3,4,\n5,6,\n",
            Dialect(),
            "3 of 3 rows have 3 cells where the header has 2",
            TRAILING,
        ),
        (
            b'# R\n"x";"y"\n"1";1.5;2\n"2";1;2\n',
            Dialect(delimiter=";", skip_rows=1),
            "2 of 2 rows have 3 cells where the header has 2",
            ROW_NAMES,
        ),
        (
            b"Report\na,b,c\n1,2,3\n",
            Dialect(),
            "2 of 2 rows have 3 cells where the header has 1",
            BELOW,
        ),
        (
            b"a,b\n1,2,\n3,4,\n5,6,a note\n",
            Dialect(),
            "3 of 3 rows have 3 cells where the header has 2",
            TRAILING,
        ),
        (
            b"a,b\n1,2\n3,4\n",
            Dialect(header_lacks="last"),
            "2 of 2 rows have 2 cells where the header, with the cell that it lacks, has 3",
            "They have as many cells as the header itself. Remove [input] header_lacks",
        ),
        (
            b"a,b\n1,2,3,4\n",
            Dialect(header_lacks="first"),
            "1 of 1 rows have 4 cells where the header, with the cell that it lacks, has 3",
            BELOW,
        ),
        (
            b"1,2,\n3,4,\n5,6\n",
            Dialect(header=False, columns=("a", "b")),
            "2 of 3 rows have 3 cells where [input] columns has 2",
            "Check [input] columns, delimiter and quote",
        ),
        (b"a,b\n1,2\n3,4\n5,6,\n", Dialect(), "", ""),
        (b"a,b\n1,2\n", Dialect(), "", ""),
        (b"a,b\n", Dialect(), "", ""),
    ],
)
def test_rows_that_differ_in_one_way_are_told_with_what_reads_them(
    data: bytes, dialect: Dialect, problem: str, remedy: str
) -> None:
    """A delimiter at the end, a row's name, another header line; nothing where most rows are as their header."""
    assert ragged_of(data, dialect) == Ragged(problem, remedy)


@pytest.mark.parametrize(
    ("side", "data", "expected"),
    [
        ("last", b"a,b\n1,2,\n3,4,\n", {"a": [1, 3], "b": [2, 4], "column_3": [None, None]}),
        ("last", b"b,a\n2,1,\n4,3,\n", {"a": [1, 3], "b": [2, 4], "column_3": [None, None]}),
        ("first", b"a,b\n7,1,2\n8,3,4\n", {"a": [1, 3], "b": [2, 4], "column_1": [7, 8]}),
        ("first", b"b,a\n7,2,1\n8,4,3\n", {"a": [1, 3], "b": [2, 4], "column_1": [7, 8]}),
    ],
)
def test_the_advised_setting_reads_the_rows(
    side: Literal["first", "last"], data: bytes, expected: dict[str, list[int | None]]
) -> None:
    """All of them, with a column more, and by their names."""
    selection = select_columns(tuple(Column(name, ColumnType.INT) for name in expected))
    (block,) = read_blocks(io.BytesIO(data), Unit(0, 0, "f.csv"), Dialect(header_lacks=side), selection)
    assert block.columns.to_pydict() == expected


def test_widths_merge() -> None:
    """What is told doesn't depend on how the rows are spread over accumulators."""
    selection = select_columns((Column("a", ColumnType.INT), Column("b", ColumnType.INT)))
    merged = Rejections()
    for unit, data in enumerate((b"a,b\n1,2,3\n", b"a,b\n1,2,3\n1\n")):
        for block in read_blocks(io.BytesIO(data), Unit(unit, 0, "f.csv"), Dialect(), selection):
            part = Rejections()
            part.update(unit, block.rejects)
            merged.merge(part)
    assert merged.widths == {(2, 3): 2, (2, 1): 1}
    assert find_ragged(merged, 3, Dialect()).problem == "2 of 3 rows have 3 cells where the header has 2"
