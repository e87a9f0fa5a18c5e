"""Formats of numbers, guessed from the cells of a column and from those of others."""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pytest

from shardmill.pipelines.survey.number_formats import GuessedFormat, guess_number_formats, unlike_numbers
from shardmill.pipelines.survey.number_types import number_decisions
from shardmill.schemas.inference.infer import Profiles
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.numbers.number_format import NumberFormat
from shardmill.transforms.numbers.plain_numbers import plain_numbers

Columns = Mapping[str, Sequence[str | None]]


def profiles_of(columns: Columns) -> Profiles:
    """The profiles of columns of cells."""
    profiles = Profiles(list(columns))
    profiles.update(pa.record_batch({name: pa.array(values, pa.string()) for name, values in columns.items()}))
    return profiles


def guesses(columns: Columns, delimiter: str = ",") -> Mapping[str, GuessedFormat]:
    """What is guessed of columns of cells."""
    profiles = profiles_of(columns)
    return guess_number_formats(profiles, Dialect(delimiter=delimiter), profiles.names)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["2,5", "-1,25", "3"], NumberFormat(decimal=",")),
        (["2,5", "-1.000,25", " 4,125 "], NumberFormat(thousands=".", decimal=",")),
        (["1,234.50", "7"], NumberFormat(thousands=",")),
        (["1,234,567", "12"], NumberFormat(thousands=",")),
        (["12,34,567", "1,234"], NumberFormat(thousands=",")),
        (["0,123", "1,234"], NumberFormat(decimal=",")),
        (["1.234.567", "12"], NumberFormat(thousands=".", decimal=",")),
        (["1 234,5", "12"], NumberFormat(thousands=" ", decimal=",")),
        (["1\u202f234", "12"], NumberFormat(thousands="\u202f")),
        (["1'234.50", "12"], NumberFormat(thousands="'")),
        (["1_000", "12"], NumberFormat(thousands="_")),
        (["$3.20", "$1,234.00"], NumberFormat(strip="$", thousands=",")),
        (["12 %", "3%"], NumberFormat(strip="%")),
        (["1.234,50\u00a0€", "2,00\u00a0€"], NumberFormat(strip="€\u00a0", thousands=".", decimal=",")),
        (["EUR 5", "EUR 7.5"], NumberFormat(strip="EUR")),
        (["(5)", "7", "($8.50)"], NumberFormat(strip="$", negative_parentheses=True)),
        (["TRUE", "FALSE"], NumberFormat(true_values=("TRUE",), false_values=("FALSE",))),
        (["True", "true", "false"], NumberFormat(true_values=("True", "true"), false_values=("false",))),
        (["yes", "no", None], NumberFormat(true_values=("yes",), false_values=("no",))),
        (["1,234.50"] * 90 + [str(number) for number in range(90)], NumberFormat(thousands=",")),
        ([f"{number * 100:,}" for number in range(20_000)], NumberFormat(thousands=",")),
    ],
)
def test_a_format_is_recognized(cells: list[str | None], expected: NumberFormat) -> None:
    """From all cells together; nothing speaks for another format."""
    found = guesses({"x": cells})["x"]
    assert (found.number_format, found.sure) == (expected, True)


@pytest.mark.parametrize(
    "cells",
    [
        ["1", "2.5", "1e5", "5.0"],
        ["red", "blue"],
        ["2,5", "red", "blue"],
        ["1,2,3", "4,5,6"],
        ["1,2,345", "4,5,678"],
        ["3", "a"],
        ["007", "008"],
        ["0x1F", "0x2A"],
        ["555 123 456", "555 987 654"],
        ["123.456.789", "987.654.321"],
        ["192.168.0.1", "10.0.0.1"],
        ["$5", "€7"],
        ["2013-01-31", "2014-02-28"],
        ["12:30", "13:45"],
        ["M", "F"],
        ["yes", "yes"],
        ["yes", "no", "maybe"],
        ["5 apples", "7 apples"],
        [None, None],
    ],
)  # fmt: skip
def test_other_columns_have_no_format(cells: list[str | None]) -> None:
    """Numbers without one, codes, lists, dates, several units, and text."""
    assert guesses({"x": cells}) == {}


def test_three_digits_after_a_comma_may_be_thousands_or_decimals() -> None:
    """The files' other columns tell what is meant, else the delimiter; either way it is to be checked."""
    cells = ["1,234", "5,678", "12"]
    thousands, decimals = NumberFormat(thousands=","), NumberFormat(decimal=",")
    for columns, delimiter, expected in (
        ({"x": cells}, ",", thousands),
        ({"x": cells}, ";", decimals),
        ({"x": cells, "y": ["2,5", "3,75", "1"]}, ",", decimals),
        ({"x": cells, "y": ["1,234.50", "2.00", "1"]}, ";", thousands),
    ):
        found = guesses(columns, delimiter)["x"]
        assert (found.number_format, found.sure) == (expected, False)
    assert str(guesses({"x": cells})["x"].decision("x")) == (
        "column 'x': numbers with thousands ',' ('1,234' is 1234; with decimal ',' it would be 1.234), please check"
    )
    assert guesses({"x": ["$1.234", "$5.678"]})["x"].number_format == NumberFormat(strip="$")


