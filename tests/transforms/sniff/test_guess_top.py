"""Tests of guessing comments and the lines above the header."""

import pytest

from shardmill.transforms.scoring.samples import Sample
from shardmill.transforms.sniff.sniff import sniff
from tests.support.csv.sniffed import read_sniffed


@pytest.mark.parametrize(
    "top", ["# one\n# two\n# three\n", "# made by me, today\n", "#\n", "# a,b\n# c,d\n\n", "% made, by\n", "! by me\n"]
)
def test_comments_at_the_top_are_none_of_the_columns(top: str) -> None:
    """With delimiters in them or without."""
    table = read_sniffed(f"{top}a,b\n1,2\n3,4\n")
    assert table.dialect.comment == top[0]
    assert (table.names, table.rows) == (["a", "b"], [("1", "2"), ("3", "4")])
    assert "comments" in table.decisions


def test_comments_further_down_are_several() -> None:
    """Of `#` only: a row with another letter is rejected, not skipped."""
    table = read_sniffed("a,b\n1,2\n# first\n3,4\n# second\n5,6\n")
    assert (table.dialect.comment, len(table.rows), table.rejected) == ("#", 3, [])
    for text in ("a,b\n1,2\n!bad\n3,4\n", "a,b\n1,2\n#bad\n3,4\n", "a,b\n1,2\n%bad\n%bad\n3,4\n"):
        table = read_sniffed(text)
        assert table.dialect.comment is None
        assert len(table.rows) == 2
        assert len(table.rejected) == text.count("bad")


def test_rows_that_begin_with_a_mark_stay_rows() -> None:
    """They have as many cells as the others."""
    table = read_sniffed("color,n\n#ff0000,1\n#00ff00,2\nred,3\n")
    assert [row[0] for row in table.rows] == ["#ff0000", "#00ff00", "red"]
    assert read_sniffed("tag,n\n#fun,1\nplain,2\n#joy,3\nother,4\n").dialect.comment is None


def test_a_header_that_begins_with_a_mark_is_one() -> None:
    """Nothing after it names the columns."""
    table = read_sniffed("#id,name\n1,ann\n2,bob\n")
    assert (table.names, len(table.rows)) == (["#id", "name"], 2)
    assert not table.decisions["comments"].sure
    table = read_sniffed("##format=1\n##by=me\n#CHROM\tPOS\n1\t100\n2\t200\n")
    assert (table.names, table.dialect.skip_rows, table.rows) == (["#CHROM", "POS"], 2, [("1", "100"), ("2", "200")])


def test_titles_and_keys_above_the_header_are_skipped() -> None:
    """Also those that have as many cells as the table."""
    for top in (
        "Report 2024,,\n,,\n",
        "Report\n\n",
        "Source,NOAA\nStation,KJFK\n\n",
        "Source,NOAA\nStation,KJFK\n",
        "Source,NOAA\n",
    ):
        table = read_sniffed(f"{top}date,temp,rain\n1,2,3\n4,5,6\n")
        assert (top, table.names) == (top, ["date", "temp", "rain"])
        assert (top, table.dialect.skip_rows) == (top, top.count("\n"))
        assert table.rows == [("1", "2", "3"), ("4", "5", "6")]
        assert table.decisions["skipped lines"].choice == str(top.count("\n"))


def test_keys_of_a_table_of_two_columns_are_skipped_to_the_blank_line() -> None:
    """Where the first record after it is a header, and the very first one isn't."""
    table = read_sniffed("Source,NOAA\nStation,KJFK\n\nx,y\n1,2\n3,4\n")
    assert (table.names, table.dialect.skip_rows) == (["x", "y"], 3)


def test_a_header_with_empty_cells_is_no_title() -> None:
    """Unnamed columns and columns of nothing."""
    for text in (",x\n0,1\n1,2\n", ",x,y\n0,1,a\n1,2,b\n", "a,b,,\n1,2,,\n3,4,,\n", ",x\na,b\nc,d\n"):
        assert sniff([Sample("a.csv", text.encode(), complete=True)]).dialect.skip_rows == 0


