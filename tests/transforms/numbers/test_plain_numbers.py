"""Numbers in the notation of their column: read back equal, and nothing else taken for one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.csv.cell_columns import CellColumn, ColumnParser, Grid
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.rejects import Reject
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.numbers.cast import Cast, cast
from shardmill.transforms.numbers.number_format import NumberFormat
from shardmill.transforms.numbers.plain_numbers import plain_numbers
from tests.support.csv.csv_blocks import FLOAT, INT, read, rejects, values

NULLS = pa.array(["", "NA"])
COMMAS = NumberFormat(thousands=",")
GERMAN = NumberFormat(thousands=".", decimal=",")
MONEY = NumberFormat(thousands=",", strip="$€%", negative_parentheses=True)

marks = st.sampled_from(
    [("", "."), (",", "."), (".", ","), (" ", ","), ("\u202f", ","), ("'", "."), ("_", "."), ("", ",")]
)


def cast_in(cells: Sequence[str | None], column_type: ColumnType, number_format: NumberFormat) -> Cast:
    """Cells of a column with a format, as they are read."""
    parser = ColumnParser(bytes(8), NULLS.to_pylist(), [CellColumn(0, column_type, number_format=number_format)])
    _, notable = parser.parse(Grid.of(pa.array(cells, pa.string())))
    return notable[0]


def read_as(cells: list[str | None], column_type: ColumnType, number_format: NumberFormat) -> list[Any]:
    """What cells are read as, none of which may be bad."""
    result = cast_in(cells, column_type, number_format)
    assert result.reasons(column_type) == []
    found: list[Any] = result.values.to_pylist()
    return found


def localized(text: str, thousands: str, decimal: str) -> str:
    """What Python wrote with "," and ".", in another notation."""
    return text.replace(",", "\0").replace(".", decimal).replace("\0", thousands)


@given(
    st.lists(st.integers(-(2**63) + 1, 2**63 - 1), max_size=5),
    marks,
    st.sampled_from(["{}", " {} ", "${}", "{} %", "$ {}"]),
)
def test_integers_written_by_python_are_read_back(numbers: list[int], pair: tuple[str, str], around: str) -> None:
    """`f"{x:,}"` with any marks, and a symbol before or after it."""
    thousands, decimal = pair
    number_format = NumberFormat(thousands=thousands, decimal=decimal, strip="$%")
    cells = [around.format(localized(f"{number:,}", thousands, decimal)) for number in numbers]
    assert read_as([*cells, None], INT, number_format) == [*numbers, None]


@given(st.lists(st.floats(-1e15, 1e15), max_size=5), marks, st.integers(0, 40))
def test_floats_written_by_python_are_read_back(numbers: list[float], pair: tuple[str, str], digits: int) -> None:
    """Grouped, with any number of decimals: the nearest float32; with an exponent, too."""
    cells = [f"{number:,.{digits}f}" for number in numbers] + [f"{number:e}" for number in numbers]
    expected = cast(pa.array([cell.replace(",", "") for cell in cells], pa.string()), FLOAT, NULLS).values.to_pylist()
    written = [localized(cell, *pair) for cell in cells]
    assert read_as(written, FLOAT, NumberFormat(thousands=pair[0], decimal=pair[1])) == expected


@pytest.mark.parametrize(
    ("number_format", "cell", "number"),
    [
        (COMMAS, "1,234", 1234),
        (COMMAS, " -12,345.5 ", -12345.5),
        (COMMAS, "+1,234,567", 1234567),
        (COMMAS, "1234567", 1234567),
        (COMMAS, "12,34,567", 1234567),
        (COMMAS, "1,23,45,678.5", 12345678.5),
        (GERMAN, "1.234,5", 1234.5),
        (GERMAN, ",5", 0.5),
        (GERMAN, "5,", 5),
        (GERMAN, "1,5E3", 1500),
        (MONEY, "$3.20", 3.2),
        (MONEY, "12 %", 12),
        (MONEY, "(5)", -5),
        (MONEY, "($1,234.50)", -1234.5),
        (MONEY, "$ (5)", -5),
        (MONEY, "-$5", -5),
        (MONEY, "$-5", -5),
        (MONEY, "5€", 5),
        (NumberFormat(strip="EUR "), "12.5 EUR", 12.5),
        (NumberFormat(thousands="_"), "1_000", 1000),
        (COMMAS, "nan", None),
        (COMMAS, " NA ", None),
        (COMMAS, "  ", None),
        (COMMAS, "-inf", -np.inf),
    ],
)
@pytest.mark.parametrize("neighbour", ["1", "bad"])
def test_a_number_in_its_columns_notation(
    number_format: NumberFormat, cell: str, number: float | None, neighbour: str
) -> None:
    """Thousands in groups of three or the Indian way; symbols before and after; spaces as everywhere."""
    result = cast_in([neighbour, cell], FLOAT, number_format)
    assert result.values[1].as_py() == (None if number is None else float(np.float32(number)))
    assert [row for row, _ in result.reasons(FLOAT)] == ([0] if neighbour == "bad" else [])


@pytest.mark.parametrize(
    ("number_format", "cell"),
    [
        *(
            (COMMAS, cell)
            for cell in ["1,2", "1,23", "1,2345", "1234,567", "0,123", ",123", "1,234,", "1,,234", "1.234,5", "1,2,345"]
        ),
        *((GERMAN, cell) for cell in ["1.5", "1,234.5", "1.23", "1,2,3", "0.123", "1.234.5"]),
        *((MONEY, cell) for cell in ["1$2", "$", "(-5)", "(5", "5)", "((5))", "--5", "£5", "0x1F"]),
        (NumberFormat(decimal=","), "1.234"),
        (NumberFormat(strip="EUR"), "1e5"),
        (NumberFormat(negative_parentheses=True), "()"),
    ],
)
@pytest.mark.parametrize("column_type", [INT, FLOAT])
def test_a_cell_in_another_notation_is_bad(number_format: NumberFormat, cell: str, column_type: ColumnType) -> None:
    """It is never another number, the message has the cell as it stood, and inference sees text."""
    result = cast_in(["1", cell], column_type, number_format)
    what = "an integer" if column_type is INT else "a number"
    assert result.reasons(column_type) == [(1, f"expected {what} with {number_format}, found {cell!r}")]
    assert plain_numbers(pa.array([cell]), number_format, NULLS)[0].as_py() == f"'{cell}'"


def test_a_format_in_words() -> None:
    """Its settings that aren't the defaults."""
    assert str(GERMAN) == "thousands '.' and decimal ','"
    assert str(MONEY) == "thousands ',', strip '$€%' and negative_parentheses"
    assert str(NumberFormat(thousands="\u202f")) == r"thousands '\u202f'"
    assert str(NumberFormat(true_values=("yes",))) == "true_values ['yes']"


