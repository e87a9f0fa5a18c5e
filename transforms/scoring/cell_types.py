"""Tells numbers, dates, times and truth values from other text.

It is done cell by cell, and more widely than the reader does, since a guess only asks what a person
would see in a cell.
"""

import re
from collections.abc import Sequence

MOSTLY = 0.9
"""The share of a column's cells from which it is of a type."""

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:inf|infinity)", re.ASCII | re.IGNORECASE)
# Thousands, decimal commas, currencies, percents, and parentheses for negative amounts.
_AMOUNT = re.compile(
    r"\(?[+-]?[$€£¥]?[+-]?(?:\d{1,3}(?:[,. \u2019']\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?)(?:[eE][+-]?\d+)? ?[%$€£¥]?\)?"
)
_TIME = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?(?: ?(?:Z|[+-]\d{2}(?::?\d{2})?))?"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DAY = (
    r"\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})"
    rf"|\d{{1,2}}[-/. ]{_MONTH}[-/. ]\d{{2,4}}|{_MONTH} \d{{1,2}},? \d{{4}}"
)
_DATE = re.compile(rf"(?:{_DAY})(?:[T ]{_TIME})?", re.IGNORECASE)
_TIMES = re.compile(_TIME)
_TRUTH = frozenset({"true", "false", "yes", "no"})


def is_number(cell: str) -> bool:
    """Whether a cell reads as a number, infinite ones included."""
    return _NUMBER.fullmatch(cell.strip()) is not None


def type_of(cell: str) -> str | None:
    """The type that a cell's text shows.

    It is "number", "date", "time" or "truth value"; None means that it is text.
    """
    cell = cell.strip()
    if not cell:
        return None
    if _NUMBER.fullmatch(cell) or _AMOUNT.fullmatch(cell):
        return "number"
    if _DATE.fullmatch(cell):
        return "date"
    if _TIMES.fullmatch(cell):
        return "time"
    return "truth value" if cell.lower() in _TRUTH else None


def type_of_column(cells: Sequence[str]) -> str | None:
    """The type of most cells of a column.

    None means text.
    """
    types = [type_of(cell) for cell in cells]
    most = max(set(types), key=types.count, default=None)
    return most if types and types.count(most) >= MOSTLY * len(types) else None
