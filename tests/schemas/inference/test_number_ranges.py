"""Ranges of numbers that are natural."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.schemas.inference.number_ranges import ENOUGH, Range, are_flags, natural_range


@pytest.mark.parametrize(
    ("name", "low", "high", "expected"),
    [
        ("pickup_latitude", 41.6, 42.0, Range(-90, 90)),
        ("dropoffLongitude", -87.9, -87.5, Range(-180, 180)),
        ("lon", 0, 359.5, None),
        ("fraction_paid", 0.2, 0.9, Range(0, 1)),
        ("fraction_paid", 0.2, 1.9, None),
        ("pct_full", 3, 88, Range(0, 100)),
        ("percent change", 3, 88, None),
        ("age", 17, 90, Range(0)),
        ("age", -1, 90, None),
        ("trip distance", 0.1, 12, Range(0)),
        ("summer temperature", 12, 31, None),
        ("price", 0.5, 31, None),
    ],
)
def test_a_name_says_what_numbers_can_be(name: str, low: float, high: float, expected: Range | None) -> None:
    """Unless one of them contradicts it."""
    assert natural_range(name, low, high, 3, integer=False) == expected


@pytest.mark.parametrize(
    ("name", "low", "count", "expected"),
    [
        ("fare", 0, ENOUGH, Range(0)),
        ("fare", 0, ENOUGH - 1, None),
        ("fare", 0.01, ENOUGH, None),
        ("arrival_delay", 0, ENOUGH, None),
        ("temperature", 0, ENOUGH, None),
    ],
)
def test_many_numbers_from_0_on_have_no_sign(name: str, low: float, count: int, expected: Range | None) -> None:
    """A least number that is anything but 0 says nothing, nor do few numbers, nor those that a name calls signed."""
    assert natural_range(name, low, 80, count, integer=False) == expected


@pytest.mark.parametrize(
    ("name", "low", "high", "expected"),
    [
        ("start_month", 1, 12, Range(1, 12)),
        ("start_month", 3, 9, None),
        ("hour", 0, 23, Range(0, 23)),
        ("hour", 1, 24, None),
        ("hour_of_work", 0, 23, None),
    ],
)
def test_parts_of_times_have_ends_that_were_seen(name: str, low: int, high: int, expected: Range | None) -> None:
    """A few months are no year; and hours may be counted in another way."""
    assert natural_range(name, low, high, 500, integer=True) == expected


@given(st.text(), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(1, 10**6), st.booleans())
def test_a_range_holds_the_numbers_that_were_seen(name: str, one: float, two: float, count: int, integer: bool) -> None:
    """Whatever the column is called."""
    low, high = sorted((one, two))
    found = natural_range(name, low, high, count, integer=integer)
    assert found is None or found.holds(low, high)


@pytest.mark.parametrize(
    ("name", "low", "high", "count", "expected"),
    [
        ("click", 0, 1, ENOUGH, True),
        ("click", 0, 1, ENOUGH - 1, False),
        ("click", 0, 2, ENOUGH, False),
        ("click", 0, 0, ENOUGH, False),
        ("child_count", 0, 1, ENOUGH, False),
    ],
)
def test_many_integers_of_0_and_1_are_flags(name: str, low: int, high: int, count: int, expected: bool) -> None:
    """Not counts, of which 2 is only rare."""
    assert are_flags(name, low, high, count) is expected