def test_three_digits_after_a_point_may_be_thousands_or_decimals() -> None:
    """If all cells have them; other columns with points leave no doubt, and none is left to the delimiter unasked."""
    cells = ["1.137", "52.000", "-8.274"]
    thousands, plain = NumberFormat(thousands=".", decimal=","), NumberFormat()
    for columns, delimiter, expected in (
        ({"x": cells, "y": ["2,5", "3,75", "1"]}, ",", thousands),
        ({"x": cells, "y": ["1.000.000", "12.000.000", None]}, ",", thousands),
        ({"x": cells, "y": ["1", "2", "3"]}, ";", thousands),
        ({"x": cells, "y": ["1", "2", "3"]}, ",", plain),
        ({"x": ["7.000", "8.000"]}, ",", plain),
        ({"x": [f"{number // 1000 + 1}.{number % 1000:03d}" for number in range(20_000)]}, ";", thousands),
    ):
        found = guesses(columns, delimiter)["x"]
        assert (found.number_format, found.sure) == (expected, False)
    assert str(guesses({"x": cells})["x"].decision("x")) == (
        "column 'x': numbers with decimal '.' ('-8.274' is -8.274; with thousands '.' and decimal ',' it would be -8274), "
        "please check"
    )
    for other in ("0.137", "1.13", "7", "1234.500", "nan"):
        assert guesses({"x": [*cells, other]}, ";") == {}
    assert guesses({"x": cells, "y": ["2.5", "3", "4"]}, ";") == {}


def test_percent_signs_that_some_cells_lack_are_told() -> None:
    """With their count, and a cell that has one."""
    assert str(guesses({"x": ["12 %", "3%", "100", "0.25"]})["x"].decision("x")) == (
        "column 'x': numbers with strip '%' ('12 %' is 12; 2 of 4 different cells have no '%'), please check"
    )
    assert str(guesses({"x": ["%5%", "%6%"]})["x"].decision("x")) == ("column 'x': numbers with strip '%' ('%5%' is 5)")
    many = [f"{number}%" for number in range(12_000)] + [str(number) for number in range(12_000)]
    assert " cells looked at have no '%'" in str(guesses({"x": many})["x"].decision("x"))


def test_what_makes_a_guess_doubtful_is_told() -> None:
    """Numbers of four digits beside separated ones, and only numbers in parentheses."""
    found = guesses({"x": ["1,234", "5678"]})["x"]
    assert found.number_format == NumberFormat(decimal=",")
    assert "; not all numbers of four digits have a separator), please check" in str(found.decision("x"))
    assert "; all numbers are in parentheses), please check" in str(guesses({"x": ["(5)", "(6)"]})["x"].decision("x"))
    assert (
        str(guesses({"x": ["2,5", "1,75"]})["x"].decision("x"))
        == "column 'x': numbers with decimal ',' ('1,75' is 1.75)"
    )


def test_cells_that_keep_a_column_text_are_told() -> None:
    """Most look like numbers; how many don't, and one of them."""
    cells = [f"{number},5" for number in range(50)] + ["n/k", "n/k"]
    (guess,) = guesses({"x": cells}).values()
    again = profiles_of({"x": plain_numbers(pa.array(cells), guess.number_format, pa.array([""])).to_pylist()})["x"]
    assert str(unlike_numbers("x", guess, again)) == (
        "column 'x': text (most of its cells are numbers with decimal ',', but 2 are none, such as 'n/k'), please check"
    )


def test_numbers_that_may_be_codes_are_told() -> None:
    """Digits, an E and digits in all cells; not with a sign, a point, or other numbers."""
    columns: Columns = {
        "part": ["12E3", "4e0", None],
        "signed": ["1e+05", "2e+05", "3e+05"],
        "point": ["1.5E3", "2E3", None],
        "mixed": ["12E3", "5.0", "7"],
        "epoch": ["1700000000", "1700000060", "1700003600"],
    }
    profiles = profiles_of(columns)
    told = list(map(str, number_decisions(profiles.schema(), profiles)))
    assert told == [
        "column 'part': integers (all have an exponent, but may be codes: '12E3' is 12000), please check",
        (
            "columns 'signed', 'point', 'mixed': integers "
            "(whole numbers with a point or an exponent, none with a fraction)"
        ),
    ]


def test_whole_numbers_of_another_spelling_or_type_are_told() -> None:
    """Those that become integers, together; those that float32 rounds, by column."""
    profiles = profiles_of(
        {
            "tract": ["17031081000.0", None],
            "rooms": ["1e2", "5.0"],
            "plain": ["1", "2"],
            "id": ["17031081201", "0.5"],
            "rate": ["0.5", "16777216"],
        }
    )
    assert list(map(str, number_decisions(profiles.schema(), profiles))) == [
        "columns 'tract', 'rooms': integers (whole numbers with a point or an exponent, none with a fraction)",
        (
            "column 'id': float32 (1 whole number beyond 16,777,216 is rounded; for identifiers, "
            "make its type BYTES in the schema), please check"
        ),
    ]
