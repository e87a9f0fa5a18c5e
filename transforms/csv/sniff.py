"""Guesses the dialect of CSV files from their beginnings.

The beginnings of a few files are enough for `shardmill init`, whose user can correct the guess.

All guesses are about a bounded sample, so rows are looked at one by one here.
"""

import codecs
import csv
import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.dialect import Dialect

SAMPLE_BYTES = 1 << 20
"""Bytes of a file's beginning that are enough to guess from."""

_SAMPLE_LINES = 1000
_DELIMITERS = (",", "\t", ";", "|")
_COMMENTS = "#|%;!"
_MOST_SKIPPED = 20
_LONGEST_CELL = 1 << 27
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:inf|infinity)", re.ASCII | re.IGNORECASE)
# Spellings that mean a missing value wherever they stand, and those that only do so among numbers:
# "NA" is also Namibia.
_NULLS_ANYWHERE = ("?", "\\N", "NULL", "null", "N/A", "n/a", "#N/A", "NaN", "nan", "<NA>", "NaT")
_NULLS_AMONG_NUMBERS = (
    "NA",
    "na",
    "None",
    "none",
    "NONE",
    "-",
    "--",
    ".",
    "missing",
    "Null",
    "(null)",
    "#NA",
    "#VALUE!",
    "#DIV/0!",
)
_MOSTLY = 0.9
_AGREEMENT = 0.5

Rows = list[list[str]]
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Sample:
    """The beginning of a file.

    Attributes:
        path: The file, for messages.
        data: Its first bytes, decompressed: about `SAMPLE_BYTES`.
        complete: Whether that is all of the file; otherwise the last line is taken to be cut.
    """

    path: str
    data: bytes
    complete: bool = False


def sniff(samples: Sequence[Sample], given: Mapping[str, Any] = _NOTHING) -> Dialect:
    """Guesses the dialect that files share.

    Where they have no header, columns are named `column_1`, `column_2` and so on.

    Args:
        samples: The beginnings of a few files; empty ones say nothing.
        given: Fields of the dialect that are known; the others are guessed to fit them.

    Returns:
        The dialect; the default one where there is nothing to go by.

    Raises:
        DataError: A file isn't text.
    """
    samples = [sample for sample in samples if sample.data.strip(b"\xef\xbb\xbf \r\n\t")]
    if not samples:
        return Dialect(**given)
    dialect = Dialect(**{"encoding": given.get("encoding") or _sniff_encoding(samples), **given})
    texts = [_decode(sample, dialect.encoding) for sample in samples]
    dialect = _sniff_cells(texts, dialect, given)
    dialect = replace(dialect, **{**_sniff_top(texts, dialect, given), **given})
    files = [_records(text, dialect) for text in texts]
    dialect = replace(dialect, **{"trim": _is_padded([row for rows in files for row in rows]), **given})
    if dialect.trim:
        files = [[[cell.strip() for cell in row] for row in rows] for rows in files]
    header = given.get("header", _has_header(files))
    body = [row for rows in files for row in rows[int(header) :]]
    dialect = replace(dialect, **{"null_values": _sniff_nulls(body), **given})
    if header:
        return dialect
    columns = tuple(f"column_{number}" for number in range(1, _width(body) + 1))
    return replace(dialect, header=False, columns=given.get("columns") or columns)


def first_rows(sample: Sample, dialect: Dialect) -> Rows:
    """Parses a file's first records, its header included.

    Args:
        sample: The file's beginning.
        dialect: Its dialect.
    """
    return _records(_decode(sample, dialect.encoding), dialect)


