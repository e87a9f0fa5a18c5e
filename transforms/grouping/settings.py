"""The groups that a configuration wants of rows."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Grouping:
    """How rows become groups, and groups become records.

    Attributes:
        group_by: The columns whose values the rows of a group share; no cell in them is missing.
        order_by: The column by whose values a group's rows are ordered; equal ones are in the
            input's order. None means the input's order.
        context: The features that a record has once, since all of a group's rows share them.
        max_length: The most rows of a group.
        truncate: Whether the rows of a longer group after the first `max_length` are dropped; else
            such a group is an error.
    """

    group_by: tuple[str, ...]
    order_by: str | None
    context: tuple[str, ...]
    max_length: int
    truncate: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that rows must have a value in."""
        return (*self.group_by, *(() if self.order_by is None else (self.order_by,)))
