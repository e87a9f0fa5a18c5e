"""The bytes that are special in CSV text."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]

LF = 10
CR = 13


@dataclass(frozen=True)
class Lexicon:
    """The bytes that are special in a dialect.

    Attributes:
        delimiter: Between cells.
        quote: Around cells. None means that there is no quoting.
        escape: Makes the next byte literal. None means that there is none.
        comment: Begins a line that is skipped. None means that there are none.
        trim: Whether a quote opens a cell even after blanks at the cell's start.
    """

    delimiter: int
    quote: int | None = None
    escape: int | None = None
    comment: int | None = None
    trim: bool = False

    @property
    def packed(self) -> bytes:
        """As the kernel's `Dialect` (native/records/dialect.h)."""
        characters = (self.quote, self.escape, self.comment)
        there = [character is not None for character in characters]
        return bytes([self.delimiter, *(character or 0 for character in characters), *there, self.trim])
