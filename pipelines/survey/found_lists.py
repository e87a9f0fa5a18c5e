"""Finds columns whose cells are lists, by what stands between elements."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.inference.infer import ColumnProfile
from shardmill.transforms.numbers.list_cells import split_elements

# In the order in which they are tried. The comma is in text, too.
_DELIMITERS = ("|", ";", ",")
# The fewest different cells with several elements, and the least share of all different cells.
_FEWEST = 3
_SHARE = 0.25
# The least number of times that an element occurs in different cells, on average: names and
# sentences in two halves have others in every cell.
_REPEATED = 2
# The most characters of an element.
_LONGEST = 40


@dataclass(frozen=True)
class FoundList:
    """The lists in a column's cells.

    Attributes:
        delimiter: The text between elements.
        elements: The number of different elements. None means that not all cells were looked at.
    """

    delimiter: str
    elements: int | None

    @property
    def is_sure(self) -> bool:
        """Whether the delimiter is hardly anything else."""
        return self.delimiter != ","

    @property
    def reason(self) -> str:
        """What was found, for a comment."""
        count = "" if self.elements is None else f" of {self.elements:,} different elements"
        return f"lists{count}, with {self.delimiter!r} between them"


def find_list(profile: ColumnProfile) -> FoundList | None:
    """Finds the lists in a column of text.

    None means that its cells aren't lists.

    Args:
        profile: The column's profile.
    """
    kept = profile.distinct.strings
    cells = pa.array(profile.distinct.samples, pa.string()) if kept is None else kept
    for delimiter in _DELIMITERS:
        elements = _elements(cells, delimiter)
        if elements is not None:
            return FoundList(delimiter, elements if kept is not None else None)
    return None


def _elements(cells: pa.Array, delimiter: str) -> int | None:
    """The number of different elements, if cells are lists of them."""
    several = pc.sum(pc.match_substring(cells, delimiter)).as_py() or 0
    if several < max(_FEWEST, _SHARE * len(cells)):
        return None
    _, elements = split_elements(cells, delimiter)
    elements = elements.filter(pc.not_equal(elements, ""))
    different = pc.count_distinct(elements).as_py()
    if different * _REPEATED > len(elements) or pc.max(pc.utf8_length(elements)).as_py() > _LONGEST:
        return None
    # What is left of numbers with a decimal or a thousands comma is digits.
    if delimiter == "," and pc.all(pc.utf8_is_digit(elements)).as_py():
        return None
    return int(different)
