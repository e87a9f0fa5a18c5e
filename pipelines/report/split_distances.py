"""Distances between the distributions of a column in two splits."""

from collections.abc import Sequence

from shardmill.pipelines.page.shown_statistics import Bar, ColumnStatistics
from shardmill.schemas.validation.column_statistics import Histogram
from shardmill.schemas.validation.distances import least_divergence

# Rows below which a distance is noise.
_LEAST_ROWS = 200


def distance(first: ColumnStatistics, second: ColumnStatistics) -> tuple[str, float] | None:
    """The distance between two splits' distributions.

    Of numbers it is the Jensen-Shannon divergence in bits, the least that their histograms give
    (see `least_divergence`). Of texts it is the L-infinity norm, the greatest difference between
    two shares of one value.

    Args:
        first: The column's statistics in one split.
        second: Those in the other.

    Returns:
        The name of the distance, and the distance, 0 to 1. None where it isn't known, or where the
        splits have few rows.
    """
    if min(first.rows, second.rows) < _LEAST_ROWS or first.is_number != second.is_number:
        return None
    if first.ranks and second.ranks:
        found = least_divergence(
            (_histogram(first.bars), _histogram(second.bars)), (_histogram(first.ranks), _histogram(second.ranks))
        )
        return None if found is None else ("Jensen-Shannon divergence", found)
    if first.top and second.top:
        return "L-infinity distance", _greatest_difference(first, second)
    return None


def _greatest_difference(first: ColumnStatistics, second: ColumnStatistics) -> float:
    """Compares the values that either lists as frequent.

    A value that the other doesn't list is at most as frequent there as the last one listed.
    """
    shares = [{value: count / each.rows for value, count in each.top} for each in (first, second)]
    least = [min(each.values()) for each in shares]
    differences = [
        max(abs(shares[0][value] - shares[1][value]), 0)
        if value in shares[0] and value in shares[1]
        else max(shares[0].get(value, 0) - least[1], shares[1].get(value, 0) - least[0], 0)
        for value in shares[0].keys() | shares[1].keys()
    ]
    return max(differences, default=0.0)


def _histogram(bars: Sequence[Bar]) -> Histogram:
    buckets = [Histogram.Bucket(low_value=low, high_value=high, sample_count=count) for low, high, count in bars]
    return Histogram(buckets=buckets)
