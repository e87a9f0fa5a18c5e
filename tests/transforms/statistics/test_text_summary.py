"""Text columns' summaries: they equal those of plain Python, whatever the partition and order."""

import pickle
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.kernel.described_columns import ColumnFinder
from shardmill.transforms.statistics.text_summary import TextSummaries, TextSummary

Texts = list[str | None]
texts_of = st.lists(st.one_of(st.none(), st.just(""), st.text(max_size=20)), max_size=30)


def _expected(texts: Texts) -> TextSummary:
    lengths = [len(text.encode()) for text in texts if text]
    empty = texts.count("")
    shortest, longest = min(lengths, default=0), max(lengths, default=0)
    return TextSummary(len(lengths), texts.count(None) + empty, empty, sum(lengths), shortest, longest)


def _batch(texts: Texts) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(
        {"small": pa.array(texts, pa.string()), "large": pa.array(texts, pa.large_string())}
    )


@given(texts_of, st.randoms(), st.integers(1, 4), st.integers(0, 2))
def test_merge_any_partition_any_order(texts: Texts, random: Random, parts: int, cut: int) -> None:
    """Any partition, merged in any order after pickled round trips, and any choice of rows."""
    expected = _expected(texts[cut:])
    order = list(range(len(texts[cut:])))
    random.shuffle(order)
    columns = ColumnFinder(["large", "small"]).find(_batch(texts).slice(cut))
    merged, whole = TextSummaries(2), TextSummaries(2)
    for part in range(parts):
        piece = TextSummaries(2)
        piece.update(columns, np.array(order[part::parts], np.int64))
        merged.merge(pickle.loads(pickle.dumps(piece)))
    whole.update(columns)
    assert list(merged) == list(whole) == [expected] * 2


def test_nulls_that_hold_bytes_have_no_length() -> None:
    """Arrow says nothing about the bytes of a null."""
    offsets = pa.array([0, 3, 5], pa.int32()).buffers()[1]
    array = pa.Array.from_buffers(pa.string(), 2, [pa.py_buffer(b"\x01"), offsets, pa.py_buffer(b"abcde")])
    summaries = TextSummaries(1)
    summaries.update(ColumnFinder(["x"]).find(pa.RecordBatch.from_arrays([array], ["x"])))
    assert list(summaries) == [TextSummary(1, 1, 0, 3, 3, 3)]


def test_numbers_have_no_lengths() -> None:
    """The kernel would read them as offsets."""
    batch = pa.RecordBatch.from_pydict({"x": pa.array([1.0], pa.float32())})
    with pytest.raises(
        TypeError, match=r"text summaries: expected 1 columns of the kinds \d and \d, received \[1\]; make summaries"
    ):
        TextSummaries(1).update(ColumnFinder(["x"]).find(batch))
