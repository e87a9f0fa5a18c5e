"""Respells the numbers of a column with a format of its own."""

import pyarrow as pa
import pyarrow.compute as pc

from shardmill.transforms.numbers.number_format import NumberFormat

_WORDS = r"^(?:[-+]?(?i:inf|infinity|nan))?$"


def plain_numbers(text: pa.Array, number_format: NumberFormat, nulls: pa.Array) -> pa.Array:
    """Spells numbers as they are spelled without a format.

    Args:
        text: The cells, null where missing.
        number_format: The column's format.
        nulls: The spellings of a missing cell.

    Returns:
        Strings: `-1234.5` for `(1.234,5)`. A cell that spells no number in the format stands in
        quotes, so that it isn't taken for another number; spaces, `nan`, `inf` and the spellings of
        a missing cell stay as they are.
    """
    trimmed = pc.ascii_trim_whitespace(text)
    plain = text if number_format.is_plain else _respell(text, trimmed, number_format, nulls)
    for number, words in (("1", number_format.true_values), ("0", number_format.false_values)):
        if words:
            plain = pc.if_else(pc.is_in(trimmed, value_set=pa.array(words, text.type)), number, plain)
    return plain


def _respell(text: pa.Array, trimmed: pa.Array, number_format: NumberFormat, nulls: pa.Array) -> pa.Array:
    good = pc.match_substring_regex(text, number_format.pattern)
    plain = pc.replace_substring_regex(text, number_format.ignored, "")
    if number_format.decimal != ".":
        plain = pc.replace_substring(plain, number_format.decimal, ".")
    if number_format.negative_parentheses:
        negative = pc.match_substring(text, "(")
        plain = pc.if_else(negative, pc.binary_join_element_wise("-", plain, ""), plain)
    if pc.all(good, min_count=0).as_py():
        return plain
    plain = pc.if_else(good, plain, pc.binary_join_element_wise("'", text, "'", ""))
    return pc.if_else(
        pc.or_(pc.match_substring_regex(trimmed, _WORDS), pc.is_in(trimmed, value_set=nulls)), text, plain
    )
