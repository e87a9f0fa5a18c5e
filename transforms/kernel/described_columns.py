"""Describes columns to the kernel's statistics: where their values are.

No column takes Python code of its own where a whole batch is described.
"""

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.transforms.kernel.library import kernel

FLOATS, INTEGERS, TEXTS, LARGE_TEXTS = 1, 2, 3, 4
# Column in native/columns/column.h.
COLUMN = np.dtype([(name, np.int64) for name in ("valid", "values", "bounds", "offset", "each", "kind")])

# The type of an Arrow array, or of a list's values.
_ARROW_KINDS = {
    pa.float32(): FLOATS,
    pa.int64(): INTEGERS,
    pa.string(): TEXTS,
    pa.binary(): TEXTS,
    pa.large_string(): LARGE_TEXTS,
    pa.large_binary(): LARGE_TEXTS,
}
_NUMPY_KINDS = {np.dtype(np.float32): FLOATS, np.dtype(np.int64): INTEGERS}

# A function of its own: `ctypes.pythonapi` is everybody's.
_pointer_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


@dataclass(frozen=True)
class Columns:
    """Some columns' descriptions.

    Attributes:
        table: `COLUMN` [n]. Null addresses are 0.
        rows: The rows of each.
        owners: What holds the memory described, and must live as long.
    """

    table: npt.NDArray[np.void]
    rows: int
    owners: tuple[object, ...]

    def take(self, indices: npt.NDArray[np.int64]) -> "Columns":
        """Some of the columns.

        Args:
            indices: Their indices, int64.
        """
        return Columns(self.table[indices], self.rows, self.owners)

    def joined(self, other: "Columns") -> "Columns":
        """These columns, then others of as many rows."""
        return Columns(np.concatenate([self.table, other.table]), self.rows, (*self.owners, *other.owners))

    def check_kinds(self, kinds: npt.NDArray[np.int64], what: str) -> None:
        """Checks that an accumulator was made for such columns.

        Args:
            kinds: The kinds that it was made for, int64 [n].
            what: The accumulator, for the message.

        Raises:
            TypeError: The columns are of other kinds.
        """
        if not np.array_equal(self.table["kind"], kinds):
            raise TypeError(
                f"{what}: expected columns of the kinds {kinds.tolist()}, "
                f"received {self.table['kind'].tolist()}; make {what} for these"
            )

    def add_to(
        self, statistics: npt.NDArray[Any], index: "npt.NDArray[np.int64] | None", function: Callable[..., None]
    ) -> None:
        """Adds rows to a statistic of each column.

        Args:
            statistics: The statistics [n, ...], in the layout of the function.
            index: The indices of the rows to add. None means all.
            function: The kernel's function that adds them.
        """
        function(self.table, statistics, len(statistics), index, self.rows if index is None else len(index))


class _Learned(NamedTuple):
    """A schema, with the columns' indices in it and what it says of them.

    Attributes:
        schema: The schema.
        indices: int64, the index of each column.
        table: `COLUMN` [n], without addresses.
    """

    schema: pa.Schema
    indices: npt.NDArray[np.int64]
    table: npt.NDArray[np.void]


class ColumnFinder:
    """Describes the columns of record batches.

    Batches of one schema after another cost least. Threads may share it.
    """

    def __init__(self, names: Sequence[str]) -> None:
        """Takes the columns' names, in the order of their descriptions."""
        self._names = tuple(names)
        self._learned: _Learned | None = None

    def find(self, batch: pa.RecordBatch) -> Columns:
        """Describes a batch's columns.

        Raises:
            KeyError: The batch lacks one.
            TypeError: One is neither float32, int64 nor text.
        """
        # Read once: another thread may put another schema's in its place, but never changes these,
        # and they live as long as the call of the kernel, during which other threads run.
        learned = self._learned
        if learned is None or not learned.schema.equals(batch.schema):
            self._learned = learned = self._learn(batch.schema)
        indices, table = learned.indices, learned.table.copy()
        _, exported = batch.__arrow_c_array__()
        kernel().kernel_find_columns(_pointer_of(exported, b"arrow_array"), indices, len(table), table)
        return Columns(table, batch.num_rows, (exported,))

    def _learn(self, schema: pa.Schema) -> _Learned:
        positions = {name: index for index, name in enumerate(schema.names)}
        types = [schema.field(positions[name]).type for name in self._names]
        for name, kind in zip(self._names, types, strict=True):
            if kind not in _ARROW_KINDS:
                raise TypeError(f"column {name!r}: expected float32, int64 or text, received {kind}; cast it")
        table = np.zeros(len(types), COLUMN)
        table["each"] = 1
        table["kind"] = [_ARROW_KINDS[kind] for kind in types]
        return _Learned(schema, np.array([positions[name] for name in self._names], np.int64), table)

    def __reduce__(self) -> tuple[Any, ...]:
        return (ColumnFinder, (self._names,))


def columns_of(arrays: Sequence["npt.NDArray[Any] | pa.Array"], rows: int) -> Columns:
    """Describes columns that are arrays of their own.

    Args:
        arrays: float32 or int64 arrays of NumPy [rows, ...], or Arrow arrays of these or large
            lists of them, one for each row, without nulls among the lists.
        rows: The rows of each.

    Raises:
        TypeError: An array is of another type.
        ValueError: An array has more or fewer rows.
    """
    kept = [_dense(array) if isinstance(array, np.ndarray) else array for array in arrays]
    table = np.array([_described(array, rows) for array in kept], COLUMN)
    return Columns(table, rows, tuple(kept))


def _dense(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    flags = array.flags  # sooner than `np.require`, which is for the rare other one
    return array if flags.c_contiguous and flags.aligned else np.require(array, requirements=["C", "A"])


def _described(array: "npt.NDArray[Any] | pa.Array", rows: int) -> tuple[int, ...]:
    if len(array) != rows:
        raise ValueError(
            f"an array for the kernel: expected {rows} rows, received {len(array)}; give arrays of one length"
        )
    if isinstance(array, np.ndarray):
        if array.dtype not in _NUMPY_KINDS:
            raise TypeError(f"an array for the kernel: expected float32 or int64, received {array.dtype}; cast it")
        each = array.size // rows if rows else 0
        # A buffer of Arrow's tells its address six times as fast as `array.ctypes`.
        return (0, pa.py_buffer(array).address, 0, 0, each, _NUMPY_KINDS[array.dtype])
    bounds = 0
    if pa.types.is_large_list(array.type):
        bounds = array.buffers()[1].address + 8 * array.offset
        array = array.values
    if array.type not in _ARROW_KINDS:
        raise TypeError(f"an array for the kernel: expected float32, int64 or text, received {array.type}; cast it")
    valid, values = array.buffers()[:2]
    address = valid.address if valid is not None and array.null_count else 0
    return (address, values.address if values is not None else 0, bounds, array.offset, 1, _ARROW_KINDS[array.type])
