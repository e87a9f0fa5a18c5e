"""Whole numbers that have a point or an exponent.

pandas writes a column of integers with gaps as 5.0, and spreadsheets large ones as 1e5. They are
read from their decimal digits, since float64 is exact to 2**53 only.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import to_numpy

EXACT = 2**24
"""Integers up to this one are held by float32 exactly."""

_NUMBER = r"^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$"
_PARTS = r"^(?P<sign>[-+]?)(?P<whole>[0-9]*)\.?(?P<fraction>[0-9]*)(?:[eE](?P<direction>[-+]?)0*(?P<exponent>[0-9]*))?$"
# Spellings of which float64 gives the integer below `_PLAIN_MOST`; pandas' is the first.
_PANDAS = ".0"
_PLAIN = r"^[-+]?[0-9]+(?:\.0*)?$"
_PLAIN_MOST = 2.0**53
# From here on a number isn't taken for an identifier.
_QUANTITY = 2.0**64
# Digits of the greatest int64.
_MOST_DIGITS = 19
# Digits of an exponent that matters: no cell has as many digits as a longer one says.
_EXPONENT_DIGITS = 10
_POWERS = np.array([10**power for power in range(_MOST_DIGITS + 1)], np.uint64)


def whole_numbers(cells: pa.Array) -> pa.Array:
    """The integers that cells spell, exactly.

    Args:
        cells: Strings without spaces around them; null where missing.

    Returns:
        int64: 100000 for `1e5`, 5 for `5.0`, 0 for `-0.0`. Null where a cell is missing, is no
        number, has a fraction, or isn't in the range from -2**63+1 to 2**63-1.
    """
    values = _cast_fast(cells)
    if values is not None:
        return values
    chosen = _where(pc.match_substring_regex(cells, _NUMBER))
    values = np.zeros(len(cells), np.int64)
    missing = np.ones(len(cells), np.bool_)
    if len(chosen):
        values[chosen], missing[chosen] = _integers(pc.take(cells, pa.array(chosen)))
    return pa.array(values, mask=missing)


def is_rounded(values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Tells which values are whole numbers that float32 can't hold.

    Larger ones than an identifier of 64 bits are quantities, which may be rounded.

    Args:
        values: Numbers within the range of float32; NaN is none.
    """
    if not values.size or not np.nanmax(np.abs(values), initial=0.0) > EXACT:
        return np.zeros(values.shape, np.bool_)
    # The others may be beyond float32.
    small = np.where(np.abs(values) < _QUANTITY, values, 0.0)
    rounded: npt.NDArray[np.bool_] = (small == np.floor(small)) & (small.astype(np.float32) != small)
    return rounded


def _cast_fast(cells: pa.Array) -> pa.Array | None:
    """Casts cells that pandas wrote.

    None means that a cell has another spelling, or is too large.
    """
    if not pc.all(pc.ends_with(cells, _PANDAS), min_count=0).as_py():
        return None
    try:
        # Before ".0" a number has digits only.
        values = pc.cast(cells, pa.float64())
    except pa.ArrowInvalid:
        return None
    extremes = pc.min_max(values).as_py()
    fits = values.null_count == len(values) or -_PLAIN_MOST < extremes["min"] <= extremes["max"] < _PLAIN_MOST
    return pc.cast(values, pa.int64()) if fits else None


def _integers(numbers: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Returns the integers, and where there is none.

    Most numbers are plain, so that float64 tells the integer. The digits of the others are examined
    where it tells that there may be one.
    """
    floats = to_numpy(pc.cast(numbers, pa.float64()))
    plain = pc.match_substring_regex(numbers, _PLAIN).to_numpy(zero_copy_only=False) & (np.abs(floats) < _PLAIN_MOST)
    values = np.where(plain, floats, 0).astype(np.int64)
    missing = ~plain
    rest = np.flatnonzero(missing & (floats == np.floor(floats)) & (np.abs(floats) <= 2.0**63))
    if len(rest):
        values[rest], missing[rest] = _evaluate(pc.take(numbers, pa.array(rest)))
    return values, missing


def _evaluate(numbers: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Returns the integers, and where there is none."""
    parts = pc.extract_regex(numbers, _PARTS)
    sign, whole, fraction, direction, exponent = (parts.field(position) for position in range(5))
    digits = pc.binary_join_element_wise(whole, fraction, "")
    stripped = pc.ascii_rtrim(digits, "0")
    zeros = _lengths(digits) - _lengths(stripped)
    stripped = pc.ascii_ltrim(stripped, "0")
    length = _lengths(stripped)
    # The value is `stripped` times ten to this power.
    power = _exponents(direction, exponent) - _lengths(fraction) + zeros
    power[length == 0] = 0
    good = (power >= 0) & (length + power <= _MOST_DIGITS)
    readable = pc.if_else(pa.array(good & (length > 0)), stripped, "0")
    magnitude = to_numpy(pc.cast(readable, pa.uint64())) * _POWERS[np.where(good, power, 0)]
    good &= magnitude < np.uint64(2**63)
    values = np.where(good, magnitude, 0).astype(np.int64)
    negative = pc.equal(sign, "-").to_numpy(zero_copy_only=False)
    return np.where(negative, -values, values), ~good


def _where(mask: pa.Array) -> npt.NDArray[np.int64]:
    return np.flatnonzero(pc.fill_null(mask, fill_value=False).to_numpy(zero_copy_only=False))


def _exponents(direction: pa.Array, digits: pa.Array) -> npt.NDArray[np.int64]:
    """Evaluates exponents.

    One of too many digits is as good as any other.
    """
    long = pc.greater(pc.binary_length(digits), _EXPONENT_DIGITS)
    digits = pc.if_else(pc.equal(digits, ""), "0", pc.if_else(long, "9" * _EXPONENT_DIGITS, digits))
    values = to_numpy(pc.cast(digits, pa.int64()))
    return np.where(pc.equal(direction, "-").to_numpy(zero_copy_only=False), -values, values)


def _lengths(texts: pa.Array) -> npt.NDArray[np.int64]:
    lengths: npt.NDArray[Any] = to_numpy(pc.binary_length(texts))
    return lengths.astype(np.int64)
