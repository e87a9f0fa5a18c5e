"""Recognizes columns of numbers with a decimal comma."""

import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.inference.infer import ColumnProfile

# Without a comma, too: not all numbers of a column have decimals.
_NUMBER = r"^\s*[+-]?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]+)?\s*$"
# Three digits after the comma may be thousands.
_DECIMALS = r",(?:[0-9]{1,2}|[0-9]{4,})\s*$"
# The share of distinct values that must be numbers: others may spell a missing one.
_SHARE = 0.9


def has_decimal_commas(profile: ColumnProfile) -> bool:
    """Whether the cells of a column look like `2,5`.

    Args:
        profile: The column's profile. Its distinct values decide; where they aren't kept, a few of
            them.
    """
    strings = profile.distinct.strings
    values = pa.array(profile.distinct.examples, pa.string()) if strings is None else strings
    if not len(values):
        return False
    numbers = pc.filter(values, pc.match_substring_regex(values, _NUMBER))
    return len(numbers) >= _SHARE * len(values) and bool(pc.any(pc.match_substring_regex(numbers, _DECIMALS)).as_py())
