"""Names columns that a header leaves out or has twice."""

from collections.abc import Sequence
from dataclasses import dataclass

from shardmill.schemas.messages import listed, quoted


@dataclass(frozen=True, order=True)
class Renamed:
    """A column that isn't called what its header says.

    Attributes:
        position: Its position in the header, from 1.
        name: The header's name for it; empty if there is none.
        column: The column's name.
    """

    position: int
    name: str
    column: str


def repair_names(names: Sequence[str]) -> tuple[list[str], list[Renamed]]:
    """Makes the names of a header distinct, in linear time.

    A column without a name is called `column_` and its position. Of several columns with one name
    the first keeps it, and the others get `_2`, `_3` and so on; a number that would give the name
    of another column is left out. No name that occurs once changes.

    Args:
        names: The names, without spaces around them; empty where there is none.

    Returns:
        The columns' names, in order, and those that differ from the header's.
    """
    taken = set(names)
    seen: set[str] = set()
    numbers: dict[str, int] = {}
    columns, renamed = [], []
    for position, name in enumerate(names, 1):
        column = name or f"column_{position}"
        if column in (seen if name else taken):
            # Each number is tried once: it is free, or the name of a column that the header has.
            number = numbers.get(column, 2)
            while f"{column}_{number}" in taken:
                number += 1
            numbers[column] = number + 1
            column = f"{column}_{number}"
        taken.add(column)
        seen.add(column)
        columns.append(column)
        if column != name:
            renamed.append(Renamed(position, name, column))
    return columns, renamed


def describe_renamed(renamed: Sequence[Renamed], most: int = 5) -> str:
    """Tells what a header calls the columns that were renamed.

    Args:
        renamed: The columns.
        most: The most columns to show, of those without a name and of the others.

    Returns:
        A sentence without its period, such as `column 1 has no name; column 3 is another 'a'`.
    """
    unnamed = [each.position for each in renamed if not each.name]
    others = [each for each in renamed if each.name]
    told = []
    if unnamed:
        several = len(unnamed) > 1
        told.append(f"column{'s' * several} {listed(unnamed, most)} {'have' if several else 'has'} no name")
    told += [f"column {each.position} is another {quoted(each.name)}" for each in others[:most]]
    return "; ".join([*told, *([f"and {len(others) - most:,} more have a name again"] if others[most:] else [])])
