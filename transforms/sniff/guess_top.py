"""Guesses comment lines, and prose above the records."""

from collections.abc import Mapping, Sequence
from typing import Any

from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.sniff.samples import SAMPLE_LINES, parse_lines, physical_lines, records_of, usual_width

_COMMENTS = "#|%;!"
_MOST_SKIPPED = 20


def guess_top(texts: Sequence[str], dialect: Dialect, given: Mapping[str, Any]) -> dict[str, Any]:
    """Guesses comment lines, or lines of prose above the records."""
    width = usual_width([row for text in texts for row in records_of(text, dialect)])
    for letter in () if "comment" in given else _COMMENTS:
        if letter == dialect.delimiter:
            continue
        marked = [parse_lines([line], dialect) for text in texts for line in _marked(text, letter, dialect)]
        if marked and all(len(row) != width for rows in marked for row in rows):
            return {"comment": letter}
    skips = {_prose_lines(text, dialect, width) for text in texts}
    return {"skip_rows": skips.pop() if len(skips) == 1 else 0}


def _marked(text: str, letter: str, dialect: Dialect) -> list[str]:
    """The lines outside quotes that begin with a letter."""
    found = []
    quoted = False
    for line in physical_lines(text)[:SAMPLE_LINES]:
        if line.startswith(letter) and not quoted:
            found.append(line)
        elif dialect.quote:
            quoted ^= line.count(dialect.quote) % 2 == 1
    return found


def _prose_lines(text: str, dialect: Dialect, width: int) -> int:
    """The number of lines of prose above the records.

    They are the physical lines before the first record of the usual width, if each has at most one
    cell with text.
    """
    if width <= 1:
        return 0
    for number, line in enumerate(physical_lines(text)[:_MOST_SKIPPED]):
        rows = parse_lines([line], dialect)
        if rows and len(rows[0]) == width:
            return number
        if rows and (line.count(dialect.quote or '"') % 2 or sum(cell.strip() != "" for cell in rows[0]) > 1):
            return 0
    return 0
