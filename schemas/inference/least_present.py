"""The least share of new rows or cells to expect."""

import math

SURE = 3.29
"""Standard deviations of the margin.

A normal variable is lower once in two thousand times.
"""

FEWEST_ROWS = 100
"""The fewest rows of new data."""

_DIGITS = 100


def least_present(present: int, rows: int) -> float:
    """The least share to expect, as a schema's `min_fraction`.

    Of new data with `FEWEST_ROWS` rows at the least, drawn like these, one in a thousand or so has
    a lower share.

    Args:
        present: The rows that have a value.
        rows: All rows.

    Returns:
        From 0 to 1, in hundredths; less than `present / rows`, unless that is 0. 0 means that no
        share is known to be too low.
    """
    return math.floor(least_share(present, rows, FEWEST_ROWS) * _DIGITS) / _DIGITS


def least_share(found: int, cells: int, new: int) -> float:
    """The least share of new cells of a sort.

    It is the lower end of Wilson's score interval (Wilson 1927, "Probable inference, the law of
    succession, and statistical inference"):

        (p + z**2 / 2m - z * sqrt(p * (1 - p) / m + z**2 / 4m**2)) / (1 + z**2 / m)

    Both the cells seen and new ones are a sample, and the variances of their shares add up. So `m`
    is 1 / (1 / cells + 1 / new).

    Args:
        found: The cells that are of the sort.
        cells: All cells seen.
        new: The new cells.

    Returns:
        From 0 to 1.
    """
    if not found:
        return 0.0
    share, size = found / cells, 1 / (1 / cells + 1 / new)
    middle = share + SURE**2 / (2 * size)
    margin = SURE * math.sqrt(share * (1 - share) / size + SURE**2 / (4 * size**2))
    # Of a very small share the difference may be below 0 by a rounding.
    return max(0.0, (middle - margin) / (1 + SURE**2 / size))
