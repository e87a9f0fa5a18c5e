"""The columns to read of rows, and the split key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.schema import Column
from shardmill.transforms.csv.rejects import Faults
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.numbers.cast import Cast
from shardmill.transforms.numbers.list_cells import ListShape
from shardmill.transforms.numbers.number_format import Infinite
from shardmill.transforms.numbers.refused import Refusal

# Stands between the cells of a split key: ASCII's unit separator, which text hardly ever has.
_SEPARATOR = "\x1f"


class RowKey(Protocol):
    """The cells of a row that decide its split."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose text is needed, in order."""

    @property
    def by_unit(self) -> bool:
        """Whether a row's split depends on its unit's index."""

    def begin(self, unit: int, /) -> Callable[[Mapping[str, pa.Array], npt.NDArray[np.bool_]], tuple[pa.Array, Faults]]:
        """Returns the function that reads a unit's blocks in order.

        It takes the columns' text by name, null where missing, and which rows aren't rejected or
        left out, and returns one value for each row, which `SplitRule.assign` takes, and the rows
        that have none.

        Args:
            unit: The unit's index.
        """


@dataclass(frozen=True)
class SplitKey:
    """The columns whose text decides a row's split.

    Attributes:
        columns: Their names, in order; all of the schema's where the whole row decides.
    """

    columns: tuple[str, ...]

    @property
    def by_unit(self) -> bool:
        """False: cells alone decide."""
        return False

    def begin(self, _unit: int) -> Callable[[Mapping[str, pa.Array], npt.NDArray[np.bool_]], tuple[pa.Array, Faults]]:
        """Returns the function that reads a unit's blocks in order."""
        return lambda texts, kept: (self.join(texts, len(kept)), {})

    def join(self, texts: Mapping[str, pa.Array], rows: int) -> pa.Array:
        """Joins the text of each row's cells.

        A missing cell counts as "", as do those of a column that the file lacks.

        Args:
            texts: The columns' text, by name; null where missing.
            rows: The number of rows.

        Returns:
            string, one for each row.
        """
        absent = pa.nulls(rows if set(self.columns) - texts.keys() else 0, pa.string())
        cells = [texts.get(name, absent) for name in self.columns]
        return pc.binary_join_element_wise(*cells, _SEPARATOR, null_handling="replace", null_replacement="")


class Downsampled(NamedTuple):
    """The rows that are left out, and the others' weights.

    Attributes:
        left_out: Marks of rows that are left out, bool.
        factors: The factor of each row's weight, float32.
        counts: The number of rows of each value that has a share, in all splits, by the value's
            text; values that no row has are absent.
    """

    left_out: npt.NDArray[np.bool_]
    factors: npt.NDArray[np.float32]
    counts: Mapping[str, int]


class Downsampler(Protocol):
    """Leaves out rows of some values, and weighs the others."""

    @property
    def weight(self) -> str:
        """The feature of weights."""

    @property
    def keep(self) -> Mapping[str, float]:
        """The shares of rows that are kept, by value."""

    def split_factors(
        self,
        columns: Mapping[str, pa.Array],
        texts: Mapping[str, pa.Array],
        split_key: pa.Array | None,
        file_split: str | None,
        /,
    ) -> Downsampled:
        """Marks rows, and gives each the factor of its weight.

        Args:
            columns: The values of the filter's columns, by name; null where missing.
            texts: The text of the filter's texts; null where missing.
            split_key: What decides each row's split.
            file_split: The split of the rows' file, where files are assigned to splits.
        """


class RepeatFinder(Protocol):
    """Finds the rows whose key an earlier row has."""

    @property
    def key(self) -> SplitKey:
        """The columns of the key."""

    @property
    def folder(self) -> str:
        """The folder of the files that list these rows."""

    @property
    def rejects(self) -> bool:
        """Whether they are rejected; else they are left out."""

    @property
    def fault(self) -> tuple[str | None, str]:
        """The column and the reason with which they are rejected."""

    def records(self, unit: int, /) -> npt.NDArray[np.int64]:
        """The records of a unit that are such rows, ascending.

        Args:
            unit: The unit's index.
        """


class Filter(Protocol):
    """Leaves out rows, by their cells."""

    @property
    def condition_columns(self) -> tuple[Column, ...]:
        """The columns whose values `excluded` needs."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns whose values are needed."""

    @property
    def texts(self) -> tuple[str, ...]:
        """The columns whose text is needed."""

    @property
    def condition(self) -> "Filter | None":
        """The filter of the condition alone; None without one."""

    @property
    def repeats(self) -> RepeatFinder | None:
        """Finds the rows that repeat others."""

    @property
    def downsample(self) -> "Downsampler | None":
        """Leaves out rows of some values, last."""

    def excluded(self, columns: Mapping[str, pa.Array], rows: int, /) -> npt.NDArray[np.bool_]:
        """Marks the rows that a condition leaves out.

        Args:
            columns: The values of `condition_columns`, by name.
            rows: The number of rows.
        """

    def thinned(self, texts: Mapping[str, pa.Array], rows: int, /) -> Mapping[str, npt.NDArray[np.bool_]]:
        """Marks rows outside a sample, by setting.

        Args:
            texts: The text of the columns in `texts`, null where missing.
            rows: The number of rows.
        """


