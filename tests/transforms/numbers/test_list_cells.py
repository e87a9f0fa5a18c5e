"""Cells that must be lists of numbers."""

import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.numbers.list_cells import ListShape

FLOATS, INTEGERS = ListShape("|", "float32"), ListShape(", ", "int64")
WEIGHTED = ListShape(",", "weighted", ":")


@given(st.integers(-(10**20), 10**20), st.sampled_from(["", "0", "000"]))
def test_integers_are_those_of_int64(value: int, zeros: str) -> None:
    """Whatever the number of zeros before them."""
    text = f"{'-' if value < 0 else ''}{zeros}{abs(value)}"
    assert bool(re.fullmatch(INTEGERS.pattern, text)) == (abs(value) < 2**63)


@pytest.mark.parametrize("value", [2**63 - 1, 2**63, 2**63 - 10**3, 10**19 - 1, 2**63 + 10**9])
def test_the_greatest_integer(value: int) -> None:
    """Numbers with as many digits are compared digit by digit."""
    assert bool(re.fullmatch(INTEGERS.pattern, str(value))) == (value < 2**63)


def test_the_first_bad_element_is_told() -> None:
    """Of each row; missing cells and empty elements are none."""
    cells = pa.array(["1|2", None, "", "1| x |y", "1||2", "1,2", "-.5e-3| 4. |", "inf"])[1:]
    assert list(FLOATS.faults(cells)) == [
        (2, "expected a list of numbers, found 'x' in it"),
        (4, "expected a list of numbers, found '1,2' in it"),
        (6, "expected a list of numbers, found 'inf' in it"),
    ]
    assert list(INTEGERS.faults(pa.array(["1, 2", "1.0"]))) == [
        (1, "expected a list of integers from -2**63 + 1 to 2**63 - 1, found '1.0' in it")
    ]


def test_weights() -> None:
    """They must be numbers, of something; an element may lack one."""
    cells = pa.array(["a", "a:1,b:-2.5", "a:b: 3", "a:x", "a:", ":1", "a:1:", " : 2"])
    assert list(WEIGHTED.faults(cells)) == [
        (row, f"expected a list of texts with their weights, found {cell!r} in it")
        for row, cell in ((3, "a:x"), (4, "a:"), (5, ":1"), (6, "a:1:"), (7, ": 2"))
    ]
