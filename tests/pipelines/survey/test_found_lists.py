"""Which texts are lists: those whose elements come again in other cells."""

import pytest

from shardmill.pipelines.survey.found_lists import FoundList, find_list
from tests.support.starters import survey_of


def found(cells: list[str]) -> FoundList | None:
    """What is found in a column of some cells."""
    return find_list(survey_of({"x": [*cells]}).profiles["x"])


@pytest.mark.parametrize(
    ("cells", "delimiter", "elements"),
    [
        (["a|b", "b|c|a", "a", "c|b"], "|", 3),
        (["red; blue", "blue ;red", "green;red", ""], ";", 3),
        (["sun, rain", "rain, snow", "snow, sun", "sun"], ",", 3),
        # The bar counts first: it is hardly in text.
        (["a,b|c", "c|a,b", "c|d|a,b"], "|", 3),
        ([f"{word}|{other}" for word in "abcdefgh" for other in "abcdefgh"], "|", 8),
    ],
)
def test_cells_with_elements_in_common_are_lists(cells: list[str], delimiter: str, elements: int) -> None:
    """Whatever the blanks around elements, which are no part of them."""
    lists = found(cells)
    assert lists == FoundList(delimiter, elements)
    assert lists.is_sure == (delimiter != ",")


@pytest.mark.parametrize(
    "cells",
    [
        [f"Town {number}, NY" for number in range(100)],
        [f"Name {number}, First {number}" for number in range(100)],
        ["1,5", "2,5", "5,1", "5,2", "1,2"],
        ["a|b", "c", "d", "e", "f", "g", "h", "i", "j"],
        ["It was a long day at the sea that I remember, and so on and on", "And so on and on, it was a long day"] * 9,
        ["a", "b", "c"],
        [],
    ],
)
def test_text_with_a_delimiter_in_it_is_no_list(cells: list[str]) -> None:
    """Parts of names, decimal commas, sentences, and a delimiter that few cells have."""
    assert found(cells or ["x"]) is None


def test_of_too_many_cells_some_are_looked_at() -> None:
    """Then the number of different elements isn't known."""
    cells = [
        f"{number % 11}x|{number % 13}y|" + "|".join(f"{bit}z" for bit in f"{number:014b}") for number in range(12_000)
    ]
    assert found(cells) == FoundList("|", None)
    assert FoundList("|", None).reason == "lists, with '|' between them"
