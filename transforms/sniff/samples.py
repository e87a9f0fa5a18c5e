"""Beginnings of files, and their records under a dialect.

Samples are bounded, so rows are looked at one by one here.
"""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.dialect import Dialect

SAMPLE_BYTES = 1 << 20
"""Bytes of a file's beginning that are enough to guess from."""

SAMPLE_LINES = 1000
_LONGEST_CELL = 1 << 27
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:inf|infinity)", re.ASCII | re.IGNORECASE)
MOSTLY = 0.9
"""The share of a column's cells from which it is of a type."""

Rows = list[list[str]]


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


def first_rows(sample: Sample, dialect: Dialect) -> Rows:
    """Parses a file's first records, its header included.

    Args:
        sample: The file's beginning.
        dialect: Its dialect.
    """
    return records_of(decode(sample, dialect.encoding), dialect)


def decode(sample: Sample, encoding: str) -> str:
    """Decodes a sample: line ends become newlines, a cut last line is dropped.

    Raises:
        DataError: It isn't text in the encoding.
    """
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


def parse_lines(lines: Sequence[str], dialect: Dialect) -> Rows:
    """Parses physical lines into records, up to `SAMPLE_LINES`; blank ones are none."""
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
        if len(rows) == SAMPLE_LINES:
            break
    return rows


def physical_lines(text: str) -> list[str]:
    """Physical lines with their ends.

    The parser needs the ends inside quotes.
    """
    return text.split("\n") if not text else [line + "\n" for line in text.removesuffix("\n").split("\n")]


def records_of(text: str, dialect: Dialect) -> Rows:
    """Parses a text's records, its header included."""
    lines = physical_lines(text)[dialect.skip_rows :]
    if dialect.comment:
        lines = [line for line in lines if not line.startswith(dialect.comment)]
    return parse_lines(lines, dialect)


def usual_width(rows: Rows) -> int:
    """The number of cells that most records have; 0 without records."""
    return Counter(map(len, rows)).most_common(1)[0][0] if rows else 0


def is_number(cell: str) -> bool:
    """Whether a cell reads as a number, infinite ones included."""
    return _NUMBER.fullmatch(cell.strip()) is not None


def columns_of(rows: Rows) -> list[list[str]]:
    """The cells that aren't empty, by column.

    Only rows of the usual width count.
    """
    width = usual_width(rows)
    rows = [row for row in rows if len(row) == width]
    return [[cell for cell in column if cell.strip()] for column in zip(*rows, strict=True)]
