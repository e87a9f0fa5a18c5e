"""Integers that are codes rather than amounts."""

from pathlib import Path

import pandas as pd
import pytest

from shardmill.pipelines.survey.integer_codes import integer_codes
from tests.support.starters import Columns, profiles_of

CLOSE = [str(number % 3) for number in range(300)]
TWO = [["300", "320"][number % 2] for number in range(300)]
APART = [["1002", "1005", "1010"][number % 3] for number in range(300)]
DOSES = [str(number % 5 * 50) for number in range(300)]
MANY = [str(number % 60) for number in range(300)]
FLAGS = [str(number % 2) for number in range(300)]


def _codes(columns: Columns) -> dict[str, str]:
    profiles = profiles_of(columns)
    return dict(integer_codes(profiles.schema(), profiles))


def test_few_values_are_codes_where_most_like_columns_have_such() -> None:
    """Columns are alike if their names differ in a number at the end; flags and columns of many values don't count."""
    found = _codes({"C1": APART, "C14": MANY, "C15": TWO, "C16": DOSES, "C17": FLAGS, "C18": CLOSE, "D1": DOSES})
    assert found == {
        "C15": "",
        "C17": "",
        "C18": "",
        "C1": "codes, as 'C15', 'C18' are",
        "C16": "codes, as 'C15', 'C18' are",
    }


@pytest.mark.parametrize("name", ["x", "C_dose", "amount2"])
def test_other_names_and_amounts_are_on_their_own(name: str) -> None:
    """Whatever stands beside them."""
    assert _codes({"C1": CLOSE, "C2": TWO, "amount1": CLOSE, name: DOSES}) == {"C1": "", "C2": ""}


def test_two_values_are_amounts_where_most_like_columns_have_amounts() -> None:
    """Pixels at the border of images have few of the values of others; a single other column says nothing."""
    assert _codes({"pixel1": TWO, "pixel2": DOSES, "pixel3": DOSES, "pixel4": MANY}) == {}
    assert _codes({"pixel1": TWO, "pixel2": DOSES}) == {"pixel1": ""}


def test_a_hundred_clicks_of_avazu_have_codes(shared_data: Path) -> None:
    """C1 is like C15; columns of many values for so few rows stay amounts."""
    rows = pd.read_csv(shared_data / "criteo_sample" / "avazu_sample.txt", dtype=str)
    found = _codes({str(name): list(rows[name]) for name in rows})
    assert {name for name in found if name[1:].isdigit()} == {"C1", "C15", "C16", "C18", "C19"}


def test_counts_of_criteo_are_amounts(shared_data: Path) -> None:
    """But for one that isn't outnumbered by others with few values."""
    rows = pd.read_csv(shared_data / "criteo_sample" / "criteo_sample.txt", dtype=str, keep_default_na=False)
    found = _codes({str(name): list(rows[name]) for name in rows if str(name).startswith("I")})
    assert set(found) == {"I10"}
