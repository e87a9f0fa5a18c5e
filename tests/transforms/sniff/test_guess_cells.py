"""Tests of guessing delimiter, quote and escape: what is guessed reads right."""

import pytest

from shardmill.transforms.scoring.samples import Sample
from shardmill.transforms.sniff.sniff import sniff
from tests.support.csv.sniffed import read_sniffed


def test_titles_that_begin_with_a_quote_are_read_without_quoting() -> None:
    """Dumps write them as they are; as quoted cells, two rows of four would be one."""
    table = read_sniffed('id\ttitle\n1\t"x\n2\ty\n3\t"z\n4\tw\n')
    assert table.rows == [("1", '"x'), ("2", "y"), ("3", '"z'), ("4", "w")]
    assert table.dialect.quote is None
    assert str(table.decisions["quote"]) == 'quote: none (with " 3 of 5 lines are malformed or ragged)'


def test_a_title_wholly_in_quotes_does_not_make_others_malformed() -> None:
    """Some titles are quotations, others begin with one."""
    titles = ['"Heroes"', '"A" is for Alibi', '"Weird Al" Yankovic', "Plain"] * 50
    table = read_sniffed("id\ttitle\n" + "".join(f"{at}\t{title}\n" for at, title in enumerate(titles)))
    assert [row[1] for row in table.rows] == titles


def test_one_damaged_row_does_not_take_the_quotes_from_a_file() -> None:
    """Where all text is quoted, quotes are no text."""
    table = read_sniffed('"id","text"\n' + '"1","abc"\n' * 50 + '"2","a"b"\n' + '"3","abc"\n' * 50)
    assert table.dialect.quote == '"'
    assert [reject.line for reject in table.rejected] == [52]
    assert len(table.rows) == 100


def test_quotes_that_take_whole_lines_are_text() -> None:
    """Two titles, one that begins with a quote and one that ends with it; but it isn't sure."""
    rows = [("1", '"x'), ("2", "y"), ("3", 'z"'), ("4", "w")]
    table = read_sniffed("id\ttitle\n" + "".join(f"{number}\t{title}\n" for number, title in rows))
    assert table.rows == rows
    assert not table.decisions["quote"].sure
    assert "3 lines that are whole without it would be within cells" in table.decisions["quote"].reason


def test_text_of_several_lines_stays_quoted() -> None:
    """Its lines have other numbers of delimiters than the table."""
    table = read_sniffed('id,text\n1,"two\nlines, and words"\n2,"three\n\nlines"\n')
    assert table.rows == [("1", "two\nlines, and words"), ("2", "three\n\nlines")]
    assert table.sure


def test_apostrophes_quote_where_cells_are_whole_with_them() -> None:
    """Not where they are in words."""
    table = read_sniffed("a,b\n1,'x, y'\n2,'z'\n")
    assert (table.dialect.quote, table.rows) == ("'", [("1", "x, y"), ("2", "z")])
    assert read_sniffed("a,b\n'1','x'\n'2','y'\n").rows == [("1", "x"), ("2", "y")]
    table = read_sniffed("name,note\nann,it's\nbob,'tis so\nsue,'quoted'\n")
    assert (table.dialect.quote, len(table.rows)) == ('"', 3)


def test_a_backslash_escapes_quotes_where_cells_are_whole_so() -> None:
    """The dialect without malformed cells wins."""
    table = read_sniffed('"id","text"\n"1","a \\"b\\" c"\n')
    assert table.rows == [("1", 'a "b" c')]
    assert table.dialect.escape == "\\"
    table = read_sniffed('"id","text"\n"1","ends with \\"\n"2","b"\n')
    assert (table.dialect.escape, table.rows) == (None, [("1", "ends with \\"), ("2", "b")])
    table = read_sniffed('"foo","bar"\n"332","Surname\\, Firstname"\n"123","foo (\\"foo\\")"\n')
    assert table.rows == [("332", "Surname, Firstname"), ("123", 'foo ("foo")')]


def test_a_delimiter_that_the_header_has_too_beats_one_in_the_rows() -> None:
    """Shares aren't rounded: 200 of 201 lines are fewer than all."""
    table = read_sniffed("text|number\n" + "foo|123,000\n" * 200)
    assert (table.dialect.delimiter, table.dialect.skip_rows, len(table.rows)) == ("|", 0, 200)
    assert table.sure


