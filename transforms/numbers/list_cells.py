"""Lists in the cells of a column, of tokens or numbers.

Elements are taken without the blanks around them; empty ones are left out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import to_numpy
from shardmill.schemas.messages import quoted

# What the elements are: "weighted" ones are a text, or a text and its weight.
Elements = Literal["float32", "int64", "weighted"]

_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_EXPECTED = {
    "float32": "a list of numbers",
    "int64": "a list of integers from -2**63 + 1 to 2**63 - 1",
    "weighted": "a list of texts with their weights",
}


@dataclass(frozen=True, order=True)
class ListShape:
    """The shape of a cell that is a list.

    Attributes:
        delimiter: The text between elements.
        elements: What each element must be.
        weight_delimiter: The character between a text and its weight; the last one in an element
            counts. Empty unless elements are weighted.
    """

    delimiter: str
    elements: Elements
    weight_delimiter: str = ""

    @cached_property
    def pattern(self) -> str:
        """A regular expression (RE2) of a whole element."""
        if self.elements == "float32":
            return _NUMBER
        if self.elements == "int64":
            return _integers()
        mark = re.escape(self.weight_delimiter)
        return rf"(?s:[^{mark}]+|.*\S\s*{mark}\s*{_NUMBER})"

    def faults(self, cells: pa.Array) -> Iterator[tuple[int, str]]:
        """Finds the rows whose cell is no such list.

        Args:
            cells: Text; null where missing, which is no fault.

        Yields:
            The row, and the reason, which quotes its first bad element.
        """
        of_rows, elements = split_elements(cells, self.delimiter)
        good = pc.or_(pc.match_substring_regex(elements, rf"\A(?:{self.pattern})\z"), pc.equal(elements, ""))
        bad = np.flatnonzero(to_numpy(good.cast(pa.int8())) == 0)
        rows, first = np.unique(of_rows[bad], return_index=True)
        for row, element in zip(rows.tolist(), bad[first].tolist(), strict=True):
            yield row, f"expected {_EXPECTED[self.elements]}, found {quoted(elements[element].as_py())} in it"


def split_elements(cells: pa.Array, delimiter: str) -> tuple[npt.NDArray[np.int64], pa.Array]:
    """Splits cells into elements, as the graph does.

    They are without the blanks around them; empty ones are still there.

    Args:
        cells: Text, as string or binary; null where missing.
        delimiter: The text between elements.

    Returns:
        The row of each element, and the elements, of the type of the cells.
    """
    lists = pc.split_pattern(cells, delimiter)
    elements = pc.list_flatten(lists)
    text = pa.large_string() if elements.type == pa.large_binary() else pa.string()
    trimmed = pc.ascii_trim_whitespace(elements.view(text)).view(elements.type)
    return to_numpy(pc.list_parent_indices(lists)).astype(np.int64), trimmed


def _integers() -> str:
    """A regular expression of the integers that int64 holds.

    It leaves out the least, which stands for a missing value.
    """
    greatest = str(np.iinfo(np.int64).max)
    less = [
        rf"{greatest[:at]}[0-{int(digit) - 1}][0-9]{{{len(greatest) - at - 1}}}"
        for at, digit in enumerate(greatest)
        if digit != "0"
    ]
    return rf"[+-]?0*(?:[0-9]{{1,{len(greatest) - 1}}}|{'|'.join(less)}|{greatest})"
