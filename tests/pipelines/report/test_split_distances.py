"""Distances between splits."""

import math

import pytest

from shardmill.pipelines.report.shown_statistics import ColumnStatistics
from shardmill.pipelines.report.split_distances import distance, jensen_shannon


def numbers(*bars: tuple[float, float, float]) -> ColumnStatistics:
    """A numeric column's statistics."""
    return ColumnStatistics(rows=1000, missing=0, is_number=True, bars=bars)


def texts(**counts: float) -> ColumnStatistics:
    """A text column's statistics."""
    return ColumnStatistics(rows=1000, missing=0, is_number=False, top=tuple(counts.items()))


def test_equal_histograms_are_not_apart() -> None:
    """However they are cut into bars."""
    whole, halves = [(0.0, 2.0, 10.0)], [(0.0, 1.0, 5.0), (1.0, 2.0, 5.0)]
    assert jensen_shannon(whole, whole) == jensen_shannon(whole, halves) == 0


def test_disjoint_histograms_are_one_bit_apart() -> None:
    """That is the greatest distance, of values at a point, too."""
    assert jensen_shannon([(0.0, 1.0, 3.0)], [(2.0, 3.0, 5.0)]) == pytest.approx(1)
    assert jensen_shannon([(0.0, 0.0, 3.0)], [(1.0, 1.0, 5.0)]) == pytest.approx(1)


def test_the_divergence_is_that_of_its_definition() -> None:
    """Half of each distribution's divergence from their mean, in bits."""
    p, q = (0.5, 0.5), (0.9, 0.1)
    middle = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
    expected = sum(a * math.log2(a / m) for each in (p, q) for a, m in zip(each, middle, strict=True)) / 2
    found = jensen_shannon(*[[(0.0, 1.0, each[0]), (1.0, 2.0, each[1])] for each in (p, q)])
    assert found == pytest.approx(expected)


def test_texts_are_compared_by_the_greatest_difference() -> None:
    """A value that only one split lists is as rare as the other's rarest, at most."""
    assert distance(texts(a=600, b=400), texts(a=900, b=100)) == ("L-infinity", pytest.approx(0.3))
    assert distance(texts(a=600, b=400), texts(a=600, c=400)) == ("L-infinity", pytest.approx(0.0))
    assert distance(texts(a=700, b=300), texts(c=500, d=100)) == ("L-infinity", pytest.approx(0.6))


def test_some_columns_have_no_distance() -> None:
    """Those with few rows, of other types, or without a distribution."""
    few = ColumnStatistics(rows=20, missing=0, is_number=True, bars=((0.0, 1.0, 20.0),))
    assert distance(numbers((0.0, 1.0, 9.0)), few) is None
    assert distance(numbers((0.0, 1.0, 9.0)), texts(a=1000)) is None
    assert distance(numbers(), numbers()) is None
