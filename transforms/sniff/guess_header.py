"""Guesses whether the first record names the columns."""

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from shardmill.transforms.decoding.encodings import UTF8_MARK
from shardmill.transforms.scoring.cell_types import is_number, type_of, type_of_column
from shardmill.transforms.scoring.cut_records import Row, Rows, columns_of
from shardmill.transforms.sniff.decision import Decision
from shardmill.transforms.sniff.guess_nulls import MARKERS

# A vote and its reason.
Sign = tuple[float, str]

# Characters of a cell in a reason.
_SHOWN = 20
# The weight of a sign that hardly errs.
_STRONG = 3
# Records that all differ, for each that repeats the first one, from which that is no chance.
_SEVERAL = 4
# Records that may stand above those whose types agree.
_MOST_LEADING = 20
YEAR = re.compile(r"(?:19|20)[0-9]{2}")


@dataclass(frozen=True)
class HeaderGuess:
    """Whether the first record names the columns.

    Attributes:
        found: Whether it does.
        reason: The sign that weighs most.
        votes: The weight of the signs, above 0 for a header; 0 without any.
        strong: Whether a sign is for a header that hardly errs, such as a name above numbers.
    """

    found: bool
    reason: str
    votes: float
    strong: bool = False

    @property
    def decision(self) -> Decision:
        """The guess with its reason."""
        choice = "the first record" if self.found else "none; if there is one, --set input.header=true"
        return Decision("header", choice, self.reason, self.votes != 0)


def guess_header(files: Sequence[Rows], width: int | None = None) -> HeaderGuess:
    """Guesses whether the files' first records name the columns.

    Each column votes by its cells: a name above numbers, dates or truth values speaks for a header,
    a number above numbers against one. A first cell that is found again below speaks against one by
    its share of the column.

    Args:
        files: The first records of each file.
        width: The number of cells that a header must have. None means any.
    """
    firsts = [rows[0] for rows in files if rows]
    if not firsts:
        return HeaderGuess(found=True, reason="there are no records", votes=1)
    ragged = [first for first in firsts if width not in {None, len(first)}]
    if ragged:
        reason = f"the first record has {len(ragged[0])} cells, and others have {width}"
        return HeaderGuess(found=False, reason=reason, votes=0)
    below = [row for rows in files for row in rows[1:]]
    others = _without_repeats(firsts[0], below)
    columns = columns_of(others)
    one_year = _has_one_year(firsts[0], columns)
    signs = [_names_years(firsts[0], columns), _counts_columns(firsts[0], columns), *_common_signs(firsts)]
    if not any(vote for vote, _ in signs):
        # Where the record is found again as often as others are, it is data unless values tell otherwise.
        repeats = len(below) - len(others)
        is_joined = repeats > 0 and _is_rare(repeats, others)
        all_columns = columns if is_joined else columns_of(below)
        cells = ["" if one_year and YEAR.fullmatch(cell) else cell for cell in firsts[0]]
        signs = [_sign(*each) for each in zip(cells, columns, all_columns, strict=False)]
        signs.append((1, "the first record is found again, as where files were joined") if is_joined else (0, ""))
    votes = sum(vote for vote, _ in signs)
    if votes:
        reason = max((sign for sign in signs if sign[0] * votes > 0), key=lambda sign: abs(sign[0]))[1]
        return HeaderGuess(votes > 0, reason, votes, strong=votes > 0 and any(vote >= _STRONG for vote, _ in signs))
    numbers = [cell for cell in firsts[0] if is_number(cell)]
    if numbers and not one_year:
        return HeaderGuess(found=False, reason=f"the first record has numbers, such as {shown(numbers[0])}", votes=0)
    what = "no numbers but a year" if numbers else "no numbers"
    return HeaderGuess(found=True, reason=f"the first record has {what}, and nothing tells it from the others", votes=0)


def _without_repeats(first: Row, below: Rows) -> Rows:
    """The records that don't repeat the first one.

    A byte order mark may stand before it. Records of one cell are no repeats, nor are all of them.
    """
    if len(first) == 1:
        return below
    others = [row for row in below if [row[0].removeprefix(UTF8_MARK.decode()), *row[1:]] != first]
    return others or below


def _is_rare(repeats: int, others: Rows) -> bool:
    """Whether a record is found again as a header is, where files were joined.

    The other records occur twice as often each, or they are several and all differ.
    """
    distinct = len(set(map(tuple, others)))
    return 2 * (repeats + 1) * distinct <= len(others) or (distinct == len(others) > _SEVERAL * repeats)


def _common_signs(firsts: Sequence[Row]) -> list[Sign]:
    """Compares the first records of several files.

    Files of values may begin with the same ones by chance, so that these are no sign.
    """
    is_same = all(sorted(first) == sorted(firsts[0]) for first in firsts)
    if len(firsts) == 1 or (is_same and all(map(type_of, firsts[0]))):
        return []
    if is_same:
        return [(_STRONG, f"{len(firsts)} files begin with the same names")]
    numbers = [cell for first in firsts for cell in first if is_number(cell)]
    return [(-_STRONG, f"files begin with numbers, such as {shown(numbers[0])}")] if numbers else []


