"""What comments say of columns."""

import re
import sys

import pytest

from tests.support.starters import NUMBERS, line, starter

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def test_comments_say_what_was_seen() -> None:
    """Type, distinct values, missing cells, range or examples, and cells that will be rejected."""
    assert line({"x": [*NUMBERS[:-20], *[None] * 20]}, "x").endswith("# integer, 980 distinct, 2 % missing, 0 to 6853")
    assert line({"x": ["red", "blue"] * 500}, "x").endswith(("e.g. 'red', 'blue'", "e.g. 'blue', 'red'"))


@pytest.mark.parametrize("rows", [10_001, 10_500, 12_345])
@pytest.mark.parametrize("prefix", ["a", "b", "c", "d", "e", "f", "g", "h"])
def test_no_more_values_are_distinct_than_there_are(rows: int, prefix: str) -> None:
    """An estimate is no more than the cells that aren't missing, also once it is rounded to two digits."""
    seen = starter({"x": [*(f"{prefix}{number}" for number in range(rows)), *[None] * 5000]})
    found = re.search(r"about ([0-9,]+) distinct", seen)
    assert found is not None
    assert 0.8 * rows <= int(found[1].replace(",", "")) <= rows


def test_a_missing_spelling_is_no_distinct_value() -> None:
    """Of `nan` and spaces among numbers, and the same in a column with too many to be counted."""
    assert ", 1 distinct, 75 % missing, 1.5" in line({"x": ["1.5", "nan", " ", "NaN"] * 250}, "x")
    assert ", 0 distinct, 100 % missing" in line({"x": ["nan", " "] * 500}, "x")
    assert ", 2 distinct," in line({"x": ["red", " "] * 500}, "x")


def test_integers_that_float32_cannot_hold_are_mentioned() -> None:
    """A float among large integers makes them all float32."""
    assert line({"x": ["16777217", "0.5"] * 500}, "x").endswith(
        ", 500 whole numbers beyond 16,777,216 are rounded to float32"
    )
    assert line({"x": ["16777216", "0.5"] * 500}, "x").endswith("0.5 to 1.67772e+07")


def test_examples_with_control_characters_stay_in_their_comment() -> None:
    """A newline in a cell must not end the comment."""
    text = starter({"x": ["a\nb = 3", "tab\t\x00\u2028nul"] * 500})
    assert list(tomllib.loads(text)["features"]) == ["x"]
