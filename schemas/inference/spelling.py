"""Counts of cells by spelling, without a loop over cells.

A cell spells an integer, a float, an identifier, a boolean, a date or text. Its spelling depends on
the cell alone, so counts add up to the same totals however the rows are cut into blocks. Most
spellings follow from the set of byte kinds in a cell, which one pass over a column's buffer finds
for all its cells; regular expressions see only the cells that this leaves open.
"""

import enum
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import bounds, to_numpy
from shardmill.schemas.inference.date_formats import (
    INTEGER_DATES,
    count_dates,
    count_integer_dates,
)
from shardmill.schemas.inference.named_dates import may_be_named_dates
from shardmill.schemas.inference.whole_numbers import is_rounded, whole_numbers

_Bools = npt.NDArray[np.bool_]
_Counts = npt.NDArray[np.int64]
_Number = TypeVar("_Number", int, float)

LONGEST = 64
"""Most bytes of a cell that isn't text: no number, date or word is longer."""


class Spelling(enum.Enum):
    """The spelling of a cell, without the spaces around it."""

    INTEGER = "integer"  # fits int64, has no leading zeros, and isn't -2**63, which stands for a missing value
    WHOLE = "whole number"  # an integer spelled with a point or an exponent: 5.0, 1e5
    FLOAT = "float"  # has a fraction, or is too large for an integer and has a point or an exponent; fits float32
    LEADING_ZERO = "leading zero"  # digits that an integer would not give back: 007
    BIG = "integer beyond int64"
    HUGE = "number beyond float32"
    INFINITE = "infinity"
    NAN = "nan"
    BOOLEAN = "boolean"  # true or false
    DATE = "date"
    BLANK = "spaces"  # a missing value in a column of numbers
    TEXT = "text"


@dataclass(frozen=True)
class CellCounts:
    """Counts of a column's cells by spelling.

    Attributes:
        spellings: Cells of each spelling; one that no cell has may be absent.
        formats: Cells of each date format. A cell such as 01/02/2013 counts for two; INTEGER cells
            such as 20130131 count, too.
        integers: The least and the greatest of the INTEGER and WHOLE cells. None means that there
            are none.
        floats: The least and the greatest of the FLOAT and BIG cells, in float64. None means that
            there are none.
        rounded: Cells that spell a whole number which float32 can't hold.
    """

    spellings: Counter[Spelling] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    integers: tuple[int, int] | None = None
    floats: tuple[float, float] | None = None
    rounded: int = 0

    def __add__(self, other: "CellCounts") -> "CellCounts":
        return CellCounts(
            self.spellings + other.spellings,
            self.formats + other.formats,
            _widest(self.integers, other.integers),
            _widest(self.floats, other.floats),
            self.rounded + other.rounded,
        )

    def without_dates(self) -> "CellCounts":
        """The counts with dates as text.

        So they are where spaces surround them, since no format has those.
        """
        spellings = Counter(self.spellings)
        spellings[Spelling.TEXT] += spellings.pop(Spelling.DATE, 0)
        formats = Counter({name: self.formats[name] for name in INTEGER_DATES if self.formats[name]})
        return replace(self, spellings=+spellings, formats=formats)

    def of(self, *spellings: Spelling) -> int:
        """Cells that have one of these spellings."""
        return sum(self.spellings[spelling] for spelling in spellings)


def _widest(one: tuple[_Number, _Number] | None, two: tuple[_Number, _Number] | None) -> tuple[_Number, _Number] | None:
    if one is None or two is None:
        return one or two
    return min(one[0], two[0]), max(one[1], two[1])


def count_cells(cells: pa.Array, weights: _Counts | None = None) -> CellCounts:
    """Counts cells by spelling.

    Args:
        cells: Strings, none of them null or empty.
        weights: How often each cell occurs in the column, int64 [len(cells)]. None means once.
    """
    tally = _Tally()
    if len(cells):
        tally.count(cells, np.ones(len(cells), np.int64) if weights is None else weights)
    return tally.counts


# Kinds of bytes, as bits of a set. A sign that begins a cell has a bit of its own.
_DIGIT, _SIGN, _POINT, _EXPONENT, _SPACE, _OTHER, _LEADING_SIGN = 1, 2, 4, 8, 16, 32, 64


_WHITESPACE = b" \t\n\v\f\r"


def _byte_kinds() -> npt.NDArray[np.uint8]:
    kinds = np.full(256, _OTHER, np.uint8)
    for letters, kind in (
        (b"0123456789", _DIGIT),
        (b"+-", _SIGN),
        (b".", _POINT),
        (b"eE", _EXPONENT),
        (_WHITESPACE, _SPACE),
    ):
        kinds[list(letters)] = kind
    return kinds


