"""Tests of telling a header from data."""

import pytest

from shardmill.transforms.sniff.guess_header import guess_header


def guess(text: str) -> bool:
    """Whether the first line of some lines of cells is taken for a header."""
    return guess_header([[line.split(";") for line in text.splitlines()]]).found


@pytest.mark.parametrize(
    "text",
    [
        "Country;Group;ID\nAngola;Africa;AO\nBenin;Africa;BJ\nIndonesia;Asia;ID\nIndia;Asia;IN",
        "bar;baz\n12:00:00;baz",
        "day;what\n2020-01-01;x\n2020-01-02;what",
        "when\n2020-01-01 10:00\n2020-01-02 10:30",
        "on;name\ntrue;a\nfalse;b",
        "price\n$3.20\n$1,200.00",
        "amount\n1.234,5\n(5)",
        "share\n12 %\n7 %",
        "born\n3-Jan-04\n12-Dec-11",
    ],
)
def test_names_above_values_of_a_type_are_a_header(text: str) -> None:
    """Dates, times and truth values count as numbers do; a name that is found again counts by its share of the column."""
    assert guess(text)


@pytest.mark.parametrize(
    "text",
    [
        "2020-01-01;x\n2020-01-02;y",
        "12:00:00;x\n12:30:00;y",
        "true;red\nfalse;blue\ntrue;red",
        "$3.20;x\n$4.20;y",
        "red;round\nblue;square\nred;round",
    ],
)
def test_values_above_values_are_no_header(text: str) -> None:
    """They are of the column's type, or found again below."""
    assert not guess(text)


def test_a_first_record_of_other_cells_is_no_header() -> None:
    """Some files begin with counts and with the names of classes; all rows would be rejected."""
    found = guess_header([[line.split(";") for line in "3;2;red;blue\n1;5\n2;6\n3;7".splitlines()]], 2)
    assert not found.found
    assert (
        str(found.decision)
        == "header: none; if there is one, --set input.header=true (the first record has 4 cells, and others have 2), please check"
    )


def test_the_reason_names_a_cell() -> None:
    """The one that weighs most; without any the guess isn't sure."""
    decision = guess_header([[["id", "name"], ["1", "x"], ["2", "y"]]]).decision
    assert str(decision) == "header: the first record ('id' stands above numbers)"
    decision = guess_header([[["5", "name"], ["1", "x"], ["2", "y"]]]).decision
    assert (
        str(decision)
        == "header: none; if there is one, --set input.header=true (the first record has the number '5', as below it)"
    )
    decision = guess_header([[["ann", "rome"], ["bob", "oslo"]]]).decision
    assert str(decision).endswith("nothing tells it from the others), please check")
    assert guess_header([[["a"], ["b"]], [["a"], ["c"]]]).decision.reason == "2 files begin with the same names"


def test_years_in_sequence_above_other_numbers_are_a_header() -> None:
    """Without a column of text, too; not where years stand below them."""
    assert guess("2019;2020;2021\n1.5;2.5;3.5\n4.5;5;6.5")
    assert guess("2021;2020\n15;250\n45;5")
    assert not guess("2019;2020\n2020;2021\n2021;2022")
    assert not guess("2019;2021;2020\n1.5;2.5;3.5\n4.5;5;6.5")


@pytest.mark.parametrize(
    "text",
    [
        "a;b\n1;2\na;b\n3;4",
        "a;b\n1;2\n\ufeffa;b\n3;4",
        "\n".join(["city;kind", *["Oslo;a", "Rome;b", "Bergen;a"] * 4] * 3),
        "name;city\n" + "".join(f"n{at};{at * 7 % 11}x\n" for at in range(8)) + "name;city",
    ],
)
def test_a_record_that_is_repeated_whole_names_columns(text: str) -> None:
    """Joined files repeat their header, rarely; its cells aren't values that are found again."""
    assert guess(text)


def test_records_that_all_repeat_are_data() -> None:
    """The first one is no rarer than the others."""
    assert not guess("Oslo;NO\nRome;IT\nOslo;NO\nRome;IT")
    assert not guess("Oslo;5\nRome;6\nOslo;5\nRome;7")


@pytest.mark.parametrize(
    "text",
    [
        ";0;1\n0;0.5;0.7\n1;0.1;0.2",
        "Unnamed: 0;0;1\n0;0.5;0.7\n1;0.1;0.2",
        ";name;0;1\n0;x;0.5;0.7\n1;y;0.1;0.2",
        ";0\n0;5\n1;7",
        "Country;2020\nNO;5\nSE;6\nDK;7",
        "Country;Code;2020\nNorway;NO;5.5\nSweden;SE;6.5\nDenmark;DK;7.5",
    ],
)
def test_numbers_that_name_columns_are_a_header(text: str) -> None:
    """As pandas numbers them, and a single year above other numbers."""
    assert guess(text)


@pytest.mark.parametrize(
    "text", [";0;2\n0;0.5;0.7\n1;0.1;0.2", ";0\n3;5\n1;7", "Ann;2020\nBob;2019\nCy;2018", "5;2020\n6;7"]
)
def test_numbers_that_are_values_are_no_header(text: str) -> None:
    """They don't count, or years stand below them."""
    assert not guess(text)


def test_one_spelling_of_a_truth_value_is_text() -> None:
    """`NO` may be a country."""
    rows = [line.split(";") for line in "SE;a\nNO;b\nNO;c".splitlines()]
    assert guess_header([rows]).votes == 0
    assert not guess("yes;no\nyes;no\nno;yes")


@pytest.mark.parametrize(
    "texts",
    [
        ("1;2\n3;4", "1;2\n5;6", "1;2\n7;8"),
        ("0\n1\n0\n1", "0\n0\n1\n1"),
        ("1;0\n0;1", "0;1\n1;0"),
        ("2020-01-01\n2020-01-02", "2020-01-01\n2020-01-03"),
    ],
)
def test_files_that_begin_with_the_same_values_have_no_header(texts: tuple[str, ...]) -> None:
    """Such as labels; names that files share are a header."""
    assert not guess_header([[line.split(";") for line in text.splitlines()] for text in texts]).found
