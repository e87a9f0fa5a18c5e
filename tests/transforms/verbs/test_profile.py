"""What a pass for types finds of units: the same whether cells are counted or profiled."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardmill.schemas.inference.spelling import Spelling
from shardmill.schemas.inference.type_counts import TypeCounts
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.numbers.number_format import NumberFormat
from shardmill.transforms.profile import Profiled, Typed, as_spelled, as_text
from tests.support.csv.csv_blocks import read

NAMES = ("a", "b", "c")
GOOD = (b"1,x,2", b'"2.5","1.000,5",NA', b",,", b" 7 ,-1, ", b"nan,3,1e5", b"007,caf\xc3\xa9,inf")
# Ragged, text behind a quote, the header again, a byte order mark, bytes that are no UTF-8.
BAD = (
    b"1,2",
    b"1,2,3,4",
    b'"1"x,2,3',
    b"a,b,c",
    b"\xef\xbb\xbf1,2,3",
    b"1,caf\xe9,3",
    b"\xff,\xff,1",
    b"\xff,1",
    b'"2\xff"x,1,1',
)
DIALECTS = (
    Dialect(null_values=("", "NA")),
    Dialect(null_values=("", "NA"), trim=True, numbers=(("b", NumberFormat(thousands=".", decimal=",")),)),
)


def facts(counts: TypeCounts) -> tuple[object, ...]:
    """What decides a column's type."""
    texts = (Spelling.TEXT, Spelling.DATE, Spelling.BOOLEAN, Spelling.HUGE)
    spellings = {kind: count for kind, count in counts.cells.spellings.items() if kind not in texts}
    return counts.name, counts.rows, counts.missing, spellings


@settings(max_examples=60)
@given(st.lists(st.sampled_from([*GOOD, *BAD, b""]), max_size=12), st.sampled_from(DIALECTS))
def test_rejected_rows_count_for_no_type(rows: list[bytes], dialect: Dialect) -> None:
    """Whatever is wrong with them, and in whichever column; all rows are accounted for."""
    data, unit = b"\n".join([b"a,b,c", *rows]), Unit(0, 0, "f.csv")
    typed, profiled = Typed.nothing(NAMES), Profiled.nothing(NAMES)
    typed.add(unit, read(data, as_spelled(NAMES), dialect))
    profiled.add(unit, read(data, as_text(NAMES), dialect))
    assert [facts(counts) for counts in typed.types] == [facts(counts) for counts in profiled.profiles]
    assert (typed.read, typed.records.total) == (profiled.read, profiled.records.total)
    assert typed.read == len([row for row in rows if row])


def test_only_some_columns_may_be_counted() -> None:
    """A cell of another column that can't be decoded rejects no row then."""
    typed = Typed.nothing(("c", "a"))
    typed.add(Unit(0, 0, "f.csv"), read(b"a,b,c\n1,\xff,x\n2,y,\xff\n", as_spelled(("c", "a"), NAMES)))
    assert [facts(counts) for counts in typed.types] == [("c", 1, 0, {}), ("a", 1, 0, {Spelling.INTEGER: 1})]
    assert typed.read == 2


@pytest.mark.parametrize("header", ["b", "c,a", "a,b,c"])
def test_cells_of_a_column_that_a_file_lacks_are_missing(header: str) -> None:
    """Where the configuration says so, they are counted as those of a column of text are, format or not."""
    dialect = Dialect(missing_columns="null", numbers=(("b", NumberFormat(decimal=",")),))
    row = ",".join("1" for _ in header.split(","))
    data, unit = f"{header}\n{row}\n{row}\n1,2,3,4\n".encode(), Unit(0, 0, "f.csv")
    typed, profiled = Typed.nothing(NAMES), Profiled.nothing(NAMES)
    typed.add(unit, read(data, as_spelled(NAMES), dialect))
    profiled.add(unit, read(data, as_text(NAMES), dialect))
    assert [facts(counts) for counts in typed.types] == [facts(counts) for counts in profiled.profiles]
    assert [counts.name for counts in typed.types if counts.missing == 2] == [
        n for n in NAMES if n not in header.split(",")
    ]
    assert typed.read == profiled.read == 3
