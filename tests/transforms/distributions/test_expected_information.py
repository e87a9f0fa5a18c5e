"""Mutual information by chance."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics.cluster import contingency_matrix, expected_mutual_information

from shardmill.transforms.distributions.expected_information import expected_information


def _expected(size: int, label: int, rows: int) -> float:
    """By the definition, with exact probabilities."""
    total = 0.0
    for both in range(max(1, size + label - rows), min(size, label) + 1):
        ways = math.comb(label, both) * math.comb(rows - label, size - both)
        share = Fraction(ways, math.comb(rows, size))
        total += float(share) * both * math.log2(both * rows / (size * label))
    return total


@given(st.data(), st.integers(1, 60))
def test_it_is_by_the_definition(data: st.DataObject, rows: int) -> None:
    """For each size of a token and of a label, those of one row and of all rows among them."""
    counts = st.integers(1, rows)
    label, sizes = data.draw(counts), data.draw(st.lists(counts, min_size=1, max_size=5))
    found = expected_information(np.array(sizes, np.float64), float(label), float(rows))
    assert found == pytest.approx([_expected(size, label, rows) for size in sizes], rel=1e-9, abs=1e-12)


def test_of_all_tokens_it_is_scikit_learns() -> None:
    """In nats, by the row, for thousands of rows."""
    random = np.random.default_rng(0)
    tokens, labels = random.geometric(0.01, 20_000), random.integers(0, 3, 20_000)
    sizes = np.unique(tokens, return_counts=True)[1].astype(np.float64)
    bits = sum(expected_information(sizes, float(each), 20_000.0).sum() for each in np.bincount(labels))
    expected = expected_mutual_information(contingency_matrix(labels, tokens, sparse=True), 20_000)
    assert bits * math.log(2) / 20_000 == pytest.approx(expected, rel=1e-9)


def test_its_bits_dont_depend_on_other_tokens() -> None:
    """Tokens that are scored with others, on another worker, have the same score."""
    sizes = np.random.default_rng(1).integers(1, 5000, 301).astype(np.float64)
    together = expected_information(sizes, 1234.0, 7000.0)
    alone = [expected_information(sizes[index : index + 1], 1234.0, 7000.0)[0] for index in range(0, 301, 7)]
    assert together[::7].tolist() == alone
