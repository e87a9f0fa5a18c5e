"""Guesses columns where rows and header differ in length."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.header import fill_header
from shardmill.transforms.records.repair_names import repair_names
from shardmill.transforms.scoring.cell_types import is_number, type_of, type_of_column
from shardmill.transforms.scoring.cut_records import Records, Row, Rows, Text, columns_of, cut_records
from shardmill.transforms.sniff.decision import Decision
from shardmill.transforms.sniff.guess_top import Top

_INTEGER = re.compile(r"[+-]?[0-9]+")
_DIGITS = re.compile(r"[0-9]+")
# The parts of a number around a comma.
_BEFORE_DECIMALS, _BEFORE_THOUSANDS = re.compile(r"[+-]?[$€£]?\d+"), re.compile(r"[+-]?[$€£]?\d{1,3}")
_FEW_DECIMALS, _DECIMALS, _THOUSANDS = (re.compile(rf"{digits} ?[%$€£]?") for digits in (r"\d{1,2}", r"\d\d", r"\d{3}"))
_CUT_NUMBERS = "cells may be cut at decimal or thousands commas: if so, quote them, or delimit cells with semicolons"
_QUOTED = ('"', "'")


@dataclass(frozen=True)
class _Lacking:
    """Which cell a header lacks, as far as the rows tell.

    `doubt` is what speaks against it, empty if nothing does. `has_text` says whether the cell has.
    """

    side: Literal["first", "last"]
    doubt: str = ""
    has_text: bool = True


def guess_columns(texts: Sequence[Text], dialect: Dialect, width: int) -> Top:
    """Guesses the columns of rows that the header doesn't fit.

    It has fewer or more cells than they: rows end with a delimiter, or begin with a name that the
    header leaves out, and the fields say so; or, where nothing explains it, they skip the header
    and name the columns. Without fields the header fits.

    Args:
        texts: The samples.
        dialect: Their dialect.
        width: The number of cells that most rows have.
    """
    all_files = [cut_records(text, dialect) for text in texts]
    # Files of a header alone have no rows that it may not fit.
    files = [records for records in all_files if len(records) > 1]
    if not files or any(records.widths[0] == width for records in files):
        return Top({})
    headers = {tuple(records.rows([0])[0]) for records in all_files if len(records)}
    if any(map(is_number, itertools.chain(*headers))):
        return Top({})
    header = min(headers)
    reason = f"{_count(files, width):,} of {sum(map(len, files)) - len(files):,} rows have {width} cells where the header has {len(header)}"
    if all(len(each) == width - 1 for each in headers):
        return _lacking(header, files, dialect, width, reason)
    skips = {int(records.first_lines[1]) for records in files}
    if len(headers) > 1 or len(skips) > 1:
        reason += "; files differ in their headers, so none is taken for all"
        return Top({"header": True}, (Decision("columns", "as the header has them", reason, sure=False),))
    names, choice, sure = _names(header, width)
    body = [row for records in files for row in records.rows()[1:] if len(row) == width]
    if dialect.delimiter == "," and width > len(header) and _cuts_numbers(body, width - len(header)):
        reason += f"; {_CUT_NUMBERS}"
    return Top(
        {"header": False, "skip_rows": skips.pop(), "columns": names},
        (Decision("columns", choice, reason, sure),),
    )


def _cuts_numbers(body: Rows, cuts: int) -> bool:
    """Whether numbers seem to be cut at commas.

    Digits alone stand beside each other in as many pairs of columns as there are cells too many.
    """
    pairs = itertools.pairwise(columns_of(body))
    return sum(_are(_INTEGER, before) and _are(_DIGITS, after) for before, after in pairs) >= cuts


def _are(pattern: re.Pattern[str], cells: Sequence[str]) -> bool:
    """Whether there are cells, and a pattern fits all of them."""
    return bool(cells) and all(map(pattern.fullmatch, cells))


def _count(files: Sequence[Records], width: int) -> int:
    return sum(int((records.widths[1:] == width).sum()) for records in files)


def _lacking(header: Sequence[str], files: Sequence[Records], dialect: Dialect, width: int, reason: str) -> Top:
    """The guess where rows have one cell more than the header."""
    bodies = []
    for records in files:
        indices = [index for index, row in enumerate(records.rows()) if index and len(row) == width]
        bodies.append(records.raw(indices))
    names = records.raw([0])[0]
    found = _which(bodies, names, dialect)
    filled = _distinct(fill_header(header, replace(dialect, header_lacks=found.side)))
    where = "for the last cell of each row" if found.has_text else "after the delimiter that ends each row"
    choice = (
        f"the header's, and {filled[-1]} {where}"
        if found.side == "last"
        else f"{filled[0]} for the rows' names, then the header's"
    )
    reason += f"; {found.doubt}" if found.doubt else ""
    return Top(
        {"header": True, "header_lacks": found.side},
        (Decision("columns", choice, reason, sure=not found.doubt),),
    )


def _which(bodies: Sequence[Rows], names: Row, dialect: Dialect) -> _Lacking:
    """Tells row names from a delimiter that ends each row.

    Args:
        bodies: The rows of each file, with their quotes.
        names: The header's cells, with their quotes.
        dialect: The dialect.
    """
    columns = list(zip(*itertools.chain(*bodies), strict=True))
    if not columns:
        return _Lacking("last", "no row tells which cell that is")
    texts = sum(cell.strip("\"' \t") != "" for cell in columns[-1])
    if 2 * texts < len(columns[-1]):
        doubt = f"text stands after the last delimiter in {texts:,} of them" if texts else ""
        return _Lacking("last", doubt, has_text=False)
    is_r = all(cell.startswith(_QUOTED) and is_number(cell.strip("\"'")) for cell in columns[0])
    if is_r and _all_differ(bodies):
        return _Lacking("first")
    if _is_spaced(columns, names, dialect):
        return _Lacking("last", f"text may be cut at {dialect.delimiter!r}, since cells begin with a space")
    if empty := len(columns[-1]) - texts:
        return _Lacking("first", f"nothing stands after the last delimiter in {empty:,} of them")
    return _Lacking("first", _cut(columns, dialect) or _unlike_names(bodies, columns[0]))


def _all_differ(bodies: Sequence[Rows]) -> bool:
    """Whether each file's first cells differ from each other."""
    return all(len({row[0] for row in body}) == len(body) for body in bodies)


