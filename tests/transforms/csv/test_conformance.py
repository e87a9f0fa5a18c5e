"""CSV files made to break parsers: each converts to what Python's csv module reads, or ends in one clear error."""

import csv
import gzip
import io
import json
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pytest

from shardmill.schemas.errors import DataError
from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.csv.blocks import Reject, read_header
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.csv.units import Unit
from tests.support.csv.csv_blocks import plan, read_units, select_columns
from tests.support.csv.csv_blocks import rejects as all_rejects
from tests.support.csv.csv_machine import read_slowly

ARROW = "arrow-testing/clusterfuzz-testcase-minimized-arrow-csv-fuzz-"
# Files that can't be used with the default dialect, and a part of what the message says.
ERRORS = {
    ARROW + "5085419734892544": "isn't text in the encoding 'utf-8'",
    ARROW + "5279410447253504": "isn't text in the encoding 'utf-8'",
    ARROW + "5308706540814336": "has a NUL byte in the name",
    ARROW + "5600990083743744": "isn't text in the encoding 'utf-8'",
    ARROW + "6261070185693184": "looks like a binary file, not CSV",
    "frictionless/compression__implicit-gz.csv": "it is gzip-compressed; give its name the suffix .gz",
    "frictionless/compression__implicit-zip.csv": "it is a zip archive",
    "frictionless/table-with-accents.csv": "isn't text in the encoding 'utf-8'",
    "univocity/escape.csv": "has text after the quote that closes a cell",
    "univocity/test.csv": "has text after the quote that closes a cell",
}
# Files whose names are repaired, and a part of what the message says where they must not be.
REPAIRED = {
    ARROW + "4523557272223744": "has no name for column 1 of 1",
    ARROW + "5003506164760576": "has no name for column 1, 2, 3, 4, 5 of 5",
    "frictionless/blank-headers.csv": "has no name for column 2 of 3",
    "frictionless/capital-invalid.csv": "has the name 'name' twice, for columns 2 and 3",
    "frictionless/duplicate-column.csv": "has the name 'B' twice",
    "frictionless/duplicate-headers.csv": "has the name 'id' twice",
    "frictionless/invalid.csv": "has no name for column 3 of 4",
}

# The file of univocity-parsers that has a bit of everything.
ESSENTIAL = Dialect(comment="#", skip_rows=1, trim=True)

Rows = list[list[str | None]]


def conformance_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """All files made to break parsers, by name."""
    for path in sorted((folder / "csv_conformance").rglob("*")):
        if path.is_file() and path.suffix != ".json" and path.name not in {"README.md", ".gitattributes"}:
            yield path.relative_to(folder / "csv_conformance").as_posix(), path


def torn_lines(data: bytes, dialect: Dialect) -> set[int]:
    """The first lines of records with text after a closing quote, which Python's csv module takes for a part of the cell."""
    text = data.decode(dialect.encoding, "surrogateescape").encode("utf-8", "surrogateescape")
    return {found.line for found in read_slowly(text, dialect) if found.torn}


def oracle(
    data: bytes, dialect: Dialect, torn: Collection[int] = ()
) -> tuple[list[str], Rows, list[tuple[int, list[str]]]]:
    """The header, the good rows, and the others with their first lines, as Python's csv module reads them."""
    text = data.decode("utf-8-sig" if dialect.encoding == "utf-8" else dialect.encoding, "surrogateescape")
    csv.field_size_limit(1 << 30)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=dialect.delimiter, quotechar=dialect.quote, escapechar=dialect.escape
    )
    header: list[str] | None = None
    good: Rows = []
    bad = []
    line = 1
    for row in reader:
        first, line = line, reader.line_num + 1
        if row and header is None:
            header = [name.strip() for name in row]
        elif row:
            undecodable = any("\udc80" <= char <= "\udcff" for cell in row for char in cell)
            if header is not None and len(row) == len(header) and not undecodable and first not in torn:
                good.append([cell or None for cell in row])
            else:
                bad.append((first, row))
    return header or [], good, bad


def rows_of(data: bytes, units: list[Unit], dialect: Dialect, selection: Selection) -> tuple[Rows, list[Reject]]:
    """The rows and rejected rows of units."""
    found = read_units(data, units, dialect, selection)
    return [list(row.values()) for block in found for row in block.columns.to_pylist()], all_rejects(found)


def text_columns(names: Sequence[str]) -> Selection:
    """All columns as text."""
    return select_columns(tuple(Column(name, ColumnType.BYTES) for name in names))


