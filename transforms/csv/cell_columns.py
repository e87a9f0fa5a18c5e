"""Cells to typed Arrow columns, by the kernel.

The kernel reads what it is sure of. Cells that spell no value of their column's type, and the few
numbers that need longer arithmetic, are cast from their text, by rules that are written once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.schemas.arrow import binary_edges, binary_octets, to_numpy
from shardmill.schemas.schema import ColumnType
from shardmill.transforms.kernel.library import SLACK, kernel
from shardmill.transforms.numbers.cast import Cast, cast
from shardmill.transforms.numbers.number_format import Infinite, NumberFormat
from shardmill.transforms.numbers.plain_numbers import plain_numbers
from shardmill.transforms.records.lexicon import Bytes, Positions

_BUFFERS = ("values", "valid", "data")
# `Column` in native/cells/cells.c, and its constants.
_COLUMN = np.dtype(
    [(name, np.uint64) for name in _BUFFERS]
    + [(name, np.int64) for name in ("size", "nulls", "hard", "infinite", "rounded")]
    + [("position", np.uint32), ("kind", np.uint8), ("infinity", np.uint8), ("pad", np.uint16)]
)
_FLOAT, _INT, _TEXT = 1, 2, 3
_ARROW = {_FLOAT: pa.float32(), _INT: pa.int64(), _TEXT: pa.string()}
_TEXTS = {pa.string().id, pa.binary().id}
_INFINITY: dict[Infinite, int] = {"keep": 0, "missing": 1, "reject": 2}
# Bytes of text's offset, and of a value of each kind, or of text's offset.
_OFFSET = 4
_WIDTHS = np.array([0, 4, 8, _OFFSET])
# `Nulls` in native/cells/cell.h.
_NULLS = np.dtype([("lengths", np.uint64), ("count", np.int64), ("data", np.uint64), ("offsets", np.uint64)])
# Buffers begin at multiples of it, as Arrow recommends.
_ALIGNED = 64
# The bytes that Arrow's strings reach.
_MOST_TEXT = (1 << 31) - 1
# A dialect in which nothing is special.
_PLAIN = bytes(8)
# The most hard cells of a chunk that are listed, and the share of a column's cells above which all
# of them are cast at once.
_MOST_HARD = 1 << 15
_SPARSE = 8


@dataclass(frozen=True)
class Grid:
    """The cells of some rows in a text.

    Cell i of row r is between `separators[first[r] + i]` and the separator after it.

    Attributes:
        text: The bytes, with `SLACK` readable bytes after them.
        separators: uint32, contiguous: the offset of each delimiter and line end outside quotes;
            the first is 2**32 - 1 and stands for one before the text.
        first: uint32, contiguous: for each row the index of the separator before its first cell.
    """

    text: Bytes
    separators: npt.NDArray[np.uint32]
    first: npt.NDArray[np.uint32]

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.first)

    @classmethod
    def of(cls, text: pa.Array) -> "Grid":
        """Rows of one cell each.

        Args:
            text: The cells, string; a null becomes an empty cell.
        """
        edges = binary_edges(text)
        stops = np.where(text.is_valid().to_numpy(zero_copy_only=False), edges[1:], edges[:-1])
        return cls(
            np.concatenate([binary_octets(text), np.zeros(SLACK, np.uint8)]),
            np.column_stack([edges[:-1] - 1, stops]).astype(np.uint32).ravel(),
            np.arange(0, 2 * len(text), 2, dtype=np.uint32),
        )

    @property
    def arguments(self) -> tuple[Bytes, npt.NDArray[np.uint32], npt.NDArray[np.uint32], int]:
        """As the kernel takes the cells."""
        return self.text, self.separators, self.first, len(self)

    def take(self, rows: Positions) -> "Grid":
        """Some of the rows."""
        return Grid(self.text, self.separators, self.first[rows])


@dataclass(frozen=True)
class CellColumn:
    """A column to parse.

    Attributes:
        position: Its position among a record's cells.
        type: The type to cast to.
        infinite: How infinite numbers in a FLOAT column are treated.
        number_format: How it writes numbers. None means as usual.
    """

    position: int
    type: ColumnType
    infinite: Infinite = "keep"
    number_format: NumberFormat | None = None

    @classmethod
    def text(cls, position: int) -> "CellColumn":
        """A column of text."""
        return cls(position, ColumnType.BYTES)

    @property
    def kind(self) -> int:
        """The kernel's kind: numbers in a format are text."""
        if self.number_format is not None or self.type is ColumnType.BYTES:
            return _TEXT
        return _FLOAT if self.type is ColumnType.FLOAT else _INT