def _names_years(first: Sequence[str], columns: Sequence[Sequence[str]]) -> Sign:
    """Votes for a header whose numbers are years in sequence.

    So they are in the header of a table that has a column for each year. Where all cells are years,
    those below mustn't be.
    """
    years = [int(cell) for cell in first if YEAR.fullmatch(cell)]
    if len(years) <= 1 or len(years) != sum(map(is_number, first)):
        return 0, ""
    if len(years) == len(first) and (not columns or any(map(YEAR.fullmatch, itertools.chain(*columns)))):
        return 0, ""
    steps = {after - before for before, after in itertools.pairwise(years)}
    return (_STRONG, "the first record has years in sequence") if steps in ({1}, {-1}) else (0, "")


def _counts_columns(first: Sequence[str], columns: Sequence[Sequence[str]]) -> Sign:
    """Votes for a header that numbers the columns from 0, as pandas names them.

    The first cell, above the rows' numbers, is empty or `Unnamed: 0`.
    """
    numbers = [cell for cell in first if is_number(cell)]
    counts = numbers == [str(number) for number in range(len(numbers))]
    unnamed = first[0].strip() in {"", "Unnamed: 0"}
    numbered = bool(columns) and columns[0][:2] == ["0", "1"]
    if counts and unnamed and numbers and (len(numbers) > 1 or numbered):
        return _STRONG, "the first record counts the columns from 0"
    return 0, ""


def _has_one_year(first: Sequence[str], columns: Sequence[Sequence[str]]) -> bool:
    """Whether a year, the only number beside text, may name its column.

    There are no years below it, and text stands below the text.
    """
    pairs = [(cell, column) for cell, column in zip(first, columns, strict=False) if is_number(cell)]
    if len(pairs) != 1 or not YEAR.fullmatch(pairs[0][0]) or any(map(YEAR.fullmatch, pairs[0][1])):
        return False
    texts = [column for cell, column in zip(first, columns, strict=False) if cell.strip() and not type_of(cell)]
    return any(column and type_of_column(column) is None for column in texts)


def _sign(cell: str, column: list[str], all_column: list[str]) -> Sign:
    """Votes by a file's first cell and those below it.

    The vote is above 0 if the cell reads as the name of the cells below it, and below 0 if it reads
    as one of them.

    Args:
        cell: The first cell.
        column: Those below it, in records that don't repeat the first one.
        all_column: Those below it that count where they show no type.
    """
    kind = type_of_column(column)
    # `NO` alone may be a country as well.
    spelled = {value.strip().lower() for value in column}
    alone = kind == "truth value" and len(spelled) == 1 and type_of(cell) is None
    if not column or not cell.strip() or alone or (kind is None and is_number(cell)):
        return 0, ""
    if kind:
        alike = type_of(cell) == kind
        reason = f"the first record has the {kind} {shown(cell)}, as below it"
        return (-_STRONG, reason) if alike else (_STRONG, f"{shown(cell)} stands above {kind}s")
    column = all_column
    counts = Counter(column)
    if cell in counts:
        return -2 * counts[cell] / len(column), f"{shown(cell)} is found again below"
    if len(counts) <= len(column) / 2:
        return 1, f"{shown(cell)} stands above other values, which are found again"
    lengths = {len(value) for value in column}
    if len(lengths) == 1 and len(cell) not in lengths and len(column) > 1:
        return 1, f"{shown(cell)} stands above codes of one length"
    return 0, ""


def leading(rows: Rows, width: int) -> int:
    """Counts the records above the first whose types agree with the others.

    The very first one isn't it where the next one disagrees: years above names. It is 0 where no
    column has a type, and where no record nearby agrees.
    """
    kinds = kinds_of(rows, width)
    found = [agrees(row, kinds) for row in rows[:_MOST_LEADING]]
    start = 1 if found[:2] == [True, False] else 0
    return next((index for index in range(start, len(found)) if found[index]), 0)


def text_below(rows: Rows, width: int) -> list[str]:
    """The second record's cells in columns of numbers.

    They may be units, say. There are none unless all of them are text, and the third record agrees
    with the columns' types.
    """
    if leading(rows, width) != 2 or len(rows[1]) != width:  # noqa: PLR2004  (the header and this one)
        return []
    kinds = kinds_of(rows, width)
    cells = [cell for cell, kind in zip(rows[1], kinds, strict=True) if kind == "number"]
    plain = all(cell.strip() and cell.strip() not in MARKERS and not type_of(cell) for cell in cells)
    return cells if plain else []


def kinds_of(rows: Rows, width: int) -> list[str | None]:
    """The types of the columns, the first records left aside."""
    body = rows[min(_MOST_LEADING, len(rows) // 2) :]
    return [type_of_column(column) for column in columns_of([row for row in body if len(row) == width])]


def agrees(row: Row, kinds: Sequence[str | None]) -> bool:
    """Whether a record's cells are of the types of their columns, of which there are some.

    Cells that are blank or spell a missing value agree with any type.
    """
    if len(row) != len(kinds) or not any(kinds):
        return False
    cells = [(cell.strip(), kind) for cell, kind in zip(row, kinds, strict=True) if kind]
    return all(not cell or cell in MARKERS or type_of(cell) == kind for cell, kind in cells)


def shown(cell: str, limit: int = _SHOWN) -> str:
    """Text in quotes, shortened, as it stands in a reason."""
    cell = "".join(letter if letter.isprintable() else " " for letter in cell.strip())
    return repr(cell if len(cell) <= limit else f"{cell[: limit - 3]}...")
