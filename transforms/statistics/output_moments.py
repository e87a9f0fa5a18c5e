"""Moments of the output features, by split."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.transforms.kernel.described_columns import columns_of
from shardmill.transforms.statistics.moments import ColumnMoments, Moments


class OutputMoments:
    """Moments of every numeric output feature, by split.

    Merges are exact.
    """

    def __init__(self) -> None:
        """Makes an empty accumulator."""
        # The numeric features, in the order in which the graph names them.
        self._names: tuple[str, ...] = ()
        self._by_split: dict[str, ColumnMoments] = {}

    def update(
        self,
        outputs: Mapping[str, npt.NDArray[Any] | pa.Array],
        splits: npt.NDArray[np.int64],
        names: Sequence[str],
    ) -> None:
        """Adds a block's outputs.

        Args:
            outputs: The values of each feature, as `Session.run` returns them. Text is left out.
            splits: The index of each row's split.
            names: The splits.
        """
        numeric = {name: values for name, values in outputs.items() if _is_numeric(values)}
        self._names = tuple(numeric)
        columns = columns_of(tuple(numeric.values()), len(splits))
        for split, rows in enumerate(np.bincount(splits, minlength=len(names))):
            if rows:
                index = np.flatnonzero(splits == split) if rows < len(splits) else None
                moments = self._by_split.setdefault(names[split], ColumnMoments(columns.table["kind"].tolist()))
                moments.update(columns, index)

    def merge(self, other: "OutputMoments") -> None:
        """Adds the moments of another accumulator of the same graph."""
        self._names = self._names or other._names  # noqa: SLF001 (one class)
        for split, moments in other._by_split.items():  # noqa: SLF001
            if split in self._by_split:
                self._by_split[split].merge(moments)
            else:
                self._by_split[split] = moments.copy()

    def results(self) -> dict[tuple[str, str], Moments]:
        """The moments, by split and feature."""
        return {
            (split, name): each
            for split, moments in self._by_split.items()
            for name, each in zip(self._names, moments, strict=True)
        }


def _is_numeric(values: "npt.NDArray[Any] | pa.Array") -> bool:
    if isinstance(values, np.ndarray):
        return True
    kind = values.type.value_type if pa.types.is_large_list(values.type) else values.type
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))
