"""A column's statistics, as scripts draw them.

Numbers are rounded, and text is escaped and cut.
"""

import math
from collections.abc import Sequence
from typing import Any

from shardmill.pipelines.page.shown_statistics import ColumnStatistics
from shardmill.pipelines.page.shown_text import distinct_text, number, shortened

# Characters of a value of the data; values to show where others are of a single row.
_VALUE, _RARE = 36, 4
# A mean of so many standard deviations is a rounding error.
_NOTHING = 1e-6


def statistics_data(found: ColumnStatistics, *, are_ids: bool = False) -> dict[str, Any]:
    """A column's statistics for a script.

    Args:
        found: The statistics.
        are_ids: Whether the numbers are ids, of which a mean says nothing.
    """
    numbers = {
        "mean": centred(found),
        "std": found.deviation,
        "min": found.least,
        "median": found.median,
        "max": found.greatest,
        "zeros": found.zeros,
        "length": found.length,
    }
    if are_ids:
        numbers = {"min": found.least, "max": found.greatest}
    made: dict[str, Any] = {name: rounded(value) for name, value in numbers.items() if value is not None}
    made |= {"rows": found.rows, "missing": found.missing}
    if found.distinct is not None:
        made["distinct"] = distinct_text(found.distinct, about=True) if found.about else found.distinct
    if found.per_row != 1:
        made["each"] = rounded(found.per_row)
    if found.bars:
        made["bars"] = [[rounded(value) for value in bar] for bar in found.bars]
    if found.top:
        made["top"] = [[shortened(value, _VALUE), rounded(count)] for value, count in _worth_showing(found)]
    return made


def _worth_showing(found: ColumnStatistics) -> Sequence[tuple[str, float]]:
    """The most frequent values; few where most are single."""
    rare = len(found.top) > _RARE and found.top[_RARE][1] < 2  # noqa: PLR2004  (a value of a single row)
    return found.top[:_RARE] if rare else found.top


def centred(found: ColumnStatistics) -> float | None:
    """The mean; 0 where it is a rounding error."""
    if found.mean is not None and found.deviation and abs(found.mean) < _NOTHING * found.deviation:
        return 0.0
    return found.mean


def rounded(value: float) -> float | int | str:
    """A number with six digits.

    NaN and infinity, which JSON lacks, are text.
    """
    if not math.isfinite(value):
        return number(value)
    short = float(f"{value:.6g}")
    return int(short) if short == int(short) and abs(short) < 1e15 else short  # noqa: PLR2004  (exact as a float)
