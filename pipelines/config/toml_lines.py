"""Finds the lines of keys in a TOML file.

The standard library's parser doesn't tell them.
"""

import sys
from collections.abc import Iterator
from typing import Any

from shardmill.schemas.errors import Key

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# One of these is in the last line of a statement of several lines.
_CLOSING = ("]", "}", '"""', "'''")


def key_lines(text: str) -> dict[Key, int]:
    """Returns the line of each key, counted from 1.

    It is the line in which the key's statement begins; a table's is that of its header. The text is
    cut into statements, the shortest runs of lines that the parser takes, and each is parsed by
    itself.

    Args:
        text: Valid TOML; where it isn't, keys beyond the first mistake may be missing.
    """
    lines: dict[Key, int] = {}
    table: Key = ()
    for number, statement in _statements(text):
        parsed = tomllib.loads(statement)
        is_header = statement.lstrip().startswith("[")
        for key in _keys(parsed, () if is_header else table):
            lines.setdefault(key, number)
            if is_header:
                table = key
    return lines


def _statements(text: str) -> Iterator[tuple[int, str]]:
    statement, first = "", 1
    for number, line in enumerate(text.split("\n"), 1):
        if not statement:
            first = number
        statement += f"{line}\n"
        if number > first and not any(mark in line for mark in _CLOSING):
            continue
        try:
            tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue
        yield first, statement
        statement = ""


def _keys(value: Any, prefix: Key) -> Iterator[Key]:
    """Yields the keys of a parsed value, outer ones first."""
    for name, inner in value.items() if isinstance(value, dict) else ():
        yield (*prefix, name)
        yield from _keys(inner, (*prefix, name))
