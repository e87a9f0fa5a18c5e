"""Tokens joined with another fact of their rows."""

from collections import Counter

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.distributions.joint_tokens import Facts, join_tokens, split_tokens, without_facts
from shardmill.transforms.statistics.partition import partition_counts
from shardmill.transforms.statistics.tokens import SCHEMA

FACTS = [b"", b"a", b"bc"]
# A token may have a NUL itself: a fact hasn't.
TOKENS = st.one_of(st.none(), st.binary(max_size=3), st.sampled_from([b"\0", b"x\0y", b"x\0", b"x"]))


@given(st.lists(st.tuples(TOKENS, st.integers(-1, 2), st.integers(-5, 5))))
def test_joint_tokens_are_counted_and_split_again(rows: list[tuple[bytes | None, int, int]]) -> None:
    """Each pair has the sum of its rows' weights; rows without a token or a fact have none."""
    tokens, which, weights = ([row[column] for row in rows] for column in range(3))
    facts = Facts(FACTS, np.array(which, np.int64), np.array(weights, np.int64))
    joint, counts = join_tokens(pa.array(tokens, pa.binary()), np.arange(len(rows)), facts)
    expected: Counter[tuple[bytes, bytes]] = Counter()
    for token, fact, weight in rows:
        if token is not None and fact >= 0:
            expected[token, FACTS[fact]] += weight
    pairs = zip(*(each.to_pylist() for each in split_tokens(pa.chunked_array([joint]))), strict=True)
    assert dict(zip(pairs, counts.tolist(), strict=True)) == dict(expected)


@given(st.lists(st.tuples(st.binary(max_size=3), st.sampled_from(FACTS)), unique=True))
def test_a_tokens_pairs_stay_together(pairs: list[tuple[bytes, bytes]]) -> None:
    """All joint tokens of a token are in one hash partition, which is the token's own."""
    joint = pa.array([token + b"\0" + fact for token, fact in pairs], pa.binary())
    found = without_facts(pa.chunked_array([joint]))
    assert found.to_pylist() == [token for token, _ in pairs]
    table = pa.table([joint, pa.array([1] * len(joint), pa.int64())], schema=SCHEMA)
    places: dict[bytes, set[int]] = {}
    for index, part in enumerate(partition_counts(table, 3)):
        for token in without_facts(part["token"]).to_pylist():
            places.setdefault(token, set()).add(index)
    assert all(len(each) == 1 for each in places.values())


def test_tokens_without_a_nul_stay_as_they_are() -> None:
    """Nothing is copied: these are all but a few vocabularies."""
    tokens = pa.chunked_array([pa.array([b"a", b"bc"]), pa.array([], pa.binary())])
    assert without_facts(tokens) is tokens