def test_all_files_convert_or_end_in_one_error(shared_data: Path) -> None:
    """Rows, rejected rows and their lines are those of Python's csv module; the files that can't be used are those listed."""
    for name, path in conformance_files(shared_data):
        data, dialect = path.read_bytes(), Dialect()
        if name in ERRORS:
            with pytest.raises(DataError, match=re.escape(ERRORS[name])) as caught:
                read_header(io.BytesIO(data), name, dialect)
            assert repr(name) in str(caught.value)
            continue
        names = read_header(io.BytesIO(data), name, dialect).names
        rows, rejects = rows_of(data, [Unit(0, 0, name)], dialect, text_columns(names))
        header, good, bad = oracle(data, dialect, torn_lines(data, dialect))
        renamed = [position for position, each in enumerate(header) if not each or each in header[:position]]
        assert (name, [names[each] for each in range(len(names)) if each not in renamed]) == (
            name,
            [header[each] for each in range(len(header)) if each not in renamed],
        )
        assert (name, bool(renamed)) == (name, name in REPAIRED)
        assert (name, rows) == (name, good)
        assert (name, [reject.line for reject in rejects]) == (name, [line for line, _ in bad])


@pytest.mark.parametrize(("name", "message"), REPAIRED.items())
def test_strict_names_are_there_and_once(shared_data: Path, name: str, message: str) -> None:
    """Where names must not be repaired, files with an empty name or one that is there twice are refused."""
    data = (shared_data / "csv_conformance" / name).read_bytes()
    with pytest.raises(DataError, match=re.escape(message)):
        read_header(io.BytesIO(data), name, Dialect(header_names="strict"))


