"""Guesses comment lines, and the lines above the header."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.scoring.cell_types import is_number, type_of
from shardmill.transforms.scoring.cut_records import Records, Row, Rows, Text, cut_records
from shardmill.transforms.sniff.decision import Decision
from shardmill.transforms.sniff.guess_header import YEAR, agrees, guess_header, kinds_of, leading, shown

_COMMENT = "#"
# Letters that begin comments at a file's top only.
_TOP_COMMENTS = "|%;!"
_MOST_SKIPPED = 20
_MOST_SHOWN = 3
# Delimiters for text of which a line is one cell.
_UNUSED = ";|~^"
_LONGEST_LINE = 60
_SEPARATOR = re.compile(rb'"?sep=(.)"?', re.IGNORECASE)


@dataclass(frozen=True)
class Top:
    """A guess of comments, or of lines above the header.

    Attributes:
        fields: The fields of the dialect.
        decisions: What was guessed, and why.
    """

    fields: Mapping[str, Any]
    decisions: tuple[Decision, ...] = ()


def named_separator(texts: Sequence[Text]) -> str | None:
    """The delimiter that the first line of each text names.

    Spreadsheets write and obey such a line: `sep=;`. None means that there is none.
    """
    found = _separators(texts)
    name = found.pop() if len(found) == 1 else None
    return name.decode() if name and name.isascii() else None


def _separators(texts: Sequence[Text]) -> set[bytes | None]:
    """What the texts' first lines name for the delimiter, None where one names none."""
    return {match[1] if (match := _SEPARATOR.fullmatch(line)) else None for text in texts for line in text.lines(1)}


def seems_commented(texts: Sequence[Text]) -> bool:
    """Whether comment lines may begin with `#`.

    They do at the top, or several do, but not most.
    """
    marked = lines = 0
    tops = False
    for text in texts:
        found = [line for line in text.data.splitlines() if line.strip()]
        tops = tops or (bool(found) and found[0].startswith(b"#"))
        marked += sum(line.startswith(b"#") for line in found)
        lines += len(found)
    return (tops or marked > 1) and marked < lines and 2 * marked < max(lines, 3)


def guess_comment(texts: Sequence[Text], dialect: Dialect, width: int) -> Top:
    """Guesses the character that begins comment lines, but not all lines.

    Args:
        texts: The samples.
        dialect: Their dialect but for comments.
        width: The usual number of cells.
    """
    plain = replace(dialect, comment=None)
    files = [cut_records(text, plain) for text in texts]
    for letter in (_COMMENT, *_TOP_COMMENTS):
        if letter in {dialect.delimiter, dialect.quote}:
            continue
        marked = [_marked(records, letter) for records in files]
        # Where all records begin with the letter, nothing would be left.
        if sum(map(len, marked)) == sum(map(len, files)):
            continue
        tops = [_leading(indices) for indices in marked]
        elsewhere = sum(len(indices) - top for indices, top in zip(marked, tops, strict=True))
        rest = [
            records.widths[index] == width and not records.malformed[index]
            for records, indices, top in zip(files, marked, tops, strict=True)
            for index in indices[top:]
        ]
        if any(rest) or (width == 1 and (rest or letter != _COMMENT)):
            continue
        if not (any(tops) or (letter == _COMMENT and elsewhere > 1)):
            continue
        if header := _commented_header(files, tops, width):
            return header if letter == _COMMENT else Top({"comment": None})
        where = f"{sum(tops):,} lines at the top begin with it" if any(tops) else f"{elsewhere:,} lines begin with it"
        where += f", and {elsewhere:,} further down" if any(tops) and elsewhere else ""
        reason = where.replace("1 lines at the top begin", "1 line at the top begins")
        # Such as `#fun`.
        tags = width == 1 and any(re.match(rb"#\w", text.data) for text in texts)
        return Top({"comment": letter}, (Decision("comments", letter, reason, sure=not tags),))
    return Top({"comment": None})


def _marked(records: Records, letter: str) -> list[int]:
    """The records that begin with a letter."""
    return [int(index) for index in (records.text[records.starts] == ord(letter)).nonzero()[0]]


def _leading(indices: Sequence[int]) -> int:
    """How many of the indices begin the sequence 0, 1, 2."""
    return next((at for at, index in enumerate(indices) if index != at), len(indices))


