"""Inference of a schema from all rows, in one pass.

`Profiles` takes blocks of raw cells. Two of them merge into the same result in any order, because
only counts, extremes and sets are kept. Types are decided at the end, so text in the last row of a
column counts as much as in its first.

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

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.inference.date_formats import by_preference, may_be_versions, order_of
from shardmill.schemas.inference.distinct import Distinct
from shardmill.schemas.inference.spelling import CellCounts, Spelling, count_cells
from shardmill.schemas.schema import INFERRED, Column, ColumnType, Schema

ONE_BAD_IN = 1000
"""A column is numeric if fewer than one in this many of its values aren't numbers.

The rows of the others are rejected.
"""

# Rows and bytes of blocks that wait: a pass over thousands of columns isn't worth its calls for
# fewer rows, and no more memory is held.
_WAITING_ROWS = 8192
_WAITING_BYTES = 16 << 20
# Bytes of memory for the distinct strings of all columns together.
_DISTINCT_BYTES = 64 << 20
# Characters of a day with two digits for each part.
_SHORT_DATE = 8


class ColumnProfile:
    """The profile of a column, over all its cells.

    Attributes:
        name: The column's name.
        rows: Cells seen.
        missing: Cells that are null or empty.
        cells: The present cells, counted by their spelling.
        distinct: The distinct texts of the present cells.
        lengths: Characters of the shortest and of the longest present cell. None means that there
            are none.
    """

    def __init__(self, name: str, most_bytes: int = 1 << 20) -> None:
        self.name = name
        self.rows = 0
        self.missing = 0
        self.cells = CellCounts()
        self.distinct = Distinct(most_bytes)
        self.lengths: tuple[int, int] | None = None

    @property
    def present(self) -> int:
        """Cells that aren't missing."""
        return self.rows - self.missing

    @property
    def unusable(self) -> int:
        """Present cells that the decided type can't hold.

        Their rows are rejected if the column is used.
        """
        return self.present - self._fit(decide(self).type)

    def _fit(self, column_type: ColumnType) -> int:
        if column_type is ColumnType.INT:
            return self.cells.of(*_INTEGERS, Spelling.NAN, Spelling.BLANK)
        if column_type is ColumnType.FLOAT:
            return self.cells.of(*_FLOATS, Spelling.NAN, Spelling.BLANK)
        return self.present

    @property
    def absent(self) -> int:
        """Cells that the decided type reads as missing.

        They are the missing ones, and spaces and `nan` in a numeric column.
        """
        return self.missing + self.cells.of(*_MISSING[decide(self).type])

    @property
    def distinct_count(self) -> int | None:
        """The exact number of distinct texts, without `absent` cells.

        None means that there are too many for an exact number.
        """
        strings, absent = self.distinct.strings, _MISSING[decide(self).type]
        if strings is None:
            return None
        # To look at every text takes long with thousands of columns, and most have no such cells.
        return len(strings) - (count_cells(strings).of(*absent) if self.cells.of(*absent) else 0)

    @property
    def distinct_estimate(self) -> int:
        """`distinct_count`, or an estimate from the sketch.

        It is never more than the number of cells that aren't `absent`.
        """
        exact = self.distinct_count
        return min(round(self.distinct.estimate), self.rows - self.absent) if exact is None else exact

    @property
    def date_format(self) -> str | None:
        """The `strptime` format of the values.

        Fewer than one in `ONE_BAD_IN` may not fit it. None means that there is no such format, or
        that the values are rather versions.
        """
        formats = self.cells.formats
        best = by_preference(formats)[:2]
        values = self.rows - self.absent
        if not best or not _few(values - formats[best[0]], values):
            return None
        # Where one digit stands for a day or a month, something must tell which is which.
        tied = formats[best[-1]] == formats[best[0]] and bool(best[1:])
        return None if tied and self.may_be_versions else best[0]

    @property
    def may_be_versions(self) -> bool:
        """Whether short dates, such as 1.2.10, may be versions."""
        best = by_preference(self.cells.formats)[:1]
        return bool(best) and may_be_versions(best[0]) and self.lengths is not None and self.lengths[0] < _SHORT_DATE

    @property
    def date_rivals(self) -> tuple[str, ...]:
        """Formats that fit as many values as `date_format`.

        They have years, months and days in another order.
        """
        best = self.date_format
        if best is None:
            return ()
        ties = (
            name for name in by_preference(self.cells.formats) if self.cells.formats[name] == self.cells.formats[best]
        )
        return tuple({order_of(name): name for name in ties if order_of(name) != order_of(best)}.values())

    @property
    def undated(self) -> int:
        """Values that don't fit `date_format`, if there is one."""
        best = self.date_format
        return 0 if best is None else self.rows - self.absent - self.cells.formats[best]

    @property
    def infinite(self) -> int:
        """Cells that spell infinity."""
        return self.cells.of(Spelling.INFINITE)

    def update(self, cells: pa.Array) -> None:
        """Adds cells: strings, null where missing."""
        rows = len(cells)
        cells = cells.drop_null() if cells.null_count else cells
        lengths = pc.utf8_length(cells)
        if pc.min(lengths).as_py() == 0:
            filled = pc.greater(lengths, 0)
            cells, lengths = cells.filter(filled), lengths.filter(filled)
        self.rows += rows
        self.missing += rows - len(cells)
        if not len(cells):
            return
        extremes = pc.min_max(lengths)
        self.lengths = _wider(self.lengths, (extremes["min"].as_py(), extremes["max"].as_py()))
        weights = None
        if self.distinct.is_exact:  # few distinct cells so far: each is examined once
            counted = pc.value_counts(cells)
            cells, weights = counted.field("values"), counted.field("counts").to_numpy()
        self.distinct.update(cells)
        self.cells = self.cells + count_cells(cells, weights)

    def merge(self, other: "ColumnProfile") -> None:
        """Adds the cells of another profile of the column."""
        self.rows += other.rows
        self.missing += other.missing
        self.cells = self.cells + other.cells
        self.distinct.merge(other.distinct)
        self.lengths = _wider(self.lengths, other.lengths)


