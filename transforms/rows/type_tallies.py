"""Counts of cells by spelling, which decide columns' types."""

import ctypes
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.schemas.inference.spelling import CellCounts, Spelling, count_cells
from shardmill.schemas.inference.type_counts import TypeCounts, decide
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.kernel.library import kernel

# The counters of a column, in the order of native/spelling.c: other cells, missing ones, those of
# each spelling, and those that are left to `count_cells`.
_ABSENT = 1
_KINDS: tuple[Spelling | None, ...] = (
    None,
    None,
    Spelling.INTEGER,
    Spelling.WHOLE,
    Spelling.FLOAT,
    Spelling.LEADING_ZERO,
    Spelling.BIG,
    Spelling.INFINITE,
    Spelling.NAN,
    Spelling.BLANK,
    None,
)
# Such cells, as the kernel tells them; there are few, or none at all.
_CELL = np.dtype([("column", np.int32), ("row", np.int32)])
_ROOM = 1024
_POINTER_OF = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


class TypeTallies:
    """The counts that decide the types of columns.

    Merging them is commutative.

    Args:
        names: The columns' names, in the schema's order.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.rows = 0
        self._schema = pa.schema([(name, pa.string()) for name in self.names])
        self._counts = np.zeros((len(self.names), len(_KINDS)), np.int64)

    def __getitem__(self, name: str) -> TypeCounts:
        return self._column(self.names.index(name))

    def __iter__(self) -> Iterator[TypeCounts]:
        return map(self._column, range(len(self.names)))

    def _column(self, index: int) -> TypeCounts:
        counts = self._counts[index].tolist()
        spellings = Counter({kind: count for kind, count in zip(_KINDS, counts, strict=True) if kind and count})
        return TypeCounts(self.names[index], self.rows, counts[_ABSENT], CellCounts(spellings))

    def update(self, batch: pa.RecordBatch) -> None:
        """Adds rows.

        Args:
            batch: A string column for each name, in their order, null where missing.

        Raises:
            ValueError: It has other columns.
        """
        if not batch.schema.equals(self._schema):
            raise ValueError(f"expected string columns {list(self.names)!r}, received {batch.schema.to_string()}")
        self.rows += batch.num_rows
        counts, hard = _count(batch, _ROOM)
        for column in np.unique(hard["column"]).tolist():
            rows = hard["row"][hard["column"] == column]
            spellings = count_cells(batch.column(column).take(pa.array(rows))).spellings
            counts[column] += [spellings[kind] if kind else 0 for kind in _KINDS]
        self._counts += counts

    def merge(self, other: "TypeTallies") -> None:
        """Adds the rows of other columns of the same names.

        Raises:
            ValueError: They have other names.
        """
        if self.names != other.names:
            raise ValueError(f"counts of other columns: {sorted({*self.names} ^ {*other.names})!r}")
        self.rows += other.rows
        self._counts += other._counts  # noqa: SLF001 (of the same class)

    def schema(self, allowed: Mapping[str, frozenset[ColumnType]]) -> Schema:
        """The inferred schema.

        Args:
            allowed: The allowed types of columns whose uses accept certain types only, by name.
        """
        return Schema(tuple(decide(counts, allowed.get(counts.name, frozenset(ColumnType))) for counts in self))


def _count(batch: pa.RecordBatch, room: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.void]]:
    """Counts a batch's cells, and finds the hard ones.

    Args:
        batch: Columns of strings.
        room: The most hard cells that are expected; with more, all is done again.

    Returns:
        int64 [columns, kinds], and the hard cells.
    """
    counts, hard = np.zeros((batch.num_columns, len(_KINDS)), np.int64), np.empty(room, _CELL)
    _, exported = batch.__arrow_c_array__()
    found = kernel().kernel_spellings(_address(exported), counts.ctypes.data, hard.ctypes.data, room)
    return (counts, hard[:found]) if found <= room else _count(batch, found)


def _address(exported: object) -> int:
    """The address of an array that Arrow has exported."""
    return int(_POINTER_OF(exported, b"arrow_array"))