def test_true_and_false_cells_are_1_and_0() -> None:
    """As they are listed, without the spaces around them; other cells are read as numbers, or are bad."""
    flags = NumberFormat(true_values=("yes", "Y"), false_values=("no",))
    result = cast_in(["yes", " no ", "Y", "YES", "1", None, "5.0"], INT, flags)
    assert result.values.to_pylist() == [1, 0, 1, None, 1, None, 5]
    assert result.reasons(INT) == [
        (3, "expected an integer with true_values ['yes', 'Y'] and false_values ['no'], found 'YES'")
    ]
    both = NumberFormat(thousands=",", true_values=("all",))
    assert read_as(["all", "1,000"], INT, both) == [1, 1000]


def test_a_range_is_told_in_any_notation() -> None:
    """An integer that is too large is told as such."""
    result = cast_in(["9,223,372,036,854,775,808"], INT, COMMAS)
    assert result.reasons(INT) == [
        (0, "expected an integer from -2**63+1 to 2**63-1 with thousands ',', found '9,223,372,036,854,775,808'")
    ]


def test_a_block_is_read_by_its_columns_formats() -> None:
    """Each column by its own; a rejected row stands as it stood, and a split key has the cells' text."""
    dialect = Dialect(delimiter=";", numbers=(("a", GERMAN), ("b", COMMAS)))
    selection = Selection((Column("a", FLOAT), Column("b", INT), Column("c", FLOAT)), ("a", "b", "c"))
    blocks = list(read(b"a;b;c\n1.234,5;1,234;1.5\n2,5;7;2\n1.5;1;1\n1;1,2;1\n1;1;1,5\n", selection, dialect))
    assert values(blocks) == {"a": [1234.5, 2.5], "b": [1234, 7], "c": [1.5, 2.0]}
    assert rejects(blocks) == [
        Reject("f.csv", 4, "a", "expected a number with thousands '.' and decimal ',', found '1.5'", b"1.5;1;1"),
        Reject("f.csv", 5, "b", "expected an integer with thousands ',', found '1,2'", b"1;1,2;1"),
        Reject("f.csv", 6, "c", "expected a number, found '1,5'", b"1;1;1,5"),
    ]
