"""Cells are filled as pandas fills them."""

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.grouping.forward_fill import forward_fill

CELLS = st.lists(
    st.one_of(st.none(), st.sampled_from([1.5, -2.0, float("nan"), float("inf")])), min_size=1, max_size=20
)


@given(CELLS, st.sets(st.integers(1, 19)), st.booleans(), st.integers(0, 20))
def test_gaps_take_the_last_value_of_their_group(
    cells: list[float | None],
    cuts: set[int],
    infinite: bool,
    chunk: int,
) -> None:
    """Null and NaN are gaps, infinite numbers if they are to be; a group's first ones stay."""
    starts = np.array(sorted({0, *(cut for cut in cuts if cut < len(cells))}))
    column = pa.chunked_array([pa.array(cells[:chunk], pa.float32()), pa.array(cells[chunk:], pa.float32())])
    found, count = forward_fill(column, starts, infinite=infinite)
    series = pd.Series([np.nan if cell is None else cell for cell in cells], dtype="float32")
    series = series.replace(np.inf, np.nan) if infinite else series
    groups = np.searchsorted(starts, np.arange(len(cells)), side="right")
    expected = series.groupby(groups).ffill()
    np.testing.assert_array_equal(_numbers(found, infinite=infinite), expected)
    assert count == int((series.isna() & expected.notna()).sum())
    # What isn't filled is as it was.
    stays = np.flatnonzero(expected.isna())
    assert found.take(stays).to_pylist().__repr__() == column.take(stays).to_pylist().__repr__()


def _numbers(column: pa.ChunkedArray, *, infinite: bool) -> np.ndarray:
    numbers = column.to_numpy(zero_copy_only=False)
    return np.where(np.isinf(numbers), np.nan, numbers) if infinite else numbers


def test_text_and_whole_numbers_are_filled() -> None:
    """Columns of every type are; one without gaps is returned as it is."""
    starts = np.array([0, 3])
    for values, kind in ((["a", None, None, None, "b"], pa.string()), ([1, None, None, None, 2], pa.int64())):
        column = pa.chunked_array([pa.array(values, kind)])
        filled, count = forward_fill(column, starts, infinite=False)
        assert filled.to_pylist() == [values[0]] * 3 + [None, values[4]]
        assert filled.type == kind
        assert count == 2
        assert forward_fill(filled.slice(4), starts[:1], infinite=False) == (filled.slice(4), 0)
