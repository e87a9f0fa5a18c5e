"""The formats of numbers in `[input.columns.NAME]`."""

from collections.abc import Collection
from dataclasses import fields

from shardmill.pipelines.config.table import Table
from shardmill.transforms.numbers.number_format import NumberFormat

NUMBER_KEYS = tuple(field.name for field in fields(NumberFormat))
_DEFAULTS = NumberFormat()
# What signs and parentheses mean is fixed.
_MEANINGFUL = "+-()"


def parse_number_formats(tables: Table, null_values: Collection[str]) -> tuple[tuple[str, NumberFormat], ...]:
    """Checks the formats of numbers.

    Args:
        tables: A table for each column, by its name; keys other than `NUMBER_KEYS` are ignored.
        null_values: The spellings of a missing cell.

    Returns:
        Pairs of a column and its format, without columns that have none.

    Raises:
        ConfigError: A value isn't as expected, or two of them contradict each other.
    """
    found = [(name, _parse_format(tables.table(name), null_values)) for name in tables.raw]
    return tuple((name, number_format) for name, number_format in found if number_format != _DEFAULTS)


def _parse_format(table: Table, null_values: Collection[str]) -> NumberFormat:
    thousands = _parse_mark(table, "thousands", _DEFAULTS.thousands)
    decimal = _parse_mark(table, "decimal", _DEFAULTS.decimal)
    if thousands == decimal:
        table.refuse(
            "thousands", f'expected a character other than decimal, received {decimal!r} for both; set decimal = ","'
        )
    true_values, false_values = (_parse_words(table, name, null_values) for name in ("true_values", "false_values"))
    both = sorted({*true_values} & {*false_values})
    if both:
        table.refuse("false_values", f"expected other cells than in true_values, received {both[0]!r} in both")
    return NumberFormat(
        thousands=thousands,
        decimal=decimal,
        strip=_parse_strip(table, thousands + decimal),
        negative_parentheses=table.boolean("negative_parentheses", default=_DEFAULTS.negative_parentheses),
        true_values=true_values,
        false_values=false_values,
    )


def _parse_mark(table: Table, name: str, default: str) -> str:
    value = table.raw.get(name, default)
    none = name == "thousands"
    if value == "" and none:
        return ""
    if isinstance(value, str) and value.isspace() and not none:
        # Spaces around numbers are removed, so that one would join the fraction to the whole.
        table.refuse(name, f'expected one character (",") other than a space, received {value!r}')
        return default
    if not isinstance(value, str) or len(value) != 1 or value.isalnum() or value in f"{_MEANINGFUL}\r\n\0":
        table.refuse(
            name,
            f'expected one character (","){" or none" if none else ""}, which is no digit, letter, sign or parenthesis, received {value!r}',
        )
        return default
    return value


def _parse_strip(table: Table, marks: str) -> str:
    value = table.raw.get("strip", "")
    if not isinstance(value, str) or any(letter.isdigit() or letter in _MEANINGFUL for letter in value):
        table.refuse(
            "strip", f'expected characters ("$%"), none of them a digit, a sign or a parenthesis, received {value!r}'
        )
        return ""
    for letter in value:
        # A space between thousands may stand around the number, too.
        if letter in marks and not letter.isspace():
            table.refuse("strip", f"expected characters other than thousands and decimal, received {letter!r}")
    return value


def _parse_words(table: Table, name: str, null_values: Collection[str]) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(word.strip() for word in table.strings(name)))
    for word in words:
        if not word or word in null_values:
            table.refuse(name, f"expected cells that aren't missing, received {word!r}, which is one of null_values")
    return words
