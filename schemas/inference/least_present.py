"""The least share of new rows with a value."""

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

    It is the lower end of Wilson's score interval (Wilson 1927, "Probable inference, the law of
    succession, and statistical inference"), rounded down to hundredths:

        (p + z**2 / 2m - z * sqrt(p * (1 - p) / m + z**2 / 4m**2)) / (1 + z**2 / m)

    Both these rows and new ones are a sample, and the variances of their shares add up. So `m` is
    1 / (1 / rows + 1 / FEWEST_ROWS), and of new data with so many rows at the least, drawn like
    these, one in a thousand or so has a lower share.

    Args:
        present: The rows that have a value.
        rows: All rows.

    Returns:
        From 0 to 1; less than `present / rows`, unless that is 0. 0 means that no share is known
        to be too low.
    """
    if not present:
        return 0.0
    share, size = present / rows, 1 / (1 / rows + 1 / FEWEST_ROWS)
    middle = share + SURE**2 / (2 * size)
    margin = SURE * math.sqrt(share * (1 - share) / size + SURE**2 / (4 * size**2))
    # Of a very small share the difference may be below 0 by a rounding.
    least = max(0.0, (middle - margin) / (1 + SURE**2 / size))
    return math.floor(least * _DIGITS) / _DIGITS
