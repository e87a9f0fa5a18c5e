"""Which rows are made again, and where they must stand."""

import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.pipelines.verify.compare import RecordsDigest
from shardmill.pipelines.verify.rederive import Sample, ShardAssignment, _ranks
from shardmill.transforms.rows.splits import ShardRule


@given(st.integers(1, 3000), st.integers(1, 4000), st.lists(st.integers(0, 3000), max_size=5))
def test_a_sample_is_evenly_spread(rows: int, wanted: int, cuts: list[int]) -> None:
    """Exactly so many rows (or all), at most one more apart than the others, however the rows come in blocks."""
    sample = Sample(wanted, rows)
    bounds = sorted({0, rows, *(cut for cut in cuts if cut < rows)})
    chosen = np.concatenate([sample.mask(start, stop - start) for start, stop in itertools.pairwise(bounds)])
    assert (len(chosen), chosen.sum()) == (rows, min(wanted, rows))
    gaps = np.diff(np.flatnonzero(chosen))
    assert not len(gaps) or gaps.max() - gaps.min() <= 1
    assert sample.all == (wanted >= rows)


def test_without_a_number_the_sample_is_everything() -> None:
    """None stands for all rows."""
    assert Sample(None, 5).all
    assert Sample(None, 5).mask(2, 3).tolist() == [True, True, True]


def test_ranks_count_within_a_shard() -> None:
    """A row's rank is the number of earlier rows of its shard."""
    assert _ranks(np.array([2, 0, 2, 2, 0, 5])).tolist() == [0, 0, 1, 2, 1, 0]


def test_rows_beyond_the_manifests_are_in_the_last_shard() -> None:
    """An input that has grown has rows that no shard was meant for: they are looked for in the last."""
    assignment = ShardAssignment({"train": 4}, {"train": 2}, ShardRule(shuffle=False))
    assert assignment.assign("train", 0, 6).tolist() == [0, 0, 1, 1, 1, 1]


@pytest.mark.parametrize("cuts", [[1], [2, 2, 3]])
def test_a_digest_is_of_the_records(cuts: list[int]) -> None:
    """It is the same in whatever pieces the records come, and another where their bounds differ."""
    records = pa.array([b"a", b"bc", b"", b"d"], pa.binary())
    whole, pieces, other = RecordsDigest(), RecordsDigest(), RecordsDigest()
    whole.update(records.cast(pa.large_binary()))
    for start, stop in zip([0, *cuts], [*cuts, 4], strict=True):
        pieces.update(records[start:stop])
    other.update(pa.array([b"ab", b"c", b"", b"d"], pa.binary()))
    assert whole.result() == pieces.result() != other.result()
