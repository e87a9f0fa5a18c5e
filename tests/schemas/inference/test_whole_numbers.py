"""Whole numbers in any spelling, as Python's decimal arithmetic evaluates them."""

import re
from decimal import Decimal

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from shardmill.schemas.inference.whole_numbers import is_rounded, whole_numbers

pandas_cells = st.integers(-(2**54), 2**54).map("{}.0".format)
spelled = st.one_of(
    pandas_cells,
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.builds("{}.{}e{}".format, st.integers(-(10**20), 10**20), st.integers(0, 10**6), st.integers(-30, 30)),
    st.integers(-(2**64), 2**64).map(str),
    st.text("0123456789+-.eE x", max_size=10),
)


def expected(cell: str | None) -> int | None:
    """The integer that a cell spells, by Python's decimal arithmetic."""
    if cell is None or not re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?", cell):
        return None
    number = Decimal(cell)
    if number.adjusted() > 20 or number != number.to_integral_value():
        return 0 if not number else None
    return int(number) if abs(int(number)) < 2**63 else None


@settings(max_examples=300)
@given(st.lists(spelled | st.none(), max_size=8) | st.lists(pandas_cells | st.none(), max_size=8))
def test_integers_come_from_the_decimal_text(cells: list[str | None]) -> None:
    """Points, exponents, signs and zeros are evaluated exactly; what has a fraction or is too large is none."""
    assert whole_numbers(pa.array(cells, pa.string())).to_pylist() == [expected(cell) for cell in cells]


def test_long_cells_are_evaluated_like_others() -> None:
    """Thousands of zeros, and exponents of a hundred digits, change nothing."""
    zeros = "0" * 20_000
    cells = [
        f"{zeros}7.{zeros}",
        f"7{zeros}e-20000",
        f"0.{zeros}7e20001",
        f"1e{'9' * 100}",
        f"0e{'9' * 100}",
        f"1e-{'9' * 100}",
    ]
    assert whole_numbers(pa.array(cells)).to_pylist() == [7, 7, 7, None, 0, None]


def test_numbers_beyond_float32_are_not_rounded_to_it() -> None:
    """The first one between the largest float32 and infinity, as others, makes no warning; quantities may be rounded."""
    values = np.array([3.4028235677973366e38, -1e300, np.nan, 2.0**24, 2.0**24 + 1, 2.0**64, 2.0**63 + 2**11])
    with np.errstate(all="raise"):
        assert is_rounded(values).tolist() == [False] * 4 + [True, False, True]


def test_a_slice_is_read_where_it_stands() -> None:
    """Offsets of a sliced array are honoured."""
    assert whole_numbers(pa.array(["1.5", "2.0", "3.0", "x"]).slice(1, 2)).to_pylist() == [2, 3]
    assert whole_numbers(pa.array(["1.5", "2e1", "3.0", "x"]).slice(1, 3)).to_pylist() == [20, 3, None]


@given(st.lists(st.integers(-(2**62), 2**62) | st.floats(-3e38, 3e38), max_size=6))
def test_whole_numbers_that_float32_changes_are_told(numbers: list[float]) -> None:
    """A whole number is rounded if float32 gives another one; quantities beyond 64 bits, fractions and NaN are never meant."""
    values = np.array([float(number) for number in numbers] + [float("nan")])
    changed = [
        value.is_integer() and abs(value) < 2**64 and float(np.float32(value)) != value for value in values.tolist()
    ]
    assert is_rounded(values).tolist() == changed
