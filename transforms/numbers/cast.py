"""Casts the text of cells to numbers, by rules that depend on each cell alone.

Most cells never come here: the kernel reads the numbers that it is sure of
(`transforms/csv/cell_columns.py`).
"""

import re
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import to_numpy
from shardmill.schemas.inference.whole_numbers import EXACT, is_rounded, whole_numbers
from shardmill.schemas.messages import quoted
from shardmill.schemas.schema import ColumnType
from shardmill.transforms.numbers.number_format import Infinite, NumberFormat

# Match the cells that PyArrow casts to a float, but for "nan(...)". A plus sign is fine.
_FLOAT = r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"
_NOT_FINITE = r"^[-+]?(?i:inf|infinity|nan)$"
_NAN = r"^[-+]?(?i:nan)$"


@dataclass(frozen=True)
class Cast:
    """A column's values.

    Attributes:
        values: Of the column's type; null where a cell is missing or bad.
        bad: Indices of the cells that spell no value of the type. None means that there are none.
        text: The bad cells' text, respelled where the column has a format.
        infinite: The number of cells that spell infinity.
        rounded: The number of cells of a FLOAT column with a whole number that float32 can't hold.
        found: The bad cells' text as it stood, where the column has a format.
        number_format: The column's format. None means that it has none.
    """

    values: pa.Array
    bad: npt.NDArray[np.int64] | None = None
    text: pa.Array | None = None
    infinite: int = 0
    rounded: int = 0
    found: pa.Array | None = None
    number_format: NumberFormat | None = None

    def respelled(self, text: pa.Array, number_format: NumberFormat) -> "Cast":
        """The same values of cells that had been respelled.

        Args:
            text: The cells as they stood.
            number_format: The format that they are in.
        """
        found = None if self.bad is None else pc.take(text, pa.array(self.bad))
        return replace(self, found=found, number_format=number_format)

    def reasons(self, column_type: ColumnType) -> list[tuple[int, str]]:
        """Each bad cell's index, and why it is bad."""
        if self.bad is None or self.text is None:
            return []
        texts = self.text.to_pylist()
        found = texts if self.found is None else self.found.to_pylist()
        written = f" with {self.number_format}" if self.number_format else ""
        return [
            (row, f"expected {_wanted(text, column_type)}{written}, found {quoted(cell)}")
            for row, text, cell in zip(self.bad.tolist(), texts, found, strict=True)
        ]


def cast(
    text: pa.Array,
    column_type: ColumnType,
    nulls: pa.Array,
    infinite: Infinite = "keep",
) -> Cast:
    """Casts cells to their column's type.

    BYTES becomes string, INT int64 and FLOAT float32.

    Spaces around a number and a plus sign before it are dropped, and a number spelled with spaces
    alone is missing. "nan" is missing. An integer may be spelled with a point or an exponent: `5.0`
    and `1e5` are exactly 5 and 100000. Hexadecimal, digit separators and other writings are bad
    cells, and so is a number that is too large for its type, and -2**63, which stands for a missing
    integer in the graph.

    Args:
        text: The cells, null where missing.
        column_type: The type to cast to.
        nulls: The spellings of a missing cell.
        infinite: How "inf" in a FLOAT column is treated: as a value, as missing, or as a bad cell.
    """
    if column_type is ColumnType.BYTES:
        return Cast(text)
    if not len(text):
        return Cast(pa.nulls(0, column_type.arrow))
    return _cast_int(text, nulls) if column_type is ColumnType.INT else _cast_float(text, nulls, infinite)


def _cast_int(text: pa.Array, nulls: pa.Array) -> Cast:
    values = whole_numbers(text)
    if values.null_count == text.null_count:
        return Cast(values)
    clean = _clean(text, nulls)
    clean = _only(clean, pc.invert(pc.match_substring_regex(clean, _NAN)))
    values = whole_numbers(clean)
    return _with_bad(values, text, pc.or_(values.is_valid(), pc.is_null(clean)))