def _wider(one: tuple[int, int] | None, two: tuple[int, int] | None) -> tuple[int, int] | None:
    if one is None or two is None:
        return one or two
    return min(one[0], two[0]), max(one[1], two[1])


_INTEGERS = (Spelling.INTEGER, Spelling.WHOLE, Spelling.LEADING_ZERO)
_FLOATS = (*_INTEGERS, Spelling.FLOAT, Spelling.INFINITE, Spelling.BIG)
_MISSING: dict[ColumnType, tuple[Spelling, ...]] = {
    ColumnType.INT: (Spelling.BLANK, Spelling.NAN),
    ColumnType.FLOAT: (Spelling.BLANK, Spelling.NAN),
    ColumnType.BYTES: (),
}


def _few(bad: int, cells: int) -> bool:
    return bad * ONE_BAD_IN < cells


def decide(profile: ColumnProfile, allowed: frozenset[ColumnType] = frozenset(ColumnType)) -> Column:
    """Decides the type and the presence of a column.

    The type follows the rules at the top of this module; a column with no values at all is BYTES.
    A column is required if no cell was missing.

    Args:
        profile: The profile of the column.
        allowed: The types that the column's uses accept. A column that must be numeric is numeric,
            unless most of its cells are text (otherwise rows with text will be rejected), and one
            that must not be FLOAT is BYTES instead.
    """
    column_type = _decide_type(profile.cells, profile.present)
    if column_type not in allowed:
        column_type = _oblige(profile.cells, profile.present, allowed)
    missing = profile.missing + profile.cells.of(*_MISSING[column_type])
    return Column(profile.name, column_type, profile.rows > 0 and missing == 0, INFERRED)


