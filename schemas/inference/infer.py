"""Inference of a schema from all rows, in one pass.

`Profiles` takes blocks of raw cells. Two of them merge into the same result in any order, because
only counts, extremes and sets are kept. Types are decided at the end, so text in the last row of a
column counts as much as in its first.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.inference.date_formats import by_preference, may_be_versions, order_of
from shardmill.schemas.inference.distinct import Distinct
from shardmill.schemas.inference.spelling import Spelling, count_cells
from shardmill.schemas.inference.type_counts import FLOATS, INTEGERS, MISSING, TypeCounts, decide, is_few
from shardmill.schemas.schema import ColumnType, Schema

# Rows and bytes of blocks that wait: a pass over thousands of columns isn't worth its calls for
# fewer rows, and no more memory is held.
_WAITING_ROWS = 8192
_WAITING_BYTES = 16 << 20
# Bytes of memory for the distinct strings of all columns together.
_DISTINCT_BYTES = 64 << 20
# Characters of a day with two digits for each part.
_SHORT_DATE = 8


class ColumnProfile(TypeCounts):
    """The profile of a column, over all its cells.

    Attributes:
        distinct: The distinct texts of the present cells.
        lengths: Characters of the shortest and of the longest present cell. None means that there
            are none.
    """

    def __init__(self, name: str, most_bytes: int = 1 << 20) -> None:
        super().__init__(name)
        self.distinct = Distinct(most_bytes)
        self.lengths: tuple[int, int] | None = None

    @classmethod
    def of_counts(cls, name: str, counts: Mapping[str, int]) -> "ColumnProfile":
        """The profile of cells whose counts alone are known.

        Args:
            name: The column's name.
            counts: The number of cells of each text.
        """
        profile = cls(name)
        cells = pa.array([text for text in counts if text], pa.string())
        if len(cells):
            weights = np.array([count for text, count in counts.items() if text], np.int64)
            profile.rows = int(weights.sum())
            profile._add(cells, weights, pc.utf8_length(cells))
        return profile

    @property
    def unusable(self) -> int:
        """Present cells that the decided type can't hold.

        Their rows are rejected if the column is used.
        """
        return self.present - self._fit(decide(self).type)

    def _fit(self, column_type: ColumnType) -> int:
        if column_type is ColumnType.INT:
            return self.cells.of(*INTEGERS, Spelling.NAN, Spelling.BLANK)
        if column_type is ColumnType.FLOAT:
            return self.cells.of(*FLOATS, Spelling.NAN, Spelling.BLANK)
        return self.present

    @property
    def absent(self) -> int:
        """Cells that the decided type reads as missing.

        They are the missing ones, and spaces and `nan` in a numeric column.
        """
        return self.missing + self.cells.of(*MISSING[decide(self).type])

    @property
    def distinct_count(self) -> int | None:
        """The exact number of distinct texts, without `absent` cells.

        None means that there are too many for an exact number.
        """
        strings, absent = self.distinct.strings, MISSING[decide(self).type]
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

        A few may not fit it (`is_few`). None means that there is no such format, or that the values
        are rather versions.
        """
        formats = self.cells.formats
        best = by_preference(formats)[:2]
        values = self.rows - self.absent
        if not best or not is_few(values - formats[best[0]], values):
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
        weights = None
        if self.distinct.is_exact:  # few distinct cells so far: each is examined once
            counted = pc.value_counts(cells)
            cells, weights = counted.field("values"), counted.field("counts").to_numpy()
        self._add(cells, weights, lengths)

    def _add(self, cells: pa.Array, weights: npt.NDArray[np.int64] | None, lengths: pa.Array) -> None:
        extremes = pc.min_max(lengths)
        self.lengths = _wider(self.lengths, (extremes["min"].as_py(), extremes["max"].as_py()))
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
