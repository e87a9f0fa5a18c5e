"""Guesses the spellings of missing cells."""

from shardmill.transforms.sniff.samples import MOSTLY, Rows, columns_of, is_number

# Spellings that mean a missing value wherever they stand, and those that only do so among numbers:
# "NA" is also Namibia.
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


def guess_nulls(body: Rows) -> tuple[str, ...]:
    """Finds the spellings of missing cells, the empty one first."""
    found: dict[str, None] = {}
    for column in columns_of(body):
        spellings = {cell.strip(): None for cell in column}
        found |= {name: None for name in _NULLS_ANYWHERE if name in spellings}
        markers = (*_NULLS_ANYWHERE, *_NULLS_AMONG_NUMBERS)
        values = [cell for cell in column if cell.strip() not in markers]
        if values and sum(map(is_number, values)) >= MOSTLY * len(values):
            found |= {name: None for name in _NULLS_AMONG_NUMBERS if name in spellings}
    return ("", *found)
