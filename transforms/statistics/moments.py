"""Exact count, sum, sum of squares, minimum and maximum.

All moments of all columns come from one pass. Sums of floating point numbers depend on the order of
addition; sums of integers don't. float32 values are integers times a power of two, so the kernel
adds them and their squares in fixed point, without rounding anything
(`native/statistics/moments.c`). So merges are integer additions: any partition of the rows, in any
order, gives the same bits, and mean and variance are rounded once, at the end.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shardmill.transforms.kernel.described_columns import FLOATS, Columns
from shardmill.transforms.kernel.library import kernel

# The smallest positive float32 is 2**-149: every sum is an integer in units of it, every sum of
# squares of its square.
_SCALE = 149
# Moments in native/statistics/moments.c.
LAYOUT = np.dtype(
    [(name, np.int64) for name in ("kind", "count", "missing", "non_finite", "zeros", "low", "high")]
    + [("total", np.uint64, 6), ("squares", np.uint64, 10)]
)
_INT64 = np.iinfo(np.int64)


@dataclass(frozen=True)
class Moments:
    """A numeric column's exact moments.

    Attributes:
        count: Finite values.
        missing: Nulls and NaNs.
        non_finite: Infinities. They are in no other statistic.
        zeros: Values equal to 0.
        minimum: The smallest finite value, a float or an int like the column's values; 0 without
            values. Never -0.0.
        maximum: The largest finite value, likewise.
        total: The exact sum times 2**149.
        squares: The exact sum of squares times 2**298.
    """

    count: int = 0
    missing: int = 0
    non_finite: int = 0
    zeros: int = 0
    minimum: float | int = 0
    maximum: float | int = 0
    total: int = 0
    squares: int = 0

    @property
    def mean(self) -> float:
        """The mean, correctly rounded; 0 without values."""
        return self.total / (self.count << _SCALE) if self.count else 0.0

    @property
    def variance(self) -> float:
        """The population variance (ddof 0), correctly rounded.

        It is 0 without values, and exactly 0 for a constant.
        """
        if not self.count:
            return 0.0
        # Python rounds a quotient of integers correctly, however long they are.
        return (self.count * self.squares - self.total**2) / (self.count**2 << 2 * _SCALE)

    @property
    def std(self) -> float:
        """The population standard deviation."""
        return math.sqrt(self.variance)


class ColumnMoments:
    """An accumulator of the exact moments of several columns.

    `merge` is associative and commutative to the bit.
    """

    def __init__(self, kinds: Sequence[int]) -> None:
        """Makes an empty accumulator.

        Args:
            kinds: The kind of each column, `FLOATS` or `INTEGERS`.
        """
        self._table = np.zeros(len(kinds), LAYOUT)
        self._table["kind"] = kinds
        self._table["low"] = _INT64.max
        self._table["high"] = _INT64.min

    def update(self, columns: Columns, index: "npt.NDArray[np.int64] | None" = None) -> None:
        """Adds rows; nulls and NaNs are missing.

        Args:
            columns: The columns, of the kinds given at first.
            index: The indices of the rows to add. None means all.

        Raises:
            TypeError: The columns are of other kinds.
        """
        columns.check_kinds(self._table["kind"], "moments")
        columns.add_to(self._table, index, kernel().kernel_moments)

    def merge(self, other: "ColumnMoments") -> None:
        """Adds the moments of other columns of the same kinds.

        They stay unchanged.
        """
        assert np.array_equal(other._table["kind"], self._table["kind"])  # noqa: SLF001 (one class)
        kernel().kernel_merge_moments(self._table, other._table, len(self._table))  # noqa: SLF001

    def copy(self) -> "ColumnMoments":
        """An accumulator of the same moments."""
        copied = ColumnMoments(self._table["kind"].tolist())
        copied.merge(self)
        return copied

    def __len__(self) -> int:
        return len(self._table)

    def __iter__(self) -> Iterator[Moments]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Moments:
        row = self._table[index]
        total, squares = (
            int.from_bytes(row["total"].tobytes(), "little", signed=True),
            int.from_bytes(row["squares"].tobytes(), "little", signed=True),
        )
        is_float = row["kind"] == FLOATS
        if not is_float:
            total, squares = total << _SCALE, squares << 2 * _SCALE
        low, high = (0, 0) if not row["count"] else (int(row["low"]), int(row["high"]))
        return Moments(
            count=int(row["count"]),
            missing=int(row["missing"]),
            non_finite=int(row["non_finite"]),
            zeros=int(row["zeros"]),
            minimum=_float_of(low) if is_float and row["count"] else low,
            maximum=_float_of(high) if is_float and row["count"] else high,
            total=total,
            squares=squares,
        )


def _float_of(key: int) -> float:
    # `key_of` in native/statistics/moments.c is its own inverse. -0.0 + 0 is 0.0: the two are one
    # value.
    bits = np.array([key if key >= 0 else key ^ 0x7FFFFFFF], np.int32)
    return float(bits.view(np.float32)[0]) + 0.0
