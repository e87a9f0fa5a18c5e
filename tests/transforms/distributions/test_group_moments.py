"""Moments by key."""

import pickle
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.schemas.errors import DataError
from shardmill.transforms.distributions import group_moments
from shardmill.transforms.distributions.group_moments import GroupMoments, KeyMoments

FLOATS = st.floats(width=32)
ROWS = st.lists(st.tuples(st.sampled_from([b"a", b"b", b"", None]), FLOATS), max_size=30)


def _moments(rows: list[tuple[bytes | None, float]]) -> GroupMoments:
    moments = GroupMoments("x", "k")
    keys = pa.array([key for key, _ in rows], pa.binary())
    moments.update(keys, np.array([value for _, value in rows], np.float32))
    return moments


@given(rows=ROWS)
def test_moments_are_exact(rows: list[tuple[bytes | None, float]]) -> None:
    """They are those of fractions, rounded once, from the smallest float32 to the largest; what isn't finite is skipped."""
    expected = []
    for key in (b"", b"a", b"b"):
        values = [Fraction(value) for other, value in rows if (other or b"") == key and np.isfinite(value)]
        if values:
            mean = sum(values) / len(values)
            variance = sum((value - mean) ** 2 for value in values) / len(values)
            expected.append(KeyMoments(key, len(values), float(mean), float(variance)))
    assert list(_moments(rows).results()) == expected


@given(rows=ROWS, cut=st.integers(0, 30))
def test_merges_in_any_order(rows: list[tuple[bytes | None, float]], cut: int) -> None:
    """Rows in two parts, the second first and the other from another process, give the same moments."""
    merged = _moments(rows[cut:])
    merged.merge(pickle.loads(pickle.dumps(_moments(rows[:cut]))))
    assert list(merged.results()) == list(_moments(rows).results())


def test_tables_are_summed_once_they_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held doesn't grow with the rows."""
    monkeypatch.setattr(group_moments, "_GATHERED", 10)
    moments = GroupMoments("x", "k")
    for turn in range(100):
        moments.update(pa.array([b"a", b"b"]), np.array([1, turn], np.float32))
    assert moments.held <= 30
    assert [(each.key, each.count, each.mean) for each in moments.results()] == [(b"a", 100, 1), (b"b", 100, 49.5)]


def test_too_many_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are an error that names both columns."""
    monkeypatch.setattr(group_moments, "MOST_KEYS", 2)
    with pytest.raises(
        DataError, match=r"column 'k' has more than 2 distinct values, .* by which column 'x' is scaled"
    ):
        list(_moments([(b"a", 1), (b"b", 1), (b"c", 1)]).results())
