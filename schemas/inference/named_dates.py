"""Finds cells that may be dates beginning with a name.

Many texts begin with a letter, so bytes are compared rather than texts matched.
"""

import numpy as np
import numpy.typing as npt

from shardmill.schemas.inference.date_formats import MONTHS, WEEKDAYS

_Bools = npt.NDArray[np.bool_]
_Bytes = npt.NDArray[np.uint8]

# Bytes of the shortest such date: "May-13".
_SHORTEST = 6


def _marked(letters: bytes) -> _Bools:
    table = np.zeros(256, np.bool_)
    table[list(letters)] = True
    return table


def _fourth_letters() -> _Bytes:
    """The fourth letter of months and weekdays, by their first.

    Each letter counts with five bits. 0 means that no name begins so; "may" has an "a" there.
    """
    table = np.zeros(1 << 15, np.uint8)
    for name in (*MONTHS, *WEEKDAYS):
        first, second, third, fourth = (letter & 31 for letter in f"{name}a"[:4].encode())
        table[first << 10 | second << 5 | third] = fourth
    return table


_FIRST = _marked(b"jfmasondtwJFMASONDTW")
_LAST = _marked(b"0123456789mMZCT")
_FOURTH = _fourth_letters()
_AFTER_SHORT_NAMES = _marked(b" -/,")


def may_be_named_dates(
    data: _Bytes, starts: npt.NDArray[np.int64], stops: npt.NDArray[np.int64], longest: int
) -> _Bools:
    """Whether cells begin with names and end as dates do.

    Args:
        data: The cells' bytes.
        starts: The start of each cell in them.
        stops: The end of each cell, which has a byte at least.
        longest: The most bytes of a date.

    Returns:
        bool [cells].
    """
    found = np.zeros(len(starts), np.bool_)
    lengths = stops - starts
    likely = np.flatnonzero(_FIRST[data[starts]] & (lengths >= _SHORTEST) & (lengths <= longest))
    likely = likely[_LAST[data[stops[likely] - 1]]]
    if not likely.size:
        return found
    letters = [data[starts[likely] + index].astype(np.int64) & 31 for index in range(3)]
    fourth = _FOURTH[letters[0] << 10 | letters[1] << 5 | letters[2]]
    likely, fourth = likely[fourth != 0], fourth[fourth != 0]
    after = data[starts[likely] + 3]
    found[likely[_AFTER_SHORT_NAMES[after] | (after & 31 == fourth)]] = True
    return found
