"""Tests of rows that have other cells than their header."""

import pytest

from shardmill.transforms.scoring.samples import Sample
from shardmill.transforms.sniff.sniff import sniff
from tests.support.csv.sniffed import read_sniffed


@pytest.mark.parametrize(
    ("text", "names", "rows", "choice"),
    [
        (
            "a,b\n1,2,\n3,4,\n",
            ["a", "b", "column_3"],
            [("1", "2", None), ("3", "4", None)],
            "the header's, and column_3 after the delimiter that ends each row",
        ),
        (
            '"x","y"\n"1",1.5,2\n',
            ["column_1", "x", "y"],
            [("1", "1.5", "2")],
            "column_1 for the rows' names, then the header's",
        ),
        (
            "x\n1,1.5\n2,2.5\n",
            ["column_1", "x"],
            [("1", "1.5"), ("2", "2.5")],
            "column_1 for the rows' names, then the header's",
        ),
        ("a,b,c,\n1,2,3\n4,5,6\n", ["a", "b", "c"], [("1", "2", "3"), ("4", "5", "6")], "the header's"),
        (
            "a,b\n1,2,3,4\n5,6,7,8\n",
            ["a", "b", "column_3", "column_4"],
            [("1", "2", "3", "4"), ("5", "6", "7", "8")],
            "the header's, then column_3 and so on",
        ),
    ],
)
def test_rows_are_read_whole(text: str, names: list[str], rows: list[tuple[str | None, ...]], choice: str) -> None:
    """A delimiter that ends each row, row names as R writes them, and what nothing explains."""
    table = read_sniffed(text)
    assert (table.names, table.rows, table.rejected) == (names, rows, [])
    assert table.decisions["columns"].choice == choice


def test_the_reason_says_how_many_rows_differ() -> None:
    """In the words in which one would look for it; a choice that nothing explains isn't sure."""
    decision = read_sniffed("a,b\n1,2,\n3,4,\n5,6,\n7,8\n").decisions["columns"]
    assert decision.reason == "3 of 4 rows have 3 cells where the header has 2"
    assert decision.sure
    assert not read_sniffed("a,b\n1,2,3,4\n5,6,7,8\n").decisions["columns"].sure
    assert not read_sniffed("a,b,c\n1,2\n3,4\n").decisions["columns"].sure
    assert not read_sniffed("x,y\nA,1,2\nA,3,4\n").decisions["columns"].sure


def test_names_are_each_there_once() -> None:
    """Empty ones and those there twice are changed as a header's are."""
    assert read_sniffed("a,a,\n1,2,3,\n4,5,6,\n").names == ["a", "a_2", "column_3", "column_4"]


def test_files_with_other_headers_keep_them() -> None:
    """One list of names can't stand for both."""
    samples = [
        Sample(f"{name}.csv", text, complete=True) for name, text in (("a", b"a,b\n1,2,\n"), ("b", b"b,a\n1,2,\n"))
    ]
    sniffed = sniff(samples)
    assert (sniffed.dialect.header, sniffed.dialect.columns) == (True, None)
    (decision,) = (each for each in sniffed.decisions if each.subject == "columns")
    assert not decision.sure
    assert decision.reason.endswith("files differ in their headers, so none is taken for all")
    assert sniff([samples[0], samples[0]]).dialect.columns == ("a", "b", "column_3")


def test_what_is_known_of_the_header_is_kept() -> None:
    """Whoever says that there is one, or names columns, has it so."""
    assert read_sniffed("a,b\n1,2,\n3,4,\n", header=True).names == ["a", "b"]
    assert read_sniffed("a,b\n1,2,\n", header=False, columns=("x", "y", "z"), skip_rows=1).names == ["x", "y", "z"]


def test_numbers_cut_at_commas_are_told() -> None:
    """Decimal or thousands commas give more cells than the header has; rows' names do not."""
    text = "a,b,c\n" + "".join(f"{at},{at % 9},{at % 7},{at * 3 % 10},x\n" for at in range(40))
    decision = read_sniffed(text).decisions["columns"]
    assert not decision.sure
    assert "cut at decimal or thousands commas" in decision.reason
    padded = "name,price\n" + "".join(f"{at},{at % 9},{at % 12:02d}\n" for at in range(40))
    assert "cut at decimal" in read_sniffed(padded).decisions["columns"].reason
    named = read_sniffed("x,y\n" + "".join(f"R{at},{at},{at * 2}\n" for at in range(1, 40)))
    assert named.decisions["columns"].sure
