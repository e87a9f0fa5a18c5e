"""Quantiles of a column, exact or within a known error.

They are exact while there are few distinct values. Beyond, a rank is off by no more than the number
of values that share its key.

The accumulator counts order-preserving integer keys of the values. Above `CAP` distinct keys it
drops as many of the keys' low bits as it takes to bring them down to `CAP`, and no more. That
number depends on the set of values alone, so merges are associative and commutative to the bit.
Those of sketches that compress as they go (such as tfx_bsl's) are not.
"""

import ctypes
import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from shardmill.transforms.distributions.yeo_johnson import PowerFit, fit_yeo_johnson
from shardmill.transforms.kernel.library import kernel

# The most distinct keys kept of a column: 12 bytes each for float32, so 12 MiB.
CAP = 1 << 20

_Keys = npt.NDArray[Any]  # uint32 or uint64
_Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ranked:
    """The sorted distinct values of a column with their ranks.

    Every quantile is read from these.

    Attributes:
        values: Ascending and distinct, in the column's dtype (float32 or int64).
        cumulative: int64, the number of the column's values that are at most `values[i]`.
    """

    values: npt.NDArray[Any]
    cumulative: _Counts

    @property
    def count(self) -> int:
        """The number of the column's values."""
        return int(self.cumulative[-1]) if self.cumulative.size else 0

    def at(self, rank: int) -> float:
        """The value at a rank, counted from 0.

        Without values it is 0.
        """
        return float(self.values[np.searchsorted(self.cumulative, rank, side="right")]) if self.count else 0.0

    def boundaries(self, num_buckets: int) -> npt.NDArray[np.float32]:
        """Bucket boundaries, as `tft.quantiles` gives where it is exact.

        Boundary k is the value at rank floor(k * count / num_buckets), k from 1; where values
        repeat, boundaries may.

        Args:
            num_buckets: The number of buckets of about equal size; at least 1.

        Returns:
            float32[num_buckets - 1], ascending; zeros without values.
        """
        if not self.count:
            return np.zeros(num_buckets - 1, np.float32)
        # In Python integers: k * count may exceed 2**63.
        ranks = [k * self.count // num_buckets for k in range(1, num_buckets)]
        found = np.searchsorted(self.cumulative, np.array(ranks, np.int64), side="right")
        # By way of float64, as in TF Transform: integers beyond 2**53 are rounded twice.
        return self.values[found].astype(np.float64).astype(np.float32)

    def quantile(self, q: float) -> float:
        """The q-quantile with linear interpolation.

        It equals `numpy.quantile`'s in float64; without values it is 0.

        Args:
            q: From 0 to 1.
        """
        if not self.count:
            return 0.0
        position = q * (self.count - 1)
        rank = math.floor(position)
        fraction = position - rank
        low = self.at(rank)
        if fraction == 0:
            return low
        high = self.at(rank + 1)
        # From the nearer end, as in NumPy, so that it never leaves [low, high].
        rest = 1 - fraction
        return low + (high - low) * fraction if fraction < rest else high - (high - low) * rest

    def evenly(self, number: int) -> npt.NDArray[np.float64]:
        """Quantiles at even steps.

        They go from the least value to the greatest, and are interpolated linearly, as `quantile`
        does. But their ranks are exact: where a step falls on a value, the quantile is that value.

        Args:
            number: How many; at least 2.

        Returns:
            float64[number], ascending; zeros without values.
        """
        if not self.count:
            return np.zeros(number)
        steps = number - 1
        # In Python integers: k * count may exceed 2**63.
        parts = [divmod(k * (self.count - 1), steps) for k in range(number)]
        ranks = np.array([rank for rank, _ in parts], np.int64)
        fractions = np.array([rest / steps for _, rest in parts])
        low, high = (
            self.values[np.searchsorted(self.cumulative, each, side="right")].astype(np.float64)
            for each in (ranks, np.minimum(ranks + 1, self.count - 1))
        )
        rests = 1 - fractions
        found: npt.NDArray[np.float64] = np.where(
            fractions < rests, low + (high - low) * fractions, high - (high - low) * rests
        )
        return found

    @cached_property
    def power(self) -> PowerFit:
        """Yeo and Johnson's transformation of the values."""
        return fit_yeo_johnson(self.values, np.diff(self.cumulative, prepend=0))

    @property
    def mode(self) -> float:
        """The most frequent value; of several, the smallest.

        Without values it is 0.
        """
        return float(self.values[np.argmax(np.diff(self.cumulative, prepend=0))]) if self.count else 0.0


@dataclass(slots=True)
class Quantiles:
    """A numeric column's distribution, which merges.

    `merge` is associative and commutative to the bit.

    Attributes:
        cap: The most distinct keys kept; at least 2.
    """

    cap: int = CAP
    _dtype: "np.dtype[Any] | None" = None
    # The number of low bits that the keys have lost.
    _level: int = 0
    # Sorted and distinct.
    _keys: _Keys = field(default_factory=lambda: np.zeros(0, np.uint32))
    _counts: _Counts = field(default_factory=lambda: np.zeros(0, np.int64))

    def add(self, keys: _Keys, dtype: "np.dtype[Any]") -> None:
        """Adds values.

        Args:
            keys: Their keys, sorted.
            dtype: The values' own dtype, float32 or int64.

        Raises:
            TypeError: Values before were of another dtype.
        """
        self._add(keys, None, 0, dtype)

    def merge(self, other: "Quantiles") -> None:
        """Adds the values of other quantiles, which stay unchanged.

        The smaller `cap` holds for both.

        Raises:
            TypeError: Their values are of another type.
        """
        if other._dtype is not None:  # noqa: SLF001 (one class)
            self.cap = min(self.cap, other.cap)
            self._add(other._keys, other._counts, other._level, other._dtype)  # noqa: SLF001

    @property
    def distinct(self) -> int:
        """The number of distinct keys kept."""
        return len(self._keys)

    def ranked(self) -> Ranked:
        """The sorted distinct values with their ranks.

        Beyond `cap` distinct values, each returned value is the middle of the interval that it
        represents.
        """
        if self._dtype is None:
            return Ranked(np.zeros(0, np.float32), np.zeros(0, np.int64))
        middle = (1 << self._level) >> 1
        keys = (self._keys << self._keys.dtype.type(self._level)) + self._keys.dtype.type(middle)
        return Ranked(_values(keys, self._dtype), np.cumsum(self._counts))

    def _add(self, keys: _Keys, counts: "_Counts | None", level: int, dtype: "np.dtype[Any]") -> None:
        if self._dtype is None:
            self._dtype = dtype
            self._keys = np.zeros(0, keys.dtype)
        elif self._dtype != dtype:
            raise TypeError(f"quantiles: expected values of {self._dtype}, as before, received {dtype}")
        common = max(level, self._level)
        keys, counts = _merged(
            (self._keys, self._counts, common - self._level),
            (keys, counts, common - level),
        )
        self._level = _level(keys, common, self.cap)
        if self._level > common:
            keys, counts = _merged((keys, counts, self._level - common), (keys[:0], None, 0))
        self._keys, self._counts = keys, counts


def _values(keys: _Keys, dtype: "np.dtype[Any]") -> npt.NDArray[Any]:
    sign = keys.dtype.type(1 << 8 * dtype.itemsize - 1)
    # As `integer_key` and `float_key` in native/statistics/quantiles.c make them.
    bits = keys ^ sign if dtype.kind == "i" else np.where(keys >= sign, keys ^ sign, ~keys)
    values: npt.NDArray[Any] = bits.view(dtype)
    return values


class _Counted(ctypes.Structure):
    """Counted in native/statistics/quantiles.c."""

    _fields_ = (
        ("keys", ctypes.c_void_p),
        ("counts", ctypes.c_void_p),
        ("n", ctypes.c_int64),
        ("shift", ctypes.c_int64),
    )


def _merged(*sides: tuple[_Keys, "_Counts | None", int]) -> tuple[_Keys, _Counts]:
    """Merges sorted keys to distinct ones, with summed counts.

    Args:
        sides: The keys of each, their counts (None means that each counts 1), and the number of low
            bits to drop.
    """
    size = sum(len(keys) for keys, _, _ in sides)
    dtype = sides[0][0].dtype
    merged, totals = np.empty(size, dtype), np.empty(size, np.int64)
    left, right = (
        _Counted(keys.ctypes.data, None if counts is None else counts.ctypes.data, len(keys), drop)
        for keys, counts, drop in sides
    )
    count = kernel().kernel_merge_keys(
        ctypes.addressof(left), ctypes.addressof(right), 8 * dtype.itemsize, merged, totals
    )
    # Copies, where much was given that isn't needed.
    return (merged[:count], totals[:count]) if 2 * count > size else (merged[:count].copy(), totals[:count].copy())


def _level(keys: _Keys, level: int, cap: int) -> int:
    """The smallest level with at most `cap` distinct keys.

    `keys` are sorted and distinct at `level`, from which the search goes up.
    """
    if keys.size <= cap:
        return level
    # Two neighbours stay distinct until the highest bit in which they differ is dropped.
    apart = keys[1:] ^ keys[:-1]
    bits = 1
    while int(np.count_nonzero(apart >> keys.dtype.type(bits))) + 1 > cap:
        bits += 1
    return level + bits
