"""Writes names and values as TOML."""

import re
from collections.abc import Iterable, Mapping

from shardmill.pipelines.console.printable import printable

_ROW = 8  # items of a list on a line
_ESCAPES = {ord("\\"): "\\\\", ord('"'): '\\"', ord("\t"): "\\t", ord("\n"): "\\n"}


def toml_string(text: str) -> str:
    """Writes a text as a basic string of TOML.

    Characters that can't be seen are escaped, too: they can't do anything to a terminal then.
    """
    return f'"{printable(text.translate(_ESCAPES))}"'


def toml_key(name: str) -> str:
    """Writes a name as TOML's key, bare where allowed."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml_string(name)


def toml_value(value: object) -> str:
    """Writes a value, long lists on several lines."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return toml_string(value)
    if isinstance(value, Mapping):
        return toml_table(**value)
    if isinstance(value, Iterable):
        items = list(map(toml_value, value))
        rows = [", ".join(items[start : start + _ROW]) for start in range(0, len(items), _ROW)]
        return f"[{rows[0]}]" if len(rows) == 1 else "".join(["[\n", *(f"    {row},\n" for row in rows), "]"])
    return str(value)


def toml_table(**entries: object) -> str:
    """Writes an inline table."""
    return f"{{ {', '.join(f'{toml_key(key)} = {toml_value(value)}' for key, value in entries.items())} }}"
