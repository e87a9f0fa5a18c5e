"""Rows that are left out on purpose, and counted."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.schema import Column
from shardmill.transforms.csv.selection import RepeatFinder, SplitKey
from shardmill.transforms.filtering.condition import Condition, holds
from shardmill.transforms.filtering.downsample import Downsample
from shardmill.transforms.runtime.fingerprint import fingerprint

# Hash buckets over which rows are spread: a fraction is exact to one in a million.
_BUCKETS = 1_000_000


@dataclass(frozen=True)
class RowSample:
    """A share of the rows, by their keys.

    Attributes:
        fraction: The share of the keys that is kept.
        key: The columns whose text is hashed.
        seed: Changes the keys that are kept.
    """

    fraction: float
    key: SplitKey
    seed: int = 0

    def kept(self, texts: Mapping[str, pa.Array], rows: int) -> npt.NDArray[np.bool_]:
        """Marks the rows that are kept.

        Args:
            texts: The key's columns' text, by name; null where missing.
            rows: The number of rows.
        """
        # Without the word, rows that are kept would be those of a split by the same key.
        salted = pc.binary_join_element_wise(f"sample {self.seed}", self.key.join(texts, rows), "\x1f")
        return np.asarray(fingerprint(salted, _BUCKETS) < round(self.fraction * _BUCKETS))


@dataclass(frozen=True)
class RowFilter:
    """Which rows are left out.

    Attributes:
        where: The condition that holds for the others. None means no condition.
        condition_columns: Its columns.
        sample: The share of these that is kept. None means all.
        downsample: What keeps fewer rows of some values. None means that nothing does.
        repeats: What finds the rows that repeat others. None means that they are kept.
    """

    where: Condition | None = None
    condition_columns: tuple[Column, ...] = ()
    sample: RowSample | None = None
    downsample: Downsample | None = None
    repeats: RepeatFinder | None = None

    @property
    def condition(self) -> "RowFilter | None":
        """The condition alone."""
        return None if self.where is None else RowFilter(self.where, self.condition_columns)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns whose values are needed."""
        return (*self.condition_columns, *([self.downsample.column] if self.downsample else []))

    @property
    def texts(self) -> tuple[str, ...]:
        """The columns whose text is needed."""
        keys = [each.key.columns for each in (self.sample, self.downsample) if each]
        return tuple(name for key in keys for name in key)

    def excluded(self, columns: Mapping[str, pa.Array], rows: int) -> npt.NDArray[np.bool_]:
        """Marks the rows for which the condition doesn't hold.

        Args:
            columns: The values of `condition_columns`, by name.
            rows: The number of rows.
        """
        if self.where is None:
            return np.zeros(rows, np.bool_)
        return np.asarray(pc.invert(holds(self.where, columns)).to_numpy(zero_copy_only=False)).copy()

    def thinned(self, texts: Mapping[str, pa.Array], rows: int) -> dict[str, npt.NDArray[np.bool_]]:
        """Marks rows outside a sample, by setting.

        Args:
            texts: The text of the columns in `texts`; null where missing.
            rows: The number of rows.
        """
        return {"sample": ~self.sample.kept(texts, rows)} if self.sample else {}