class ColumnParser:
    """Parses some columns of rows.

    Several threads may use it at once.

    Attributes:
        nulls: The spellings of missing cells, "" among them.
    """

    def __init__(self, dialect: bytes, null_values: Sequence[str], columns: Sequence[CellColumn]) -> None:
        """Prepares what all rows have in common.

        Args:
            dialect: The special bytes: `Lexicon.packed`.
            null_values: The spellings of missing cells; the empty one needn't be among them.
            columns: The columns.
        """
        self.nulls = pa.array(sorted({"", *null_values}), pa.string())
        self._dialect = dialect
        self._columns = columns
        self._spellings = NullSpellings(self.nulls)
        self._descriptors = _describe(columns)
        self._formatted = [index for index, column in enumerate(columns) if column.number_format is not None]

    def parse(self, grid: Grid) -> tuple[list[pa.Array], dict[int, Cast]]:
        """Parses each column.

        BYTES becomes string, INT int64 and FLOAT float32, as `cast` has it; text is trimmed where
        the dialect says so.

        Args:
            grid: The cells; the text is UTF-8.

        Returns:
            The columns' values; and, by a column's index, all about those of which there is more to
            tell than values.

        Raises:
            ValueError: A column has too much text, as no chunk has.
        """
        parsed = self._parse(grid, self._descriptors)
        values = parsed.arrays()
        counts = parsed.columns["infinite"] + parsed.columns["rounded"] + parsed.columns["hard"]
        counts[self._formatted] = 1
        notable = {
            index: self._resolve(grid, parsed, index, values[index]) for index in np.flatnonzero(counts).tolist()
        }
        for index, found in notable.items():
            values[index] = found.values
        return values, notable

    def text(self, grid: Grid, position: int, arrow: pa.DataType) -> pa.Array:
        """The text of one column's cells.

        Args:
            grid: The cells.
            position: The column's position among a record's cells.
            arrow: `string`, if the cells are UTF-8, or `binary`.

        Returns:
            What `parse` gives for a BYTES column; null where missing.
        """
        return self._parse(grid, _describe([CellColumn.text(position)])).array(0, arrow)

    def _resolve(self, grid: Grid, parsed: "_Parsed", index: int, values: pa.Array) -> Cast:
        """Casts a column's hard cells from their text."""
        column, found = self._columns[index], parsed.columns[index]
        if column.number_format is not None:
            return self._respell(column, column.number_format, values)
        infinite, rounded = int(found["infinite"]), int(found["rounded"])
        if not found["hard"]:
            return Cast(values, infinite=infinite, rounded=rounded)
        rows = parsed.hard[parsed.hard[:, 1] == index, 0].astype(np.int64)
        if len(rows) < found["hard"] or len(rows) * _SPARSE > len(grid):
            return self._cast(grid, column)
        part = self._cast(grid.take(rows), column)
        return Cast(
            parsed.filled(index, rows, part.values),
            None if part.bad is None else rows[part.bad],
            part.text,
            infinite + part.infinite,
            rounded + part.rounded,
        )

    def _cast(self, grid: Grid, column: CellColumn) -> Cast:
        text = self.text(grid, column.position, pa.string())
        return cast(text, column.type, self.nulls, column.infinite)

    def _respell(self, column: CellColumn, number_format: NumberFormat, text: pa.Array) -> Cast:
        """Reads the numbers of a column with a format."""
        plain = plain_numbers(text, number_format, self.nulls)
        if column.type is ColumnType.BYTES:
            return Cast(plain, number_format=number_format)
        numbers = ColumnParser(_PLAIN, self.nulls.to_pylist(), [CellColumn(0, column.type, column.infinite)])
        (values,), notable = numbers.parse(Grid.of(plain))
        return notable.get(0, Cast(values)).respelled(text, number_format)

    def _parse(self, grid: Grid, descriptors: npt.NDArray[Any]) -> "_Parsed":
        columns, rows = descriptors.copy(), len(grid)
        is_text = columns["kind"] == _TEXT
        if is_text.any():
            kernel().kernel_text_sizes(*grid.arguments[1:], columns, len(columns))
            if (largest := int(columns["size"].max())) > _MOST_TEXT:
                raise ValueError(
                    f"a column of text: expected at most {_MOST_TEXT:,} bytes, received {largest:,}; parse fewer rows at once"
                )
        sizes = np.empty((len(columns), len(_BUFFERS)), np.int64)
        sizes[:, 0] = _WIDTHS[columns["kind"]] * (rows + is_text)
        sizes[:, 1] = (rows + 7) // 8
        sizes[:, 2] = np.where(is_text, columns["size"] + SLACK, 0)
        sizes = (sizes + _ALIGNED - 1) // _ALIGNED * _ALIGNED
        starts = sizes.cumsum().reshape(sizes.shape) - sizes
        # One for all columns: allocating is what costs most for few rows.
        arena = pa.allocate_buffer(int(sizes.sum()))
        for position, name in enumerate(_BUFFERS):
            columns[name] = starts[:, position] + arena.address
        hard = np.empty((min(_MOST_HARD, rows * len(columns)), 2), np.uint32)
        listed = kernel().kernel_parse(
            *grid.arguments, self._dialect, self._spellings.packed, columns, len(columns), hard, len(hard)
        )
        return _Parsed(columns, rows, arena, starts, hard[:listed])


