"""Layouts of lines that could seem to be tables."""

import re
from collections.abc import Sequence

from shardmill.transforms.csv.dialect import DELIMITERS, Dialect
from shardmill.transforms.scoring.cut_records import Text, cut_records
from shardmill.transforms.scoring.score import score

__all__ = ["are_aligned", "are_quoted_cells", "are_wrapped"]

_MOST_LINES = 200
_MOST_BYTES = 1000
_MOSTLY = 0.9
_FEWEST_LINES = 3


def are_wrapped(texts: Sequence[Text]) -> bool:
    """Whether nearly all lines are quoted as a whole.

    So they are in tables that were saved as CSV twice. Each line is one cell then, and the text in
    the cells is cut evenly by a delimiter, from the first line on.
    """
    inner = []
    for text in texts:
        lines = [line.strip() for line in text.lines(_MOST_LINES) if line.strip()]
        cells = [match[1] for line in lines if (match := re.fullmatch(rb'"((?:[^"]|"")*)"', line))]
        if not lines or len(cells) < _MOSTLY * len(lines) or not lines[0].startswith(b'"'):
            return False
        inner.append(Text(b"".join(cell.replace(b'""', b'"') + b"\n" for cell in cells), complete=True))
    found = (score(inner, Dialect(delimiter=delimiter)) for delimiter in DELIMITERS)
    return any(each.width > 1 and each.first and each.share >= _MOSTLY for each in found)


def are_quoted_cells(texts: Sequence[Text], comment: str | None = None) -> bool:
    """Whether nearly all records below the first are quoted cells.

    Each is one cell. So is a column of text in which delimiters stand. The first record is one
    cell, too, whatever delimits cells. Lines that are quoted as a whole are no cells.
    """
    for text in texts:
        records = cut_records(text, Dialect(comment=comment))
        chosen = range(1, min(len(records), _MOST_LINES))
        good = sum(
            len(row) == 1 and row[0].startswith('"') and not records.malformed[index]
            for index, row in zip(chosen, records.raw(chosen), strict=True)
        )
        if not chosen or good < _MOSTLY * len(chosen):
            return False
        head = Text(records.text[records.starts[0] : records.stops[0]].tobytes(), complete=True)
        if any((cut_records(head, Dialect(delimiter=each)).widths > 1).any() for each in DELIMITERS):
            return False
    return bool(texts) and not are_wrapped(texts)


def are_aligned(texts: Sequence[Text]) -> bool:
    """Whether spaces align the words of lines in columns.

    Some column after the first one begins at the same offset in nearly all lines, after two spaces
    or more in most of them.
    """
    lines = [line.rstrip()[:_MOST_BYTES] for text in texts for line in text.lines(_MOST_LINES) if line.strip()]
    if len(lines) < _FEWEST_LINES:
        return False
    starts = [{match.end() for match in re.finditer(rb" +(?=[^ ])", line) if match.start()} for line in lines]
    wide = [{match.end() for match in re.finditer(rb" {2,}(?=[^ ])", line) if match.start()} for line in lines]
    return any(
        sum(at in each for each in starts) >= _MOSTLY * len(lines) and 2 * sum(at in each for each in wide) > len(lines)
        for at in set().union(*wide)
    )
