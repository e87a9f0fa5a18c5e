"""Counts of cells by spelling in the kernel, held against those that schema inference defines."""

import pickle
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardmill.schemas.inference.spelling import Spelling, count_cells
from shardmill.schemas.schema import ColumnType
from shardmill.transforms.rows import type_tallies
from shardmill.transforms.rows.type_tallies import TypeTallies
from tests.support.csv.cells import cells

# The spellings on which no type depends.
UNCOUNTED = {Spelling.TEXT, Spelling.DATE, Spelling.BOOLEAN, Spelling.HUGE}
TEXTS = st.one_of(
    st.none(),
    st.just(""),
    cells,
    st.floats().map(str),
    st.text("0123456789.eE+- infatyN\t", max_size=70),
    # At the edges of int64 and of float32, and of the 16 bytes that are looked at together.
    st.text("0123456789", min_size=15, max_size=41),
    st.text("0123456789.", min_size=14, max_size=18),
    st.integers(-20, 20).map(lambda distance: str(2**63 + distance)),
    st.floats(3.4e38, 3.41e38).map(lambda value: f"{value:.0f}"),
    st.floats(3.4e38, 3.41e38).map(repr),
)


def counted(values: list[str | None]) -> TypeTallies:
    """The counts of a column's cells."""
    tallies = TypeTallies(["x"])
    tallies.update(pa.record_batch({"x": pa.array(values, pa.string())}))
    return tallies


@settings(max_examples=300)
@given(st.lists(TEXTS, max_size=30))
def test_cells_are_counted_as_inference_counts_them(values: list[str | None]) -> None:
    """A cell that is null or empty is missing; others spell what `count_cells` says."""
    present = [value for value in values if value]
    spellings = count_cells(pa.array(present, pa.string())).spellings
    found = counted(values)["x"]
    assert (found.rows, found.missing) == (len(values), len(values) - len(present))
    assert found.cells.spellings == Counter({kind: spellings[kind] for kind in spellings if kind not in UNCOUNTED})


@given(st.lists(TEXTS, min_size=1, max_size=30), st.data())
def test_slices_are_counted_where_they_stand(values: list[str | None], data: st.DataObject) -> None:
    """Of a batch that is part of another, or has columns that are, those rows alone count."""
    start = data.draw(st.integers(0, len(values)))
    stop = data.draw(st.integers(start, len(values)))
    expected = counted(values[start:stop])["x"]
    array = pa.array(values, pa.string())
    for batch in (
        pa.record_batch({"x": array}).slice(start, stop - start),
        pa.record_batch({"x": array.slice(start, stop - start)}),
    ):
        tallies = TypeTallies(["x"])
        tallies.update(batch)
        assert (tallies["x"].rows, tallies["x"].missing, tallies["x"].cells) == (
            expected.rows,
            expected.missing,
            expected.cells,
        )


def test_any_number_of_cells_may_be_hard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells at the edge of float32 go to `count_cells`, in each column, beyond the room for them, too."""
    monkeypatch.setattr(type_tallies, "_ROOM", 2)
    tallies = TypeTallies(["a", "b"])
    high, low = "340282356779733661637539395458142568448", "340282346638528859811704183484516925440"
    columns = {"a": ["1", *[high] * 4, *[low] * 3], "b": [low, *["x"] * 6, low]}
    tallies.update(pa.record_batch(columns))
    assert tallies["a"].cells.spellings == {Spelling.INTEGER: 1, Spelling.BIG: 3}
    assert tallies["b"].cells.spellings == {Spelling.BIG: 2}


def test_counts_add_up() -> None:
    """In any order, also once they were pickled; those of other columns can't."""
    one, two = counted(["1", None, "2.5"]), counted(["x", "inf"])
    merged = pickle.loads(pickle.dumps(two))
    merged.merge(one)
    one.merge(two)
    for found in (one["x"], merged["x"]):
        assert (found.rows, found.missing, found.infinite, found.present) == (5, 1, 1, 4)
    with pytest.raises(ValueError, match=r"counts of other columns: \['x', 'y'\]"):
        one.merge(TypeTallies(["y"]))


def test_columns_get_the_types_that_they_spell() -> None:
    """Each column its own, within what its uses allow."""
    tallies = TypeTallies(["a", "b", "c"])
    tallies.update(pa.record_batch({"a": ["1", "2"], "b": ["x", "y"], "c": ["1.5", None]}))
    schema = tallies.schema({"a": frozenset({ColumnType.FLOAT})})
    assert [(column.type, column.required) for column in schema] == [
        (ColumnType.FLOAT, True),
        (ColumnType.BYTES, True),
        (ColumnType.FLOAT, False),
    ]


def test_the_columns_must_be_those_of_the_names() -> None:
    """Counts of as many other columns would be told as theirs."""
    with pytest.raises(ValueError, match=r"expected string columns \['x'\], received y: string"):
        TypeTallies(["x"]).update(pa.record_batch({"y": ["1"]}))
    with pytest.raises(ValueError, match=r"expected string columns \['x'\], received x: large_string"):
        TypeTallies(["x"]).update(pa.record_batch({"x": pa.array(["1"], pa.large_string())}))