def _sniff_encoding(samples: Sequence[Sample]) -> str:
    for sample in samples:
        if sample.data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if b"\0" in sample.data[:4096]:
            raise DataError(
                f"{sample.path!r} looks like a binary file: it has NUL bytes. Expected CSV text, in UTF-8 or another encoding; of UTF-16 "
                'without a byte order mark set [input] encoding = "utf-16-le"'
            )
    joined = b"\n".join(sample.data for sample in samples)
    text = joined.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    foreign = len(text) - len(text.encode("ascii", errors="ignore")) - broken
    # Damage in a few rows of UTF-8 is for the reader to reject; a sample's cut end is none.
    if broken * 10 < foreign or not any(map(_is_damaged, samples)):
        return "utf-8"
    # The bytes 0x80 to 0x9f are letters and signs in Windows's code page, and invisible controls in
    # Latin-1.
    if re.search(rb"[\x80-\x9f]", joined) and not re.search(rb"[\x81\x8d\x8f\x90\x9d]", joined):
        return "cp1252"
    return "latin-1"


def _is_damaged(sample: Sample) -> bool:
    """Whether a sample has bytes that aren't UTF-8.

    A character that the sample's end cuts doesn't count.
    """
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample.data, final=sample.complete)
    except UnicodeDecodeError:
        return True
    return False


def _decode(sample: Sample, encoding: str) -> str:
    try:
        text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(sample.data).removeprefix("\ufeff")
    except UnicodeError as error:  # UTF-16 or UTF-32, as it is called, without a byte order mark
        raise DataError(
            f'{sample.path!r} isn\'t text in the encoding {encoding!r}: {error}; set [input] encoding to another, as "utf-16-le"'
        ) from error
    text = text.replace("\0", " ").replace("\r\n", "\n").replace("\r", "\n")
    if not sample.complete and "\n" in text:
        text = text[: text.rindex("\n") + 1]
    return text


def _parse(lines: Sequence[str], dialect: Dialect) -> Rows:
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        escapechar=dialect.escape,
        doublequote=True,
        strict=False,
    )
    rows = []
    for row in reader:
        if row:
            rows.append(row)
        if len(rows) == _SAMPLE_LINES:
            break
    return rows


def _lines(text: str) -> list[str]:
    """Physical lines with their ends.

    The parser needs the ends inside quotes.
    """
    return text.split("\n") if not text else [line + "\n" for line in text.removesuffix("\n").split("\n")]


def _records(text: str, dialect: Dialect) -> Rows:
    lines = _lines(text)[dialect.skip_rows :]
    if dialect.comment:
        lines = [line for line in lines if not line.startswith(dialect.comment)]
    return _parse(lines, dialect)


def _width(rows: Rows) -> int:
    return Counter(map(len, rows)).most_common(1)[0][0] if rows else 0


def _sniff_cells(texts: Sequence[str], dialect: Dialect, given: Mapping[str, Any]) -> Dialect:
    """Guesses the delimiter and the escape.

    The best are those that give the most rows of one width, and more than one cell a row.
    """
    escapes = (None, "\\") if any('\\"' in text for text in texts) else (None,)
    best, best_score = dialect, (0.0, 0)
    for escape in (given["escape"],) if "escape" in given else escapes:
        for delimiter in (given["delimiter"],) if "delimiter" in given else _DELIMITERS:
            candidate = replace(dialect, delimiter=delimiter, escape=escape)
            rows = [row for text in texts for row in _records(text, candidate)]
            width = _width(rows)
            if width <= 1:
                continue
            agreement = round(sum(len(row) == width for row in rows) / len(rows), 2)
            if agreement < _AGREEMENT or (escape and agreement <= best_score[0]):
                continue
            if (agreement, width) > best_score:
                best, best_score = candidate, (agreement, width)
    return best


def _sniff_top(texts: Sequence[str], dialect: Dialect, given: Mapping[str, Any]) -> dict[str, Any]:
    """Guesses comment lines, or lines of prose above the records."""
    width = _width([row for text in texts for row in _records(text, dialect)])
    for letter in () if "comment" in given else _COMMENTS:
        if letter == dialect.delimiter:
            continue
        marked = [_parse([line], dialect) for text in texts for line in _marked(text, letter, dialect)]
        if marked and all(len(row) != width for rows in marked for row in rows):
            return {"comment": letter}
    skips = {_prose_lines(text, dialect, width) for text in texts}
    return {"skip_rows": skips.pop() if len(skips) == 1 else 0}


