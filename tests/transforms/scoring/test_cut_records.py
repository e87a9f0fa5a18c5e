"""Samples are cut as the reader cuts files."""

from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.scoring.cut_records import Text, cut_records
from tests.support.csv.csv_machine import UnclosedError, read_slowly


@given(
    st.text('a1,"#\\\n ', max_size=30),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(
        [Dialect(), Dialect(quote=None), Dialect(trim=True), Dialect(escape="\\"), Dialect(comment="#", skip_rows=1)]
    ),
)
def test_any_text_is_cut_as_by_a_slow_reading(text: str, end: str, dialect: Dialect) -> None:
    """Records with their widths and lines, and which are malformed, are those that going from byte to byte gives."""
    data = text.replace("\n", end).encode()
    try:
        found = [each for each in read_slowly(data, dialect) if each.kind == "record"]
    except UnclosedError:
        return
    records = cut_records(Text(data, complete=True), dialect)
    assert records.widths.tolist() == [len(each.cells) for each in found]
    assert records.malformed.tolist() == [each.torn for each in found]
    assert (records.first_lines + 1).tolist() == [each.line for each in found]
    if not any(each.torn for each in found):
        cells = [[cell.decode().strip(" \t") for cell in each.cells] for each in found]
        assert [[cell.strip(" \t") for cell in row] for row in records.rows()] == cells


def test_a_cut_sample_gives_whole_records() -> None:
    """The lines that an open quote takes are counted; the beginning of a line isn't a record."""
    records = cut_records(Text(b'a,b\n1,2\n3,"x\ny\n', complete=False), Dialect())
    assert records.rows() == [["a", "b"], ["1", "2"]]
    assert records.lost_lines == 2
    assert cut_records(Text(b"a,b\n1,2\n3,", complete=False), Dialect()).rows() == [["a", "b"], ["1", "2"]]


def test_few_cells_are_looked_at_one_by_one() -> None:
    """Of wide records fewer."""
    wide = cut_records(Text((",".join("a" * 1000) + "\n").encode() * 900, complete=True), Dialect())
    assert len(wide) == 900
    assert len(wide.rows()) < 60
