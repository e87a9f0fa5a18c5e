"""What raw cells spell, counted as Python would."""

import math
from collections import Counter
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardmill.schemas.inference.spelling import CellCounts, Spelling, count_cells
from tests.support.csv.cells import cells, date_formats, spell


@settings(max_examples=300)
@given(st.lists(cells, min_size=1, max_size=30))
def test_cells_are_told_apart_as_python_tells_them(values: list[str]) -> None:
    """The columnar count equals one cell by cell."""
    counts = count_cells(pa.array(values, pa.string()))
    assert counts.spellings == Counter(map(spell, values))
    assert counts.formats == Counter(name for value in values for name in date_formats(value))
    integers = [int(Decimal(value.strip())) for value in values if spell(value) in (Spelling.INTEGER, Spelling.WHOLE)]
    assert counts.integers == ((min(integers), max(integers)) if integers else None)
    floats = [float(value) for value in values if spell(value) in (Spelling.FLOAT, Spelling.BIG)]
    assert counts.floats == ((min(floats), max(floats)) if floats else None)
    numbers = [float(number) for number in integers] + floats
    whole = [number for number in numbers if number.is_integer() and abs(number) < 2**64]
    assert counts.rounded == sum(float(np.float32(number)) != number for number in whole)


@given(st.lists(st.tuples(cells, st.integers(1, 5)), min_size=1, max_size=20))
def test_weights_stand_for_repeated_cells(values: list[tuple[str, int]]) -> None:
    """A weight says how often a cell stands in the column."""
    texts, weights = zip(*values, strict=True)
    repeated = [text for text, weight in values for _ in range(weight)]
    assert count_cells(pa.array(texts), np.array(weights, np.int64)) == count_cells(pa.array(repeated))


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_slices_and_large_strings_are_counted_where_they_stand(kind: pa.DataType) -> None:
    """Offsets of sliced arrays and 64-bit offsets are honoured."""
    array = pa.array(["1.5", "x", "22", "3.25", "007"], kind).slice(1, 3)
    counts = count_cells(array)
    assert counts.spellings == {Spelling.TEXT: 1, Spelling.INTEGER: 1, Spelling.FLOAT: 1}


def test_minus_zero_is_no_extreme_of_its_own() -> None:
    """-0.0, as numbers next to it are rounded to, equals 0.0, so neither may be the minimum by the order of the rows."""
    for values in (["-1e-400", "1e-400"], ["1e-400", "-1e-400"]):
        low, high = count_cells(pa.array(values)).floats or (1.0, 1.0)
        assert math.copysign(1, low) == math.copysign(1, high) == 1


def test_no_cells_count_nothing() -> None:
    """An empty column has no spellings and no range."""
    assert count_cells(pa.array([], pa.string())) == CellCounts()
