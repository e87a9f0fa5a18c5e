"""Cells' text to numbers: what is one, what isn't, and to the last bit."""

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.schemas.schema import ColumnType
from shardmill.transforms.csv.blocks import Reject
from shardmill.transforms.numbers.cast import cast
from tests.support.csv.csv_blocks import FLOAT, INT, read, rejects, select, select_columns, values

NULLS = pa.array([""])


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
        (" NaN ", INT, None),
        ("17031081000.0", INT, 17031081000),
        ("-0.0", INT, 0),
        ("5.", INT, 5),
        (".0", INT, 0),
        ("1e5", INT, 100_000),
        ("1.5E+01", INT, 15),
        ("1200e-2", INT, 12),
        ("9007199254740993.0", INT, 2**53 + 1),
        ("-9223372036854775807.00", INT, -(2**63) + 1),
        ("0e999999999999", INT, 0),
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
    selection = select_columns(columns, infinite={"b": "missing", "c": "reject"})
    (block,) = read(b"a,b,c\ninf,inf,1\n2,-inf,inf\n3,3,3\n", selection)
    assert values([block]) == {"a": [math.inf, 3], "b": [None, 3], "c": [1, 3]}
    assert block.infinite == {"a": 1, "b": 2, "c": 1}
    assert rejects([block]) == [Reject("f.csv", 3, "c", "expected a finite number, found 'inf'", b"2,-inf,inf")]


@pytest.mark.parametrize(
    ("cell", "column_type", "reason"),
    [
        ("abc", INT, "expected an integer, found 'abc'"),
        ("1.5", INT, "expected an integer, found '1.5'"),
        ("1e-3", INT, "expected an integer, found '1e-3'"),
        ("0.99999999999999999999", INT, "expected an integer, found '0.99999999999999999999'"),
        ("0x1F", INT, "expected an integer, found '0x1F'"),
        ("0X1f.0", INT, "expected an integer, found '0X1f.0'"),
        ("0x10", INT, "expected an integer, found '0x10'"),
        ("1_000", INT, "expected an integer, found '1_000'"),
        ("+-5", INT, "expected an integer, found '+-5'"),
        ("٣", INT, "expected an integer, found '٣'"),
        ("inf", INT, "expected an integer, found 'inf'"),
        (
            "1e99999999999999999999",
            INT,
            "expected an integer from -2**63+1 to 2**63-1, found '1e99999999999999999999'",
        ),
        ("1E-99999999999999999999", INT, "expected an integer, found '1E-99999999999999999999'"),
        ("1e300", INT, "expected an integer from -2**63+1 to 2**63-1, found '1e300'"),
        ("9223372036854775808.0", INT, "expected an integer from -2**63+1 to 2**63-1, found '9223372036854775808.0'"),
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


@pytest.mark.parametrize("neighbour", ["1", " 2 ", "bad"])
def test_whole_numbers_that_float32_rounds_are_counted(neighbour: str) -> None:
    """Identifiers in a column of floats; not what it holds exactly, fractions, or what isn't finite."""
    fine = [
        "16777216",
        "-16777218.0",
        "1e20",
        "123456789.5",
        "inf",
        "nan",
        "1e39",
        None,
        "1267650600228229401496703205376",
    ]
    rounded = ["16777217", "-16777217.0", "17031081000.0", "10000169349117863715", "123456789"]
    assert cast(pa.array([neighbour, *fine, *rounded]), FLOAT, NULLS).rounded == len(rounded)
    assert cast(pa.array([neighbour, *fine]), FLOAT, NULLS, "missing").rounded == 0
    assert cast(pa.array(rounded), INT, NULLS).rounded == 0


def test_a_block_counts_what_is_rounded_by_column() -> None:
    """Those of rejected rows, too; columns without any are absent."""
    (block,) = read(b"a,b,c\n17031081201,1,5\n5,2,5\n20000001,3,x\n", select(a=FLOAT, b=FLOAT, c=INT))
    assert (block.rows, block.rounded) == (2, {"a": 2})


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


@given(st.integers(-(2**64), 2**64), st.sampled_from(["{}", "{}.", "{}.0", "{}.000", "{}e0", "{}00.0E-2", "{}.0e+0"]))
def test_integers_are_exact(number: int, spelling: str) -> None:
    """An integer's text becomes that integer, with a point or an exponent, too, or is bad if it is too large."""
    fits = abs(number) < 2**63
    assert cast(pa.array([spelling.format(number)]), INT, NULLS).values.to_pylist() == [number if fits else None]