def _commented_header(files: Sequence[Records], tops: Sequence[int], width: int) -> Top | None:
    """Takes the last line of a comment for the header.

    It is one if it has the usual width, and no header follows it.
    """
    if (
        width == 1
        or not all(tops)
        or any(records.widths[top - 1] != width for records, top in zip(files, tops, strict=True))
    ):
        return None
    rest = guess_header([records.rows()[top:] for records, top in zip(files, tops, strict=True)])
    names = files[0].rows([tops[0] - 1])[0]
    if rest.votes > 0 or (rest.votes == 0 and rest.found and names[0][1:2] in {" ", _COMMENT}):
        return None
    skips = {int(records.first_lines[top - 1]) for records, top in zip(files, tops, strict=True)}
    if len(skips) > 1:
        return None
    skip = skips.pop()
    reason = f"it has {width} cells, as the rows have, which have no header of their own"
    return Top(
        {"comment": None, "skip_rows": skip},
        (Decision("comments", "none, the last line with # at the top is the header", reason, sure=False),),
    )


def guess_skipped(texts: Sequence[Text], dialect: Dialect, width: int) -> Top:
    """Guesses the number of lines above the header.

    Args:
        texts: The samples.
        dialect: Their dialect but for these lines.
        width: The usual number of cells.
    """
    files = [cut_records(text, dialect) for text in texts]
    found = [_first_of_table(records, width) for records in files]
    skips = {int(records.first_lines[index]) if index else 0 for records, index in zip(files, found, strict=True)}
    if skips == {0} and len(_separators(texts)) > 1:
        reason = "only some files begin with a line such as sep=;, or these lines differ: remove them"
        return Top({}, (Decision("skipped lines", "none", reason, sure=False),))
    if skips == {0}:
        return Top({}, _doubt_blank_line(files[0], width))
    if len(skips) > 1:
        reason = f"files seem to have {min(skips)} to {max(skips)} of them, and all must have as many"
        return Top({}, (Decision("skipped lines", "none", reason, sure=False),))
    skip = skips.pop()
    rows = files[0].rows()
    by_types = found[0] != _below_titles(files[0], rows, width)
    reason = (
        "the last line above the first record whose types agree with the others is taken for the header"
        if by_types
        else f"above the first record of {width} cells after which the others have as many"
    )
    if skip <= _MOST_SHOWN:
        lines = (shown(line.decode(errors="replace"), _LONGEST_LINE) for line in texts[0].lines(skip) if line.strip())
        reason += f": {', '.join(lines)}"
    names_column = found[0] == 1 and _may_name_column(files[0], rows)
    if names_column:
        free = next((each for each in _UNUSED if not any(each.encode() in text.data for text in texts)), _UNUSED[-1])
        reason += f"; if that is the name of a single column: --set input.delimiter={free!r}"
    weak = any(_filled(row) > 1 for row in rows[: found[0]]) and not guess_header([rows[found[0] :]]).strong
    sure = not (by_types or names_column or weak)
    return Top({"skip_rows": skip}, (Decision("skipped lines", f"{skip}", reason, sure),))


def _doubt_blank_line(records: Records, width: int) -> tuple[Decision, ...]:
    """Doubts that no lines are skipped where a blank line may end them."""
    rows = records.rows()
    index = _after_blank_line(records, rows, strong=False) if width > 1 and rows and len(rows[0]) == width else 0
    if not index:
        return ()
    line = int(records.first_lines[index])
    reason = f"line {line} is blank, and the next one may be the header: if so, --set input.skip_rows={line}"
    return (Decision("skipped lines", "none", reason, sure=False),)


def _first_of_table(records: Records, width: int) -> int:
    """The index of the first record that belongs to the table.

    It is 0 where that can't be told.
    """
    rows = records.rows()
    if width <= 1 or not rows:
        return 0
    index = _below_titles(records, rows, width)
    return index + _after_values(rows[index:], width)


def _below_titles(records: Records, rows: Rows, width: int) -> int:
    """The index of the first record below lines that are unlike the table.

    It is 0 where that can't be told.
    """
    fits = [len(row) == width for row in rows]
    if fits[0]:
        return _after_sparse(rows, width) or _after_blank_line(records, rows)
    index = next((index for index in range(min(len(rows), _MOST_SKIPPED)) if fits[index]), 0)
    return index if _is_above(records, rows, index, width) else 0


