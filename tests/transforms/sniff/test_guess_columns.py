"""Tests of rows that have other cells than their header."""

import pytest

from shardmill.transforms.scoring.samples import Sample
from shardmill.transforms.sniff.sniff import sniff
from tests.support.csv.sniffed import read_sniffed

CUT = "cells may be cut at decimal or thousands commas: if so, quote them, or delimit cells with semicolons"


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


@pytest.mark.parametrize(
    ("texts", "side"),
    [((b"a,b\n1,2,\n", b"b,a\n1,2,\n"), "last"), ((b'"a","b"\n"1",2,5\n', b'"b","a"\n"1",5,2\n'), "first")],
)
def test_files_whose_headers_lack_a_cell_may_differ(texts: tuple[bytes, bytes], side: str) -> None:
    """Each header names its file's columns."""
    sniffed = sniff([Sample(f"{at}.csv", text, complete=True) for at, text in enumerate(texts)])
    dialect = sniffed.dialect
    assert (dialect.header, dialect.header_lacks, dialect.skip_rows, dialect.columns) == (True, side, 0, None)
    (decision,) = (each for each in sniffed.decisions if each.subject == "columns")
    assert decision.sure


def test_files_with_other_headers_keep_them() -> None:
    """One list of names can't stand for both."""
    samples = [
        Sample(f"{name}.csv", text, complete=True)
        for name, text in (("a", b"a,b\n1,2,3,4\n"), ("b", b"b,a\n1,2,3,4\n"))
    ]
    sniffed = sniff(samples)
    assert (sniffed.dialect.header, sniffed.dialect.columns) == (True, None)
    (decision,) = (each for each in sniffed.decisions if each.subject == "columns")
    assert not decision.sure
    assert decision.reason.endswith("files differ in their headers, so none is taken for all")
    assert sniff([samples[0], samples[0]]).dialect.columns == ("a", "b", "column_3", "column_4")


@pytest.mark.parametrize(
    ("text", "side", "doubt"),
    [
        ("a,b\n1,2,\n3,4,\n", "last", ""),
        ('"a","b"\n"1","2",""\n"3","4",""\n', "last", ""),
        ("a,b\n" + "1,2,\n" * 8 + "1,2,a note\n", "last", "text stands after the last delimiter in 1 of them"),
        ("a,b\nx,2,\ny,4,note\nz,5,note\n", "first", "nothing stands after the last delimiter in 1 of them"),
        ('"x","y"\n"3",1,50\n"5",2,25\n', "first", ""),
        ('"x","y"\n"Mazda RX4",21.5,6\n"Fiat 128",32.4,4\n', "first", ""),
        ("x,y\n1,1.5,a\n2,2.5,b\n", "first", ""),
        ("x,y\n0,1.5,a\n1,2.5,b\n", "first", ""),
        ("x,y\nAnna,1.5,a\nBert,2.5,b\n", "first", ""),
        ("x, y\nAnna, 1.5, 3.25\nBert, 2.5, 4.25\n", "first", ""),
        ("x,y\nA,1.5,2\nA,3.5,4\n", "first", "the first cells don't look like names of rows"),
        ("x,y\n7,1.5,a\n5,2.5,b\n", "first", "the first cells don't look like names of rows"),
        ("price\n1,50\n2,25\n3,75\n", "first", CUT),
        ("price\n1,234\n5,678\n9,123\n", "first", CUT),
        ("item,price\ntea,$1,50\nmilk,$2,05\n", "first", CUT),
        (
            "date,place\n2020-01-01,Oslo, Norway\n2020-01-02,Rome, Italy\n2020-01-03,Bern, Swiss\n",
            "last",
            "text may be cut at ',', since cells begin with a space",
        ),
        ("id,place\n1,Oslo,Norway\n2,Rome,Italy\n", "first", "text may be cut at ',', which no quotes enclose"),
    ],
)
def test_row_names_are_told_from_delimiters_that_end_rows(text: str, side: str, doubt: str) -> None:
    """It is sure where only one of the two is likely; else the line says why it isn't."""
    table = read_sniffed(text)
    decision = table.decisions["columns"]
    assert table.dialect.header_lacks == side
    assert decision.reason.partition("; ")[2] == doubt
    assert decision.sure == (not doubt)


def test_a_last_cell_with_text_is_called_so() -> None:
    """The columns before it keep their names, where the text of the last one seems to be cut."""
    table = read_sniffed("date,place\n2020-01-01,Oslo, Norway\n2020-01-02,Rome, Italy\n")
    assert table.names == ["date", "place", "column_3"]
    assert table.decisions["columns"].choice == "the header's, and column_3 for the last cell of each row"


def test_what_is_known_of_the_header_is_kept() -> None:
    """Whoever says that there is one, or names columns, has it so."""
    assert read_sniffed("a,b\n1,2,\n3,4,\n", header=True).names == ["a", "b"]
    assert read_sniffed("a,b\n1,2,9\n3,4,9\n", header_lacks="last").names == ["a", "b", "column_3"]
    assert read_sniffed("x\na,b\nc,d,\ne,f,\n", header_lacks="last", skip_rows=1).names == ["a", "b", "column_3"]
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


def test_a_file_of_a_header_alone_says_nothing_of_rows() -> None:
    """The rows of the others say which name it lacks."""
    texts = ("a,b\n", "a,b\nr1,1,2\nr2,3,4\nr3,5,6\n")
    for order in (texts, texts[::-1]):
        dialect = sniff([Sample(f"{at}.csv", text.encode(), complete=True) for at, text in enumerate(order)]).dialect
        assert (dialect.header, dialect.header_lacks) == (True, "first")
