"""A column's distribution, and its histograms as in TFDV.

TensorFlow Data Validation reads them from a sketch of 1,000 quantiles; here they come from bins,
and are exact where each bin has one value. In a bin of several its values count as evenly spread.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Buckets:
    """A histogram's buckets.

    Attributes:
        edges: float64 [n + 1], ascending: bucket i goes from edge i, which belongs to it only if
            it is the first bucket, to edge i + 1, which does.
        counts: float64 [n], the values in each bucket.
    """

    edges: _Floats
    counts: _Floats


@dataclass(frozen=True)
class Distribution:
    """A column's values, in bins.

    Attributes:
        low: float64 [n], ascending: the least value that each bin may hold.
        high: float64 [n]: the greatest, which is the same where the bin has one value.
        counts: int64 [n]: the finite values in each bin.
        below: Values of minus infinity.
        above: Values of infinity.
        whole: Whether all values are whole numbers.
    """

    low: _Floats
    high: _Floats
    counts: npt.NDArray[np.int64]
    below: int = 0
    above: int = 0
    whole: bool = False

    @property
    def count(self) -> int:
        """The number of values, infinite ones among them."""
        return int(self.counts.sum()) + self.below + self.above

    @property
    def is_exact(self) -> bool:
        """Whether each bin has one value."""
        return bool((self.low == self.high).all())

    def within(self, least: float, greatest: float) -> "Distribution":
        """The distribution, given the extremes of its finite values."""
        if not len(self.counts):
            return self
        return replace(self, low=np.maximum(self.low, least), high=np.minimum(self.high, greatest))

    def quantiles(self, number: int) -> Buckets:
        """Buckets of about equal counts.

        Edge k is the value at rank floor(k * count / number), counted from 0, the last edge the
        greatest value. A bucket's count is that of the values up to its end, less those up to its
        start; buckets that end at the same value share their counts evenly, and the values that
        equal the first edge are in the first bucket. It is as TFDV counts.

        Args:
            number: The number of buckets. There must be values.
        """
        # In Python integers: k * count may exceed 2**63.
        ranks = np.array([min(k * self.count // number, self.count - 1) for k in range(number + 1)], np.int64)
        edges, upto = self._at(ranks)
        counts = np.diff(upto)
        counts = _shared(counts, np.unique(edges[1:], return_inverse=True)[1])
        first = (edges[:-1] == edges[0]) & (edges[1:] == edges[1])
        counts[first] += upto[0] / int(first.sum())
        return Buckets(edges, counts)

    def median(self) -> float:
        """The value at rank floor(count / 2).

        There must be values.
        """
        return float(self._at(np.array([self.count // 2], np.int64))[0][0])

    def standard(self, number: int) -> Buckets:
        """Buckets of equal width.

        They go from the least to the greatest finite value; a constant has one bucket. Infinities
        are in none.

        Args:
            number: The number of buckets.
        """
        edges, counts = np.zeros(0), np.zeros(0)
        if len(self.counts):
            least, greatest = self.low[0], self.high[-1]
            edges = np.linspace(least, greatest, number + 1 if least < greatest else 2)
            counts = np.diff(self._upto(edges), prepend=0.0)[1:]
            counts[0] += self._upto(edges[:1])[0]
        return Buckets(edges, counts)

    def _at(self, ranks: npt.NDArray[np.int64]) -> tuple[_Floats, _Floats]:
        """The values at ranks, with the numbers up to them."""
        low = np.concatenate([[-np.inf], self.low, [np.inf]])
        high = np.concatenate([[-np.inf], self.high, [np.inf]])
        counts = np.concatenate([[self.below], self.counts, [self.above]])
        stops = np.cumsum(counts)
        at = np.searchsorted(stops, ranks, side="right")
        single = low[at] == high[at]
        with np.errstate(invalid="ignore"):  # infinity less infinity
            width = np.where(single, 0.0, high[at] - low[at])
        position = ranks - (stops[at] - counts[at])
        edges = low[at] + width * (position + 0.5) / counts[at]
        edges = np.where(single, low[at], np.rint(edges) if self.whole else edges)
        # The extremes are known.
        edges = np.where((ranks == self.below) & ~single, low[1], edges)
        edges = np.where((ranks == self.count - self.above - 1) & ~single, high[-2], edges)
        return edges, np.where(single, stops[at], ranks + 1).astype(np.float64)

    def _upto(self, edges: _Floats) -> _Floats:
        """The number of finite values up to each edge."""
        stops = np.concatenate([[0], np.cumsum(self.counts)]).astype(np.float64)
        at = np.searchsorted(self.high, edges, side="right")
        inside = np.minimum(at, len(self.counts) - 1)
        width = self.high[inside] - self.low[inside]
        width = np.where(width > 0, width, 1.0)
        share = np.clip((edges - self.low[inside]) / width, 0.0, 1.0)
        found: _Floats = stops[at] + np.where(at == inside, share * self.counts[inside], 0.0)
        return found


def _shared(counts: _Floats, groups: npt.NDArray[np.int64]) -> _Floats:
    """Spreads the counts of each group evenly over it."""
    shared: _Floats = (np.bincount(groups, counts) / np.bincount(groups))[groups]
    return shared