def test_all_files_are_the_same_in_pieces(shared_data: Path) -> None:
    """A file cut into units gives what it gives whole."""
    for name, path in conformance_files(shared_data):
        data, dialect = path.read_bytes(), Dialect()
        if name in ERRORS:
            continue
        selection = text_columns(read_header(io.BytesIO(data), name, dialect).names)
        units = plan(data, max(64, len(data) // 20), dialect, name)
        assert (name, rows_of(data, units, dialect, selection)) == (
            name,
            rows_of(data, [Unit(0, 0, name)], dialect, selection),
        )


@pytest.mark.parametrize("column_type", [ColumnType.INT, ColumnType.FLOAT])
def test_all_files_as_numbers(shared_data: Path, column_type: ColumnType) -> None:
    """Text in columns of numbers is rejected; no row is lost, and nothing but a DataError stops the reader."""
    for name, path in conformance_files(shared_data):
        data, dialect = path.read_bytes(), Dialect()
        if name in ERRORS:
            continue
        names = read_header(io.BytesIO(data), name, dialect).names
        rows, rejects = rows_of(
            data, [Unit(0, 0, name)], dialect, select_columns(tuple(Column(each, column_type) for each in names))
        )
        _, good, bad = oracle(data, dialect)
        assert (name, len(rows) + len(rejects)) == (name, len(good) + len(bad))


def test_all_files_in_all_dialects(shared_data: Path) -> None:
    """Whatever the dialect, a file converts or ends in a DataError that names it."""
    dialects = [
        Dialect(header=False, columns=("a", "b", "c"), quote=None),
        Dialect(header=False, columns=("a",), delimiter=";", trim=True),
        Dialect(header=False, columns=("a", "b"), delimiter="\t", comment="#", escape="\\"),
        Dialect(header=False, columns=("a", "b"), encoding="latin-1", skip_rows=1),
        Dialect(header=False, columns=("a", "b"), encoding="utf-16-le"),
    ]
    files = list(conformance_files(shared_data))
    outcomes = {outcome(path.read_bytes(), name, dialect) for name, path in files for dialect in dialects}
    assert outcomes == {"rows", "rejects", "nothing", "error"}


def outcome(data: bytes, name: str, dialect: Dialect) -> str:
    """What reading a file comes to; the error's message names the file."""
    try:
        rows, rejects = rows_of(data, [Unit(0, 0, name)], dialect, text_columns(dialect.columns or ()))
    except DataError as error:
        return "error" if repr(name) in str(error) else str(error)
    return "rows" if rows else "rejects" if rejects else "nothing"


def test_csv_spectrum_has_the_expected_values(shared_data: Path) -> None:
    """csv-spectrum's files convert to the values that it publishes."""
    folder = shared_data / "csv_conformance" / "csv-spectrum"
    checked = 0
    for path in sorted((folder / "csvs").glob("*.csv")):
        data = path.read_bytes()
        if path.stem.endswith("_crlf"):
            # The copy has lost its carriage returns; the JSON still has those inside cells.
            data = data.replace(b"\n", b"\r\n")
        names = read_header(io.BytesIO(data), path.name, Dialect()).names
        rows, rejects = rows_of(data, [Unit(0, 0, path.name)], Dialect(), text_columns(names))
        expected = json.loads((folder / "json" / f"{path.stem}.json").read_text("utf-8"))
        if isinstance(expected, dict):
            # It is of another place than the CSV file: only the names agree.
            assert list(names) == list(expected)
            continue
        assert rejects == []
        assert (path.name, [dict(zip(names, row, strict=True)) for row in rows]) == (
            path.name,
            [{name: value or None for name, value in row.items()} for row in expected],
        )
        checked += 1
    assert checked == 11


@pytest.mark.parametrize(
    ("name", "dialect", "first", "last"),
    [
        (
            "univocity/european.csv",
            Dialect(delimiter=";", escape="\\"),
            ["1997", "Ford", "E350", "ac; abs; moon", "3000,00"],
            None,
        ),
        (
            "univocity/escape.csv",
            Dialect(header=False, columns=("a",), escape="\\"),
            ['You are "beautiful"'],
            ['Yes, \\"in the inside"\\'],
        ),
        ("univocity/bean_test.csv", Dialect(trim=True), None, ["2001-10-10", None, "?", "N", '" something "']),
        ("univocity/example.csv", Dialect(comment="#"), ["1997", "Ford", "E350", "ac, abs, moon", "3000.00"], None),
        ("univocity/essential.csv", ESSENTIAL, None, ["1997", "Ford", "E350", '" ac, abs, moon "', "3000.00"]),
        ("univocity/essential-dos.csv", ESSENTIAL, None, ["1997", "Ford", "E350", '" ac, abs, moon "', "3000.00"]),
        ("univocity/essential-mac.csv", ESSENTIAL, None, ["1997", "Ford", "E350", '" ac, abs, moon "', "3000.00"]),
        ("frictionless/dialect.csv", Dialect(delimiter="|", quote="#"), ["1", "english"], ["1", "english"]),
        ("frictionless/escaping.csv", Dialect(escape="\\", trim=True), ["1", "Test line 1"], ["3", 'Test " line 3']),
        ("frictionless/latin1.csv", Dialect(encoding="latin-1"), ["1", "english"], ["2", "©"]),
        ("frictionless/table-infer-iso-8859-7.csv", Dialect(encoding="iso-8859-7"), ["1", "39", "Λεωνιδας"], None),
        ("frictionless/table-with-accents.csv", Dialect(encoding="cp1252", delimiter=";"), None, None),
        ("frictionless/skip-rows.csv", Dialect(comment="#"), ["1", "english"], ["2", "中国人"]),
        ("frictionless/skip-rows-before-headers.csv", Dialect(comment="#"), None, None),
        (
            "frictionless/matrix-with-comment.csv",
            Dialect(skip_rows=1),
            ["11", "12", "13", "14"],
            ["41", "42", "43", "44"],
        ),
        ("frictionless/accent.csv", Dialect(delimiter=";"), None, None),
        (
            "arrow-testing/clusterfuzz-testcase-minimized-arrow-csv-fuzz-6261070185693184",
            Dialect(encoding="latin-1"),
            "binary",
            None,
        ),
    ],
)
def test_dialects(
    shared_data: Path, name: str, dialect: Dialect, first: list[str] | str | None, last: list[str] | None
) -> None:
    """Files with other delimiters, quotes, escapes, comments and encodings have the expected first and last rows."""
    data = (shared_data / "csv_conformance" / name).read_bytes()
    if first == "binary":
        with pytest.raises(DataError, match="looks like a binary file"):
            read_header(io.BytesIO(data), name, dialect)
        return
    rows, _ = rows_of(
        data, [Unit(0, 0, name)], dialect, text_columns(read_header(io.BytesIO(data), name, dialect).names)
    )
    assert rows
    assert rows[0] == first or first is None
    assert rows[-1] == last or last is None


@pytest.mark.parametrize(
    ("name", "dialect"),
    [
        ("imdb/imdb_10k.csv.gz", Dialect()),
        ("chicago_taxi/data.csv.gz", Dialect()),
        ("california_housing/housing.csv", Dialect()),
        ("criteo_sample/criteo_sample.txt", Dialect()),
        ("criteo_sample/avazu_sample.txt", Dialect()),
        ("criteo_sample/movielens_sample.txt", Dialect()),
    ],
)
def test_real_files(shared_data: Path, name: str, dialect: Dialect) -> None:
    """Real files give the rows of Python's csv module, none rejected."""
    stored = (shared_data / name).read_bytes()
    header, good, bad = oracle(gzip.decompress(stored) if name.endswith(".gz") else stored, dialect)
    rows, rejects = rows_of(stored, [Unit(0, 0, name)], dialect, text_columns(header))
    assert rows == good
    assert rejects == []
    assert bad == []
