"""The numbers of values in rows."""

from collections import Counter

import numpy as np
import numpy.typing as npt

from shardmill.schemas.feature_stats import BUCKETS, HistogramBucket, ValueCounts
from shardmill.transforms.distributions.distribution import Buckets, Distribution


class RowLengths:
    """An accumulator of rows' numbers of values.

    Different ones are few: n of them take n * (n - 1) / 2 values.

    `merge` is associative and commutative.
    """

    def __init__(self) -> None:
        """Makes an empty accumulator."""
        self._rows: Counter[int] = Counter()

    def update(self, lengths: npt.NDArray[np.int64]) -> None:
        """Adds rows, by the number of values of each."""
        different, rows = np.unique(lengths, return_counts=True)
        self._rows.update(dict(zip(different.tolist(), rows.tolist(), strict=True)))

    def add(self, rows: int, each: int) -> None:
        """Adds rows with the same number of values."""
        if rows:
            self._rows[each] += rows

    def merge(self, other: "RowLengths") -> None:
        """Adds the rows of another accumulator, which stays unchanged."""
        self._rows.update(other._rows)  # noqa: SLF001 (one class)

    def counts(self) -> ValueCounts:
        """The summary of all rows."""
        lengths = sorted(self._rows)
        if not lengths:
            return ValueCounts(0, 0, 0)
        ends = np.array(lengths, np.float64)
        rows = np.array([self._rows[each] for each in lengths], np.int64)
        total = sum(each * count for each, count in self._rows.items())
        buckets = Distribution(ends, ends, rows).quantiles(BUCKETS)
        return ValueCounts(total, lengths[0], lengths[-1], histogram(buckets))


def histogram(buckets: Buckets) -> tuple[HistogramBucket, ...]:
    """Buckets as a statistics file has them."""
    edges, counts = buckets.edges.tolist(), buckets.counts.tolist()
    return tuple(map(HistogramBucket, edges[:-1], edges[1:], counts))
