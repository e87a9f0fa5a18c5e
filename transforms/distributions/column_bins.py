"""Distributions of several columns of numbers, in bounded memory.

A column's values are counted by order-preserving keys, exactly while at most `MOST` differ. Beyond,
the keys lose as many of their low bits as it takes, and no more, so that values that are near each
other share a bin. That number depends on the set of values alone, so merges are associative and
commutative to the bit.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from shardmill.transforms.distributions.distribution import Distribution
from shardmill.transforms.kernel.described_columns import FLOATS, Columns
from shardmill.transforms.kernel.library import kernel

# The most bins of a column, and of all: 32 bytes each. With 2,000 columns, whose bins no cache
# holds at once, half as many take half the time.
MOST = 2048
_IN_ALL = 1 << 18
_LEAST = 128
# Bins and Bin in native/statistics/bins.c.
LAYOUT = np.dtype([(name, np.int64) for name in ("slots", "bits", "most", "held", "lost", "below", "above")])
BIN = np.dtype([("key", np.uint64), ("count", np.int64)])
_KEY_BITS = 64
# The keys of the least and the greatest finite float32.
_FINITE = (np.uint64(0x00800000), np.uint64(0xFF7FFFFF))


class ColumnBins:
    """An accumulator of several columns' distributions.

    `merge` is associative and commutative to the bit.
    """

    def __init__(self, kinds: Sequence[int], most: int | None = None) -> None:
        """Makes an empty accumulator.

        Args:
            kinds: The kind of each column, `FLOATS` or `INTEGERS`.
            most: The most bins of a column; at least 2. None means `MOST`, or fewer where the
                columns are many.
        """
        self._kinds = np.array(kinds, np.int64)
        self._most = most or max(_LEAST, min(MOST, _IN_ALL // max(1, len(kinds))))
        # At most half of the slots are taken.
        bits = self._most.bit_length()
        self._slots = np.zeros((len(kinds), 1 << bits), BIN)
        self._table = np.zeros(len(kinds), LAYOUT)
        self._table["slots"] = self._slots.ctypes.data + np.arange(len(kinds)) * self._slots.strides[0]
        self._table["bits"], self._table["most"] = bits, self._most

    def update(self, columns: Columns, index: "npt.NDArray[np.int64] | None" = None) -> None:
        """Adds rows; nulls and NaNs are skipped.

        Args:
            columns: The columns, of the kinds given at first.
            index: The indices of the rows to add. None means all.

        Raises:
            TypeError: The columns are of other kinds.
        """
        columns.check_kinds(self._kinds, "bins")
        rows = columns.rows if index is None else len(index)
        kernel().kernel_bin(columns.table, self._table, len(self._table), index, rows, self._spare())

    def merge(self, other: "ColumnBins") -> None:
        """Adds the values of other bins of the same columns.

        They stay unchanged.
        """
        self._merge(*other._saved())  # noqa: SLF001 (one class)

    def distributions(self) -> list[Distribution]:
        """The distribution of each column."""
        (_, bins), stop = self._saved(), 0
        found = []
        for kind, row in zip(self._kinds.tolist(), self._table, strict=True):
            start, stop = stop, stop + int(row["held"])
            mine = np.sort(bins[start:stop], order="key")
            ends = _ends(mine["key"], int(row["lost"]), is_float=kind == FLOATS)
            found.append(
                Distribution(*ends, mine["count"].copy(), int(row["below"]), int(row["above"]), kind != FLOATS)
            )
        return found

    def __getstate__(self) -> tuple[Any, ...]:
        return (self._kinds, self._most, *self._saved())

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        kinds, most, table, bins = state
        self.__init__(kinds.tolist(), most)  # type: ignore[misc]
        self._merge(table, bins)

    def _saved(self) -> tuple[npt.NDArray[np.void], npt.NDArray[np.void]]:
        """The table without its slots, and all columns' bins."""
        bins = np.empty(int(self._table["held"].sum()) + 1, BIN)
        kernel().kernel_list_bins(self._table, len(self._table), bins)
        return self._table.copy(), bins[:-1].copy()

    def _merge(self, table: npt.NDArray[np.void], bins: npt.NDArray[np.void]) -> None:
        assert len(table) == len(self._table)
        assert int(table["held"].sum()) == len(bins)
        assert (table["lost"] < _KEY_BITS).all()
        kernel().kernel_merge_bins(self._table, table, len(table), bins, self._spare())

    def _spare(self) -> npt.NDArray[np.void]:
        return np.empty(self._most + 1, BIN)


def _ends(
    keys: npt.NDArray[np.uint64], lost: int, *, is_float: bool
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The least and the greatest values of bins, float64."""
    low = keys << np.uint64(lost)
    return tuple(_values(each, is_float=is_float) for each in (low, low | np.uint64((1 << lost) - 1)))  # type: ignore[return-value]


def _values(keys: npt.NDArray[Any], *, is_float: bool) -> npt.NDArray[np.float64]:
    # As native/statistics/keys.h makes them.
    if not is_float:
        return (keys ^ np.uint64(1 << 63)).view(np.int64).astype(np.float64)
    # The outer bins may go beyond the finite numbers.
    narrow = np.clip(keys, *_FINITE).astype(np.uint32)
    sign = np.uint32(1 << 31)
    bits = np.where(narrow >= sign, narrow ^ sign, ~narrow)
    values: npt.NDArray[np.float64] = bits.view(np.float32).astype(np.float64)
    return values
