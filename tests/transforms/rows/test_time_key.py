"""Times that decide rows' splits: dates or numbers, and rows without one."""

import pyarrow as pa

from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.numbers.number_format import NumberFormat
from shardmill.transforms.rows.splits import SplitRule
from shardmill.transforms.rows.time_key import TimeKey
from tests.support.csv.csv_blocks import BYTES, read, rejects, select


def _selection(key: TimeKey) -> Selection:
    return Selection(select(x=BYTES).columns, names=("x", "t"), key=key)


def test_rows_without_a_time_are_rejected() -> None:
    """A row whose time is missing or can't be read is rejected, with its line and the reason; the others have theirs."""
    data = b"x,t\na,1970-01-01\nb,\nc,yesterday\nd,1970-01-01T00:00:01Z\n"
    found = read(data, _selection(TimeKey("t")))
    (block,) = found
    assert block.columns.to_pydict() == {"x": ["a", "d"]}
    assert block.key == pa.array([0, 1_000_000])
    expected = "expected a date or time such as 2020-01-31 or 2020-01-31T12:00:00, by which rows are split"
    assert [(each.line, each.column, each.reason) for each in rejects(found)] == [
        (3, "t", f"{expected}, found none"),
        (4, "t", f"{expected}, found 'yesterday'"),
    ]


def test_numbers_are_times() -> None:
    """Numbers are read exactly as float64, in the column's own format where it has one; nan and text are none."""
    data = b"x,t\na,1577836801\nb, 2.5e3\nc,nan\nd,x\ne,+1\nf,inf\n"
    found = read(data, _selection(TimeKey("t", numeric=True)))
    assert found[0].key == pa.array([1577836801, 2500, 1], pa.float64())
    assert [(each.line, each.reason.rpartition(", ")[2]) for each in rejects(found)] == [
        (4, "found 'nan'"),
        (5, "found 'x'"),
        (7, "found 'inf'"),
    ]
    german = NumberFormat(thousands=".", decimal=",")
    (block,) = read(
        b"x;t\na;1.234,5\n", _selection(TimeKey("t", numeric=True, number_format=german)), Dialect(delimiter=";")
    )
    assert block.key == pa.array([1234.5])


def test_a_split_ends_before_its_bound() -> None:
    """A row at the very end of a split is the next one's; what comes after all ends is the last split's."""
    rule = SplitRule(("train", "eval", "test"), (10.0, 20.5))
    assert rule.assign(5, None, pa.array([-1.0, 9.9, 10, 20.5, 99])).tolist() == [0, 0, 1, 2, 2]
    rule = SplitRule(("train", "eval"), (1_000_000,))
    assert rule.assign(2, None, pa.array([999_999, 1_000_000])).tolist() == [0, 1]
