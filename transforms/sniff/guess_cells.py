"""Guesses delimiter, escape, and padding of cells."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from shardmill.transforms.csv.dialect import DELIMITERS, Dialect
from shardmill.transforms.sniff.samples import Rows, records_of, usual_width

_AGREEMENT = 0.5


def guess_cells(texts: Sequence[str], dialect: Dialect, given: Mapping[str, Any]) -> Dialect:
    """Guesses the delimiter and the escape.

    The best are those that give the most rows of one width, and more than one cell a row.
    """
    escapes = (None, "\\") if any('\\"' in text for text in texts) else (None,)
    best, best_score = dialect, (0.0, 0)
    for escape in (given["escape"],) if "escape" in given else escapes:
        for delimiter in (given["delimiter"],) if "delimiter" in given else DELIMITERS:
            candidate = replace(dialect, delimiter=delimiter, escape=escape)
            rows = [row for text in texts for row in records_of(text, candidate)]
            width = usual_width(rows)
            if width <= 1:
                continue
            agreement = round(sum(len(row) == width for row in rows) / len(rows), 2)
            if agreement < _AGREEMENT or (escape and agreement <= best_score[0]):
                continue
            if (agreement, width) > best_score:
                best, best_score = candidate, (agreement, width)
    return best


def is_padded(rows: Rows) -> bool:
    """Whether most cells have spaces around them.

    Only cells after a delimiter count; they begin or end with a space.
    """
    cells = [cell for row in rows for cell in row[1:] if cell]
    return bool(cells) and sum(cell != cell.strip() for cell in cells) > len(cells) / 2
