"""Folders of entries by the days of their last use."""

import contextlib
import datetime as dt
import re
from typing import NamedTuple

from shardmill.transforms.files import files

# The first day, and the number of days.
_NAME = "{}-{}d"
_FOLDER = re.compile(r"(\d{4}-\d{2}-\d{2})-(\d{1,5})d")


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

    Each is named after its first day and their number: runs that keep entries for other numbers of
    days have folders of their own, and none removes what another still keeps.

    Args:
        cache: The folder that has them.
        days: The number of days that each is for.
        today: The day.
    """
    first = today.toordinal() // days * days
    current, earlier = (_NAME.format(dt.date.fromordinal(each).isoformat(), days) for each in (first, first - days))
    return Generations(files.join(cache, current), files.join(cache, earlier))


def remove_older(earlier: str) -> None:
    """Removes the folders that nothing has used for their days.

    Args:
        earlier: See `Generations`; what has another name than such folders stays.

    Raises:
        OSError: One can't be listed or removed.
    """
    cache, _, name = earlier.rpartition("/")
    (now,) = _unused_from(name, 1)
    for each in sorted({path[len(cache) + 1 :].partition("/")[0] for path in files.walk(cache)}):
        if any(day <= now for day in _unused_from(each, 2)):
            files.remove(files.join(cache, each))


def _unused_from(folder: str, times: int) -> list[int]:
    """Moves a folder's first day on by its days.

    By so many times as many. Empty where it is no such folder.
    """
    found = _FOLDER.fullmatch(folder)
    with contextlib.suppress(ValueError):  # no day of the calendar
        if found is not None:
            return [dt.date.fromisoformat(found[1]).toordinal() + times * int(found[2])]
    return []
