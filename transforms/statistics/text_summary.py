"""Counts and lengths of text columns' values."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shardmill.transforms.kernel.described_columns import LARGE_TEXTS, TEXTS, Columns
from shardmill.transforms.kernel.library import kernel

# Lengths in native/statistics/lengths.c.
LAYOUT = ("count", "missing", "empty", "length", "shortest", "longest")
_SHORTEST, _LONGEST = LAYOUT.index("shortest"), LAYOUT.index("longest")


@dataclass(frozen=True)
class TextSummary:
    """Counts and lengths of a text column's values.

    Attributes:
        count: Values that are neither null nor empty.
        missing: Nulls and empty values.
        empty: Missing values that are empty rather than null.
        length: Bytes of all values together.
        shortest: Bytes of the shortest value; 0 without values.
        longest: Bytes of the longest value; 0 without values.
    """

    count: int = 0
    missing: int = 0
    empty: int = 0
    length: int = 0
    shortest: int = 0
    longest: int = 0

    @property
    def mean_length(self) -> float:
        """Mean bytes of a value; 0 without values."""
        return self.length / self.count if self.count else 0.0


class TextSummaries:
    """An accumulator of several columns' summaries.

    `merge` is associative and commutative.
    """

    def __init__(self, columns: int) -> None:
        """Makes an empty accumulator.

        Args:
            columns: The number of columns.
        """
        self._table = np.zeros((columns, len(LAYOUT)), np.int64)
        self._table[:, _SHORTEST] = np.iinfo(np.int64).max

    def update(self, columns: Columns, index: "npt.NDArray[np.int64] | None" = None) -> None:
        """Adds rows.

        Args:
            columns: The columns, all of texts.
            index: The indices of the rows to add. None means all.

        Raises:
            TypeError: A column isn't of texts.
        """
        if not np.isin(columns.table["kind"], (TEXTS, LARGE_TEXTS)).all() or len(columns.table) != len(self._table):
            raise TypeError(
                f"text summaries: expected {len(self._table)} columns of the kinds {TEXTS} and {LARGE_TEXTS}, "
                f"received {columns.table['kind'].tolist()}; make summaries for these"
            )
        columns.add_to(self._table, index, kernel().kernel_text_lengths)

    def merge(self, other: "TextSummaries") -> None:
        """Adds the values of other summaries, which stay unchanged."""
        mine, others = self._table, other._table  # noqa: SLF001 (one class)
        mine[:, :_SHORTEST] += others[:, :_SHORTEST]
        mine[:, _SHORTEST] = np.minimum(mine[:, _SHORTEST], others[:, _SHORTEST])
        mine[:, _LONGEST] = np.maximum(mine[:, _LONGEST], others[:, _LONGEST])

    def __iter__(self) -> Iterator[TextSummary]:
        for count, missing, empty, length, shortest, longest in self._table.tolist():
            yield TextSummary(count, missing, empty, length, shortest if count else 0, longest)