def test_text_with_commas_does_not_cut_a_table_by_tabs() -> None:
    """Words with punctuation are cells; words around a bare delimiter aren't."""
    table = read_sniffed("id\tplace\tnote\n" + "1\tRome, Italy\tx\n2\tOslo, Norway\ty\n" * 5)
    assert (table.dialect.delimiter, table.rows[0]) == ("\t", ("1", "Rome, Italy", "x"))


def test_spaces_cut_lines_that_nothing_else_does() -> None:
    """Also runs of them, and lines of which the header lacks the rows' name."""
    table = read_sniffed("a b c\n1 2 3\n4 5 6\n")
    assert (table.dialect.delimiter, table.dialect.trim, table.rows) == (" ", False, [("1", "2", "3"), ("4", "5", "6")])
    table = read_sniffed("  a   b    c\n  1  22    3\n  4   5   66\n")
    assert (table.dialect.trim, table.rows) == (True, [("1", "22", "3"), ("4", "5", "66")])
    assert table.decisions["delimiter"].choice == "space, or several"
    assert read_sniffed("x y\n1,5 2,5\n1,7 2,5\n").rows == [("1,5", "2,5"), ("1,7", "2,5")]
    table = read_sniffed('"mpg" "cyl"\n"Mazda RX4" 21 6\n"Datsun 710" 22.8 4\n')
    assert table.names == ["column_1", "mpg", "cyl"]
    assert table.rows[0] == ("Mazda RX4", "21", "6")


def test_colons_are_the_last_delimiter() -> None:
    """They are part of times."""
    assert read_sniffed("a:b\n1:5\n2:6\n").rows == [("1", "5"), ("2", "6")]
    assert read_sniffed("t\n10:30\n11:45\n").names == ["t"]
    assert read_sniffed("t,x\n2020-01-01 10:00:00,1\n2020-01-02 11:00:00,2\n").rows[0] == ("2020-01-01 10:00:00", "1")


def test_a_column_that_could_be_cut_says_so() -> None:
    """Lines of words are one column, and the message tells how to have more."""
    decision = read_sniffed("John Smith\nJane Doe\n").decisions["delimiter"]
    assert not decision.sure
    assert str(decision) == (
        "delimiter: none, one column (2 of 2 lines have 2 cells if cut at each space, but none of numbers or dates; if these are columns: "
        "--set input.delimiter=' '), please check"
    )
    assert read_sniffed("John Smith\nJane Doe\n", delimiter=" ", header=False).rows == [
        ("John", "Smith"),
        ("Jane", "Doe"),
    ]
    assert read_sniffed("t\n2020-01-01 10:00\n2020-01-02 10:00\n").sure


def test_one_column_of_text_keeps_its_commas() -> None:
    """The delimiter is then one that isn't in the text."""
    lines = ["Hello, world", "foo", "one, two, three", "a, b, c, d"]
    table = read_sniffed("text\n" + "".join(f"{line}\n" for line in lines))
    assert [row[0] for row in table.rows] == lines
    assert table.decisions["delimiter"].choice == "none, one column (set to tab)"


def test_two_delimiters_that_cut_alike_are_not_sure() -> None:
    """The other one is named."""
    decision = read_sniffed("a;b,c\n1;2,x\n").decisions["delimiter"]
    assert not decision.sure
    assert "would cut all lines evenly, too" in decision.reason


def test_quotes_after_blanks_count_where_cells_are_whole_so() -> None:
    """Cells are then trimmed."""
    table = read_sniffed('x, y\n1, "a, b"\n2, "c"\n')
    assert (table.dialect.trim, table.rows) == (True, [("1", "a, b"), ("2", "c")])


def test_files_that_are_cut_short_are_judged_by_whole_records() -> None:
    """A sample may end within a quoted cell, but a quote that is open for long is none."""
    rows = "".join(f'{number},"text, and more"\n' for number in range(100))
    assert sniff([Sample("a.csv", f'id,text\n{rows}1,"begun, and'.encode())]).dialect.quote == '"'
    titles = "".join(f"{number}\tx\n" for number in range(100))
    assert sniff([Sample("a.tsv", f'id\ttitle\n1\t"x\n{titles}'.encode())]).dialect.quote is None


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_do_not_matter(line_end: str) -> None:
    """Whichever a file has."""
    text = '# about\na;b\n1;"x\ny"\n2;z\n'.replace("\n", line_end)
    table = read_sniffed(text)
    assert (table.dialect.delimiter, table.dialect.comment) == (";", "#")
    assert table.rows == [("1", f"x{line_end}y"), ("2", "z")]