class NullSpellings:
    """The spellings of missing cells, as the kernel takes them."""

    def __init__(self, nulls: pa.Array) -> None:
        self._nulls = nulls
        words = [word.encode() for word in nulls.to_pylist() if word]
        self._data = np.frombuffer(b"".join(words) or b"\0", np.uint8)
        self._offsets = np.cumsum([0, *map(len, words)]).astype(np.uint32)
        self.packed = np.zeros(1, _NULLS)
        lengths = sum({1 << min(len(word), 63) for word in words})
        self.packed[0] = (lengths, len(words), self._data.ctypes.data, self._offsets.ctypes.data)

    def __reduce__(self) -> tuple[Any, ...]:
        # Addresses lead nowhere in another process.
        return (NullSpellings, (self._nulls,))


@dataclass(frozen=True)
class _Parsed:
    """Some rows as the kernel parsed them.

    Attributes:
        columns: The columns, as it left them.
        rows: The number of rows.
        arena: All buffers.
        starts: int64 [columns, 3]: each buffer's offset in it.
        hard: uint32 [n, 2]: rows and columns of the hard cells that are listed.
    """

    columns: npt.NDArray[Any]
    rows: int
    arena: pa.Buffer
    starts: npt.NDArray[np.int64]
    hard: npt.NDArray[np.uint32]

    def arrays(self) -> list[pa.Array]:
        """All columns."""
        columns = (self.columns[name].tolist() for name in ("kind", "nulls", "size"))
        return [
            self._array(_ARROW[kind], nulls, size, starts)
            for kind, nulls, size, starts in zip(*columns, self.starts.tolist(), strict=True)
        ]

    def array(self, index: int, arrow: pa.DataType) -> pa.Array:
        """One column."""
        found = self.columns[index]
        return self._array(arrow, int(found["nulls"]), int(found["size"]), self.starts[index].tolist())

    def filled(self, index: int, rows: Positions, values: pa.Array) -> pa.Array:
        """One column, after some of its nulls got values.

        Args:
            index: The column's.
            rows: The nulls' rows.
            values: Their values; null where they stay.
        """
        good = values.is_valid().to_numpy(zero_copy_only=False)
        found, rows = to_numpy(values)[good], rows[good]
        start, valid, _ = self.starts[index].tolist()
        np.frombuffer(self.arena, found.dtype, self.rows, start)[rows] = found
        bitmap = np.frombuffer(self.arena, np.uint8, (self.rows + 7) // 8, valid)
        np.bitwise_or.at(bitmap, rows >> 3, (1 << (rows & 7)).astype(np.uint8))
        self.columns["nulls"][index] -= len(rows)
        return self.array(index, values.type)

    def _array(self, arrow: pa.DataType, nulls: int, size: int, starts: list[int]) -> pa.Array:
        values, valid, data = starts
        is_text = arrow.id in _TEXTS
        # Not the bytes up to the next buffer: nobody has written them.
        size_of_values = _OFFSET * (self.rows + 1) if is_text else arrow.bit_width // 8 * self.rows
        buffers = [
            self.arena.slice(valid, (self.rows + 7) // 8) if nulls else None,
            self.arena.slice(values, size_of_values),
        ]
        if is_text:
            buffers.append(self.arena.slice(data, size))
        return pa.Array.from_buffers(arrow, self.rows, buffers, nulls)


def _describe(columns: Sequence[CellColumn]) -> npt.NDArray[Any]:
    """The columns, as the kernel takes them."""
    described = np.zeros(len(columns), _COLUMN)
    described["position"] = [column.position for column in columns]
    described["kind"] = [column.kind for column in columns]
    described["infinity"] = [_INFINITY[column.infinite] for column in columns]
    return described
