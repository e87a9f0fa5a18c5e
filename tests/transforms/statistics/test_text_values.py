"""Distinct and most frequent values of texts, counted or estimated."""

import pickle
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.statistics.text_values import LONGEST, MOST, TextValues, TopValues, row_keys


def _values(texts: list[str | None], parts: list[int], order: tuple[int, ...] = (0, 1, 2)) -> TopValues:
    """What the texts give in parts, merged in an order."""
    keys, merged = row_keys(1, len(texts)), TextValues()
    for part in order:
        mine = np.flatnonzero(np.array(parts) == part)
        each = TextValues()
        each.update(pa.array([texts[row] for row in mine], pa.string()), keys[mine])
        merged.merge(pickle.loads(pickle.dumps(each)))
    return merged.result(1000)


@given(st.lists(st.none() | st.text("ab\n", max_size=2), max_size=30), st.data())
def test_few_values_are_counted(texts: list[str | None], data: st.DataObject) -> None:
    """Exactly, those with line ends, too; nulls and empty ones are none. Ties are in descending order."""
    parts = data.draw(st.lists(st.integers(0, 2), min_size=len(texts), max_size=len(texts)))
    found = _values(texts, parts, data.draw(st.permutations((0, 1, 2)).map(tuple)))
    expected = sorted(((count, text.encode()) for text, count in Counter(filter(None, texts)).items()), reverse=True)
    assert found.exact
    assert found.distinct == len(expected)
    assert [(row["count"], row["token"]) for row in found.top.to_pylist()] == expected


@pytest.fixture(scope="module")
def many() -> list[str | None]:
    """A fifth of the values are one, and the others all differ."""
    return [f"value {row}" if row % 5 else "frequent" for row in range(6 * MOST)]


def test_many_values_are_estimated(many: list[str | None]) -> None:
    """In whatever order: the frequent one's count, and how many differ; rare ones aren't told."""
    parts = (np.arange(len(many)) % 3).tolist()
    found, again = _values(many, parts), _values(many, parts, (2, 0, 1))
    assert not found.exact
    assert found.distinct == again.distinct == pytest.approx(len(set(many)), rel=0.15)
    assert found.top.equals(again.top)
    ((token, count),) = [(row["token"], row["count"]) for row in found.top.to_pylist()]
    assert (token, count) == (b"frequent", pytest.approx(len(many) / 5, rel=0.1))


def test_whether_values_are_estimated_depends_on_all(many: list[str | None]) -> None:
    """Parts of which each has few are as one with all of them."""
    assert (
        _values(many[: MOST + 2000], [0] * (MOST + 2000)).exact
        == _values(many[: MOST + 2000], (np.arange(MOST + 2000) // 4000).tolist()).exact
    )


def test_long_values_are_one_in_a_sample() -> None:
    """As TFDV names them; how many differ is known all the same."""
    found = _values(["x" * (LONGEST + 1), "y" * (LONGEST + 1), "short", "short"], [0, 1, 0, 2])
    assert not found.exact
    assert found.distinct == 3
    assert [(row["token"], row["count"]) for row in found.top.to_pylist()] == [(b"short", 2), (b"__LARGE_BYTES__", 2)]
