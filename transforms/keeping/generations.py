"""Folders of entries by the days of their last use."""

import datetime as dt
import re
from typing import NamedTuple

from shardmill.transforms.files import files

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Generations(NamedTuple):
    """The two folders in which entries are looked for.

    Attributes:
        current: The folder of entries that were made or used in these days.
        earlier: That of the same number of days before.
    """

    current: str
    earlier: str


def generations(cache: str, days: int, today: dt.date) -> Generations:
    """The folders of a day.

    Each is named after its first day.

    Args:
        cache: The folder that has them.
        days: The number of days that each is for.
        today: The day.
    """
    first = today.toordinal() // days * days
    current, earlier = (dt.date.fromordinal(each).isoformat() for each in (first, first - days))
    return Generations(files.join(cache, current), files.join(cache, earlier))


def remove_older(earlier: str) -> None:
    """Removes the folders before that of earlier days.

    Args:
        earlier: See `Generations`; what isn't named after a day stays.

    Raises:
        OSError: One can't be listed or removed.
    """
    cache, _, oldest = earlier.rpartition("/")
    names = {path[len(cache) + 1 :].partition("/")[0] for path in files.walk(cache)}
    for name in sorted(names):
        if _DAY.fullmatch(name) and name < oldest:
            files.remove(files.join(cache, name))
