"""Exact count, mean and variance of a number by key.

A float32 number is an integer of 24 bits times a power of two. Integers of one power are added in
int64, their squares in two halves, so nothing is rounded and merges are integer additions: any
partition of the rows, in any order, gives the same bits.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.errors import DataError

# The most distinct keys: their moments take some 50 bytes for each power of two that values have.
MOST_KEYS = 100_000
_BITS = 24
# The powers of all integers are at least 2**-172: those of the smallest float32, 2**-149.
_LEAST_POWER = 148 + _BITS
# The fewest rows of tables that are gathered before they are summed: in bulk it costs less.
_GATHERED = 1 << 17
_SUMS = ("count", "total", "high", "low")
_SCHEMA = pa.schema([("key", pa.binary()), *((name, pa.int64()) for name in ("power", *_SUMS))])


@dataclass(frozen=True)
class KeyMoments:
    """A number's moments of one key.

    Attributes:
        key: The key.
        count: Its finite values.
        mean: Their mean, correctly rounded.
        variance: Their population variance (ddof 0), likewise; exactly 0 for a constant.
    """

    key: bytes
    count: int
    mean: float
    variance: float


class GroupMoments:
    """An accumulator of a number's moments by key.

    `merge` is associative and commutative to the bit.
    """

    def __init__(self, column: str, key: str) -> None:
        """Makes an empty accumulator.

        Args:
            column: The number's column, for messages.
            key: The key's column, likewise.
        """
        self._columns = (column, key)
        # What is summed, and tables to add to it.
        self._table = _SCHEMA.empty_table()
        self._gathered: list[pa.Table] = []

    def update(self, keys: pa.Array, values: npt.NDArray[np.float32]) -> None:
        """Adds rows; values that aren't finite are skipped.

        Args:
            keys: Binary; null counts as empty.
            values: As many.

        Raises:
            DataError: There are too many keys.
        """
        finite = np.isfinite(values)
        fractions, powers = np.frexp(values[finite])
        whole = (fractions * np.float32(1 << _BITS)).astype(np.int64)
        squares = whole * whole
        columns = [
            pc.fill_null(keys, b"").filter(pa.array(finite)),
            *map(pa.array, (powers.astype(np.int64), np.ones_like(whole), whole)),
            *map(pa.array, (squares >> _BITS, squares & ((1 << _BITS) - 1))),
        ]
        self._add(_summed(pa.table(columns, schema=_SCHEMA)))

    def merge(self, other: "GroupMoments") -> None:
        """Adds the rows of another accumulator, which stays unchanged.

        Raises:
            DataError: There are too many keys.
        """
        self._add(other._summed_up())  # noqa: SLF001 (one class)

    @property
    def held(self) -> int:
        """The number of sums that are held."""
        return sum(int(each.num_rows) for each in (self._table, *self._gathered))

    def results(self) -> Iterator[KeyMoments]:
        """The moments of each key, in the keys' order."""
        # One Python integer for each key and power, not for each row.
        found: dict[bytes, tuple[int, int, int]] = {}
        for row in self._summed_up().to_pylist():
            shift = row["power"] + _LEAST_POWER - _BITS
            count, total, squares = found.get(row["key"], (0, 0, 0))
            found[row["key"]] = (
                count + row["count"],
                total + (row["total"] << shift),
                squares + (((row["high"] << _BITS) + row["low"]) << 2 * shift),
            )
        for key, (count, total, squares) in sorted(found.items()):
            # Python rounds a quotient of integers correctly, however long they are.
            variance = (count * squares - total**2) / (count**2 << 2 * _LEAST_POWER)
            yield KeyMoments(key, count, total / (count << _LEAST_POWER), variance)

    def __getstate__(self) -> tuple[Any, ...]:
        return (self._columns, self._summed_up())

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._columns, self._table = state
        self._gathered = []

    def _add(self, table: pa.Table) -> None:
        self._gathered.append(table)
        if self.held > max(_GATHERED, self._table.num_rows) + self._table.num_rows:
            self._summed_up()

    def _summed_up(self) -> pa.Table:
        """All rows' sums, one row for each key and power."""
        if not self._gathered:
            return self._table
        self._table = _summed(pa.concat_tables([self._table, *self._gathered]))
        self._gathered = []
        number = pc.count_distinct(self._table["key"]).as_py()
        if number > MOST_KEYS:
            column, key = self._columns
            raise DataError(
                f"column {key!r} has more than {MOST_KEYS} distinct values, which are the keys by which column {column!r} is "
                "scaled (`group_z_score`); scale it by a key of fewer values, such as a coarser group"
            )
        return self._table


def _summed(table: pa.Table) -> pa.Table:
    sums: Any = [(name, "sum") for name in _SUMS]
    grouped = table.group_by(["key", "power"], use_threads=False).aggregate(sums)
    return grouped.select(["key", "power", *(f"{name}_sum" for name in _SUMS)]).rename_columns(_SCHEMA.names)
