"""Distances between the distributions of a column in two splits."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shardmill.pipelines.report.shown_statistics import Bar, ColumnStatistics

# Rows below which a distance is noise.
_LEAST_ROWS = 200


def distance(first: ColumnStatistics, second: ColumnStatistics) -> tuple[str, float] | None:
    """The distance between two splits' distributions.

    Of numbers it is the Jensen-Shannon divergence of the histograms, in bits; of texts the
    L-infinity norm, the greatest difference between two shares of one value.

    Args:
        first: The column's statistics in one split.
        second: Those in the other.

    Returns:
        The name of the distance, and the distance, 0 to 1. None where it isn't known, or where the
        splits have few rows.
    """
    if min(first.rows, second.rows) < _LEAST_ROWS or first.is_number != second.is_number:
        return None
    if first.bars and second.bars:
        return "Jensen-Shannon", jensen_shannon(first.bars, second.bars)
    if first.top and second.top:
        return "L-infinity", _greatest_difference(first, second)
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


def jensen_shannon(first: Sequence[Bar], second: Sequence[Bar]) -> float:
    """The Jensen-Shannon divergence of two histograms, in bits.

    Their bars are cut at each other's ends; values are spread evenly within a bar.

    Args:
        first: A histogram.
        second: The other.
    """
    ends = [end for low, high, _ in (*first, *second) for end in (low, high)]
    edges = np.unique([end for end in ends if math.isfinite(end)])
    if len(edges) < 2:  # noqa: PLR2004  (both ends of a bar)
        return 0.0
    p, q = (_masses(bars, edges) for bars in (first, second))
    middle = (p + q) / 2
    return max(float(_divergence(p, middle) + _divergence(q, middle)) / 2, 0.0)


def _masses(bars: Sequence[Bar], edges: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The shares of values at edges, and between them."""
    masses = np.zeros((2, len(edges)))
    for low, high, count in bars:
        start, stop = np.searchsorted(edges, (low, high))
        if stop > start:
            widths = np.diff(edges[start : stop + 1])
            masses[1, start:stop] += count * widths / widths.sum()
        else:
            masses[0, min(start, len(edges) - 1)] += count
    total = masses.sum()
    return masses.ravel() / total if total else masses.ravel()


def _divergence(p: npt.NDArray[np.float64], q: npt.NDArray[np.float64]) -> float:
    some = p > 0
    return float((p[some] * np.log2(p[some] / q[some])).sum())
