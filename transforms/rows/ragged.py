"""Rows that differ from their header all in one way."""

from dataclasses import dataclass

from shardmill.schemas.messages import plural
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.rows.counts import Rejections

# The share of all rows from which a number of cells is no accident.
_MOST = 0.5


@dataclass(frozen=True)
class Ragged:
    """Rows of one number of cells, but not the header's.

    Attributes:
        problem: How many there are, and how they differ. Empty if most rows have the header's.
        remedy: The settings with which they can be read.
    """

    problem: str = ""
    remedy: str = ""


def find_ragged(rejections: Rejections, read: int, dialect: Dialect) -> Ragged:
    """Tells in which way most rows differ from their header.

    Args:
        rejections: The rejected rows.
        read: All rows read.
        dialect: The files' dialect.
    """
    (expected, found), count = max(rejections.widths.items(), key=lambda item: (item[1], item[0]), default=((0, 0), 0))
    if not count or count < _MOST * read:
        return Ragged()
    what = "the header" if dialect.header else "[input] columns"
    if dialect.header_lacks:
        what = "the header, with the cell that it lacks,"
    cells = plural(found, "cell")
    problem = f"{count:,} of {read:,} rows have {cells} where {what} has {expected}"
    if not dialect.header:
        return Ragged(problem, "Check [input] columns, delimiter and quote")
    if dialect.header_lacks and found == expected - 1:
        return Ragged(problem, "They have as many cells as the header itself. Remove [input] header_lacks")
    if not dialect.header_lacks and found == expected + 1:
        return Ragged(problem, _remedy(rejections, dialect))
    return Ragged(
        problem,
        "If the header is further below, set [input] skip_rows to the number of lines above it; if not, check [input] delimiter and quote",
    )


def _remedy(rejections: Rejections, dialect: Dialect) -> str:
    """The setting that reads rows with a cell too many."""
    rows = [reject.row for _, reject in rejections.first if reject.column is None]
    ended = sum(row.endswith(dialect.delimiter.encode()) for row in rows)
    if 2 * ended > len(rows):
        return f'They end with {dialect.delimiter!r}, and the header doesn\'t. To read them set [input] header_lacks = "last"'
    return (
        "Their first cell may be a row's name, for which the header has no cell. To read them set [input] "
        'header_lacks = "first"'
    )
