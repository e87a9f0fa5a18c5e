"""Distances of distributions."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorflow_metadata.proto.v0 import statistics_pb2

from shardmill.schemas.validation.distances import (
    divergence_of_histograms,
    divergence_of_values,
    l_infinity,
    least_divergence,
    normalized_difference,
)
from tests.schemas.validation.small_statistics import numbers

COUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 100), min_size=1)


def histogram(*buckets: tuple[float, float, float], nan: int = 0) -> statistics_pb2.Histogram:
    """A histogram."""
    return numbers(list(buckets), nan=nan).num_stats.histograms[0]


def test_the_l_infinity_distance_is_the_largest_difference_of_a_share() -> None:
    """It is told with the value."""
    found = l_infinity({"a": 3, "b": 1}, {"a": 1, "b": 1, "c": 2})
    assert (found.value, found.distance) == ("c", 0.5)


def test_the_normalized_difference_is_a_share_of_all() -> None:
    """Counts are compared, not shares: ten times the rows are another dataset."""
    found = normalized_difference({"a": 30}, {"a": 10})
    assert (found.value, found.distance) == ("a", 0.5)
    assert l_infinity({"a": 30}, {"a": 10}).distance == 0


@given(COUNTS, COUNTS)
def test_distances_are_symmetric_and_bounded(one: dict[str, int], two: dict[str, int]) -> None:
    """From 0, for equal shares, to 1, for datasets that share nothing."""
    for distance in (divergence_of_values, lambda *each: l_infinity(*each).distance):
        found = distance(one, two)
        assert found == pytest.approx(distance(two, one), abs=1e-12)
        assert 0 <= found <= 1
        assert distance(one, {value: 3 * count for value, count in one.items()}) == pytest.approx(0, abs=1e-12)
    assert divergence_of_values(one, {"z": 1}) == pytest.approx(1)


def test_the_divergence_is_that_of_its_formula() -> None:
    """The mean of both relative entropies from the mean distribution, in bits."""
    p, q = np.array([0.5, 0.5]), np.array([0.9, 0.1])
    m = (p + q) / 2
    expected = ((p * np.log2(p / m)).sum() + (q * np.log2(q / m)).sum()) / 2
    assert divergence_of_values({"a": 5, "b": 5}, {"a": 90, "b": 10}) == pytest.approx(expected)
    assert divergence_of_histograms(
        histogram((0, 1, 5), (1, 2, 5)), histogram((0, 1, 90), (1, 2, 10))
    ) == pytest.approx(expected)


def test_buckets_of_other_edges_are_cut() -> None:
    """Values are spread evenly within a bucket, so that a finer histogram of the same is no other."""
    assert divergence_of_histograms(histogram((0, 4, 8)), histogram((0, 1, 2), (1, 4, 6))) == pytest.approx(0)
    assert divergence_of_histograms(histogram((0, 2, 8)), histogram((2, 4, 8))) == pytest.approx(1)


def test_buckets_of_one_value_match_only_such() -> None:
    """Many equal values are no bucket's even spread."""
    point = histogram((1, 1, 4), (1, 3, 4))
    assert divergence_of_histograms(point, point) == 0
    assert divergence_of_histograms(histogram((1, 1, 4)), histogram((0, 2, 4))) == pytest.approx(1)


def deciles(values: np.ndarray) -> statistics_pb2.Histogram:
    """The histogram of equal counts."""
    edges = np.quantile(values, np.linspace(0, 1, 11), method="inverted_cdf").tolist()
    return histogram(*((low, high, len(values) / 10) for low, high in itertools.pairwise(edges)))


def test_samples_of_one_distribution_are_near() -> None:
    """Repeated numbers and a far outlier in one of them make no distance; other numbers do, and so do many more of one value."""
    generator = np.random.default_rng(0)
    none = (None, None)

    def fares(rows: int) -> np.ndarray:
        return (np.round(generator.gamma(2, 4, rows) / 0.4) * 0.4).clip(3.25)

    for _ in range(20):
        one, two = fares(3000), np.append(fares(3000), 700)
        found = least_divergence(none, (deciles(one), deciles(two)))
        assert found is not None
        assert found < 0.02
        for far in (1.8 * one, np.where(generator.random(3000) < 0.4, 3.25, one)):
            found = least_divergence(none, (deciles(far), deciles(two)))
            assert found is not None
            assert found > 0.05
    same = histogram((1, 1, 4)), histogram((1, 1, 9))
    assert least_divergence(same, same) == 0
    assert least_divergence(none, none) is None


def test_infinities_and_nans_match_nothing() -> None:
    """As in TFDV, they are differences of their own."""
    plain = histogram((0, 1, 1))
    assert divergence_of_histograms(plain, histogram((0, 1, 1), (1, math.inf, 1))) > 0.1
    assert divergence_of_histograms(plain, histogram((0, 1, 1), nan=1)) > 0.1


def test_without_values_there_is_no_divergence() -> None:
    """Nothing is neither near nor far."""
    assert divergence_of_values({}, {"a": 1}) is None
    assert divergence_of_histograms(histogram(), histogram((0, 1, 1))) is None
    assert l_infinity({}, {}).distance == 0
