"""Runs of spaces delimit cells once."""

import io
from dataclasses import replace

from shardmill.transforms.csv.blocks import read_blocks
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.records.skipped import Skipped
from tests.support.csv.csv_blocks import BYTES, FLOAT, INT, read, rejects, select, values

ALIGNED = Dialect(delimiter=" ", trim=True, header=False, columns=("a", "b"))
HEADED = Dialect(delimiter=" ", trim=True)
COLUMNS = select(a=BYTES, b=BYTES)


def test_a_table_aligned_with_spaces_is_read() -> None:
    """Blanks at a line's start and end are none of its cells; those in quotes stay."""
    text = b'  1   x  \n22  "y  z"\n  "3" \t 4\n5  ""\n6\n7  8  9\n'
    found = read(text, COLUMNS, ALIGNED)
    assert values(found) == {"a": ["1", "22", "3", "5"], "b": ["x", "y  z", "4", None]}
    assert [(reject.line, reject.row) for reject in rejects(found)] == [(5, b"6"), (6, b"7  8  9")]


def test_lines_of_blanks_alone_are_blank_lines() -> None:
    """They are counted as such, and lines below keep their numbers."""
    text = b'  \na b\n1  2\n   \n\t\r\n3 "x\n \ny"\n\n5\n \t'
    skipped = Skipped()
    found = list(read_blocks(io.BytesIO(text), Unit(0, 0, "f.csv"), HEADED, COLUMNS, skipped))
    assert values(found) == {"a": ["1", "3"], "b": ["2", "x\n \ny"]}
    assert [(reject.line, reject.row) for reject in rejects(found)] == [(10, b"5")]
    assert skipped == Skipped(blank=5, lines=10)


def test_without_trim_each_space_delimits() -> None:
    """An empty cell lies between two."""
    single = Dialect(delimiter=" ", header=False, columns=("a", "b"))
    found = read(b"1 2\n3  4\n 5\n", COLUMNS, single)
    assert values(found) == {"a": ["1", None], "b": ["2", "5"]}
    assert [reject.row for reject in rejects(found)] == [b"3  4"]


def test_the_spaces_of_a_run_are_no_part_of_a_missing_cell() -> None:
    """However many delimit, a spelling of missing cells is compared with the text between them."""
    dialect = replace(ALIGNED, columns=("a", "b", "c", "d"), null_values=("NA ", "-9 ", "-8", "-7 "))
    text = b'NA  -9  -9  1\nNA -9 -9 1\n-8   -8   -8   1\n"NA " "-7 " "-7 " 1\n'
    found = read(text, select(a=BYTES, b=INT, c=FLOAT, d=INT), dialect)
    assert values(found) == {
        "a": ["NA", "NA", None, "NA"],
        "b": [-9, -9, None, -7],
        "c": [-9, -9, None, -7],
        "d": [1, 1, 1, 1],
    }
