"""Distances of distributions, as TFDV computes them.

Those of numbers come from histograms, within whose buckets values are taken to be spread evenly.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tensorflow_metadata.proto.v0 import statistics_pb2

from shardmill.schemas.validation.column_statistics import Histogram

_Array = npt.NDArray[np.float64]

# A histogram of each of two datasets, None where it has none.
Pair = tuple[Histogram | None, Histogram | None]


@dataclass(frozen=True)
class Farthest:
    """The largest difference of the shares of a value.

    Attributes:
        value: The value.
        distance: The difference, from 0 to 1.
    """

    value: str
    distance: float


def l_infinity(one: Mapping[str, float], two: Mapping[str, float]) -> Farthest:
    """The largest difference of values' shares in two datasets.

    Args:
        one: The counts of one dataset's values.
        two: Those of the other's.
    """
    return _farthest(one, two, sum(one.values()), sum(two.values()))


def normalized_difference(one: Mapping[str, float], two: Mapping[str, float]) -> Farthest:
    """The largest difference of counts, relative to all counts.

    Args:
        one: The counts of one dataset's values.
        two: Those of the other's.
    """
    total = sum(one.values()) + sum(two.values())
    return _farthest(one, two, total, total)


def _farthest(one: Mapping[str, float], two: Mapping[str, float], total: float, other: float) -> Farthest:
    differences = {
        value: abs(_ratio(one.get(value, 0), total) - _ratio(two.get(value, 0), other))
        for value in sorted({*one, *two}, reverse=True)
    }
    if not differences:
        return Farthest("", 0.0)
    value = max(differences, key=differences.__getitem__)
    return Farthest(value, differences[value])


def _ratio(count: float, total: float) -> float:
    return count / total if total else 0.0


def divergence_of_values(one: Mapping[str, float], two: Mapping[str, float]) -> float | None:
    """The Jensen-Shannon divergence of values, in bits.

    Args:
        one: The counts of one dataset's values.
        two: Those of the other's.

    Returns:
        From 0 to 1. None means that a dataset has no value.
    """
    values = sorted({*one, *two})
    return _divergence([one.get(value, 0) for value in values], [two.get(value, 0) for value in values])


def divergence_of_histograms(one: Histogram, two: Histogram) -> float | None:
    """The Jensen-Shannon divergence of numbers, in bits.

    Args:
        one: The histogram of one dataset's numbers.
        two: That of the other's.

    Returns:
        From 0 to 1. None means that a dataset has no number.
    """
    cuts = np.unique(np.concatenate([_edges(one), _edges(two)]))
    points = sorted({*_points(one), *_points(two)})
    counts = [_counts(each, cuts, points) for each in (one, two)]
    first, second = ([*finite, *other] for finite, other in zip(counts, _apart(one, two), strict=True))
    return _divergence(first, second)


def least_divergence(standard: Pair, quantiles: Pair) -> float | None:
    """The least divergence of numbers by their histograms.

    It is the least of three: by the buckets of equal widths, all of whose edges an outlier moves;
    by those of equal counts, in which a frequent value may fill a bucket, and the last of which is
    often wide; and by the share of one dataset's numbers between the other's quantiles.

    Args:
        standard: The datasets' histograms with buckets of equal widths.
        quantiles: Those with buckets of equal counts.

    Returns:
        From 0 to 1. None means that no histogram has numbers in both datasets.
    """
    found = [
        measure(one, two)
        for (one, two), measures in (
            (standard, [divergence_of_histograms]),
            (quantiles, [divergence_of_histograms, _divergence_between_quantiles]),
        )
        for measure in measures
        if one is not None and two is not None
    ]
    return min((each for each in found if each is not None), default=None)


def _divergence_between_quantiles(one: Histogram, two: Histogram) -> float | None:
    """The divergence of the shares between the second dataset's quantiles.

    Numbers outside of its range are apart.
    """
    cuts = np.unique(np.concatenate([_edges(two), [*_points(two)]]))
    # The least number itself is in the range.
    cuts[:1] = np.nextafter(cuts[:1], -math.inf)
    counts = [_between(each, cuts) for each in (one, two)]
    first, second = ([*finite, *other] for finite, other in zip(counts, _apart(one, two), strict=True))
    return _divergence(first, second)


def _edges(histogram: Histogram) -> _Array:
    """The edges of buckets that have a width."""
    edges = [
        edge
        for bucket in histogram.buckets
        if bucket.low_value != bucket.high_value and _is_finite(bucket)
        for edge in (bucket.low_value, bucket.high_value)
    ]
    return np.array(edges, np.float64)


def _points(histogram: Histogram) -> dict[float, float]:
    """The counts of buckets of a single value, by value."""
    points: dict[float, float] = {}
    for bucket in histogram.buckets:
        if bucket.low_value == bucket.high_value and _is_finite(bucket):
            points[bucket.low_value] = points.get(bucket.low_value, 0.0) + bucket.sample_count
    return points


def _is_finite(bucket: statistics_pb2.Histogram.Bucket) -> bool:
    return math.isfinite(bucket.low_value) and math.isfinite(bucket.high_value)


def _counts(histogram: Histogram, cuts: _Array, points: Sequence[float]) -> list[float]:
    """The counts between the cuts, and at the points."""
    spread = np.zeros(max(len(cuts) - 1, 0))
    for bucket in histogram.buckets:
        low, high = bucket.low_value, bucket.high_value
        if low != high and _is_finite(bucket):
            start, stop = np.searchsorted(cuts, [low, high])
            spread[start:stop] += bucket.sample_count * np.diff(cuts[start : stop + 1]) / (high - low)
    at = _points(histogram)
    return [*spread.tolist(), *(at.get(point, 0.0) for point in points)]


def _between(histogram: Histogram, cuts: _Array) -> list[float]:
    """The counts before, between and after the cuts."""
    finite = [bucket for bucket in histogram.buckets if _is_finite(bucket)]
    low, high, count = (
        np.array([(each.low_value, each.high_value, each.sample_count) for each in finite]).reshape(-1, 3).T
    )
    width = np.where(low == high, 1.0, high - low)
    below = [float(np.where(low == high, low <= cut, np.clip((cut - low) / width, 0, 1)) @ count) for cut in cuts]
    return np.diff([0.0, *below, float(count.sum())]).tolist()  # type: ignore[no-any-return]


def _apart(one: Histogram, two: Histogram) -> tuple[list[float], list[float]]:
    """Counts of infinite values and NaNs, which match no others."""
    first: list[float] = []
    second: list[float] = []
    for histogram, mine, other in ((one, first, second), (two, second, first)):
        infinite = sum(bucket.sample_count for bucket in histogram.buckets if not _is_finite(bucket))
        for count in (infinite, histogram.num_nan):
            mine.append(float(count))
            other.append(0.0)
    return first, second


def _divergence(one: Sequence[float], two: Sequence[float]) -> float | None:
    first, second = np.array(one, np.float64), np.array(two, np.float64)
    if not first.sum() or not second.sum():
        return None
    first, second = first / first.sum(), second / second.sum()
    middle = (first + second) / 2
    return max(0.0, min(1.0, (_relative(first, middle) + _relative(second, middle)) / 2))


def _relative(one: _Array, other: _Array) -> float:
    """The Kullback-Leibler divergence, in bits."""
    held = one > 0
    return float((one[held] * np.log2(one[held] / other[held])).sum())
