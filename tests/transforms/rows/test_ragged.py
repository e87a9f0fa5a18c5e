"""Rows of another width than their header: how they differ, and what reads them."""

import io

import pytest

from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.csv.blocks import read_blocks, read_header
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.rows.counts import Rejections
from shardmill.transforms.rows.ragged import Ragged, find_ragged
from tests.support.csv.csv_blocks import select_columns

TRAILING = "They end with ',', and the header doesn't. To read them set [input] header = false, skip_rows = "
ROW_NAMES = "Their first cell may be a row's name, for which the header has no cell. To read them set [input] header = false, skip_rows = "
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
    return find_ragged(rejections, read, dialect, names)


@pytest.mark.parametrize(
    ("data", "dialect", "problem", "remedy"),
    [
        (
            b"a,b\n1,2,\n3,4,\n5,6,\n",
            Dialect(),
            "3 of 3 rows have 3 cells where the header has 2",
            TRAILING + '1 and columns = ["a", "b", "column_3"]',
        ),
        (
            b'# R\n"x";"y"\n"1";1.5;2\n"2";1;2\n',
            Dialect(delimiter=";", skip_rows=1),
            "2 of 2 rows have 3 cells where the header has 2",
            ROW_NAMES + '2 and columns = ["column_1", "x", "y"]',
        ),
        (
            b"Report\na,b,c\n1,2,3\n",
            Dialect(),
            "2 of 2 rows have 3 cells where the header has 1",
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


def test_the_advised_settings_read_the_rows() -> None:
    """All of them, with a column more."""
    dialect = Dialect(header=False, skip_rows=1, columns=("a", "b", "column_3"))
    selection = select_columns(tuple(Column(name, ColumnType.INT) for name in dialect.columns or ()))
    (block,) = read_blocks(io.BytesIO(b"a,b\n1,2,\n3,4,\n"), Unit(0, 0, "f.csv"), dialect, selection)
    assert block.columns.to_pydict() == {"a": [1, 3], "b": [2, 4], "column_3": [None, None]}


def test_many_columns_are_not_written_out() -> None:
    """Nor are they where the header's order isn't known."""
    names = ",".join(f"c{number}" for number in range(30))
    data = f"{names}\n{'1,' * 30}\n".encode()
    assert ragged_of(data, Dialect()).remedy.endswith(
        'columns = ["column_31", ...], with the header\'s names before it'
    )


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
