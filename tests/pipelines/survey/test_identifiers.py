"""Names and numbers of identifiers."""

from collections.abc import Sequence

import pyarrow as pa
import pytest

from shardmill.pipelines.survey.identifiers import Identity, identify, words_of
from shardmill.schemas.inference.infer import ColumnProfile
from shardmill.schemas.inference.type_counts import decide

ASCENDING = [str(number * number + 3) for number in range(100)]
SHUFFLED = [str(number * 37 % 101 * 3) for number in range(100)]


def identity(name: str, cells: Sequence[str], *, unnamed: bool = False, ascending: bool = False) -> Identity | None:
    """What a column is taken for."""
    profile = ColumnProfile(name)
    profile.update(pa.array(cells))
    return identify(profile, decide(profile).type, unnamed=unnamed, ascending=ascending)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("AirportID", ("airport", "id")),
        ("customer_id", ("customer", "id")),
        ("Postal Code", ("postal", "code")),
        ("row.names", ("row", "names")),
        ("Unnamed: 0", ("unnamed", "0")),
        ("userId2", ("user", "id", "2")),
        ("IDNumber", ("id", "number")),
        ("PAID", ("paid",)),
        ("größe_id", ("größe", "id")),
        ("Straßenid", ("straßenid",)),
        ("...1", ("1",)),
        ("東京", ("東京",)),
        ("", ()),
    ],
)
def test_names_are_split_into_words(name: str, words: tuple[str, ...]) -> None:
    """At spaces, punctuation, digits, and where a capital letter begins a word."""
    assert words_of(name) == words


@pytest.mark.parametrize(
    "name",
    [
        "id",
        "ID",
        "Id",
        "customer_id",
        "AirportID",
        "id_customer",
        "zip",
        "ZipCode",
        "postal",
        "Postal Code",
        "country.code",
        "code",
        "uuid",
        "user id 2",
        "Phone Number",
    ],
)
@pytest.mark.parametrize("cells", [SHUFFLED, SHUFFLED[:3]])
def test_a_name_tells_an_identifier(name: str, cells: list[str]) -> None:
    """In any spelling, however few rows there are; numbers that repeat are codes."""
    assert identity(name, cells) == Identity("an identifier, as its name says, and nearly all values differ")
    assert identity(name, cells[:1]) == identity(name, cells)
    assert identity(name, cells * 2) == Identity("codes, as the name says", is_unique=False)


@pytest.mark.parametrize(
    "name",
    [
        "paid",
        "grid",
        "humid",
        "valid",
        "period",
        "code_quality",
        "lines_of_code",
        "price_index",
        "width",
        "ideal",
        "decoder",
        "zipped",
        "PAID",
        "Humidity",
    ],
)
def test_other_words_tell_none(name: str) -> None:
    """Letters within a word mean nothing, nor does a word that another one follows or that measures something."""
    assert identity(name, SHUFFLED) is None
    assert identity(name, SHUFFLED * 2) is None


@pytest.mark.parametrize("name", ["rownames", "row.names", "Unnamed: 0", "index", "...1", "RowNumber", "S.No"])
def test_row_names_are_told_by_name_and_values(name: str) -> None:
    """Numbers in a row or that ascend, texts that differ; 20 rows are enough."""
    numbers = [str(number) for number in range(1, 21)]
    assert identity(name, numbers) == Identity("numbers the rows, as its name says")
    assert identity(name, ASCENDING[:20], ascending=True) == Identity("numbers the rows, as its name says")
    assert identity(name, [f"n{number}" for number in numbers]) == Identity("names the rows, as its name says")
    assert identity(name, ASCENDING[:20][::-1]) is None
    assert identity(name, numbers * 2) is None


def test_a_first_column_without_a_name_names_the_rows() -> None:
    """If its values differ; that of a file without a header is a column like others."""
    assert identity("column_1", SHUFFLED, unnamed=True) == Identity("numbers the rows, without a name")
    assert identity("column_1", ["a", "b"], unnamed=True) == Identity("names the rows, without a name")
    assert identity("column_1", ["a", "b", "a"], unnamed=True) is None
    assert identity("column_1", SHUFFLED) is None


def test_values_tell_identifiers_without_a_name() -> None:
    """Numbers in a row for sure; those that ascend, or have many digits as codes have, only perhaps."""
    assert identity("x", [str(number) for number in range(5, 105)]) == Identity("counts the rows")
    assert identity("x", [str(number) for number in range(5, 15)]) is None
    dense = [str(number) for number in range(120) if number % 7]
    assert identity("x", dense) == Identity("counts the rows, with gaps", sure=False)
    assert identity("x", [*dense, "1"]) is None
    ascend = "all values differ and ascend, as in an identifier"
    assert identity("x", ASCENDING, ascending=True) == Identity(ascend, sure=False)
    assert identity("x", ASCENDING[:20], ascending=True) is None
    assert identity("x", ASCENDING) is None
    tracts = [f"170310{number * 37 % 101:03d}00" for number in range(100)]
    told = "all numbers have 11 digits, as codes have"
    assert identity("x", tracts) == Identity(told, sure=False)
    assert identity("x", tracts * 3) == Identity(told, is_unique=False, sure=False)
    prices = [str(100_000 + number * 997) for number in range(100)]
    assert identity("price", prices) is None


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("year", [str(year) for year in range(1700, 1800)]),
        ("Birth Year", ASCENDING),
        ("at", [str(1_500_000_000 + number * 86_400) for number in range(100)]),
        ("at", [str(1_500_000_000_000 + number * 37) for number in range(100)]),
        ("at", [f"20130{number % 9 + 1}{number % 28 + 1:02d}" for number in range(100)]),
    ],
)
def test_times_are_no_identifiers(name: str, cells: list[str]) -> None:
    """Years in a row, and seconds since 1970, which have as many digits each."""
    assert identity(name, cells, ascending=name != "at") is None


def test_a_time_that_begins_at_zero_counts_the_rows() -> None:
    """It says no more than the row's number."""
    assert identity("time", [str(number) for number in range(100)]) == Identity("counts the rows")


def test_floats_and_dates_are_no_identifiers() -> None:
    """Whatever their name; nor is a column without values."""
    assert identity("id", ["0.5", "1.5"]) is None
    assert identity("id", ["2013-01-01", "2013-01-02"]) is None
    assert identity("id", ["", ""]) is None
