"""Runs of spaces delimit cells once."""

from hypothesis import example, given
from hypothesis import strategies as st

from shardmill.transforms.csv.dialect import Dialect
from tests.support.csv.csv_blocks import BYTES, read, rejects, select, values
from tests.support.csv.csv_machine import UnclosedError, read_slowly

ALIGNED = Dialect(delimiter=" ", trim=True, header=False, columns=("a", "b"))
COLUMNS = select(a=BYTES, b=BYTES)


def test_a_table_aligned_with_spaces_is_read() -> None:
    """Blanks at a line's start and end are none of its cells; those in quotes stay."""
    text = b'  1   x  \n22  "y  z"\n  "3" \t 4\n5  ""\n6\n7  8  9\n'
    found = read(text, COLUMNS, ALIGNED)
    assert values(found) == {"a": ["1", "22", "3", "5"], "b": ["x", "y  z", "4", None]}
    assert [(reject.line, reject.row) for reject in rejects(found)] == [(5, b"6"), (6, b"7  8  9")]


def test_without_trim_each_space_delimits() -> None:
    """An empty cell lies between two."""
    single = Dialect(delimiter=" ", header=False, columns=("a", "b"))
    found = read(b"1 2\n3  4\n 5\n", COLUMNS, single)
    assert values(found) == {"a": ["1", None], "b": ["2", "5"]}
    assert [reject.row for reject in rejects(found)] == [b"3  4"]


@given(st.text('a1" \t\n', max_size=40))
@example('a "b')
@example('" a"  \t b\n')
def test_any_text_is_cut_as_by_a_slow_reading(text: str) -> None:
    """Records, cells and faults are those that going from byte to byte gives."""
    try:
        records = [found for found in read_slowly(text.encode(), ALIGNED) if found.kind == "record"]
    except UnclosedError:
        return
    found = read(text.encode(), COLUMNS, ALIGNED)
    good = [
        [cell.strip().decode() or None for cell in each.cells]
        for each in records
        if len(each.cells) == 2 and not each.torn
    ]
    assert sum(block.rows for block in found) + len(rejects(found)) == len(records)
    assert values(found) == ({"a": [row[0] for row in good], "b": [row[1] for row in good]} if found else {})