def _first_bytes(letters: bytes) -> _Bools:
    table = np.zeros(256, np.bool_)
    table[list(letters)] = True
    return table


_KINDS = _byte_kinds()
_FIRST_KINDS = np.where(_KINDS == _SIGN, np.uint8(_LEADING_SIGN), _KINDS)
_NUMBERS_BEGIN = _first_bytes(b"0123456789+-." + _WHITESPACE)
_WORDS_BEGIN = _first_bytes(b"tTfFiInN")
# Most bytes of a cell that may be one of the words below.
_LONGEST_WORD = 12
_NUMBER = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
# The beginnings of dates; their shapes decide.
_DATE = (
    r"^(?:[0-9]{1,4}(?:[-/.][0-9]{1,4}(?:[-/.][0-9]|$)|:[0-9]{2}|"
    r"[-/ ]?(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))|[0-9]{8}[T_ :,-])"
)
_WORD = r"^(?:[+-]?(?i:inf|infinity|nan)|(?i:true|false))$"
_INFINITE = r"^[+-]?(?i:inf|infinity)$"
_NAN = r"^[+-]?(?i:nan)$"
_BOOLEAN = r"^(?i:true|false)$"
_INT64_MAX = "9223372036854775807"
_SAFE_DIGITS = len(_INT64_MAX) - 1


