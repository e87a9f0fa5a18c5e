"""Quantiles of a column, exact or within a known error.

They are exact while there are few distinct values, and within a known rank error beyond.

The accumulator counts order-preserving integer keys of the values. Above `CAP` distinct keys it
drops as many of the keys' low bits as it takes to bring them down to `CAP`, and no more. That
number depends on the set of values alone, so merges are associative and commutative to the bit.
Those of sketches that compress as they go (such as tfx_bsl's) are not.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import to_numpy

# The most distinct keys kept: 12 bytes each for float32, so 12 MiB.
CAP = 1 << 20
# Values buffered before they are sorted: sorting in bulk costs less.
_PENDING = 1 << 18

_Keys = npt.NDArray[Any]  # uint32 or uint64
_Counts = npt.NDArray[np.int64]
# By item size: the unsigned type of the keys, and the index of the sign bit.
_BITS: dict[int, tuple[type[np.unsignedinteger[Any]], int]] = {4: (np.uint32, 31), 8: (np.uint64, 63)}


@dataclass(frozen=True)
class Ranked:
    """The sorted distinct values of a column with their ranks.

    Every quantile is read from these.

    Attributes:
        values: Ascending and distinct, in the column's dtype (float32, float64 or int64).
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

    @property
    def mode(self) -> float:
        """The most frequent value; of several, the smallest.

        Without values it is 0.
        """
        return float(self.values[np.argmax(np.diff(self.cumulative, prepend=0))]) if self.count else 0.0


@dataclass(slots=True)
class Quantiles:
    """An accumulator of a numeric column's distribution.

    `merge` is associative and commutative to the bit.

    Attributes:
        cap: The most distinct keys kept; at least 2.
    """

    cap: int = CAP
    _dtype: "np.dtype[Any] | None" = None
    # The number of low bits that the keys have lost.
    _level: int = 0
    _keys: "_Keys | None" = None
    _counts: _Counts = field(default_factory=lambda: np.zeros(0, np.int64))
    _pending: list[_Keys] = field(default_factory=list)
    _pending_size: int = 0

    def update(self, values: "pa.Array | npt.NDArray[np.generic]") -> None:
        """Adds values; nulls, NaNs and infinities are skipped.

        Args:
            values: An Arrow or NumPy array of any shape: float32, float64 or an integer type
                (counted as int64).

        Raises:
            TypeError: The array isn't numeric, or is of another type than those before.
        """
        if isinstance(values, pa.Array | pa.ChunkedArray):
            values = to_numpy(pc.drop_null(values))
        array = np.ravel(values)
        if array.dtype.kind in "iub":
            array = array.astype(np.int64, copy=False)
        elif array.dtype.kind != "f" or array.dtype.itemsize not in _BITS:
            raise TypeError(f"quantiles: expected an array of float32, float64 or integers, received {array.dtype}")
        self._expect(array.dtype)
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            array = array[np.isfinite(array)]
        if array.size:
            self._pending.append(_keys(array))
            self._pending_size += array.size
            if self._pending_size >= max(_PENDING, self._counts.size):
                self._flush()

    def merge(self, other: "Quantiles") -> None:
        """Adds the values of other quantiles, whose result stays unchanged.

        Raises:
            TypeError: Their values are of another type.
        """
        other._flush()  # noqa: SLF001 (one class)
        if other._dtype is None or other._keys is None:  # noqa: SLF001
            return
        self._expect(other._dtype)  # noqa: SLF001
        self._flush()
        self._add(other._keys, other._counts, other._level)  # noqa: SLF001

    @property
    def exact(self) -> bool:
        """Whether every distinct value is kept."""
        self._flush()
        return self._level == 0

    @property
    def max_rank_error(self) -> float:
        """The largest error of a rank, as a fraction.

        It is a fraction of the count of values, and 0 while the quantiles are exact.
        """
        if self.exact or self._keys is None:
            return 0.0
        return float(self._counts.max() / self._counts.sum())

    def ranked(self) -> Ranked:
        """The sorted distinct values with their ranks.

        Beyond `cap` distinct values, each returned value is the middle of the interval that it
        represents.
        """
        self._flush()
        if self._dtype is None or self._keys is None:
            return Ranked(np.zeros(0, np.float32), np.zeros(0, np.int64))
        middle = (1 << self._level) >> 1
        keys = (self._keys << self._keys.dtype.type(self._level)) + self._keys.dtype.type(middle)
        return Ranked(_values(keys, self._dtype), np.cumsum(self._counts))

    def boundaries(self, num_buckets: int) -> npt.NDArray[np.float32]:
        """See `Ranked.boundaries`."""
        return self.ranked().boundaries(num_buckets)

    def quantile(self, q: float) -> float:
        """See `Ranked.quantile`."""
        return self.ranked().quantile(q)

    @property
    def mode(self) -> float:
        """See `Ranked.mode`."""
        return self.ranked().mode

    def __getstate__(self) -> tuple[Any, ...]:
        self._flush()
        return (self.cap, self._dtype, self._level, self._keys, self._counts)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.cap, self._dtype, self._level, self._keys, self._counts = state
        self._pending = []
        self._pending_size = 0

    def _expect(self, dtype: "np.dtype[Any]") -> None:
        if self._dtype is None:
            self._dtype = dtype
        elif self._dtype != dtype:
            raise TypeError(f"quantiles: expected values of {self._dtype}, as before, received {dtype}")

    def _flush(self) -> None:
        if self._pending:
            keys = np.concatenate(self._pending)
            self._pending = []
            self._pending_size = 0
            keys.sort()
            self._add(*_runs(keys), 0)

    def _add(self, keys: _Keys, counts: _Counts, level: int) -> None:
        # Both sides are sorted and distinct, each at its own level.
        if self._keys is not None:
            coarsest = max(level, self._level)
            keys = np.concatenate([_shifted(self._keys, coarsest - self._level), _shifted(keys, coarsest - level)])
            counts = np.concatenate([self._counts, counts])
            order = np.argsort(keys, kind="stable")
            keys, counts = _runs(keys[order], counts[order])
            level = coarsest
        self._level = _level(keys, level, self.cap)
        self._keys, self._counts = _runs(_shifted(keys, self._level - level), counts)


