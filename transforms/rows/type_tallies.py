"""Counts of cells by spelling, which decide columns' types."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from shardmill.schemas.inference.spelling import CellCounts
from shardmill.schemas.inference.type_counts import TypeCounts, decide
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.csv.cell_spellings import ABSENT, SPELLINGS, Counts


class TypeTallies:
    """The counts that decide the types of columns.

    Merging them is commutative.

    Args:
        names: The columns' names, in the schema's order.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.rows = 0
        self._counts = np.zeros((len(self.names), len(SPELLINGS)), np.int64)

    def __getitem__(self, name: str) -> TypeCounts:
        return self._column(self.names.index(name))

    def __iter__(self) -> Iterator[TypeCounts]:
        return map(self._column, range(len(self.names)))

    def _column(self, index: int) -> TypeCounts:
        counts = self._counts[index].tolist()
        spellings = Counter({kind: count for kind, count in zip(SPELLINGS, counts, strict=True) if kind and count})
        return TypeCounts(self.names[index], self.rows, counts[ABSENT], CellCounts(spellings))

    def update(self, rows: int, counts: Counts) -> None:
        """Adds rows.

        Args:
            rows: Their number.
            counts: Their cells' counts, as `SpellingCounter.count` gives them.
        """
        self.rows += rows
        self._counts += counts

    def merge(self, other: "TypeTallies") -> None:
        """Adds the rows of other columns of the same names.

        Raises:
            ValueError: They have other names.
        """
        if self.names != other.names:
            raise ValueError(
                f"counts of cells: expected those of the columns {self.names!r}, received those of {other.names!r}; "
                "merge counts of the same columns"
            )
        self.update(other.rows, other._counts)  # noqa: SLF001 (of the same class)

    def schema(self, allowed: Mapping[str, frozenset[ColumnType]]) -> Schema:
        """The inferred schema.

        Args:
            allowed: The allowed types of columns whose uses accept certain types only, by name.
        """
        return Schema(tuple(decide(counts, allowed.get(counts.name, frozenset(ColumnType))) for counts in self))
