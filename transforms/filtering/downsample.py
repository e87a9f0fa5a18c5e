"""Fewer rows of some values, with weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.run_folder import TRAIN
from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.csv.selection import Downsampled, SplitKey
from shardmill.transforms.rows.splits import BUCKETS, SplitRule
from shardmill.transforms.runtime.fingerprint import fingerprint


@dataclass(frozen=True)
class Downsample:
    """Leaves out rows of `train` by their value.

    A row without a value is kept.

    Attributes:
        column: The column.
        keep: The share of the rows that is kept, by the value's text; above 0. All rows of other
            values are kept.
        key: The columns whose text is hashed.
        seed: Changes the rows that are kept.
        splits: The splits of rows.
        weight: The feature that has, or is multiplied by, 1 / share.
    """

    column: Column
    keep: Mapping[str, float]
    key: SplitKey
    seed: int
    splits: SplitRule
    weight: str

    def split_factors(
        self,
        columns: Mapping[str, pa.Array],
        texts: Mapping[str, pa.Array],
        split_key: pa.Array | None,
        file_split: str | None,
    ) -> Downsampled:
        """Chooses rows, and gives them their factors.

        Args:
            columns: The value of `column`, by its name; null where missing.
            texts: The text of the key's columns; null where missing.
            split_key: What decides the rows' splits, as `SplitRule.assign` takes it.
            file_split: The split of the rows' file, where files are assigned to splits.

        Returns:
            The factor of a row's weight is 1 / share in `train`, else 1.
        """
        values = columns[self.column.name]
        rows = len(values)
        found = pc.index_in(values, value_set=values_of(self.keep, self.column))
        listed = pc.fill_null(found, len(self.keep)).to_numpy(zero_copy_only=False)
        counts = dict(zip(self.keep, np.bincount(listed, minlength=len(self.keep)).tolist(), strict=False))
        train = self.splits.assign(rows, file_split, split_key) == self.splits.names.index(TRAIN)
        shares = np.array([*self.keep.values(), 1.0])[np.where(train, listed, -1)]
        # Without the word, rows that are kept would be those of a sample or split by the same key.
        salted = pc.binary_join_element_wise(f"downsample {self.seed}", self.key.join(texts, rows), "\x1f")
        return Downsampled(
            fingerprint(salted, BUCKETS) >= np.round(shares * BUCKETS),
            (1 / shares).astype(np.float32),
            {value: count for value, count in counts.items() if count},
        )


def values_of(keep: Mapping[str, float], column: Column) -> pa.Array:
    """The values that have shares, as the column has them.

    Raises:
        ValueError: A text isn't of the column's type, or two are one value.
    """
    values = [_value(text, column) for text in keep]
    found = pa.array(values, column.type.arrow)
    if len(found.unique()) < len(found):
        raise ValueError(f"expected different values, received {', '.join(map(repr, keep))}; remove all but one")
    return found


def _value(text: str, column: Column) -> Any:
    if column.type is ColumnType.BYTES:
        return text
    number = int if column.type is ColumnType.INT else float
    try:
        value = number(text)
        pa.scalar(value, column.type.arrow)
    except (ValueError, OverflowError, pa.ArrowInvalid):
        wanted = "a whole number" if number is int else "a number"
        raise ValueError(
            f"expected {wanted}, as column {column.name!r} is {column.type.name}, received {text!r}; write a value of the column"
        ) from None
    return value
