"""The groups that a configuration wants of rows."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Window:
    """How windows lie in the rows of a group.

    Attributes:
        size: The rows of a window.
        shift: How many rows after a window's first row the next one's is.
        stride: How many rows after a row of a window its next one is.
        horizon: How many rows after a window's last row the one is whose labels it has.
    """

    size: int
    shift: int
    stride: int
    horizon: int

    @property
    def reach(self) -> int:
        """Rows from a window's first to its labels' row."""
        return (self.size - 1) * self.stride + self.horizon


@dataclass(frozen=True, kw_only=True)
class Grouping:
    """How rows become groups, and groups become records.

    Attributes:
        group_by: The columns whose values the rows of a group share; no cell in them is missing.
            Without any, the rows of a split are one group.
        order_by: The column by whose values a group's rows are ordered; equal ones are in the
            input's order. None means the input's order.
        context: The features that a record has once, since all of a group's rows share them.
        max_length: The most rows of a group. None means any number.
        truncate: Whether the rows of a longer group after the first `max_length` are dropped; else
            such a group is an error.
        window: The windows whose rows are records. None means that whole groups are.
        forward_fill: The columns whose missing cells take the value of the row before in the group.
    """

    group_by: tuple[str, ...]
    order_by: str | None
    context: tuple[str, ...] = ()
    max_length: int | None = None
    truncate: bool = False
    window: Window | None = None
    forward_fill: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that rows must have a value in."""
        return (*self.group_by, *(() if self.order_by is None else (self.order_by,)))