@dataclass(frozen=True)
class Selection:
    """The columns to read of each row, and how.

    Attributes:
        columns: The columns to convert, in order.
        names: All of the schema's columns, in order, with which headers are compared.
        required: Columns in which a missing value rejects the row.
        key: The split key. None means that no key is made: the file decides, or there is no split.
        optional: Columns that a file may lack, and in which a missing value rejects no row,
            required or not.
        refused: Numbers that reject a row, by their columns.
        lists: What a cell must be, or its row is rejected; by columns of text.
        infinite: How infinite numbers in a FLOAT column are treated, by its name; "keep" in columns
            that aren't listed.
        spelled: Columns whose cells are counted by their spelling.
        filter: Leaves out rows. None means that all are read.
        tracked: The key of which values are counted that are in several splits. None means none.
    """

    columns: tuple[Column, ...]
    names: tuple[str, ...]
    required: frozenset[str] = frozenset()
    key: RowKey | None = None
    optional: frozenset[str] = frozenset()
    refused: Mapping[str, frozenset[Refusal]] = field(default_factory=dict)
    lists: Mapping[str, frozenset[ListShape]] = field(default_factory=dict)
    infinite: Mapping[str, Infinite] = field(default_factory=dict)
    spelled: tuple[str, ...] = ()
    filter: Filter | None = None
    tracked: SplitKey | None = None

    @property
    def converted(self) -> tuple[Column, ...]:
        """The columns to convert, with those of the filter."""
        return tuple(dict.fromkeys([*self.columns, *(self.filter.columns if self.filter else ())]))

    @property
    def texts(self) -> tuple[str, ...]:
        """The columns whose text is needed."""
        key = self.key.columns if self.key else ()
        tracked = self.tracked.columns if self.tracked else ()
        return tuple(dict.fromkeys([*key, *(self.filter.texts if self.filter else ()), *tracked]))

    @property
    def read(self) -> tuple[str, ...]:
        """The columns to convert, count or take as text."""
        return tuple(dict.fromkeys([*(column.name for column in self.converted), *self.texts, *self.spelled]))


class UnitFilter:
    """Applies a filter to a unit's blocks, in order."""

    def __init__(self, row_filter: Filter, unit: Unit) -> None:
        """Takes the filter.

        Args:
            row_filter: The filter.
            unit: The unit.

        Raises:
            DataError: The rows of it that repeat others can't be read.
        """
        self._filter = row_filter
        self._split = unit.split
        repeats = row_filter.repeats
        self._repeats = np.zeros(0, np.int64) if repeats is None else repeats.records(unit.index)

    def excluded(
        self, columns: Mapping[str, pa.Array], rows: int, notable: Mapping[str, Cast], faults: Faults
    ) -> npt.NDArray[np.bool_]:
        """Marks the rows that the filter's condition leaves out.

        Their other cells don't matter. Rows that are bad as a whole, or in the condition's own
        cells, aren't among them.

        Args:
            columns: The converted columns, by name.
            rows: The number of rows.
            notable: What is notable about their cells.
            faults: The rows that are bad as a whole.
        """
        marked = self._filter.excluded(columns, rows)
        marked[list(faults)] = False
        for column in self._filter.condition_columns:
            found = notable.get(column.name)
            if found is not None and found.bad is not None:
                marked[found.bad] = False
        return marked

    def left_out(
        self,
        excluded: npt.NDArray[np.bool_],
        texts: Mapping[str, pa.Array],
        records: npt.NDArray[np.int64],
        faults: Faults,
    ) -> dict[str, npt.NDArray[np.bool_]]:
        """Marks the rows that are left out, by setting.

        A row that repeats an earlier one is added to the faults instead where the filter says so.

        Args:
            excluded: Those that the condition leaves out.
            texts: The texts that the filter needs.
            records: The index of each row's record in the unit.
            faults: Why rows are rejected.
        """
        filtered = {"where": excluded}
        repeats = self._filter.repeats
        if repeats is not None:
            repeated = np.isin(records, self._repeats, assume_unique=True)
            if repeats.rejects:
                for row in np.flatnonzero(repeated).tolist():
                    faults.setdefault(row, repeats.fault)
            else:
                filtered["dedup"] = repeated
        return filtered | dict(self._filter.thinned(texts, len(records)))

    def split_factors(
        self, columns: Mapping[str, pa.Array], texts: Mapping[str, pa.Array], key: pa.Array | None
    ) -> Downsampled | None:
        """Marks the rows left out for their split and value.

        Args:
            columns: The converted columns, by name.
            texts: The texts that the filter needs.
            key: What decides each row's split.

        Returns:
            None means that no row is left out for its value.
        """
        if self._filter.downsample is None:
            return None
        return self._filter.downsample.split_factors(columns, texts, key, self._split)