def test_ragged_rows_at_the_top_are_not_skipped() -> None:
    """They are data, to be rejected."""
    table = read_sniffed("1,2\n1,2,3\n4,5,6\n7,8,9\n")
    assert (table.dialect.skip_rows, len(table.rows), len(table.rejected)) == (0, 3, 1)
    text = b"a,b\n1,x\n1\n1,x,2\n1,x,2\n"
    assert sniff([Sample("a.csv", text, complete=True)], {"header": True, "delimiter": ","}).dialect.skip_rows == 0
    table = read_sniffed("day,x,low,high\n1,2,3,4\n" + "2,5,6\n" * 5 + "3,6,7,8\n")
    assert table.names == ["day", "x", "low"]
    assert not table.decisions["columns"].sure


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_line_that_names_the_delimiter_is_obeyed(line: str, mark: str) -> None:
    """As spreadsheets do; it isn't the header."""
    table = read_sniffed(f"{mark}{line}\r\na;b,c\r\n1;2,5\r\n")
    assert (table.names, table.rows) == (["a", "b,c"], [("1", "2,5")])
    assert str(table.decisions["delimiter"]) == "delimiter: semicolon (the first line says sep=;)"
    assert table.decisions["skipped lines"].choice == "1"


def test_lines_that_name_the_delimiter_of_some_files_are_doubted() -> None:
    """All files have as many lines above the header."""
    texts = (b"sep=;\na;b\n1;2\n", b"a;b\n3;4\n")
    samples = [Sample(f"{at}.csv", text, complete=True) for at, text in enumerate(texts)]
    decision = next(each for each in sniff(samples).decisions if each.subject == "skipped lines")
    assert not decision.sure
    assert "only some files begin with a line such as sep=;" in decision.reason
    assert all(each.subject != "skipped lines" for each in sniff(samples[1:]).decisions)


def test_what_is_known_of_the_top_is_not_guessed() -> None:
    """Such lines are data then."""
    assert read_sniffed("# a\nx,y\n1,2\n", comment=None, skip_rows=0).dialect.comment is None
    assert sniff([Sample("a.csv", b"sep=;\na;b\n1;2\n", complete=True)], {"skip_rows": 0}).dialect.skip_rows == 0
    assert read_sniffed("Report\n\na,b,c\n1,2,3\n", skip_rows=1).dialect.skip_rows == 1
    table = read_sniffed("sep=;\na,b\n1,2\n", delimiter=",", header=True)
    assert table.dialect.delimiter == ","


@pytest.mark.parametrize(
    ("top", "row", "skip", "header"),
    [
        ("Station,Hamburg\nLatitude,53.55\n", "#:00,#.5", 2, "time,temp"),
        ("My report\nStation,Hamburg\nLatitude,53.55\n", "#:00,#.5", 3, "time,temp"),
        ("Station,Hamburg\nLatitude,53.55\n\n", "#:00,#.5", 3, "time,temp"),
        ("Latitude,53.55\n", "#:00,#.5", 1, "time,temp"),
        (",2022,2022,2023,2023\n", "R#,#,2,3,4#", 1, "region,q1,q2,q1,q2"),
        (",first,first\n", "R,#,2", 1, "region,q1,q2"),
    ],
)
def test_the_header_is_the_last_record_above_those_whose_types_agree(
    top: str, row: str, skip: int, header: str
) -> None:
    """Above it stand keys and values, or another line of names, as wide as the table."""
    rows = "".join(row.replace("#", str(10 + at)) + "\n" for at in range(10))
    table = read_sniffed(f"{top}{header}\n{rows}")
    assert table.dialect.skip_rows == skip
    decision = table.decisions["skipped lines"]
    assert not decision.sure
    assert repr(top.splitlines()[0]) in decision.reason
    assert len(table.rows) == 10


@pytest.mark.parametrize("second", ["?,n/a", "Anna,unknown", ",unknown", "5,6"])
def test_a_first_row_of_other_cells_is_no_header(second: str) -> None:
    """Names stand above it."""
    rows = "".join(f"A{at},{at}\n" for at in range(10))
    assert read_sniffed(f"name,n\n{second}\n{rows}").dialect.skip_rows == 0
    assert (
        read_sniffed(f"x,x,n\nBert,{second}\n" + "".join(f"A{at},B,{at}\n" for at in range(10))).dialect.skip_rows == 0
    )
    assert read_sniffed(f",n\n{second}\n{rows}").dialect.skip_rows == 0


def test_units_below_the_header_are_told() -> None:
    """They would make text of columns of numbers."""
    rows = "".join(f"{at},{at}.5\n" for at in range(10))
    for top, line in (("time,temp\n", 2), ("# of a station\ntime,temp\n", 3)):
        decision = read_sniffed(f"{top}s,degC\n{rows}").decisions["header"]
        assert not decision.sure
        assert f"line {line} has text in each column of numbers, 's' (units?): remove it" in decision.reason
        assert decision.reason.endswith(f"--set input.skip_rows={line - 1}")
    for first in ("NA,?", "1,degC", ",", "x", "x,y,z"):
        assert read_sniffed(f"time,temp\n{first}\n{rows}").decisions["header"].sure


