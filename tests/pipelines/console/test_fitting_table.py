"""Tables on narrow terminals."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from shardmill.pipelines.console.fitting_table import FittingTable


def printed(columns: list[list[str]], width: int) -> str:
    """A table of columns (each with its header first) as a terminal shows it."""
    table = FittingTable()
    for column in columns:
        table.add_column(column[0])
    for cells in zip(*(column[1:] for column in columns), strict=True):
        table.add_row(*map(Text, cells))
    out = io.StringIO()
    Console(file=out, width=width).print(table)
    return out.getvalue()


NUMBERS = [["column", "a", "b"], *([f"value {number}", f"{number}.123456", "-1.5e+30"] for number in range(9))]


def test_a_table_that_fits_is_one() -> None:
    """On a wide terminal nothing changes."""
    assert printed(NUMBERS, 200).count("column") == 1


@pytest.mark.parametrize("width", [30, 40, 80])
def test_no_number_is_broken(width: int) -> None:
    """A table that is too wide is several, each with the first column; no line is longer than the terminal."""
    text = printed(NUMBERS, width)
    assert text.count("column") > 1
    assert text.count("column") == text.count("│ a ")
    assert all(f" {number}.123456 " in text for number in range(9))
    assert text.count("-1.5e+30") == 9
    assert max(map(cell_len, text.splitlines())) <= width


@pytest.mark.parametrize(("count", "groups"), [(3, ["abc"]), (4, ["ab", "cd"]), (5, ["abc", "de"])])
def test_the_last_table_has_several_columns(count: int, groups: list[str]) -> None:
    """It takes one from that before, of which there is room for three; the title stands above the first alone."""
    table = FittingTable(title="the title")
    for name in ["column", *"abcde"[:count]]:
        table.add_column(name)
    table.add_row(*["x" * 6] * (count + 1))
    out = io.StringIO()
    Console(file=out, width=40).print(table)
    heads = [line.replace(" ", "").split("┃")[2:-1] for line in out.getvalue().splitlines() if "column" in line]
    assert heads == [list(group) for group in groups]
    assert out.getvalue().count("the title") == 1


def test_a_long_name_loses_its_middle() -> None:
    """Names differ at their ends; a text with spaces is wrapped between words."""
    text = printed([["column", "x" * 50 + "_left"], ["what", "some words that are wrapped"], ["n", "12"]], 40)
    assert "xxxx…_left " in text
    for word in ["some", "words", "that", "are", "wrapped", "12"]:
        assert word in text


@given(
    st.lists(
        st.text(st.characters(exclude_categories=("C", "Z", "M")), min_size=1, max_size=90), min_size=1, max_size=6
    ),
    st.integers(24, 90),
)
def test_no_line_is_too_long(names: list[str], width: int) -> None:
    """Whatever the cells are: long, of wide characters, many."""
    text = printed([[name, name] for name in names], width)
    assert max(map(cell_len, text.splitlines())) <= width


def test_leading_columns_stand_beside_another() -> None:
    """Otherwise a column as wide as the terminal would leave them in a table of their own."""
    wide = [["feature", "next", "spots"], ["type", "float32", "float32"], ["record 0", "1.5", "0.25, " * 20]]
    table = FittingTable()
    table.lead_columns = 2
    for column in wide:
        table.add_column(column[0])
    for cells in zip(*(column[1:] for column in wide), strict=True):
        table.add_row(*map(Text, cells))
    out = io.StringIO()
    Console(file=out, width=80).print(table)
    lines = out.getvalue().splitlines()
    assert lines[1].split("┃")[1:-1] == [" feature ", " type    ", f" {'record 0':<{len(lines[1]) - 24}} "]
    assert max(map(len, lines)) <= 80
    assert sum("feature" in line for line in lines) == 1
    assert [line.split("│")[1].strip() for line in lines if line.startswith("│")][:2] == ["next", "spots"]


def test_wide_leading_columns_may_stand_alone() -> None:
    """Beside them, others would be too narrow to read."""
    columns = [["f", "a"], ["t" * 40, "b"], ["record", "0.25, " * 20]]
    assert "record" in printed(columns, 60)