class _Tally:
    """Sorts cells into spellings.

    The cheapest test comes first; a cell that no test claims is text.
    """

    def __init__(self) -> None:
        self.counts = CellCounts()

    def _add(self, spelling: Spelling, cells: int) -> None:
        if cells:
            self.counts = self.counts + CellCounts(Counter({spelling: cells}))

    def _add_floats(self, cells: pa.Array, weights: _Counts, spelling: Spelling) -> None:
        """Counts numbers as `spelling`.

        Those beyond float32 are HUGE, and FLOAT ones without a fraction WHOLE.
        """
        # Adding 0.0 turns -0.0 into 0.0: the two are equal, so which of them is the minimum would
        # depend on the order.
        values = pc.cast(cells, pa.float64()).to_numpy(zero_copy_only=False) + 0.0
        with np.errstate(over="ignore"):
            fits = np.isfinite(values.astype(np.float32))
        self._add(Spelling.HUGE, int(weights[~fits].sum()))
        whole = fits & (values == np.floor(values))
        if spelling is Spelling.FLOAT and whole.any():
            integers = whole_numbers(cells.filter(pa.array(whole)))
            whole[whole] = integers.is_valid().to_numpy(zero_copy_only=False)
            self._add_integers(to_numpy(integers.drop_null()), weights[whole], Spelling.WHOLE)
            fits &= ~whole
        self._add(spelling, int(weights[fits].sum()))
        if fits.any():
            values, weights = values[fits], weights[fits]
            rounded = int(weights[is_rounded(values)].sum())
            self.counts = self.counts + CellCounts(floats=(float(values.min()), float(values.max())), rounded=rounded)

    def _add_integers(self, values: npt.NDArray[np.int64], weights: _Counts, spelling: Spelling) -> None:
        if values.size:
            rounded = int(weights[is_rounded(values.astype(np.float64))].sum())
            self._add(spelling, int(weights.sum()))
            formats = count_integer_dates(values, weights)
            extremes = int(values.min()), int(values.max())
            self.counts = self.counts + CellCounts(formats=formats, integers=extremes, rounded=rounded)

    def count(self, cells: pa.Array, weights: _Counts) -> None:
        data, starts, stops = bounds(cells)
        first, lengths = data[starts], stops - starts
        open_ = (_NUMBERS_BEGIN[first] & (lengths <= LONGEST)) | (_WORDS_BEGIN[first] & (lengths <= _LONGEST_WORD))
        named = may_be_named_dates(data, starts, stops, LONGEST)
        if named.any():
            self._dates(*_take(cells, weights, named))
            open_ &= ~named
        if not open_.all():
            self._add(Spelling.TEXT, int(weights[~(open_ | named)].sum()))
            cells, weights = _take(cells, weights, open_)
            if not len(cells):
                return
            data, starts, stops = bounds(cells)
        self._by_bytes(cells, weights, data, starts, stops)

    def _by_bytes(
        self, cells: pa.Array, weights: _Counts, data: npt.NDArray[np.uint8], starts: _Counts, stops: _Counts
    ) -> None:
        kinds = _KINDS.take(data[starts[0] : stops[-1]])
        kinds[starts - starts[0]] = _FIRST_KINDS[data[starts]]
        present = np.bitwise_or.reduceat(kinds, starts - starts[0])
        signed = (present & _LEADING_SIGN) != 0
        present &= np.uint8(~_LEADING_SIGN & 0xFF)
        integers = present == _DIGIT
        decimals = present == _DIGIT | _POINT
        if integers.any():
            digits = starts + signed
            self._integers(
                *_take(cells, weights, integers), (stops - digits)[integers], data[digits[integers]] == ord("0")
            )
        if decimals.any():
            self._decimals(*_take(cells, weights, decimals))
        odd = ~(integers | decimals)
        if odd.any():
            self._odd(*_take(cells, weights, odd), spaced=bool((present[odd] & _SPACE).any()))

    def _integers(self, cells: pa.Array, weights: _Counts, digits: _Counts, zero_first: _Bools) -> None:
        zeros = zero_first & (digits > 1)
        self._add(Spelling.LEADING_ZERO, int(weights[zeros].sum()))
        fits = digits <= _SAFE_DIGITS
        close = digits == len(_INT64_MAX)
        if close.any():
            bare = pc.utf8_ltrim(cells.filter(pa.array(close)), "+-")
            fits[close] = pc.less_equal(bare, _INT64_MAX).to_numpy(zero_copy_only=False)
        big = ~fits & ~zeros
        if big.any():
            self._add_floats(*_take(cells, weights, big), Spelling.BIG)
        fits &= ~zeros
        if fits.any():
            cells, weights = _take(cells, weights, fits)
            values = pc.cast(pc.utf8_ltrim(cells, "+"), pa.int64()).to_numpy()
            self._add_integers(values, weights, Spelling.INTEGER)

    def _decimals(self, cells: pa.Array, weights: _Counts) -> None:
        """Counts cells of digits and points.

        Nearly always a cell has one point; addresses and versions have several.
        """
        try:
            self._add_floats(cells, weights, Spelling.FLOAT)
        except pa.ArrowInvalid:
            self._odd(cells, weights, spaced=False)

    def _odd(self, cells: pa.Array, weights: _Counts, *, spaced: bool) -> None:
        if spaced:
            trimmed = pc.ascii_trim_whitespace(cells)
            changed = pc.not_equal(trimmed, cells).to_numpy(zero_copy_only=False)
            if changed.any():
                self._trimmed(*_take(trimmed, weights, changed))
                cells, weights = _take(cells, weights, ~changed)
        data, starts, _ = bounds(cells)
        words = _WORDS_BEGIN[data[starts]]
        self._words(*_take(cells, weights, words))
        self._numbers(*_take(cells, weights, ~words))

    def _numbers(self, cells: pa.Array, weights: _Counts) -> None:
        """Counts cells that begin as numbers do."""
        numbers = _match(cells, _NUMBER)
        if numbers.any():
            self._add_floats(*_take(cells, weights, numbers), Spelling.FLOAT)
            cells, weights = _take(cells, weights, ~numbers)
        dates = _match(cells, _DATE)
        if dates.any():
            self._dates(*_take(cells, weights, dates))
            cells, weights = _take(cells, weights, ~dates)
        self._words(cells, weights)

    def _words(self, cells: pa.Array, weights: _Counts) -> None:
        """Counts cells that are neither numbers nor dates.

        A few words have a meaning, infinity and `nan` with a sign or without.
        """
        words = _match(cells, _WORD)
        self._add(Spelling.TEXT, int(weights[~words].sum()))
        if not words.any():
            return
        cells, weights = _take(cells, weights, words)
        for spelling, pattern in ((Spelling.INFINITE, _INFINITE), (Spelling.NAN, _NAN), (Spelling.BOOLEAN, _BOOLEAN)):
            self._add(spelling, int(weights[_match(cells, pattern)].sum()))

    def _trimmed(self, cells: pa.Array, weights: _Counts) -> None:
        filled = pc.not_equal(cells, "").to_numpy(zero_copy_only=False)
        self._add(Spelling.BLANK, int(weights[~filled].sum()))
        if filled.any():
            inner = _Tally()
            inner.count(*_take(cells, weights, filled))
            self.counts = self.counts + inner.counts.without_dates()

    def _dates(self, cells: pa.Array, weights: _Counts) -> None:
        formats, dates = count_dates(cells, weights)
        self.counts = self.counts + CellCounts(formats=formats)
        self._add(Spelling.DATE, int(weights[dates].sum()))
        self._add(Spelling.TEXT, int(weights[~dates].sum()))


def _take(cells: pa.Array, weights: _Counts, mask: _Bools) -> tuple[pa.Array, _Counts]:
    if mask.all():
        return cells, weights
    return cells.filter(pa.array(mask)), weights[mask]


def _match(cells: pa.Array, pattern: str) -> _Bools:
    matches: _Bools = pc.match_substring_regex(cells, pattern).to_numpy(zero_copy_only=False)
    return matches