def _is_above(records: Records, rows: Rows, index: int, width: int) -> bool:
    """Whether the records before an index stand above the table."""
    if index == 0:
        return False
    if all(_filled(row) <= 1 for row in rows[:index]):
        return not _may_name_rows(records, rows, width)
    # Lines of several cells that aren't the table's are keys and values, say, unless the first one
    # is a header or a row that lacks a cell; rows further down may lack it, too.
    if any(len(row) == len(rows[0]) for row in rows[index:]):
        return False
    apart = records.first_lines[index] > records.first_lines[index - 1] + records.lines[index - 1]
    header = guess_header([rows[index:]])
    lacks_cell = index == 1 and len(rows[0]) == width - 1 and not apart
    if lacks_cell and not header.strong:
        return False
    return header.votes > 0 or (bool(apart) and header.votes == 0)


def _may_name_rows(records: Records, rows: Rows, width: int) -> bool:
    """Whether a single cell is the header of named rows."""
    return (
        width == 2  # noqa: PLR2004  (a name and a cell)
        and len(rows[0]) == 1
        and re.fullmatch(r"\w+", rows[0][0]) is not None
        and records.first_lines[1] == records.first_lines[0] + 1
        and guess_header([rows[1:]]).votes < 0
    )


def _may_name_column(records: Records, rows: Rows) -> bool:
    """Whether the first line is a column's name, above text with delimiters in it."""
    return (
        len(rows[0]) == 1
        and re.fullmatch(r"\w+(?: \w+)?", rows[0][0]) is not None
        and records.first_lines[1] == records.first_lines[0] + 1
        and not guess_header([rows[1:]]).strong
    )


def _after_values(rows: Rows, width: int) -> int:
    """The header below keys and values, or below another line of the header.

    These have as many cells as the table. The header is the last record above the first one whose
    types agree with the others, where its cells are names, and the very first record isn't a better
    one: cells of it are values, or values stand between both (a year may be a name); or cells of it
    are blank or alike, and most columns have a type, in which this record then has names.
    """
    index = leading(rows, width) - 1
    if index < 1 or {len(rows[0]), len(rows[index])} != {width} or not _are_names(rows[index], rows[index + 1 :]):
        return 0
    first, kinds = rows[0], kinds_of(rows, width)
    valued = any(type_of(cell) and not YEAR.fullmatch(cell) for cell in first) and not agrees(first, kinds)
    between = any(type_of(cell) for row in rows[1:index] for cell in row)
    named = [cell for cell in first[1:] if cell.strip()]
    sparse = len(set(named)) < width - 1 and 2 * sum(map(bool, kinds)) > width
    return index if valued or between or sparse else 0


def _are_names(row: Row, below: Rows) -> bool:
    """Whether cells are text, not all alike, and not found again below."""
    again = any(cell == other for each in below for cell, other in zip(row, each, strict=False))
    return len(set(row)) > 1 and not again and all(cell.strip() and not type_of(cell) for cell in row)


def _filled(row: Sequence[str]) -> int:
    return sum(cell.strip() != "" for cell in row)


def _after_sparse(rows: Rows, width: int) -> int:
    """The first full record after sparse ones.

    These have as many cells as the table, but few with text, as spreadsheets write a title.
    """
    typical = sorted(map(_filled, rows))[len(rows) // 2]
    if typical <= 1 or 2 * _filled(rows[0]) > typical:
        return 0
    for index, row in enumerate(rows[:_MOST_SKIPPED]):
        if len(row) == width and 2 * _filled(row) > typical:
            gap = any(_filled(above) == 0 for above in rows[:index])
            return index if (gap or typical > 2) and not any(map(is_number, row)) else 0  # noqa: PLR2004  (a pair)
    return 0


def _after_blank_line(records: Records, rows: Rows, *, strong: bool = True) -> int:
    """The header after a blank line.

    It counts only if the very first record isn't a header, and, where it must be a strong guess, if
    names stand above values of a type.
    """
    for index in range(1, min(len(rows) - 1, _MOST_SKIPPED)):
        apart = records.first_lines[index] > records.first_lines[index - 1] + records.lines[index - 1]
        if not apart:
            continue
        header = guess_header([rows[index:]])
        if header.votes > 0 >= guess_header([rows]).votes and (header.strong or not strong):
            return index
    return 0