def _marked(text: str, letter: str, dialect: Dialect) -> list[str]:
    """The lines outside quotes that begin with a letter."""
    found = []
    quoted = False
    for line in _lines(text)[:_SAMPLE_LINES]:
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
    for number, line in enumerate(_lines(text)[:_MOST_SKIPPED]):
        rows = _parse([line], dialect)
        if rows and len(rows[0]) == width:
            return number
        if rows and (line.count(dialect.quote or '"') % 2 or sum(cell.strip() != "" for cell in rows[0]) > 1):
            return 0
    return 0


def _is_padded(rows: Rows) -> bool:
    """Whether most cells have spaces around them.

    Only cells after a delimiter count; they begin or end with a space.
    """
    cells = [cell for row in rows for cell in row[1:] if cell]
    return bool(cells) and sum(cell != cell.strip() for cell in cells) > len(cells) / 2


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell.strip()) is not None


def _columns(rows: Rows) -> list[list[str]]:
    """The cells that aren't empty, by column.

    Only rows of the usual width count.
    """
    width = _width(rows)
    rows = [row for row in rows if len(row) == width]
    return [[cell for cell in column if cell.strip()] for column in zip(*rows, strict=True)]


def _has_header(files: Sequence[Rows]) -> bool:
    firsts = [rows[0] for rows in files if rows]
    if not firsts:
        return True
    if len(firsts) > 1:
        if all(sorted(first) == sorted(firsts[0]) for first in firsts):
            return True
        if any(_is_number(cell) for first in firsts for cell in first):
            return False
    first = firsts[0]
    if _names_years(first):
        return True
    votes = 0
    columns = _columns([row for rows in files for row in rows[1:]])
    for cell, column in zip(first, columns, strict=False):
        votes += _vote(cell, column)
    if votes:
        return votes > 0
    return not any(_is_number(cell) for cell in first)


def _names_years(first: Sequence[str]) -> bool:
    """Whether all numbers in a row are years in sequence.

    So they are in the header of a table that has a column for each year.
    """
    years = [int(cell) for cell in first if re.fullmatch(r"(?:19|20)[0-9]{2}", cell)]
    if len(years) <= 1 or len(years) == len(first) or len(years) != sum(map(_is_number, first)):
        return False
    steps = {after - before for before, after in itertools.pairwise(years)}
    return steps in ({1}, {-1})


def _vote(cell: str, column: list[str]) -> int:
    """Votes on whether a file's first cell is a name.

    The vote is above 0 if the cell reads as the name of the cells below it, and below 0 if it reads
    as one of them.
    """
    if not column:
        return 0
    numbers = sum(map(_is_number, column)) >= _MOSTLY * len(column)
    if numbers:
        return -3 if _is_number(cell) else (3 if cell.strip() else 0)
    if _is_number(cell):
        return 0
    if cell in column:
        return -2
    lengths = {len(value) for value in column}
    distinct = len(set(column))
    return int(distinct <= len(column) / 2 or (len(lengths) == 1 and len(cell) not in lengths and len(column) > 1))


def _sniff_nulls(body: Rows) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for column in _columns(body):
        spellings = {cell.strip(): None for cell in column}
        found |= {name: None for name in _NULLS_ANYWHERE if name in spellings}
        markers = (*_NULLS_ANYWHERE, *_NULLS_AMONG_NUMBERS)
        values = [cell for cell in column if cell.strip() not in markers]
        if values and sum(map(_is_number, values)) >= _MOSTLY * len(values):
            found |= {name: None for name in _NULLS_AMONG_NUMBERS if name in spellings}
    return ("", *found)
