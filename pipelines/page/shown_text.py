"""Text and numbers as pages show them."""

import math

from shardmill.pipelines.console.printable import one_line
from shardmill.schemas.feature_stats import LARGE_VALUE
from shardmill.schemas.messages import cut

# Characters of one value of the data.
_LONGEST = 120
_DIGITS = 5
MINUS = "\u2212"
"""The sign of negative numbers, as wide as a plus."""

# Numbers from which on, and below which, a power of ten is shorter.
_LARGE, _SMALL = 1e9, 1e-4


def shown(text: str, most: int = _LONGEST) -> str:
    """A text of the data on one line.

    Control characters and marks that change the writing direction are escaped.

    Args:
        text: The text.
        most: The most characters; longer text is cut.
    """
    return cut(one_line(text), most)


def shortened(text: str, most: int) -> str:
    """Shortens a value of the statistics to one line.

    Args:
        text: The value. That by which statistics count long texts is said in words.
        most: The most characters; longer text ends in an ellipsis.
    """
    if text == LARGE_VALUE:
        return "(long texts)"
    line = one_line(text)
    return line if len(line) <= most else f"{line[: most - 1]}\u2026"


def number(value: float | None) -> str:
    """A number with five significant digits; empty for None."""
    if value is None:
        return ""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{MINUS if value < 0 else ''}∞"
    size = abs(value)
    if size and (size >= _LARGE or size < _SMALL):
        text = f"{value:.{_DIGITS - 2}e}"
    elif value == int(value):
        text = f"{value:,.0f}"
    else:
        whole = len(str(int(size))) if size >= 1 else 0
        text = f"{value:,.{max(_DIGITS - whole, 0)}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", MINUS)


def distinct_text(count: int | None, *, about: bool = False) -> str:
    """A number of distinct values; empty for None.

    Args:
        count: The number.
        about: Whether it is an estimate.
    """
    return "" if count is None else f"{'about ' if about else ''}{count:,}"


def share(value: float) -> str:
    """A share as percent.

    A part isn't rounded to nothing or all.
    """
    percent = 100 * value
    if 0 < percent < 0.1:  # noqa: PLR2004  (the least that is shown with one digit)
        return "< 0.1 %"
    if 99.9 < percent < 100:  # noqa: PLR2004
        return "> 99.9 %"
    return f"{percent:.0f} %" if percent in (0, 100) else f"{percent:.1f} %"
