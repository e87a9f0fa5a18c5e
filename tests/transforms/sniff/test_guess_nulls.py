"""Spellings of missing cells, guessed from a column's other cells."""

import pytest

from shardmill.transforms.sniff.guess_nulls import guess_nulls


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (["1.5", "2", "NA"], ("NA",)),
        (["2013-01-31", "2013-02-01", "NA"], ("NA",)),
        (["31-Jan-13", "1-Feb-13", "-"], ("-",)),
        (["10:30", "11:30", "None"], ("None",)),
        (["2013-01-31", "0000-00-00"], ("0000-00-00",)),
        (["2013-01-31 10:00:00", "0000-00-00 00:00:00"], ("0000-00-00 00:00:00",)),
        (["5", "0000-00-00"], ()),
        (["Namibia", "NA"], ()),
        (["Namibia", "2013-02-01", "NA"], ()),
        (["Oslo", "NULL"], ("NULL",)),
    ],
)
def test_a_spelling_is_missing_by_the_cells_beside_it(cells: list[str], found: tuple[str, ...]) -> None:
    """Among numbers, dates and times NA is missing, as R writes it; among texts it may be Namibia."""
    assert guess_nulls([[cell, "x"] for cell in cells]) == ("", *found)


def test_cells_of_blanks_are_missing() -> None:
    """As they are among numbers, whatever the column."""
    assert guess_nulls([["Anna", "1"], ["   ", "2"], [" ", "3"]]) == ("", " ", "   ")
    assert guess_nulls([["Anna", "1"], ["", "2"]]) == ("",)
