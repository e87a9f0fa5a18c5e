"""Exact count, sum, sum of squares, minimum and maximum.

All of a column's moments come from one pass. Sums of floating point numbers depend on the order of
addition; sums of integers don't. Every value is cut into a few integer slices so short that NumPy
sums them and BLAS multiplies them without rounding, whatever the order; the exact totals are kept
as Python integers in fixed point. So merges are integer additions: any partition of the rows, in
any order, gives the same bits, and mean and variance are rounded once, at the end (the slicing of
Demmel and Nguyen, "Fast Reproducible Floating-Point Summation", 2013, with exact totals instead of
their bins).
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import to_numpy

# The smallest positive float64 is 2**-1074: every sum is an integer in units of it, every sum of
# squares of its square.
_SCALE = 1074
# 8,192 products of two integers of at most 2**20 add up to at most 2**53: exact in float64 in any
# order, fused or not.
_SLICE_BITS = 20
_CHUNK = 8192
# A float64 chunk is scaled to about 1. Elements below this bound could lose bits as subnormals, so
# they make a chunk of their own.
_TINY = 2.0**-900
# A chunk whose largest element is below 2**_SCALED_UP is scaled up: it can't lose bits.
_SCALED_UP = -100
_LIMB = (1 << _SLICE_BITS) - 1

_Floats = npt.NDArray[np.float64]
_Integers = npt.NDArray[np.int64]


@dataclass(slots=True)
class Moments:
    """An accumulator of a numeric column's exact moments.

    `merge` is associative and commutative to the bit.

    Attributes:
        count: Finite values.
        missing: Nulls and NaNs.
        non_finite: Infinities. They are in no other statistic.
        zeros: Values equal to 0.
        minimum: The smallest finite value, a float or an int like the column's values; 0 without
            values. Never -0.0.
        maximum: The largest finite value, likewise.
        total: The exact sum times 2**1074.
        squares: The exact sum of squares times 2**2148.
    """

    count: int = 0
    missing: int = 0
    non_finite: int = 0
    zeros: int = 0
    minimum: float | int = 0
    maximum: float | int = 0
    total: int = 0
    squares: int = 0

    def update(self, values: "pa.Array | pa.ChunkedArray | npt.NDArray[np.generic]") -> None:
        """Adds values.

        Args:
            values: An Arrow or NumPy array of any shape: float32, float64, or integers or booleans
                of at most 64 bits (unsigned ones below 2**63). Nulls and NaNs are missing.

        Raises:
            TypeError: The array isn't numeric.
        """
        array = np.ravel(values) if isinstance(values, np.ndarray) else self._present(values)
        if array.dtype.kind == "f":
            self._update_floats(array.astype(np.float32) if array.dtype == np.float16 else array)
        elif array.dtype.kind in "iub":
            self._update_integers(array.astype(np.int64, copy=False))
        else:
            raise TypeError(f"moments: expected an array of numbers, received {array.dtype}")

    def merge(self, other: "Moments") -> None:
        """Adds the values of other moments, which stay unchanged."""
        self._widen(other.count, other.minimum, other.maximum)
        self.missing += other.missing
        self.non_finite += other.non_finite
        self.zeros += other.zeros
        self.total += other.total
        self.squares += other.squares

    @property
    def mean(self) -> float:
        """The mean, correctly rounded; 0 without values."""
        return _ratio(self.total, self.count << _SCALE) if self.count else 0.0

    @property
    def variance(self) -> float:
        """The population variance (ddof 0), correctly rounded.

        It is 0 without values, and exactly 0 for a constant.
        """
        if not self.count:
            return 0.0
        return _ratio(self.count * self.squares - self.total**2, self.count**2 << 2 * _SCALE)

    @property
    def std(self) -> float:
        """The population standard deviation."""
        return math.sqrt(self.variance)

    def _present(self, values: "pa.Array | pa.ChunkedArray") -> npt.NDArray[np.generic]:
        if pa.types.is_boolean(values.type):
            values = values.cast(pa.int8())
        if values.null_count:
            self.missing += values.null_count
            values = pc.drop_null(values)
        return to_numpy(values)

    def _update_floats(self, values: npt.NDArray[np.generic]) -> None:
        if not values.size:
            return
        low, high = float(values.min()), float(values.max())
        if not (math.isfinite(low) and math.isfinite(high)):
            values = self._finite(values)
            if not values.size:
                return
            low, high = float(values.min()), float(values.max())
        # Adding 0.0 makes -0.0 to 0.0: which of the two comes first must not matter.
        self._widen(values.size, low + 0.0, high + 0.0)
        self.zeros += _count_zeros(values, low, high)
        self._add_floats(values, max(-low, high))

    def _finite(self, values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        finite = np.isfinite(values)
        missing = int(np.count_nonzero(np.isnan(values)))
        self.missing += missing
        self.non_finite += values.size - int(np.count_nonzero(finite)) - missing
        kept: npt.NDArray[np.generic] = values[finite]
        return kept

    def _add_floats(self, values: npt.NDArray[np.generic], largest: float) -> None:
        if largest == 0:
            return
        # All values are below 2**top; so scaled by 2**shift, their integer part has at most 20
        # bits.
        top = math.frexp(largest)[1]
        shift = _SLICE_BITS - top
        for start in range(0, values.size, _CHUNK):
            chunk = values[start : start + _CHUNK].astype(np.float64)
            if values.dtype != np.float32:
                chunk = self._without_tiny(chunk, math.ldexp(_TINY, top) if top > _SCALED_UP else 0.0)
            # In two steps: 2**shift itself may be too large for a float64.
            chunk *= math.ldexp(1.0, shift // 2)
            chunk *= math.ldexp(1.0, shift - shift // 2)
            self._add_slices(*_float_slices(chunk, -shift))

    def _without_tiny(self, chunk: _Floats, bound: float) -> _Floats:
        magnitude = np.abs(chunk)
        tiny = (magnitude < bound) & (magnitude > 0)
        if tiny.any():
            apart = chunk[tiny]
            self._add_floats(apart, float(np.abs(apart).max()))
            chunk[tiny] = 0.0
        return chunk

    def _update_integers(self, values: _Integers) -> None:
        if not values.size:
            return
        low, high = int(values.min()), int(values.max())
        self._widen(values.size, low, high)
        self.zeros += _count_zeros(values, low, high)
        # The last limb keeps the sign: a shift to the right rounds down, so the lower limbs hold
        # the rest, from 0 up.
        limbs = max(1, -(-max(low.bit_length(), high.bit_length()) // _SLICE_BITS))
        for start in range(0, values.size, _CHUNK):
            chunk = values[start : start + _CHUNK]
            exponents = [_SLICE_BITS * index for index in range(limbs)]
            shifted = [chunk >> exponent for exponent in exponents]
            slices = [*(limb & _LIMB for limb in shifted[:-1]), shifted[-1]]
            self._add_slices([limb.astype(np.float64) for limb in slices], exponents)

    def _add_slices(self, slices: list[_Floats], exponents: list[int]) -> None:
        for index, (left, exponent) in enumerate(zip(slices, exponents, strict=True)):
            self.total += _shift(int(left.sum()), exponent + _SCALE)
            self.squares += _shift(int(np.dot(left, left)), 2 * (exponent + _SCALE))
            for right, other in zip(slices[:index], exponents[:index], strict=True):
                self.squares += _shift(int(np.dot(left, right)), exponent + other + 2 * _SCALE + 1)

    def _widen(self, count: int, low: float, high: float) -> None:
        if count:
            self.minimum = min(self.minimum, low) if self.count else low
            self.maximum = max(self.maximum, high) if self.count else high
            self.count += count


def _float_slices(chunk: _Floats, exponent: int) -> tuple[list[_Floats], list[int]]:
    # Each slice is the integer part of what is left; the rest is at most 1/2 and is exact, as is
    # its scaling.
    slices: list[_Floats] = []
    exponents: list[int] = []
    while True:
        part = np.rint(chunk)
        slices.append(part)
        exponents.append(exponent)
        chunk -= part
        if not chunk.any():
            return slices, exponents
        chunk *= 2.0 ** (_SLICE_BITS + 1)
        exponent -= _SLICE_BITS + 1


def _shift(value: int, bits: int) -> int:
    # A right shift drops zeros only: every value is a multiple of the unit, so each slice below it
    # is one too.
    return value << bits if bits >= 0 else value >> -bits


def _count_zeros(values: npt.NDArray[np.generic], low: float, high: float) -> int:
    return int(np.count_nonzero(values == 0)) if low <= 0 <= high else 0


def _ratio(numerator: int, denominator: int) -> float:
    # Python rounds a quotient of integers correctly, however long they are.
    try:
        return numerator / denominator
    except OverflowError:
        return math.inf  # a variance; a mean lies between two floats
