"""Rows that differ from their header all in one way."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from shardmill.schemas.messages import plural
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.rows.counts import Rejections

# The share of all rows from which a number of cells is no accident.
_MOST = 0.5
# The most columns written out in a message.
_FEW_COLUMNS = 20


@dataclass(frozen=True)
class Ragged:
    """Rows of one number of cells, but not the header's.

    Attributes:
        problem: How many there are, and how they differ. Empty if most rows have the header's.
        remedy: The settings with which they can be read.
    """

    problem: str = ""
    remedy: str = ""


def find_ragged(rejections: Rejections, read: int, dialect: Dialect, names: Sequence[str] = ()) -> Ragged:
    """Tells in which way most rows differ from their header.

    Args:
        rejections: The rejected rows.
        read: All rows read.
        dialect: The files' dialect.
        names: The names in the header, in its order. Empty if they aren't known.
    """
    (expected, found), count = max(rejections.widths.items(), key=lambda item: (item[1], item[0]), default=((0, 0), 0))
    if not count or count < _MOST * read:
        return Ragged()
    what = "the header" if dialect.header else "[input] columns"
    cells = plural(found, "cell")
    problem = f"{count:,} of {read:,} rows have {cells} where {what} has {expected}"
    if not dialect.header:
        return Ragged(problem, "Check [input] columns, delimiter and quote")
    if found != expected + 1:
        return Ragged(
            problem,
            "If the header is further below, set [input] skip_rows to the number of lines above it; if not, check [input] delimiter and "
            "quote",
        )
    return Ragged(problem, _remedy(rejections, dialect, list(names), found))


def _remedy(rejections: Rejections, dialect: Dialect, names: list[str], found: int) -> str:
    """The settings that read rows with a cell too many."""
    rows = [reject.row for _, reject in rejections.first if reject.column is None]
    trailing = all(row.endswith(dialect.delimiter.encode()) for row in rows)
    other = f"column_{found if trailing else 1}"
    if 0 < len(names) <= _FEW_COLUMNS:
        columns = json.dumps([*names, other] if trailing else [other, *names], ensure_ascii=False)
    else:
        rest = f"the header's names {'before' if trailing else 'after'} it"
        columns = f'["{other}", ...], with {rest}'
    why = (
        f"They end with {dialect.delimiter!r}, and the header doesn't"
        if trailing
        else "Their first cell may be a row's name, for which the header has no cell"
    )
    return (
        f"{why}. To read them set [input] header = false, skip_rows = {dialect.skip_rows + 1} and columns = {columns}"
    )
