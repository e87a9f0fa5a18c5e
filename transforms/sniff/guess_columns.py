"""Guesses columns where rows and header differ in length."""

import re
from collections.abc import Sequence

from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.records.repair_names import repair_names
from shardmill.transforms.scoring.cell_types import is_number
from shardmill.transforms.scoring.cut_records import Records, Rows, Text, columns_of, cut_records
from shardmill.transforms.sniff.decision import Decision
from shardmill.transforms.sniff.guess_top import Top

_INTEGER = re.compile(r"[+-]?[0-9]+")
_DIGITS = re.compile(r"[0-9]+")


def guess_columns(texts: Sequence[Text], dialect: Dialect, width: int) -> Top:
    """Guesses the columns of rows that the header doesn't fit.

    It has fewer or more cells than they: rows end with a delimiter, or begin with a name that the
    header leaves out. The fields then skip the header and name the columns. Without fields the
    header fits.

    Args:
        texts: The samples.
        dialect: Their dialect.
        width: The number of cells that most rows have.
    """
    files = [cut_records(text, dialect) for text in texts]
    if not all(len(records) > 1 and records.widths[0] != width for records in files):
        return Top({})
    headers = {tuple(records.rows([0])[0]) for records in files}
    skips = {int(records.first_lines[1]) for records in files}
    header = headers.pop()
    if any(map(is_number, header)):
        return Top({})
    rows = [row for records in files for row in records.rows()[1:]]
    body = [row for row in rows if len(row) == width]
    reason = f"{_count(files, width):,} of {sum(map(len, files)) - len(files):,} rows have {width} cells where the header has {len(header)}"
    if headers or len(skips) > 1:
        reason += "; files differ in their headers, so none is taken for all"
        return Top({"header": True}, (Decision("columns", "as the header has them", reason, sure=False),))
    names, choice, sure = _names(header, body, width)
    if dialect.delimiter == "," and width > len(header) and _cuts_numbers(body, width - len(header), sure=sure):
        reason += (
            "; cells may be cut at decimal or thousands commas: if so, quote them, or delimit cells with semicolons"
        )
        sure = False
    return Top(
        {"header": False, "skip_rows": skips.pop(), "columns": names},
        (Decision("columns", choice, reason, sure),),
    )


def _count(files: Sequence[Records], width: int) -> int:
    return sum(int((records.widths[1:] == width).sum()) for records in files)


def _names(header: Sequence[str], body: Rows, width: int) -> tuple[tuple[str, ...], str, bool]:
    """The columns' names, their origin, and whether it is sure."""
    if len(header) > width:
        is_empty = not any(cell.strip() for cell in header[width:])
        rest = "" if is_empty else ", without those of its last cells"
        return _distinct(header[:width]), f"the header's{rest}", is_empty
    if not any(row[-1].strip() for row in body) and len(header) == width - 1:
        names = _distinct([*header, ""])
        return names, f"the header's, and {names[-1]} after the delimiter that ends each row", True
    if len(header) == width - 1:
        names = _distinct(["", *header])
        return names, f"{names[0]} for the rows' names, then the header's", _all_differ([row[0] for row in body])
    names = _distinct([*header, *[""] * (width - len(header))])
    return names, f"the header's, then {names[len(header)]} and so on", False


def _cuts_numbers(body: Rows, cuts: int, *, sure: bool) -> bool:
    """Whether numbers seem to be cut at commas.

    Digits alone stand beside each other in as many pairs of columns as there are cells too many.
    Where these are explained otherwise, the digits after a cut must begin with zeros, too.
    """
    pairs = zip(columns_of(body), columns_of(body)[1:], strict=False)
    cut = [after for before, after in pairs if _are(_INTEGER, before) and _are(_DIGITS, after)]
    padded = any(len(cell) > 1 and cell[0] == "0" for column in cut for cell in column)
    return len(cut) >= cuts and (padded or not sure)


def _are(pattern: re.Pattern[str], cells: Sequence[str]) -> bool:
    """Whether there are cells, and a pattern fits all of them."""
    return bool(cells) and all(map(pattern.fullmatch, cells))


def _all_differ(cells: Sequence[str]) -> bool:
    return len(set(cells)) == len(cells)


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Names as a header's are repaired."""
    return tuple(repair_names([name.strip() for name in names])[0])
