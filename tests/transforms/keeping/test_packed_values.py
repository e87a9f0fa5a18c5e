"""Accumulators as bytes: they come back equal, and nothing else can be named."""

import os
import pickle
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.distributions.group_moments import GroupMoments
from shardmill.transforms.files.checksums import Checksum
from shardmill.transforms.keeping.packed_values import packed, unpacked
from shardmill.transforms.rows.counts import UnitCount
from shardmill.transforms.statistics.token_counts import TokenCounts

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=10,
)


@given(PLAIN)
def test_plain_values_come_back(value: object) -> None:
    """Built-in values of any kind are unpacked as they were packed."""
    assert unpacked(packed(value)) == value


def test_arrays_come_back_with_their_types() -> None:
    """Numbers, structures and shapes are kept; arrays can be written to, and dtypes are values, too."""
    layout = np.dtype([("kind", np.int64), ("total", np.uint64, 6)])
    for array in (np.arange(6, dtype=np.float32).reshape(2, 3), np.zeros(2, layout), np.zeros(0, np.uint32)):
        found = unpacked(packed(array))
        assert found.dtype == array.dtype
        assert found.shape == array.shape
        assert found.flags.writeable
        assert found.tobytes() == array.tobytes()
    assert unpacked(packed(layout)) == layout


def test_accumulators_come_back() -> None:
    """Counts of tokens, moments by key, counters and counts of units are unpacked as they were packed."""
    tokens = TokenCounts()
    tokens.update(pa.array(["b", "a", "b"]))
    groups = GroupMoments("x", "k")
    groups.update(pa.array([b"k", b"l"]), np.array([1, 2], np.float32))
    count = UnitCount(3, "a.csv", (1, 2), 0, Checksum.of(b"x"))
    found = unpacked(packed([tokens, groups, count, Counter("aab")]))
    assert sorted(found[0].table().to_pylist(), key=str) == sorted(tokens.table().to_pylist(), key=str)
    assert list(found[1].results()) == list(groups.results())
    assert found[2:] == [count, Counter("aab")]


@pytest.mark.parametrize(
    "value", [object(), os.system, np.array([None]), pytest.raises], ids=["object", "function", "objects", "raises"]
)
def test_other_objects_are_refused(value: object) -> None:
    """What isn't named can't be packed: an accumulator that is new says so at once."""
    with pytest.raises(TypeError, match=r"packing: expected (accumulators|numbers)"):
        packed([value])


class _Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("exit 3",)


def test_foreign_bytes_run_nothing() -> None:
    """A pickle that calls a function when it is loaded is refused by the function's name."""
    data = pickle.dumps(_Evil())
    with pytest.raises(ValueError, match=r"no packed value: .*system is none of the accumulators"):
        unpacked(len(data).to_bytes(8, "little") + bytes(pa.compress(data, "zstd", asbytes=True)))


@given(st.binary(max_size=100))
def test_any_bytes_are_refused_or_a_value(data: bytes) -> None:
    """Bytes that nobody packed raise a ValueError."""
    with pytest.raises(ValueError, match="no packed value"):
        unpacked(data)
