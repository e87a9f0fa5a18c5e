"""Distances between splits."""

import pytest

from shardmill.pipelines.page.shown_statistics import Bar, ColumnStatistics
from shardmill.pipelines.report.split_distances import distance


def numbers(*ranks: Bar, bars: tuple[Bar, ...] = ()) -> ColumnStatistics:
    """A numeric column's statistics."""
    return ColumnStatistics(rows=1000, missing=0, is_number=True, bars=bars, ranks=ranks)


def texts(**counts: float) -> ColumnStatistics:
    """A text column's statistics."""
    return ColumnStatistics(rows=1000, missing=0, is_number=False, top=tuple(counts.items()))


def test_numbers_are_compared_by_their_quantiles() -> None:
    """Equal ones are 0 bits apart, disjoint ones 1 bit."""
    one, other = numbers((0.0, 1.0, 3.0)), numbers((2.0, 3.0, 5.0))
    assert distance(one, one) == ("Jensen-Shannon divergence", 0)
    assert distance(one, other) == ("Jensen-Shannon divergence", pytest.approx(1))


def test_an_outlier_isnt_a_distance() -> None:
    """One row far away stretches the last bar of equal counts, and no other."""
    near = [(float(low), low + 1.0, 100.0) for low in range(9)]
    found = distance(numbers(*near, (9.0, 10.0, 100.0)), numbers(*near, (9.0, 1000.0, 100.0)))
    assert found is not None
    assert found[1] < 0.1


def test_repeated_numbers_arent_a_distance() -> None:
    """A bucket of one number in one split alone doesn't count: half of the rows are up to it in the other, too."""
    even = ((0.0, 5.0, 500.0), (5.0, 10.0, 500.0))
    one, other = ((0.0, 8.0, 500.0), (8.0, 8.0, 500.0)), ((0.0, 7.0, 500.0), (7.0, 10.0, 500.0))
    found = distance(numbers(*one), numbers(*other))
    assert found is not None
    assert found[1] < 0.01
    assert distance(numbers(*one, bars=even), numbers(*other, bars=even)) == ("Jensen-Shannon divergence", 0)


def test_texts_are_compared_by_the_greatest_difference() -> None:
    """A value that only one split lists is as rare as the other's rarest, at most."""
    assert distance(texts(a=600, b=400), texts(a=900, b=100)) == ("L-infinity distance", pytest.approx(0.3))
    assert distance(texts(a=600, b=400), texts(a=600, c=400)) == ("L-infinity distance", pytest.approx(0.0))
    assert distance(texts(a=700, b=300), texts(c=500, d=100)) == ("L-infinity distance", pytest.approx(0.6))


def test_some_columns_have_no_distance() -> None:
    """Those with few rows, of other types, or without a distribution."""
    few = ColumnStatistics(rows=20, missing=0, is_number=True, ranks=((0.0, 1.0, 20.0),))
    assert distance(numbers((0.0, 1.0, 9.0)), few) is None
    assert distance(numbers((0.0, 1.0, 9.0)), texts(a=1000)) is None
    assert distance(numbers(), numbers()) is None
