"""Scores how well a dialect fits samples."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.scoring.cell_types import type_of
from shardmill.transforms.scoring.cut_records import Records, Text, cut_records

# Records, evenly spaced, whose cells are looked at for their types, and the most such cells.
_TYPED_RECORDS = 200
_TYPED_CELLS = 10_000
# Lines that a cut-off sample may end with, within a quoted cell, before the quote is doubted.
_OPEN_LINES = 20
_QUOTES = "\"'"
# A delimiter that separates no words.
_DELIMITER = re.compile(r"[,;|\t](?! )")
_PUNCTUATION = re.compile(r"[,;|\t]")
_WRAPPED = 0.5


@dataclass(frozen=True)
class Score:
    """How well a dialect fits samples.

    Attributes:
        dialect: The dialect.
        files: The records of each sample.
        width: The usual number of cells.
        good_lines: The physical lines in records of that width that aren't malformed.
        all_lines: All physical lines, blank ones and comments left out.
        malformed: The number of malformed records.
        first: Whether the first record of each sample has the usual width.
        swallowed: The lines in quoted cells that are records of the usual width without the quotes;
            they count as bad.
    """

    dialect: Dialect
    files: tuple[Records, ...]
    width: int
    good_lines: int
    all_lines: int
    malformed: int
    first: bool
    swallowed: int = 0

    @property
    def share(self) -> float:
        """The share of lines in good records, not rounded."""
        return self.good_lines / max(1, self.all_lines)

    @property
    def bad_lines(self) -> int:
        """The lines that aren't in good records."""
        return self.all_lines - self.good_lines

    @property
    def whole(self) -> bool:
        """Whether all lines are in good records."""
        return self.good_lines == self.all_lines

    @property
    def records(self) -> int:
        """The number of records."""
        return sum(map(len, self.files))

    @cached_property
    def typed(self) -> float:
        """The share of cells that are plain values.

        They show a type, or are text without other delimiters.

        Text that holds other delimiters or quotes speaks for another dialect. Records from the
        second on count.
        """
        raw = [row for records in self.files for row in records.raw(_spaced(records, self.width))]
        plain = total = 0.0
        for column in zip(*raw, strict=True):
            cells = [cell for cell in column if cell.strip()]
            values = [_plainness(cell, self.dialect.quote) for cell in cells]
            wrapped = sum(value is None for value in values)
            # Cells that seem quoted speak against a dialect in which they aren't, if they do so by
            # columns; a title in quotes now and then doesn't.
            plain += sum(value for value in values if value is not None)
            plain += 0 if wrapped > _WRAPPED * len(cells) else wrapped
            total += len(cells)
        return plain / total if total else 1.0

    @property
    def fit(self) -> float:
        """The share of good lines times that of plain cells."""
        return self.share * self.typed


def score(texts: Sequence[Text], dialect: Dialect, *, width: int | None = None) -> Score:
    """Scores a dialect.

    Args:
        texts: The samples.
        dialect: The dialect.
        width: The number of cells that records should have. None means that which most lines have,
            of equals the largest.
    """
    files = tuple(cut_records(text, dialect) for text in texts)
    good = [records.widths[~records.malformed] for records in files]
    lines = [records.lines[~records.malformed] for records in files]
    by_width = np.bincount(np.concatenate(good), np.concatenate(lines)).astype(int) if files else np.zeros(1, int)
    if width is None:
        width = int(len(by_width) - 1 - np.argmax(by_width[::-1])) if len(by_width) else 0
    return Score(
        dialect,
        files,
        width,
        int(by_width[width]) if width < len(by_width) else 0,
        sum(int(records.lines.sum()) + _lost(records, text) for records, text in zip(files, texts, strict=True)),
        sum(int(records.malformed.sum()) for records in files),
        all(records.widths[0] == width for records in files if len(records)),
    )


def without_swallowed(scores: Sequence[Score]) -> list[Score]:
    """Counts lines as bad that quotes swallow needlessly.

    They are whole without quotes.

    Text that spans lines hardly ever has as many delimiters in each of them as the table has.

    Args:
        scores: The scores of dialects that have the same delimiter.
    """
    whole = [each for each in scores if each.dialect.quote is None and each.whole and each.width > 1]
    found = []
    for each in scores:
        plain = next((other for other in whole if other.width == each.width and other.records > each.records), None)
        lines = sum(
            int(records.lines[(records.lines > 1) & ~records.malformed & (records.widths == each.width)].sum())
            for records in each.files
        )
        found.append(replace(each, good_lines=each.good_lines - lines, swallowed=lines) if plain and lines else each)
    return found


def _lost(records: Records, text: Text) -> int:
    """The lines that a quote takes that isn't closed.

    The few at the end of a sample that is cut may be closed later.
    """
    return records.lost_lines if text.complete or records.lost_lines > _OPEN_LINES else 0


def _spaced(records: Records, width: int) -> list[int]:
    """Some good records of a width, evenly spaced.

    The first record is left out.
    """
    good = np.flatnonzero((records.widths == width) & ~records.malformed)
    good = good[good > 0] if len(records) > 1 else good
    count = max(1, min(_TYPED_RECORDS, _TYPED_CELLS // max(1, width)))
    step = max(1, -(-len(good) // count))
    return list(map(int, good[::step]))


@lru_cache(maxsize=1 << 16)
def _plainness(cell: str, quote: str | None) -> float | None:
    """How plainly a raw cell is one value.

    None means that it is wrapped in quotes that aren't the dialect's.
    """
    if quote and cell.startswith(quote):
        return 1.0
    cell = cell.strip()
    if type_of(cell):
        return 1.0
    begins, ends = cell[:1] in _QUOTES and cell[:1], cell[-1:] in _QUOTES and cell[-1:]
    if begins and begins == ends and len(cell) > 1:
        return None
    # Half a quoted cell, or words with punctuation between.
    if _DELIMITER.search(cell):
        return 0.0
    return 0.5 if begins == '"' or ends == '"' or _PUNCTUATION.search(cell) else 1.0


def best(scores: Iterable[Score]) -> Score | None:
    """The best score of several dialects, None without any.

    The higher share of good lines by plain cells wins; of equals the higher share of lines alone;
    then the one under which the first record has the usual width; then the one with more cells,
    then with more records (a quote that takes lines which are whole without it is none), then the
    one that comes first.
    """
    return max(scores, key=lambda each: (each.fit, each.share, each.first, each.width, each.records), default=None)