@pytest.mark.parametrize(
    "text",
    [
        '"a,b,c"\n' + "".join(f'"{i % 7},{i * 3},{i * 1.5}"\n' for i in range(40)),
        '"name,""city"",n"\n' + "".join(f'"Anna,""Rome, IT"",{i}"\n' for i in range(40)),
        '"a;b"\r\n' + "".join(f'"{i};{i * 2}"\r\n' for i in range(40)),
    ],
)
def test_lines_that_are_quoted_as_a_whole_are_told(text: str) -> None:
    """No dialect reads a table that was saved as CSV twice."""
    decision = read_sniffed(text).decisions["quote"]
    assert not decision.sure
    assert decision.reason.startswith("each line is quoted as a whole")
    assert "remove the outer quotes first" in decision.reason


@pytest.mark.parametrize("text", ['"a","b"\n"1","2"\n"3","4"\n', '"address"\n"1 Main St, Apt 2"\n"3 Main St, Apt 4"\n'])
def test_quoted_cells_are_no_quoted_lines(text: str) -> None:
    """Nor are those of a single column whose text has commas."""
    decision = read_sniffed(text).decisions.get("quote")
    assert decision is None or "as a whole" not in decision.reason


def test_columns_of_fixed_width_are_told() -> None:
    """Their cells hold blanks, so that spaces don't cut them."""
    cities = ("New York", "Rome", "San Diego")
    rows = "".join(f"{cities[i % 3]:<12}{cities[i % 2]:<10}{i}\n" for i in range(40))
    decision = read_sniffed("name        city      n\n" + rows).decisions["delimiter"]
    assert not decision.sure
    assert "columns of fixed width, which aren't read" in decision.reason
    prose = "".join(f"{'so ' * (i % 5)}it goes.  Then {'on ' * (i % 3)}\n" for i in range(40))
    assert "fixed width" not in read_sniffed("text\n" + prose).decisions["delimiter"].reason


@pytest.mark.parametrize(
    ("text", "first", "count"),
    [
        ('name\n"Smith, John"\n"Doe, Jane"\n"Roe, Rick"\n', "Smith, John", 3),
        ('"v"\n' + '"5,4"\n' * 30, "5,4", 30),
        ("v\n" + '"5,4"\n' * 30, "5,4", 30),
        ('price\r\n"1,234"\r\n"5,678"\r\n', "1,234", 2),
        ('doc\n"{""a"":1,""b"":2}"\n"{""a"":2,""b"":3}"\n', '{"a":1,"b":2}', 2),
        ('# by me\n\nname\n"Smith, John"\n"Doe, Jane"\n', "Smith, John", 2),
        ('note\n"two\nlines, and"\n"x; y"\n', "two\nlines, and", 2),
    ],
)
def test_a_column_of_quoted_cells_is_not_cut(text: str, first: str, count: int) -> None:
    """Delimiters stand within the quotes, as RFC 4180 has them."""
    table = read_sniffed(text)
    assert (table.rows[0], len(table.rows), table.rejected) == ((first,), count, [])
    assert table.decisions["delimiter"].sure
    assert "quote" not in table.decisions


@pytest.mark.parametrize("path", ["C:\\new", "\\d+\\w*"])
def test_backslashes_before_other_text_are_no_escapes(path: str) -> None:
    """They would be lost; the one before a quote is told."""
    table = read_sniffed("p,n\n" + "".join(f"{path},{number}\n" for number in range(3)) + '"say \\"hi\\"",4\n')
    assert [row[0] for row in table.rows[:3]] == [path] * 3
    assert table.dialect.escape is None
    assert not table.decisions["escape"].sure


def test_doubled_quotes_outweigh_a_damaged_row() -> None:
    """Though few cells are quoted; without doubled quotes it isn't sure."""
    rows = "".join(f'{at}|"a ""b"" c"\n' if at % 10 == 0 else f"{at}|Bob\n" for at in range(500))
    table = read_sniffed(f'id|name\n{rows}600|"op"en\n601|Bob\n')
    assert (table.dialect.quote, table.rows[0], len(table.rejected)) == ('"', ("0", 'a "b" c'), 1)
    sample = Sample("a.csv", f'id|name\n{rows}600|"open\n601|Bob\n'.encode(), complete=True)
    assert sniff([sample]).dialect.quote == '"'
    table = read_sniffed("id|name\n" + rows.replace('""b""', "b") + '600|"op"en\n')
    assert table.dialect.quote is None
    assert not table.decisions["quote"].sure
    assert "more cells are in quotes" in table.decisions["quote"].reason