def _cast_float(text: pa.Array, nulls: pa.Array, infinite: Infinite) -> Cast:
    clean = _clean(text, nulls)
    good = pc.or_(pc.match_substring_regex(clean, _FLOAT), pc.match_substring_regex(clean, _NOT_FINITE))
    cast_ = _drop_not_finite(pc.cast(_only(clean, good), pa.float32()), clean, infinite)
    if cast_.bad is not None:
        good = pc.and_(good, _mask(len(text), cast_.bad, value=False))
    found = _with_bad(cast_.values, text, good)
    return replace(found, infinite=cast_.infinite, rounded=_count_rounded(found.values, clean))


def _count_rounded(values: pa.Array, text: pa.Array) -> int:
    """Counts whole numbers that float32 doesn't hold.

    Most blocks have no number that is large enough.
    """
    large = np.abs(to_numpy(values)) >= EXACT
    if not large.any():
        return 0
    large &= values.is_valid().to_numpy(zero_copy_only=False)
    return int(is_rounded(pc.cast(text.filter(pa.array(large)), pa.float64()).to_numpy(zero_copy_only=False)).sum())


def _drop_not_finite(values: pa.Array, text: pa.Array, infinite: Infinite) -> Cast:
    """Makes "nan" missing, and treats "inf" as told.

    Numbers that became infinite because they are too large are bad cells.
    """
    numbers = to_numpy(values)
    if np.isfinite(numbers).all():
        return Cast(values)
    suspects = np.flatnonzero(~np.isfinite(numbers))
    spelled = pc.match_substring_regex(pc.take(text, pa.array(suspects)), _NOT_FINITE)
    # Null where the cell is missing: whatever number stands there has no meaning.
    bad = suspects[~pc.fill_null(spelled, fill_value=True).to_numpy(zero_copy_only=False)]
    said = suspects[pc.fill_null(spelled, fill_value=False).to_numpy(zero_copy_only=False)]
    said = said[np.isinf(numbers[said])]
    if infinite == "reject":
        bad = np.union1d(bad, said)
    missing = np.isnan(numbers)
    missing[bad] = True
    if infinite == "missing":
        missing[said] = True
    values = _only(values, pa.array(~missing))
    return Cast(values, bad, pc.take(text, pa.array(bad)), len(said)) if len(bad) else Cast(values, infinite=len(said))


def _clean(text: pa.Array, nulls: pa.Array) -> pa.Array:
    clean = pc.ascii_trim_whitespace(text)
    return _only(clean, pc.invert(pc.is_in(clean, value_set=nulls)))


def _only(values: pa.Array, kept: pa.Array) -> pa.Array:
    """Values with nulls where they aren't kept."""
    return pc.if_else(pc.fill_null(kept, fill_value=False), values, pa.scalar(None, values.type))


def _with_bad(values: pa.Array, text: pa.Array, good: pa.Array) -> Cast:
    """Adds the cells that aren't `good` to their values.

    `good` is null where the cell is missing.
    """
    bad = np.flatnonzero(~pc.fill_null(good, fill_value=True).to_numpy(zero_copy_only=False))
    return Cast(values, bad, pc.take(text, pa.array(bad))) if len(bad) else Cast(values)


def _mask(size: int, indices: npt.NDArray[np.int64], *, value: bool) -> pa.Array:
    mask = np.full(size, not value)
    mask[indices] = value
    return pa.array(mask)


def _wanted(text: str, column_type: ColumnType) -> str:
    """Says what is expected where a text stands."""
    number = text.strip(" \t\n\r\v\f")
    if column_type is ColumnType.INT:
        return "an integer from -2**63+1 to 2**63-1" if _is_whole(number) else "an integer"
    if re.match(_NOT_FINITE, number):
        return "a finite number"
    return "a number that fits float32" if _is_number(number) else "a number"


def _is_whole(text: str) -> bool:
    if not _is_number(text) or re.match(_NOT_FINITE, text):
        return False
    try:
        number = Decimal(text)
    except InvalidOperation:
        # The exponent is beyond any that it holds: no digits outweigh that, so its sign decides.
        return "e-" not in text.lower()
    return number == number.to_integral_value()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii() and "_" not in text
