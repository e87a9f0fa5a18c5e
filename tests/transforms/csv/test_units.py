"""Records, ranges and units: where CSV text may be cut."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.schemas.errors import DataError
from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.units import (
    UNIT_BYTES,
    FileRange,
    InputFile,
    Unit,
    file_ranges,
    is_splittable,
    plan_units,
    scan_range,
    wide_unit_bytes,
)
from shardmill.transforms.files.checksums import Checksum
from shardmill.transforms.records.range_scan import nothing
from tests.support.csv.csv_blocks import plan, read_units, select_columns, values
from tests.support.csv.csv_machine import read_slowly

PLAIN = Dialect()
CELLS = st.text(alphabet='ab,"\n\r', max_size=5)
ROWS = st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=12)


def starts_of(text: str, dialect: Dialect) -> list[int]:
    """The offsets at which the records of a text start."""
    return [found.start for found in read_slowly(text.encode(), dialect) if found.kind == "record"]


@pytest.mark.parametrize("header", ["a    b", "  a b ", ' "a"   "b"'])
def test_units_of_a_table_aligned_with_spaces_have_its_header(header: str) -> None:
    """Runs of spaces in the header delimit once for units that don't begin the file, too."""
    data = header.encode() + b"\n10   2\n" + b" 1  20\n" * 99
    dialect = Dialect(delimiter=" ", trim=True)
    selection = select_columns((Column("a", ColumnType.INT), Column("b", ColumnType.INT)))
    assert len(plan(data, 100, dialect)) > 2
    found = read_units(data, plan(data, 100, dialect), dialect, selection)
    assert values(found) == {"a": [10, *[1] * 99], "b": [2, *[20] * 99]}


@given(ROWS, st.integers(1, 30), st.sampled_from(["\n", "\r\n", "\r"]))
def test_well_formed_files_are_cut_everywhere(rows: list[list[str]], unit_bytes: int, newline: str) -> None:
    """Units tile the file, begin where records do, and each range in which a record starts begins one."""
    text = (
        newline.join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in [["x", "y"], *rows])
        + newline
    )
    data = text.encode()
    dialect = Dialect(header=False)
    units = plan(data, unit_bytes, dialect)
    assert [unit.start for unit in units[1:]] == [unit.stop for unit in units[:-1]]
    starts = starts_of(text, dialect)
    assert {unit.start for unit in units} <= set(starts)
    ranges = file_ranges([InputFile("f.csv", len(data))], dialect, unit_bytes)
    assert len(units) == max(1, sum(any(r.start <= start < r.stop for start in starts) for r in ranges))
    for unit in units:
        # A file that isn't cut has not been scanned.
        assert unit.checksum == (Checksum.of(data[unit.start : unit.stop]) if ranges else None)


def test_units_carry_line_header_and_split() -> None:
    """A unit inside a file knows its first line, the file's header and split; indices run over all files."""
    data = b'\xef\xbb\xbf"a",b\n' + b'1,"x\ny"\n' * 10
    files = [
        InputFile("small.csv", 10, "eval"),
        InputFile("f.csv", len(data), "train"),
        InputFile("f.csv.gz", 10**9, "train"),
    ]
    ranges = file_ranges(files, PLAIN, 40)
    units = plan_units(files, reversed([scan_range(data[r.read_start : r.stop], r, PLAIN) for r in ranges]), PLAIN, 40)
    assert [unit.index for unit in units] == list(range(len(units)))
    assert units[0] == Unit(0, 0, "small.csv", split="eval", file_bytes=10)
    assert units[-1] == Unit(len(units) - 1, 2, "f.csv.gz", split="train", file_bytes=10**9)
    assert (units[1].start, units[1].first_line, units[1].header) == (0, 1, None)
    for unit in units[2:-1]:
        assert (unit.header, unit.split) == (b'"a",b', "train")
        assert unit.first_line == 1 + data[: unit.start].count(b"\n")
    assert len(units) == 4


