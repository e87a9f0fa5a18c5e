"""Guesses whether the first record names the columns."""

import itertools
import re
from collections.abc import Sequence

from shardmill.transforms.sniff.samples import MOSTLY, Rows, columns_of, is_number


def has_header(files: Sequence[Rows]) -> bool:
    """Whether the first record of each file names the columns."""
    firsts = [rows[0] for rows in files if rows]
    if not firsts:
        return True
    if len(firsts) > 1:
        if all(sorted(first) == sorted(firsts[0]) for first in firsts):
            return True
        if any(is_number(cell) for first in firsts for cell in first):
            return False
    first = firsts[0]
    if _names_years(first):
        return True
    votes = 0
    columns = columns_of([row for rows in files for row in rows[1:]])
    for cell, column in zip(first, columns, strict=False):
        votes += _vote(cell, column)
    if votes:
        return votes > 0
    return not any(is_number(cell) for cell in first)


def _names_years(first: Sequence[str]) -> bool:
    """Whether all numbers in a row are years in sequence.

    So they are in the header of a table that has a column for each year.
    """
    years = [int(cell) for cell in first if re.fullmatch(r"(?:19|20)[0-9]{2}", cell)]
    if len(years) <= 1 or len(years) == len(first) or len(years) != sum(map(is_number, first)):
        return False
    steps = {after - before for before, after in itertools.pairwise(years)}
    return steps in ({1}, {-1})


def _vote(cell: str, column: list[str]) -> int:
    """Votes on whether a file's first cell is a name.

    The vote is above 0 if the cell reads as the name of the cells below it, and below 0 if it reads
    as one of them.
    """
    if not column:
        return 0
    numbers = sum(map(is_number, column)) >= MOSTLY * len(column)
    if numbers:
        return -3 if is_number(cell) else (3 if cell.strip() else 0)
    if is_number(cell):
        return 0
    if cell in column:
        return -2
    lengths = {len(value) for value in column}
    distinct = len(set(column))
    return int(distinct <= len(column) / 2 or (len(lengths) == 1 and len(cell) not in lengths and len(column) > 1))
