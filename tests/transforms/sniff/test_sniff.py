"""Tests of guessing how CSV files are spelled."""

import gzip
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.scoring.samples import SAMPLE_BYTES, Sample
from shardmill.transforms.sniff.sniff import sniff


def guess(*texts: str | bytes, complete: bool = True) -> Dialect:
    """The dialect guessed from whole files."""
    return sniff(
        [Sample(f"{i}.csv", text.encode() if isinstance(text, str) else text, complete) for i, text in enumerate(texts)]
    ).dialect


def body(row: str, rows: int = 20) -> str:
    """Lines that are alike but for a number in place of #."""
    return "".join(row.replace("#", str(number)) + "\n" for number in range(rows))


def test_plain_csv_has_the_default_dialect() -> None:
    """Commas, quotes, a header, UTF-8."""
    assert guess("id,name\n" + body('#,"x, y"')) == Dialect()


def test_nothing_to_go_by_gives_the_default_dialect() -> None:
    """No files, empty files and files of blank lines say nothing."""
    assert guess() == guess("") == guess("\n\r\n", b"\xef\xbb\xbf") == Dialect()


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    """Whatever other delimiters stand within quotes or cells."""
    text = delimiter.join(["id", "text", "price"]) + "\n" + body(delimiter.join(["#", '"a, b; c | d"', "1.5"]))
    assert guess(text).delimiter == delimiter


def test_decimal_commas_are_no_delimiters() -> None:
    """More columns by the comma lose against rows that agree."""
    assert guess("date;open;close\n" + body("1/1/13;1,5;2") + body("1/1/13;1;2,5")).delimiter == ";"


def test_a_backslash_that_escapes_quotes_is_found() -> None:
    """Only where it makes the rows agree."""
    text = "id;name;price\n" + body('#;"the \\"big\\"; one";5')
    assert guess(text).escape == "\\"
    assert guess("id,path\n" + body('#,"C:\\temp"')).escape is None


def test_a_header_of_names_over_numbers_is_one() -> None:
    """Also where the names are years, or all columns are text."""
    assert guess("a,b\n" + body("#,1.5")).header
    assert guess("country,2019,2020\n" + body("France,5,6")).header
    assert guess("color,shape\n" + body("red,round") + body("blue,square")).header
    assert guess("a,b\n").header


def test_rows_of_data_are_no_header() -> None:
    """Columns are then named by their numbers."""
    dialect = guess(body("#,red,1.5"))
    assert not dialect.header
    assert dialect.columns == ("column_1", "column_2", "column_3")
    assert not guess("red,round\n" + body("blue,square") + body("red,round")).header


def test_the_same_first_row_in_all_files_is_a_header() -> None:
    """In any order of its columns; two first rows of numbers aren't."""
    assert guess("a,b\nx,y\n", "b,a\ny,x\n").header
    assert not guess("1,x\n2,y\n", "3,x\n4,y\n").header


def test_headers_that_differ_in_a_name_are_headers() -> None:
    """A later file's header is no data: a name misspelled there, or a name that both have, is no sign of a file without one."""
    assert guess("age,price\n1,2\n3,4\n", "aeg,price\n5,6\n").header
    cities = "Rome,via\nRome,corso\nOslo,gate\nOslo,gate\n"
    assert guess(f"city,kind\n{cities}", f"city,kinds\n{cities}").header
    assert not guess("red,round\nblue,square\nred,round\n", "blue,round\nred,square\n").header


def test_padding_is_dropped() -> None:
    """Where most cells have spaces around them."""
    assert guess("id, name\n" + body("#, Ann")).trim
    assert not guess("id,name\n" + body("#,Ann") + "7, Bob\n").trim


@pytest.mark.parametrize(
    ("cells", "markers"),
    [
        ("1 2 NA 4 5", ("NA",)),
        ("1 2 3 - 5 6", ("-",)),
        ("1 2 ? 4", ("?",)),
        ("x y \\N", ("\\N",)),
        ("US NA FR", ()),
        ("1 NULL nan", ("NULL", "nan")),
        ("None brick", ()),
        ("1 2 3", ()),
    ],
)
def test_spellings_of_missing_values_are_found(cells: str, markers: tuple[str, ...]) -> None:
    """NA and the like among numbers; those that mean nothing else anywhere."""
    text = "id,x\n" + "".join(f"7,{cell}\n" for cell in cells.split())
    dialect = guess(text)
    assert dialect.null_values[0] == ""
    assert set(dialect.null_values[1:]) == set(markers)


def test_comments_are_found() -> None:
    """Lines of another width that begin with `#`, at the top or several; not rows, and not lines within quotes."""
    assert guess("# about\nid,x\n" + body("#,1")).comment == "#"
    assert guess("id,x\n" + body("#,1") + "#total\n" + "#end\n").comment == "#"
    assert guess("id,x\n" + body("#,1") + "#total\n").comment is None
    assert guess("id,x\n" + "#1,5\n#2,6\n").comment is None
    assert guess("id,x\n" + body('#,"tweet\n#fun\n"')).comment is None


