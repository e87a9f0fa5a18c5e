"""Rows that may be no data: without values, totals, footnotes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.transforms.csv.blocks import Block
from shardmill.transforms.scoring.cell_types import type_of

MOST_NAMED = 3
"""The most last rows that are kept with their place."""

# Rows at a file's end that are looked at, and their first columns in which a text is looked for.
_LAST = 3
_COLUMNS = 8
# Characters that are kept of such a text.
_KEPT = 200
# The fewest columns of which a row with one value is a footnote.
_WIDE = 3
_TOTAL = re.compile(
    r"(?:(?:grand |sub-?)?totals?|sums?|averages?|avg|means?"
    r"|(?:zwischen|gesamt)?summen?|gesamt|insgesamt|durchschnitt|mittelwert|somme|totaux|totale|totaal)\b",
    re.IGNORECASE,
)
_NOTE = re.compile(r"[\s:*]")


@dataclass(frozen=True, order=True)
class DoubtfulRow:
    """A row that may be no data.

    Attributes:
        unit: The index of its unit.
        line: The number of its first physical line.
        file: Its file.
        kind: What it looks like: "a total", "a footnote"; "" if it has no value.
        text: The beginning of the text that looks so.
    """

    unit: int
    line: int
    file: str
    kind: str = ""
    text: str = ""

    def moved_down(self, above: Sequence[int]) -> "DoubtfulRow":
        """The row with lines above its unit added."""
        return replace(self, line=self.line + above[self.unit])


@dataclass
class DoubtfulRows:
    """Rows that may be no data. Merging them is commutative.

    Attributes:
        empty: The number of rows without a value in any of two columns or more.
        first_empty: The first of them.
        last: The number of rows at files' ends that look like totals or footnotes.
        first_last: The first few of them.
    """

    empty: int = 0
    first_empty: DoubtfulRow | None = None
    last: int = 0
    first_last: list[DoubtfulRow] = field(default_factory=list)

    def update(self, unit: int, block: Block) -> None:
        """Counts the rows of a block that have no value.

        Args:
            unit: The index of its unit.
            block: The block, whose columns are strings.
        """
        columns = block.columns.columns
        if len(columns) == 1 or block.origin is None:
            return
        empty = np.flatnonzero(_are_null(columns, block.rows))
        if len(empty):
            found = DoubtfulRow(unit, int(block.origin.lines[empty[0]]), block.origin.path)
            self._add(len(empty), found, 0, [])

    def finish(self, unit: int, block: Block) -> None:
        """Looks for totals and footnotes at a file's end.

        Args:
            unit: The index of the file's last unit.
            block: Its last block with rows.
        """
        found = list(_last_rows(unit, block))
        self._add(0, None, len(found), found)

    def merge(self, other: "DoubtfulRows") -> None:
        """Adds the rows of another accumulator."""
        self._add(other.empty, other.first_empty, other.last, other.first_last)

    def move_down(self, above: Sequence[int]) -> None:
        """Adds lines above each unit to the line numbers.

        Args:
            above: The lines, by the unit's index.
        """
        if self.first_empty is not None:
            self.first_empty = self.first_empty.moved_down(above)
        self.first_last = [row.moved_down(above) for row in self.first_last]

    def _add(self, empty: int, first: DoubtfulRow | None, last: int, rows: Sequence[DoubtfulRow]) -> None:
        self.empty += empty
        self.first_empty = min(filter(None, (self.first_empty, first)), default=None)
        self.last += last
        self.first_last = sorted([*self.first_last, *rows])[:MOST_NAMED]


def _are_null(columns: Sequence[pa.Array], rows: int) -> npt.NDArray[np.bool_]:
    """Whether all cells of each row are null."""
    if not columns or not all(column.null_count for column in columns):
        return np.zeros(rows, np.bool_)
    empty = np.ones(rows, np.bool_)
    for column in columns:
        empty &= column.is_null().to_numpy(zero_copy_only=False)
        if not empty.any():
            break
    return empty


def _last_rows(unit: int, block: Block) -> Iterator[DoubtfulRow]:
    """The totals and footnotes in which a block ends.

    There are no data below them. Texts that rows above have, too, are data.
    """
    if block.origin is None:
        return
    columns = block.columns.columns
    notes = _are_null(columns[1:], block.rows) if len(columns) >= _WIDE else np.zeros(block.rows, np.bool_)
    few = block.rows > _LAST and not (notes & columns[0].is_valid().to_numpy(zero_copy_only=False))[:-_LAST].any()
    lines = block.origin.lines
    for row in range(block.rows - 1, max(-1, block.rows - 1 - _LAST), -1):
        at, text = _first_text(columns, row)
        if _TOTAL.match(text) and _occurs_once(columns[at], text):
            kind = "a total"
        elif few and notes[row] and at == 0 and _NOTE.search(text):
            kind = "a footnote"
        elif columns[0][row].is_valid or not notes[row]:
            return
        else:  # It has no value at all.
            continue
        yield DoubtfulRow(unit, int(lines[row]), block.origin.path, kind, text[:_KEPT])


def _first_text(columns: Sequence[pa.Array], row: int) -> tuple[int, str]:
    """A row's first cell that is text, and its column."""
    for at, column in enumerate(columns[:_COLUMNS]):
        text = str(column[row].as_py() or "").strip()
        if text and type_of(text) is None:
            return at, text
    return -1, ""


def _occurs_once(column: pa.Array, text: str) -> bool:
    return int(pc.sum(pc.equal(pc.utf8_trim_whitespace(column), text)).as_py() or 0) == 1