def _unlike_names(bodies: Sequence[Rows], firsts: Sequence[str]) -> str:
    """The doubt where first cells are neither distinct texts nor numbers that count the rows."""
    is_text = all(cell.startswith(_QUOTED) for cell in firsts) or type_of_column(firsts) is None
    if _all_differ(bodies) and (is_text or all(_counts([row[0] for row in body]) for body in bodies)):
        return ""
    return "the first cells don't look like names of rows"


def _counts(cells: Sequence[str]) -> bool:
    """Whether cells number rows, from 0 or 1."""
    return any(list(cells) == [str(number) for number in range(start, start + len(cells))] for start in (0, 1))


def _is_spaced(columns: Sequence[Sequence[str]], names: Row, dialect: Dialect) -> bool:
    """Whether the cells of some columns begin with a space, as the rest of a text does."""
    if dialect.delimiter.isspace():
        return False
    spaced = [2 * sum(cell.startswith(" ") for cell in column) > len(column) for column in columns[1:]]
    is_style = all(spaced) and len(names) > 1 and all(name.startswith(" ") for name in names[1:])
    return any(spaced) and not is_style


def _cut(columns: Sequence[Sequence[str]], dialect: Dialect) -> str:
    """The doubt where cells look like halves of a number or a text."""
    if dialect.delimiter.isspace():
        return ""
    # Beside names of rows other numbers of one or two digits are likely, too.
    decimals = _FEW_DECIMALS if all(map(is_number, columns[0])) else _DECIMALS
    for left, right in itertools.pairwise(columns):
        pairs = [(one.strip(), other.strip()) for one, other in zip(left, right, strict=True)]
        pairs = [pair for pair in pairs if all(pair)]
        if not pairs:
            continue
        if dialect.delimiter == "," and any(
            all(before.fullmatch(one) and after.fullmatch(other) for one, other in pairs)
            for before, after in ((_BEFORE_DECIMALS, decimals), (_BEFORE_THOUSANDS, _THOUSANDS))
        ):
            return _CUT_NUMBERS
        if all(_is_bare(cell) for pair in pairs for cell in pair):
            return f"text may be cut at {dialect.delimiter!r}, which no quotes enclose"
    return ""


def _is_bare(cell: str) -> bool:
    """Whether a cell is text without quotes around it."""
    return not cell.startswith(_QUOTED) and type_of(cell) is None


def _names(header: Sequence[str], width: int) -> tuple[tuple[str, ...], str, bool]:
    """The columns' names, their origin, and whether it is sure."""
    if len(header) > width:
        is_empty = not any(cell.strip() for cell in header[width:])
        rest = "" if is_empty else ", without those of its last cells"
        return _distinct(header[:width]), f"the header's{rest}", is_empty
    names = _distinct([*header, *[""] * (width - len(header))])
    return names, f"the header's, then {names[len(header)]} and so on", False


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Names as a header's are repaired."""
    return tuple(repair_names([name.strip() for name in names])[0])
