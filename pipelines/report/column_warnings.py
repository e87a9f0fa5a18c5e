"""Warnings of a column as it was read."""

from collections.abc import Iterator
from dataclasses import dataclass

from shardmill.pipelines.page.shown_statistics import ColumnStatistics
from shardmill.pipelines.page.shown_text import number, share

# The share of missing values from which on there is a warning.
_MISSING = 0.98
# Weights from which a warning is grave, and from which it is one at all.
GRAVE, WORTH = 80, 40


@dataclass(frozen=True)
class Warned:
    """A warning.

    Attributes:
        weight: The greater, the earlier it is shown.
        title: Its subject and what is the matter.
        detail: What it means, or what to do.
        column: The entry that it is about; empty where it is about the run.
    """

    weight: float
    title: str
    detail: str
    column: str = ""

    @property
    def level(self) -> str:
        """`grave`, `worth` a look, or a `note`."""
        if self.weight >= GRAVE:
            return "grave"
        return "worth" if self.weight >= WORTH else "note"


def column_warnings(name: str, found: ColumnStatistics, rows: str) -> Iterator[Warned]:
    """Warns of an empty, nearly empty or constant column.

    Args:
        name: The column's name.
        found: Its statistics.
        rows: The rows that they are of, in words.
    """
    if not found.rows and found.missing:
        yield Warned(92, f"Column {name!r} is empty", f"No row{rows} has a value.", name)
    elif found.missing_share >= _MISSING:
        title = f"Column {name!r} is {share(found.missing_share)} missing"
        yield Warned(80 + found.missing_share, title, "Few rows are left to learn from.", name)
    elif found.missing_share >= _MISSING / 2:
        title = f"Column {name!r} is {share(found.missing_share)} missing"
        yield Warned(20 + 10 * found.missing_share, title, "`indicator = true` says which cells are.", name)
    if (value := constant(found)) is not None:
        title = f"Column {name!r} is constant"
        yield Warned(90, title, f"Each value is {value}: there is nothing to learn from it.", name)


def constant(statistics: ColumnStatistics) -> str | None:
    """The only value of a column, if there is one."""
    if not statistics.rows:
        return None
    if statistics.is_number:
        return number(statistics.least) if statistics.least == statistics.greatest else None
    only = statistics.distinct == 1 or (len(statistics.top) == 1 and statistics.top[0][1] == statistics.rows)
    return repr(statistics.top[0][0]) if only and statistics.top else None