def test_lines_above_the_header_are_skipped() -> None:
    """A title and a blank line, if all files have as many."""
    titled = "Report of 2013\n\nid,x,y\n" + body("#,1,2")
    assert guess(titled, titled).skip_rows == 2
    assert guess(titled).header
    assert guess(titled, "id,x,y\n" + body("#,1,2")).skip_rows == 0


@given(st.binary(max_size=300).filter(lambda data: b"\0" not in data))
def test_any_text_gives_some_dialect(data: bytes) -> None:
    """Guessing never fails on text, however odd, unless it asks for the encoding; what it gives can be used."""
    try:
        dialect = guess(data)
    except DataError as error:
        # Most data has none.
        assert re.search(r"set \[input\] encoding to the one that reads right|isn't a CSV file", str(error))  # noqa: PT017
        return
    assert len(dialect.delimiter) == 1
    assert "" in dialect.null_values
    assert dialect.header == (dialect.columns is None)


def sample(path: Path) -> Sample:
    """The beginning of a real file."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
        data = stream.read(SAMPLE_BYTES)
    return Sample(str(path), data, len(data) < SAMPLE_BYTES)


def test_census_income(shared_data: Path) -> None:
    """Both files together: no header, padded cells, `?` for missing, a comment on top of the second."""
    files = [shared_data / "census_income" / name for name in ("adult.data.gz", "adult.test.gz")]
    expected = Dialect(
        header=False,
        columns=tuple(f"column_{number}" for number in range(1, 16)),
        trim=True,
        comment="|",
        null_values=("", "?"),
    )
    assert sniff([sample(path) for path in files]).dialect == expected


@pytest.mark.parametrize(
    "path",
    [
        "california_housing/housing.csv",
        "chicago_taxi/data.csv.gz",
        "criteo_sample/criteo_sample.txt",
        "criteo_sample/avazu_sample.txt",
        "criteo_sample/movielens_sample.txt",
        "imdb/imdb_10k.csv.gz",
        "sunspots/daily-min-temperatures.csv",
        "csv_conformance/frictionless/issue-493.csv",
        "csv_conformance/frictionless/table-infer-utf8.csv",
    ],
)
def test_real_files_with_the_default_dialect(shared_data: Path, path: str) -> None:
    """Plain files are taken as they are."""
    assert sniff([sample(shared_data / path)]).dialect == Dialect()


def test_odd_real_files(shared_data: Path) -> None:
    """A semicolon, a comment, no header, Latin-1, a missing value's dash."""
    folder = shared_data / "csv_conformance" / "frictionless"
    country = sniff([sample(folder / "country-2.csv")]).dialect
    assert (country.delimiter, country.comment, country.header) == (";", "#", True)
    assert not sniff([sample(folder / "without-headers.csv")]).dialect.header
    assert sniff([sample(folder / "latin1.csv")]).dialect.encoding == "cp1252"
    assert sniff([sample(folder / "table-infer-missing-values.csv")]).dialect.null_values == ("", "-")
    assert not sniff([sample(shared_data / "mnist" / "mnist_5k.csv.gz")]).dialect.header


def given(data: str | bytes, **fields: object) -> Dialect:
    """The guess where some fields are known."""
    return sniff([Sample("a.csv", data.encode() if isinstance(data, str) else data, complete=True)], fields).dialect


def test_what_is_known_is_not_guessed() -> None:
    """Each known field stays as it is, and what can be seen in its light is guessed."""
    dialect = given("a;b,c\n" + body("#;2,x", 3), delimiter=",")
    assert (dialect.delimiter, dialect.header) == (",", True)
    dialect = given("1,2\n3,NA\n", header=False, columns=("x", "y"), null_values=("-",))
    assert dialect == Dialect(header=False, columns=("x", "y"), null_values=("-",))
    assert given("x,y\n1,2\n", header=False).columns == ("column_1", "column_2")
    assert given("1,2\n3,4\n", header=True).header
    assert not given("id, name\n" + body("#, Ann"), trim=False).trim
    assert given("# about\nid,x\n" + body("#,1"), comment=None).comment is None
    assert given("Report\n\nid,x,y\n" + body("#,1,2"), skip_rows=1).skip_rows == 1
    assert given('id,x\n1,"a\n2,b\n', quote=None) == Dialect(quote=None)
    assert given("", delimiter=";") == Dialect(delimiter=";")


@pytest.mark.parametrize("encoding", ["utf-16-le", "iso8859-1", "cp1252"])
def test_a_known_encoding_is_what_the_text_is_read_in(encoding: str) -> None:
    """Even one that doesn't look like it."""
    dialect = given("name;n\nZürich;1\n".encode(encoding), encoding=encoding)
    assert (dialect.encoding, dialect.delimiter, dialect.header) == (encoding, ";", True)