def _decide_type(cells: CellCounts, present: int) -> ColumnType:
    present -= cells.of(Spelling.BLANK)
    if present == 0:
        return ColumnType.BYTES
    values = present - cells.of(Spelling.NAN)
    if values == 0:
        return ColumnType.FLOAT
    numbers = cells.of(*_FLOATS)
    points = cells.of(Spelling.FLOAT, Spelling.WHOLE)
    if points or cells.of(Spelling.INFINITE):
        codes = cells.of(Spelling.LEADING_ZERO, Spelling.BIG)
        numeric = _few(values - numbers, values) and codes <= points
        return _narrowest(cells) if numeric else ColumnType.BYTES
    if not cells.of(Spelling.LEADING_ZERO) and _few(values - cells.of(Spelling.INTEGER), values):
        return ColumnType.INT
    return ColumnType.BYTES


def _narrowest(cells: CellCounts) -> ColumnType:
    return ColumnType.INT if cells.of(*_FLOATS) == cells.of(*_INTEGERS) else ColumnType.FLOAT


def _oblige(cells: CellCounts, present: int, allowed: frozenset[ColumnType]) -> ColumnType:
    numbers = cells.of(*_FLOATS, Spelling.NAN)
    if ColumnType.BYTES in allowed or 2 * numbers <= present - cells.of(Spelling.BLANK):
        return ColumnType.BYTES
    return _narrowest(cells) if ColumnType.INT in allowed else ColumnType.FLOAT


class Profiles:
    """The profiles of all columns.

    Small blocks wait until they have enough rows for a pass over thousands of columns to pay.

    Args:
        names: The columns' names, in the schema's order.
    """

    def __init__(self, names: Sequence[str]) -> None:
        share = max(16 << 10, min(1 << 20, _DISTINCT_BYTES // max(1, len(names))))
        self._profiles = {name: ColumnProfile(name, share) for name in names}
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = 0
        self._waiting_bytes = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in the schema's order."""
        return tuple(self._profiles)

    @property
    def rows(self) -> int:
        """Rows seen."""
        self._flush()
        return max((profile.rows for profile in self._profiles.values()), default=0)

    def __getitem__(self, name: str) -> ColumnProfile:
        self._flush()
        return self._profiles[name]

    def __iter__(self) -> Iterator[ColumnProfile]:
        self._flush()
        return iter(self._profiles.values())

    def __len__(self) -> int:
        return len(self._profiles)

    def update(self, batch: pa.RecordBatch) -> None:
        """Adds rows.

        Args:
            batch: A string column for each name (in any order; others are ignored), null where
                missing.

        Raises:
            KeyError: The batch lacks a column.
        """
        if self._waiting and not batch.schema.equals(self._waiting[0].schema):
            self._flush()
        self._waiting.append(batch)
        self._waiting_rows += batch.num_rows
        self._waiting_bytes += batch.nbytes
        if self._waiting_rows >= _WAITING_ROWS or self._waiting_bytes >= _WAITING_BYTES:
            self._flush()

    def merge(self, other: "Profiles") -> None:
        """Adds the rows of other profiles.

        Raises:
            ValueError: They have other columns.
        """
        if set(self.names) != set(other.names):
            raise ValueError(f"profiles of other columns: {sorted(set(self.names) ^ set(other.names))!r}")
        self._flush()
        for name, profile in self._profiles.items():
            profile.merge(other[name])

    def replace(self, other: "Profiles", names: Sequence[str]) -> None:
        """Takes the profiles of some columns from another look.

        Args:
            other: The profiles of another look at the same rows.
            names: The columns.
        """
        self._flush()
        self._profiles |= {name: other[name] for name in names}

    def schema(self, allowed: Mapping[str, frozenset[ColumnType]] | None = None) -> Schema:
        """The inferred schema.

        Args:
            allowed: The allowed types of columns whose uses accept certain types only, by name.
        """
        allowed = allowed or {}
        return Schema(tuple(decide(profile, allowed.get(profile.name, frozenset(ColumnType))) for profile in self))

    def _flush(self) -> None:
        if not self._waiting:
            return
        table = pa.Table.from_batches(self._waiting)
        self._waiting, self._waiting_rows, self._waiting_bytes = [], 0, 0
        for name, profile in self._profiles.items():
            column = table.column(name)
            profile.update(column.chunk(0) if column.num_chunks == 1 else column.combine_chunks())

    def __getstate__(self) -> dict[str, object]:
        self._flush()
        return self.__dict__
