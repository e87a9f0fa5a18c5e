"""The raw schema: each CSV column's name, type and presence."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import pyarrow as pa


class ColumnType(enum.Enum):
    """A raw column's type, named as in tensorflow-metadata."""

    INT = "int"
    FLOAT = "float"
    BYTES = "bytes"

    @property
    def arrow(self) -> pa.DataType:
        """The Arrow type of parsed values: int64, float32 or string."""
        return _ARROW[self]


_ARROW = {ColumnType.INT: pa.int64(), ColumnType.FLOAT: pa.float32(), ColumnType.BYTES: pa.string()}


# An input of the transform graph besides the columns, whose names have no NUL: a hash of each row,
# int64, from which features find its fold; -1 outside of training.
FOLD = "\0fold"
# The int64 that stands for a missing value of an INT column when it is fed to the transform graph.
MISSING_INT = -(2**63)

INFERRED = "inferred"
"""The origin of a type that was inferred from the column's cells."""

EMPTY = "empty"
"""The origin of the type of a column whose cells are all missing."""


@dataclass(frozen=True)
class Column:
    """One raw column.

    Attributes:
        name: The name in the header.
        type: INT (int64), FLOAT (float32) or BYTES (UTF-8 text).
        required: Whether every row has a value (presence.min_fraction is 1).
        origin: The schema file that the type is from, `INFERRED` or `EMPTY`, for messages only.
            None means that it isn't known, as for a derived column.
    """

    name: str
    type: ColumnType
    required: bool = False
    origin: str | None = field(default=None, compare=False, repr=False)

    @property
    def advice(self) -> str:
        """Advice on changing the type, to end a message.

        It is empty where the origin isn't known.
        """
        if self.origin is None:
            return ""
        if self.origin == EMPTY:
            return (
                ", since all of its cells are missing: leave the feature out; or check which spellings count as missing "
                "([input] null_values), or give the column a type in a schema file, which [input] schema names"
            )
        if self.origin == INFERRED:
            return (
                "; the type was inferred from its cells: to change it, edit it in a schema file, which `shardmill init` writes and "
                "[input] schema names"
            )
        return f"; to change it, edit `type: {self.type.name}` of feature {self.name!r} in {self.origin!r}"


@dataclass(frozen=True)
class Schema:
    """The raw columns, in order.

    Attributes:
        columns: The columns.
        described: The text of the schema file that they are from, which may say more of them. It is
            empty where there is none.
    """

    columns: tuple[Column, ...]
    described: str = field(default="", compare=False, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Column:
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}