def _keys(values: npt.NDArray[Any]) -> _Keys:
    # int64: flip the sign bit. Floats: flip the sign bit of positive ones and all bits of negative
    # ones.
    unsigned, top = _BITS[values.dtype.itemsize]
    sign = unsigned(1 << top)
    if values.dtype.kind == "i":
        flipped: _Keys = values.view(unsigned) ^ sign
        return flipped
    bits = (values + values.dtype.type(0)).view(unsigned)  # -0.0 + 0 is 0.0: the two are one value
    keys: _Keys = np.where(bits >= sign, ~bits, bits | sign)
    return keys


def _values(keys: _Keys, dtype: "np.dtype[Any]") -> npt.NDArray[Any]:
    sign = keys.dtype.type(1 << _BITS[dtype.itemsize][1])
    bits = keys ^ sign if dtype.kind == "i" else np.where(keys >= sign, keys ^ sign, ~keys)
    values: npt.NDArray[Any] = bits.view(dtype)
    return values


def _shifted(keys: _Keys, bits: int) -> _Keys:
    shifted: _Keys = keys >> keys.dtype.type(bits) if bits else keys
    return shifted


def _runs(keys: _Keys, counts: "_Counts | None" = None) -> tuple[_Keys, _Counts]:
    """The distinct keys of sorted ones, with their summed counts.

    `counts` of None means that each key counts 1.
    """
    if not keys.size:
        return keys, np.zeros(0, np.int64)
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    if counts is None:
        return keys[starts], np.diff(starts, append=keys.size)
    return (keys, counts) if starts.size == keys.size else (keys[starts], np.add.reduceat(counts, starts))


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