def test_few_skipped_lines_are_shown() -> None:
    """Up to three, shortened."""
    rows = "a,b\n1,2\n3,4\n5,6\n"
    decision = read_sniffed(f"Report\nof {'x' * 90}\n{rows}").decisions["skipped lines"]
    assert f": 'Report', 'of {'x' * 54}...'" in decision.reason
    assert decision.sure
    assert "'" not in read_sniffed("Report\n" * 4 + rows).decisions["skipped lines"].reason


def test_a_skipped_line_that_may_name_a_single_column_is_doubted() -> None:
    """Below it stands text whose commas cut it evenly."""
    text = "address\n" + "".join(f"{at} Main St, Apt {at % 5}, NY\n" for at in range(40))
    decision = read_sniffed(text).decisions["skipped lines"]
    assert not decision.sure
    assert decision.reason.endswith("'address'; if that is the name of a single column: --set input.delimiter=';'")
    table = read_sniffed(text, delimiter=";")
    assert table.names == ["address"]
    other = read_sniffed(text + "1 Main; Apt 2, Troy, NY\n").decisions["skipped lines"]
    assert other.reason.endswith("--set input.delimiter='|'")
    assert table.rows[1] == ("1 Main St, Apt 1, NY",)


@pytest.mark.parametrize(
    "text",
    [
        "name,city\n\nParis,Frank\nRome,Oslo\nTim,Bern\n",
        "name,city\nParis,Frank\nRome,Oslo\n\nYork,red\nBob,Oslo\nCarol,Bern\n",
    ],
)
def test_a_blank_line_above_text_alone_skips_nothing(text: str) -> None:
    """Words of one length below a word don't make a header; the line says how to take it."""
    table = read_sniffed(text)
    assert (table.names, table.dialect.skip_rows, table.rows[0]) == (["name", "city"], 0, ("Paris", "Frank"))
    line = text[: text.index("\n\n")].count("\n") + 2
    assert f"--set input.skip_rows={line}" in table.decisions["skipped lines"].reason
    assert not table.decisions["skipped lines"].sure


@pytest.mark.parametrize(
    "text",
    [
        "code,CC\nr0,A1,IT\nr1,B2,FR\nr2,B2,FR\n",
        '"code","CC"\n"aa","A1","IT"\n"b","B2","FR"\n"c","B2","FR"\n',
        "x,y,z\nr0,red,IT,a\nr1,red,FR,b\nr2,blue,FR,a\n",
    ],
)
def test_a_header_that_lacks_the_name_of_rows_is_no_title(text: str) -> None:
    """Though the first row is text, too, and stands above text that is found again."""
    table = read_sniffed(text)
    assert table.names[:1] == ["column_1"]
    assert len(table.rows) == 3
    assert "skipped lines" not in table.decisions


def test_a_single_name_above_text_is_doubted() -> None:
    """It may be a title, or the name of a column of text with commas."""
    decision = read_sniffed("name\nSmith, John\nDoe, Jane\nRoe, Rick\n").decisions["skipped lines"]
    assert not decision.sure
    assert "--set input.delimiter=" in decision.reason
    assert not read_sniffed("By,me\nname,city,x,y\nAnn,Rome,a,u\nBob,Oslo,b,v\n").sure


def test_hashtags_in_a_single_column_are_doubted() -> None:
    """They may be values; remarks with a space are none."""
    assert not read_sniffed("#metoo\n#foo\n#bar\nplain\nword\n").decisions["comments"].sure
    assert not read_sniffed("#fun\nword\nother\n").decisions["comments"].sure
    assert read_sniffed("# made by me\nn\n1\n2\n").decisions["comments"].sure


@pytest.mark.parametrize("text", ["#ff0000,red\n#00ff00,green\n#0000ff,blue\n", "%a,1\n%b,2\n%c,3\n"])
def test_lines_that_all_begin_with_a_mark_are_rows(text: str) -> None:
    """Else none would be left."""
    table = read_sniffed(text)
    assert table.dialect.comment is None
    assert len(table.rows) + table.dialect.header == 3
    assert table.rejected == []
    assert read_sniffed("#a,b\n").names == ["#a", "b"]
