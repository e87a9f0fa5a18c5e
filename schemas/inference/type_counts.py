"""The counts that decide a column's type, and the decision.

The rules for cells that tools disagree on:

- digits with leading zeros (007) would be another value as an integer, so a column of integers with
  any is BYTES;
- integers beyond int64, or a column of 20-digit identifiers, are BYTES; so are floats beyond
  float32;
- whole numbers with a point or an exponent (`5.0`, `1e5`) are integers, unless a value of the
  column has a fraction or is beyond int64;
- `inf` makes a column FLOAT; `nan` is a missing value in a column of numbers;
- `true`/`false`, dates and times are BYTES: a vocabulary or a `datetime` feature reads them;
- spaces alone are a missing value in a column of numbers, and a value in one of text;
- `+3` and ` 3` are integers; `0x10`, `1_000` and `1,000` are text.
"""

from dataclasses import dataclass, field

from shardmill.schemas.inference.spelling import CellCounts, Spelling
from shardmill.schemas.schema import EMPTY, INFERRED, Column, ColumnType

ONE_BAD_IN = 1000
"""A column is numeric if fewer than one in this many of its values aren't numbers.

The rows of the others are rejected.
"""

INTEGERS = (Spelling.INTEGER, Spelling.WHOLE, Spelling.LEADING_ZERO)
FLOATS = (*INTEGERS, Spelling.FLOAT, Spelling.INFINITE, Spelling.BIG)
MISSING: dict[ColumnType, tuple[Spelling, ...]] = {
    ColumnType.INT: (Spelling.BLANK, Spelling.NAN),
    ColumnType.FLOAT: (Spelling.BLANK, Spelling.NAN),
    ColumnType.BYTES: (),
}


@dataclass(eq=False)
class TypeCounts:
    """The counts of a column's cells that decide its type.

    Attributes:
        name: The column's name.
        rows: Cells seen.
        missing: Cells that are null or empty.
        cells: The present cells, counted by their spelling. Where nothing but the type is asked
            for, only the spellings on which it depends are counted.
    """

    name: str
    rows: int = 0
    missing: int = 0
    cells: CellCounts = field(default_factory=CellCounts)

    @property
    def present(self) -> int:
        """Cells that aren't missing."""
        return self.rows - self.missing

    @property
    def infinite(self) -> int:
        """Cells that spell infinity."""
        return self.cells.of(Spelling.INFINITE)


def is_few(bad: int, cells: int) -> bool:
    """Whether few enough values are bad for a numeric column."""
    return bad * ONE_BAD_IN < cells


def decide(counts: TypeCounts, allowed: frozenset[ColumnType] = frozenset(ColumnType)) -> Column:
    """Decides the type and the presence of a column.

    The type follows the rules at the top of this module; a column with no values at all is BYTES.
    A column is required if no cell was missing.

    Args:
        counts: The counts of the column.
        allowed: The types that the column's uses accept. A column that must be numeric is numeric,
            unless most of its cells are text (otherwise rows with text will be rejected), and one
            that must not be FLOAT is BYTES instead.
    """
    column_type = _decide_type(counts.cells, counts.present)
    if column_type not in allowed:
        column_type = _oblige(counts.cells, counts.present, allowed)
    missing = counts.missing + counts.cells.of(*MISSING[column_type])
    origin = INFERRED if counts.present > counts.cells.of(Spelling.BLANK) else EMPTY
    return Column(counts.name, column_type, counts.rows > 0 and missing == 0, origin)


def _decide_type(cells: CellCounts, present: int) -> ColumnType:
    present -= cells.of(Spelling.BLANK)
    if present == 0:
        return ColumnType.BYTES
    values = present - cells.of(Spelling.NAN)
    if values == 0:
        return ColumnType.FLOAT
    numbers = cells.of(*FLOATS)
    points = cells.of(Spelling.FLOAT, Spelling.WHOLE)
    if points or cells.of(Spelling.INFINITE):
        codes = cells.of(Spelling.LEADING_ZERO, Spelling.BIG)
        numeric = is_few(values - numbers, values) and codes <= points
        return _narrowest(cells) if numeric else ColumnType.BYTES
    if not cells.of(Spelling.LEADING_ZERO) and is_few(values - cells.of(Spelling.INTEGER), values):
        return ColumnType.INT
    return ColumnType.BYTES


def _narrowest(cells: CellCounts) -> ColumnType:
    return ColumnType.INT if cells.of(*FLOATS) == cells.of(*INTEGERS) else ColumnType.FLOAT


def _oblige(cells: CellCounts, present: int, allowed: frozenset[ColumnType]) -> ColumnType:
    numbers = cells.of(*FLOATS, Spelling.NAN)
    if ColumnType.BYTES in allowed or 2 * numbers <= present - cells.of(Spelling.BLANK):
        return ColumnType.BYTES
    return _narrowest(cells) if ColumnType.INT in allowed else ColumnType.FLOAT