def test_a_quote_never_closed_is_named_before_anything_is_read() -> None:
    """Planning finds the line where a quote opens that swallows the rest of the file."""
    data = b"a,b\n" + b"1,2\n" * 50 + b'3,"4\n' + b"5,6\n" * 50
    with pytest.raises(DataError, match=r"'f.csv', line 52: a quote that opens a cell here is never closed"):
        plan(data, 64, PLAIN)


def test_skipped_rows_and_header_beyond_the_first_range_leave_the_file_whole() -> None:
    """A file whose header doesn't end in its first range is one unit."""
    data = b"a" * 100 + b",b\n" + b"1,2\n" * 20
    assert plan(data, 40, PLAIN) == [Unit(0, 0, "f.csv", file_bytes=len(data), checksum=Checksum.of(data))]
    data = b"# x\n" * 30 + b"a,b\n1,2\n"
    expected = Unit(0, 0, "f.csv", file_bytes=len(data), checksum=Checksum.of(data))
    assert plan(data, 40, Dialect(skip_rows=30)) == [expected]


def test_skipped_rows_may_hold_anything() -> None:
    """Stray quotes in skipped rows don't count, and their lines do."""
    data = b'say "hi\n\na,b\n' + b"1,2\n" * 30
    units = plan(data, 40, Dialect(skip_rows=2))
    assert len(units) > 2
    assert [unit.first_line for unit in units] == [1 + data[: unit.start].count(b"\n") for unit in units]
    assert {unit.header for unit in units[1:]} == {b"a,b"}


@pytest.mark.parametrize(
    ("path", "dialect", "expected"),
    [
        ("a.csv", Dialect(), True),
        ("a.csv", Dialect(encoding="latin-1", quote=None), True),
        ("a.csv", Dialect(encoding="CP1252"), True),
        ("a.csv", Dialect(encoding="iso-8859-7"), True),
        ("a.csv", Dialect(encoding="utf-8-sig"), True),
        ("a.csv", Dialect(encoding="utf-16"), False),
        ("a.csv", Dialect(encoding="shift_jis"), False),
        ("a.csv", Dialect(encoding="gb18030"), False),
        ("a.csv", Dialect(encoding="cp037"), False),
        ("a.csv.gz", Dialect(), False),
        ("a.CSV.BZ2", Dialect(), False),
        ("a.csv.zst", Dialect(), False),
        ("a.csv", Dialect(escape="\\"), False),
        ("a.csv", Dialect(comment="#"), False),
    ],
)
def test_is_splittable(path: str, dialect: Dialect, expected: bool) -> None:
    """Files are cut where a byte is a character and nothing but quotes changes what a newline means."""
    assert is_splittable(path, dialect) is expected


def test_ranges_are_even() -> None:
    """Ranges tile a file in about equal parts; smaller files have none."""
    files = [InputFile("a", 100), InputFile("b", 149), InputFile("c", 1001)]
    ranges = file_ranges(files, PLAIN, 100)
    assert {each.file for each in ranges} == {2}
    assert len(ranges) == 10
    assert [each.start for each in ranges[1:]] == [each.stop for each in ranges[:-1]]
    assert {each.stop - each.start for each in ranges} == {100, 101}


def test_units_of_wide_tables_are_larger() -> None:
    """Up to twice as large."""
    sizes = [wide_unit_bytes(UNIT_BYTES, columns) >> 20 for columns in (0, 13, 512, 768, 1024, 50_000)]
    assert sizes == [16, 16, 16, 24, 32, 32]


def test_a_lost_scan_is_noticed() -> None:
    """Planning with fewer scans than ranges would lose rows, and fails."""
    with pytest.raises(ValueError, match=r"'f\.csv' has 5 ranges, but 4 scans"):
        plan_units([InputFile("f.csv", 204)], [nothing(0, start) for start in range(4)], PLAIN, 40)


def test_scans_are_small() -> None:
    """A scan's size doesn't depend on the range's."""
    data = b'"a","b"\n' * 50_000
    scan = scan_range(data, FileRange(0, "f.csv", 0, len(data)), PLAIN)
    assert scan.lines == 50_000
    assert len(pickle.dumps(scan)) < 1000
