"""Casts the text of cells to numbers.

A column is cast all at once where all of its cells are well spelled, and else by rules that depend
on each cell alone.
"""

import re
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import binary_octets, to_numpy
from shardmill.schemas.messages import quoted
from shardmill.schemas.schema import ColumnType

_INT64_MIN = -(2**63)
_INT64_MAX = str(2**63 - 1)

# Match the cells that PyArrow casts to a float, but for "nan(...)". A plus sign is fine.
_FLOAT = r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"
_NOT_FINITE = r"^[-+]?(?i:inf|infinity|nan)$"
_INT = r"^[-+]?\d+$"

# How infinite numbers in a column of floats are treated: `[input] infinite`.
Infinite = Literal["keep", "missing", "reject"]


@dataclass(frozen=True)
class Cast:
    """A column's values.

    Attributes:
        values: Of the column's type; null where a cell is missing or bad.
        bad: Indices of the cells that spell no value of the type. None means that there are none.
        text: The bad cells' text.
        infinite: The number of cells that spell infinity.
    """

    values: pa.Array
    bad: npt.NDArray[np.int64] | None = None
    text: pa.Array | None = None
    infinite: int = 0

    def reasons(self, column_type: ColumnType) -> list[tuple[int, str]]:
        """Each bad cell's index, and why it is bad."""
        if self.bad is None or self.text is None:
            return []
        return [
            (row, _reason(text, column_type))
            for row, text in zip(self.bad.tolist(), self.text.to_pylist(), strict=True)
        ]


def cast(text: pa.Array, column_type: ColumnType, nulls: pa.Array, infinite: Infinite = "keep") -> Cast:
    """Casts cells to their column's type.

    BYTES becomes string, INT int64 and FLOAT float32.

    Spaces around a number and a plus sign before it are dropped, and a number spelled with spaces
    alone is missing. "nan" is missing. Hexadecimal, digit separators and other writings are bad
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
    try:
        values = pc.cast(text, column_type.arrow)
    except pa.ArrowInvalid:
        return _cast_int(text, nulls) if column_type is ColumnType.INT else _cast_float(text, nulls, infinite)
    if column_type is ColumnType.INT:
        return Cast(values) if _is_decimal(text, values) else _cast_int(text, nulls)
    return _drop_not_finite(values, text, infinite)


def _is_decimal(text: pa.Array, values: pa.Array) -> bool:
    """Whether cast integers are what their decimal text says.

    PyArrow casts hexadecimal integers too, and -2**63, which stands for a missing one.
    """
    octets = binary_octets(text)
    return not octets.size or (not ((octets | 0x20) == ord("x")).any() and to_numpy(values).min() != _INT64_MIN)


def _cast_int(text: pa.Array, nulls: pa.Array) -> Cast:
    clean = _clean(text, nulls)
    spelled = pc.match_substring_regex(clean, _INT)
    number = pc.replace_substring_regex(pc.replace_substring(clean, "+", ""), r"^(-?)0+(\d)", r"\1\2")
    digits = pc.replace_substring(number, "-", "")
    length = pc.binary_length(digits)
    fits = pc.or_(
        pc.less(length, len(_INT64_MAX)), pc.and_(pc.equal(length, len(_INT64_MAX)), pc.less_equal(digits, _INT64_MAX))
    )
    good = pc.and_(spelled, fits)
    return _with_bad(pc.cast(_only(number, good), pa.int64()), text, good)


def _cast_float(text: pa.Array, nulls: pa.Array, infinite: Infinite) -> Cast:
    clean = _clean(text, nulls)
    good = pc.or_(pc.match_substring_regex(clean, _FLOAT), pc.match_substring_regex(clean, _NOT_FINITE))
    cast_ = _drop_not_finite(pc.cast(_only(clean, good), pa.float32()), clean, infinite)
    if cast_.bad is not None:
        good = pc.and_(good, _mask(len(text), cast_.bad, value=False))
    return replace(_with_bad(cast_.values, text, good), infinite=cast_.infinite)


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


def _reason(text: str, column_type: ColumnType) -> str:
    number = text.strip(" \t\n\r\v\f")
    if column_type is ColumnType.INT:
        digits = number[1:] if number.startswith(("-", "+")) else number
        what = "an integer from -2**63+1 to 2**63-1" if digits.isdecimal() and digits.isascii() else "an integer"
    else:
        what = "a number that fits float32" if _is_number(number) else "a number"
        what = "a finite number" if re.match(_NOT_FINITE, number) else what
    return f"expected {what}, found {quoted(text)}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii() and "_" not in text
