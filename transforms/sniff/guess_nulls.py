"""Guesses the spellings of missing cells."""

import pyarrow as pa

from shardmill.schemas.inference.spelling import Spelling, count_cells
from shardmill.transforms.scoring.cell_types import MOSTLY, is_number
from shardmill.transforms.scoring.cut_records import Rows, columns_of

# Spellings that mean a missing value wherever they stand, and those that only do so among numbers or
# dates: "NA" is also Namibia.
_NULLS_ANYWHERE = ("?", "\\N", "NULL", "null", "N/A", "n/a", "#N/A", "NaN", "nan", "<NA>", "NaT")
_NULLS_AMONG_NUMBERS = (
    "NA",
    "na",
    "None",
    "none",
    "NONE",
    "-",
    "--",
    ".",
    "missing",
    "Null",
    "(null)",
    "#NA",
    "#VALUE!",
    "#DIV/0!",
)
# MySQL's spellings of no day, among dates.
_NO_DAYS = ("0000-00-00", "0000-00-00 00:00:00")
# Spellings of blanks alone that are kept.
_MOST_BLANKS = 10
MARKERS = frozenset((*_NULLS_ANYWHERE, *_NULLS_AMONG_NUMBERS, *_NO_DAYS))
"""Spellings of missing cells that are looked for among numbers and dates."""


def guess_nulls(body: Rows) -> tuple[str, ...]:
    """Finds the spellings of missing cells, the empty one first.

    Cells of blanks alone are missing, since they are so among numbers.
    """
    blanks = {cell for row in body for cell in row if cell and not cell.strip(" \t")}
    found: dict[str, None] = dict.fromkeys(sorted(blanks, key=lambda cell: (len(cell), cell))[:_MOST_BLANKS])
    for column in columns_of(body):
        spellings = {cell.strip(): None for cell in column}
        found |= {name: None for name in _NULLS_ANYWHERE if name in spellings}
        values = [cell.strip() for cell in column if cell.strip() not in MARKERS]
        if values and sum(map(is_number, values)) >= MOSTLY * len(values):
            found |= {name: None for name in _NULLS_AMONG_NUMBERS if name in spellings}
        elif values and count_cells(pa.array(values)).of(Spelling.DATE) >= MOSTLY * len(values):
            found |= {name: None for name in (*_NULLS_AMONG_NUMBERS, *_NO_DAYS) if name in spellings}
    return ("", *found)
