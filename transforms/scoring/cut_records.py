"""Cuts samples into records and cells, as the reader does.

The reader's own lexer is used, so that a guess holds when the files are read.
"""

import functools
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.units import lexicon_of
from shardmill.transforms.records.lexer import Lexed, lex
from shardmill.transforms.records.lexicon import Bytes, Flags, Positions

# The most records and cells of a text that are looked at one by one.
_MOST_RECORDS = 1000
_MOST_CELLS = 50_000

Row = list[str]
Rows = list[Row]


@dataclass(frozen=True)
class Text:
    """The beginning of a file, decoded.

    Attributes:
        data: UTF-8, without a byte order mark; bytes that aren't text are left as they are.
        complete: Whether that is all of the file.
    """

    data: bytes
    complete: bool

    def lines(self, count: int) -> list[bytes]:
        """The first physical lines, without their ends."""
        return [line.rstrip(b"\r\n") for line in self._lines[:count]]

    @functools.cached_property
    def _lines(self) -> list[bytes]:
        return self.data.splitlines(keepends=True)

    def without_lines(self, count: int) -> "Text":
        """The text after some physical lines."""
        return Text(b"".join(self._lines[count:]), self.complete) if count else self


@dataclass(frozen=True)
class Records:
    """A text's records under a dialect.

    The last one isn't among them where the text, being a file's beginning only, may end within it.

    Attributes:
        lexed: The text and where its cells are.
        starts: Where each record starts.
        stops: Where each stops, its line's end left out.
        widths: The number of its cells.
        lines: The number of its physical lines.
        first_lines: The index of its first physical line.
        malformed: Whether text follows a quote that closes one of its cells.
        lost_lines: Physical lines after the last record, which a quote that isn't closed takes.
        dialect: The dialect.
    """

    lexed: Lexed
    starts: Positions
    stops: Positions
    widths: Positions
    lines: Positions
    first_lines: Positions
    malformed: Flags
    lost_lines: int
    dialect: Dialect

    def __len__(self) -> int:
        """The number of records."""
        return len(self.starts)

    @property
    def text(self) -> Bytes:
        """The bytes."""
        return self.lexed.data

    def rows(self, indices: Sequence[int] | None = None) -> Rows:
        """The cells of some records.

        By default these are the first thousand, or fewer wide ones.
        """
        chosen = range(self._few) if indices is None else indices
        return [[self._read(cell) for cell in cells] for cells in self.raw(chosen)]

    @property
    def _few(self) -> int:
        """How many records have few enough cells together."""
        return min(len(self), _MOST_RECORDS, 2 + int(np.searchsorted(np.cumsum(self.widths), _MOST_CELLS)))

    def raw(self, indices: Sequence[int]) -> Rows:
        """The cells of some records with their quotes and escapes."""
        found = []
        for index in indices:
            first = int(self.lexed.first[index])
            cuts = (self.lexed.separators[first : first + int(self.widths[index]) + 1] + np.uint32(1)).tolist()
            cells = [self.text[start : stop - 1].tobytes() for start, stop in itertools.pairwise(cuts)]
            found.append([self._without_margin(cell.decode(errors="replace")) for cell in cells])
        return found

    def _without_margin(self, cell: str) -> str:
        """Takes blanks before an opening quote off."""
        body = cell.lstrip(" \t") if self.dialect.trim else cell
        return body if self.dialect.quote and body.startswith(self.dialect.quote) else cell

    def _read(self, cell: str) -> str:
        """Takes quotes and escapes off a cell."""
        quote, escape = self.dialect.quote, self.dialect.escape
        if quote and cell.startswith(quote):
            body = cell.rstrip(" \t")
            if len(body) > 1 and body.endswith(quote):
                cell = body[1:-1]
            cell = cell.replace(quote * 2, quote)
        if escape and escape in cell:
            cell = re.sub(rf"{re.escape(escape)}(.)", r"\1", cell, flags=re.DOTALL)
        return cell.strip(" \t") if self.dialect.trim else cell


def cut_records(text: Text, dialect: Dialect) -> Records:
    """Cuts a text into records and cells.

    Args:
        text: The text; the `skip_rows` lines at its top are left out.
        dialect: Its dialect.
    """
    lexicon = lexicon_of(dialect)
    skipped = min(dialect.skip_rows, len(text.lines(dialect.skip_rows)))
    data = np.frombuffer(text.without_lines(skipped).data, np.uint8)
    lexed = lex(data, lexicon, at_end=text.complete)
    starts, stops = lexed.spans
    first_lines = lexed.lines_before(starts)
    malformed = np.zeros(len(starts), np.bool_)
    malformed[lexed.stray.records] = True
    return Records(
        lexed,
        starts,
        stops,
        lexed.cells.astype(np.int64),
        lexed.lines_before(stops) - first_lines + 1,
        first_lines + skipped,
        malformed,
        lexed.line_at(len(lexed.data)) - lexed.lines + (lexed.opened >= 0 and text.complete),
        dialect,
    )


def usual_width(rows: Rows) -> int:
    """The number of cells that most records have.

    Of equals it is the largest; without records it is 0.
    """
    counts = Counter(map(len, rows))
    return max(counts, key=lambda width: (counts[width], width)) if counts else 0


def columns_of(rows: Rows) -> list[list[str]]:
    """The cells that aren't empty, by column.

    Only rows of the usual width count.
    """
    width = usual_width(rows)
    rows = [row for row in rows if len(row) == width]
    return [[cell for cell in column if cell.strip()] for column in zip(*rows, strict=True)]
