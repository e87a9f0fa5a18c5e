"""Quantiles of several columns at once."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from shardmill.transforms.kernel.described_columns import FLOATS, INTEGERS, Columns
from shardmill.transforms.kernel.library import kernel
from shardmill.transforms.statistics.quantiles import CAP, Quantiles

# The most distinct keys kept of all columns: 200 MB for float32. `CAP` holds for each of up to 16.
KEYS_IN_ALL = 1 << 24
# The most keys gathered before they are merged, of a column and of all: in bulk it costs less.
GATHERED = 1 << 18
GATHERED_IN_ALL = 1 << 24

# By kind, the dtypes of values and keys.
_DTYPES: dict[int, tuple["np.dtype[Any]", type[np.unsignedinteger[Any]]]] = {
    FLOATS: (np.dtype(np.float32), np.uint32),
    INTEGERS: (np.dtype(np.int64), np.uint64),
}


class ColumnQuantiles:
    """An accumulator of the quantiles of several columns.

    Values are gathered until sorting and merging them is worth it.
    """

    def __init__(self, kinds: Sequence[int], cap: int | None = None) -> None:
        """Makes an empty accumulator.

        Args:
            kinds: The kind of each column, `FLOATS` or `INTEGERS`.
            cap: The most distinct keys kept of a column; at least 2. None means `CAP`, or fewer
                where the columns are many.
        """
        self._kinds = np.array(kinds, np.int64)
        self._cap = cap or max(2, min(CAP, KEYS_IN_ALL // max(1, len(kinds))))
        self._merged = [Quantiles(self._cap) for _ in kinds]
        self._forget()

    def update(self, columns: Columns, index: "npt.NDArray[np.int64] | None" = None) -> None:
        """Adds rows; nulls, NaNs and infinities are skipped.

        Args:
            columns: The columns, of the kinds given at first, with one value in a row.
            index: The indices of the rows to add. None means all.

        Raises:
            TypeError: The columns are of other kinds.
        """
        columns.check_kinds(self._kinds, "quantiles")
        rows = columns.rows if index is None else len(index)
        for column in np.flatnonzero(self._sizes - self._held <= rows).tolist():
            self._make_room(column, rows)
        kernel().kernel_append_keys(columns.table, len(self._kinds), index, rows, self._addresses, self._held)

    def merge(self, other: "ColumnQuantiles") -> None:
        """Adds the values of other quantiles, whose result stays unchanged."""
        for mine, others in zip(self.all(), other.all(), strict=True):
            mine.merge(others)

    def all(self) -> list[Quantiles]:
        """The quantiles of every column."""
        for column in range(len(self._kinds)):
            self._flush(column)
        return self._merged

    def take(self) -> list[Quantiles]:
        """Takes out the quantiles of every column.

        Empty ones stay, so that the accumulator is small.
        """
        taken = self.all()
        self._merged = [Quantiles(self._cap) for _ in taken]
        self._forget()
        return taken

    def replaced(self, quantiles: Mapping[int, Quantiles]) -> "ColumnQuantiles":
        """An accumulator of the same columns with other quantiles.

        Args:
            quantiles: Those of some columns, by the column's index; the others have none.
        """
        made = ColumnQuantiles(self._kinds.tolist(), self._cap)
        made._merged = [quantiles.get(column, each) for column, each in enumerate(made._merged)]
        return made

    def __getstate__(self) -> tuple[Any, ...]:
        return (self._kinds, self._cap, self.all())

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._kinds, self._cap, self._merged = state
        self._forget()

    def _forget(self) -> None:
        """Lets go of the gathered keys."""
        count = len(self._kinds)
        self._gathered = [np.zeros(0, _DTYPES[kind][1]) for kind in self._kinds.tolist()]
        self._addresses, self._sizes, self._held = np.zeros((3, count), np.int64)

    def _make_room(self, column: int, rows: int) -> None:
        """Makes room for more keys.

        It merges those gathered, or takes a larger array.
        """
        held = int(self._held[column])
        most = max(min(GATHERED, GATHERED_IN_ALL // len(self._kinds)), self._merged[column].distinct)
        if held + rows >= most:
            self._flush(column)
            held = 0
        # One more than all: the kernel writes a key before it knows whether it counts.
        needed = held + rows + 1
        if needed > self._sizes[column]:
            before = self._gathered[column]
            self._gathered[column] = np.empty(max(needed, min(2 * needed, most)), before.dtype)
            self._gathered[column][:held] = before[:held]
            self._sizes[column] = len(self._gathered[column])
            self._addresses[column] = self._gathered[column].ctypes.data

    def _flush(self, column: int) -> None:
        """Merges a column's gathered keys."""
        if self._held[column]:
            keys = self._gathered[column][: self._held[column]]
            keys.sort()
            self._merged[column].add(keys, _DTYPES[int(self._kinds[column])][0])
            self._held[column] = 0
