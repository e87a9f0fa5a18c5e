"""Ranges of numbers that are natural for a column.

The least and the greatest number that were seen say little: tomorrow's may lie beyond. So a range
is one that numbers of the kind can't leave, known by the column's name, and by all of its numbers.
"""

from typing import NamedTuple

from shardmill.schemas.inference.name_words import words_of

ENOUGH = 1000
"""How many numbers say something without a name."""

_COUNTED = frozenset({"count", "counts", "num", "number"})
_SIGNED = frozenset(
    {"anomaly", "balance", "change", "delay", "delta", "deviation", "diff", "difference", "elevation", "error"}
    | {"growth", "log", "loss", "margin", "net", "norm", "normalized", "offset", "profit", "residual", "return"}
    | {"returns", "scaled", "score", "shift", "temp", "temperature", "trend", "x", "y", "z", "zscore"}
)
_UNSIGNED = _COUNTED | {"age", "area", "capacity", "distance", "duration", "km", "miles", "population"}


class Range(NamedTuple):
    """A range, with its ends.

    Attributes:
        low: The least number.
        high: The greatest number. None means that there is none.
    """

    low: int
    high: int | None = None

    def holds(self, low: float, high: float) -> bool:
        """Whether numbers from one to another are in the range."""
        return self.low <= low and (self.high is None or high <= self.high)


# By a word of the name.
_SHARES = {
    **dict.fromkeys(("fraction", "proportion", "probability", "prob"), Range(0, 1)),
    **dict.fromkeys(("percent", "percentage", "pct"), Range(0, 100)),
    **dict.fromkeys(("lat", "latitude"), Range(-90, 90)),
    **dict.fromkeys(("lon", "lng", "longitude"), Range(-180, 180)),
}
# By the name's last word, of integers that reach both ends.
_PARTS_OF_TIME = {
    "month": Range(1, 12),
    "quarter": Range(1, 4),
    "hour": Range(0, 23),
    "minute": Range(0, 59),
    "second": Range(0, 59),
}


def natural_range(name: str, low: float, high: float, count: int, *, integer: bool) -> Range | None:
    """The range of a column's numbers, if one is natural.

    Args:
        name: The column's name.
        low: The least number.
        high: The greatest number.
        count: The numbers.
        integer: Whether they are integers.
    """
    words = words_of(name)
    signed = not _SIGNED.isdisjoint(words)
    ends = _PARTS_OF_TIME.get(words[-1]) if words and integer else None
    if ends == (low, high):
        return ends
    found = next((_SHARES[word] for word in words if word in _SHARES), None)
    if found is not None and not signed and found.holds(low, high):
        return found
    # A quantity with a sign has other numbers than those above its very zero.
    unsigned = not _UNSIGNED.isdisjoint(words) or (low == 0 and count >= ENOUGH)
    return Range(0) if unsigned and not signed and low >= 0 else None


def are_flags(name: str, low: float, high: float, count: int) -> bool:
    """Whether integers are 0 for false and 1 for true.

    Args:
        name: The column's name. A count isn't a flag, though it is seldom more than 1.
        low: The least integer.
        high: The greatest integer.
        count: The integers.
    """
    return (low, high) == (0, 1) and count >= ENOUGH and _UNSIGNED.isdisjoint(words_of(name))
