"""Reads cells by a schema's types."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.numbers.cast import cast

# Samples of cells that aren't of their column's type, and the most characters of one.
_SAMPLES = 5
_CHARACTERS = 40


@dataclass
class BadCells:
    """Cells that spell no value of their column's type.

    Attributes:
        count: Their number.
        samples: The first few of them in alphabetical order, each once and truncated, so that they
            don't depend on the order of rows.
    """

    count: int = 0
    samples: tuple[str, ...] = ()

    def update(self, cells: pa.Array) -> None:
        """Adds cells: strings, none null."""
        self.count += len(cells)
        texts = pc.unique(pc.utf8_slice_codeunits(cells, 0, _CHARACTERS))
        order = pc.sort_indices(texts)
        self._keep(texts.take(order[:_SAMPLES]).to_pylist())

    def merge(self, other: "BadCells") -> None:
        """Adds the cells of another column of the name."""
        self.count += other.count
        self._keep(other.samples)

    def _keep(self, samples: "list[str] | tuple[str, ...]") -> None:
        self.samples = tuple(sorted({*self.samples, *samples})[:_SAMPLES])


@dataclass(frozen=True)
class ColumnValues:
    """Reads blocks of text by columns' types.

    Attributes:
        columns: The columns.
        null_values: The spellings of a missing cell.
        bad: The cells read so far that aren't of their column's type, by column.
    """

    columns: tuple[Column, ...]
    null_values: tuple[str, ...]
    bad: dict[str, BadCells] = field(default_factory=dict)

    def read(self, texts: pa.Table) -> pa.RecordBatch:
        """The values of rows; bad cells are counted, and null.

        Args:
            texts: A string column for each column, null where missing.
        """
        nulls = pa.array(self.null_values, pa.string())
        arrays = [self._values(column, texts.column(column.name).combine_chunks(), nulls) for column in self.columns]
        schema = pa.schema([(column.name, column.type.arrow) for column in self.columns])
        return pa.RecordBatch.from_arrays([_one_array(each) for each in arrays], schema=schema)

    def merge(self, other: Mapping[str, BadCells]) -> None:
        """Adds the bad cells of other rows."""
        for name, cells in other.items():
            self.bad.setdefault(name, BadCells()).merge(cells)

    def _values(self, column: Column, text: pa.Array, nulls: pa.Array) -> pa.Array:
        text = _one_array(text)
        plain = _plain_floats(text) if column.type is ColumnType.FLOAT else None
        if plain is not None:
            return plain
        found = cast(text, column.type, nulls)
        if found.bad is not None:
            cells = found.text if found.found is None else found.found
            self.bad.setdefault(column.name, BadCells()).update(_one_array(cells))
        return found.values


def _one_array(values: "pa.Array | pa.ChunkedArray") -> pa.Array:
    if not isinstance(values, pa.ChunkedArray):
        return values
    return values.chunk(0) if values.num_chunks == 1 else pa.concat_arrays(values.chunks)


def _plain_floats(text: pa.Array) -> pa.Array | None:
    """The numbers of cells, if nothing is odd about any.

    Of cells that Arrow reads to the last one, and that are all finite, `cast` makes the same; it
    looks at each for longer.
    """
    try:
        values = pc.cast(text, pa.float32())
    except pa.ArrowInvalid:
        return None
    return values if pc.all(pc.is_finite(values)).as_py() is not False else None
