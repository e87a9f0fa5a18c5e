"""Guesses the dialect of CSV files from their beginnings.

The beginnings of a few files are enough for `shardmill init`, whose user can correct the guess.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.scoring.cut_records import Rows, Text, cut_records, usual_width
from shardmill.transforms.scoring.samples import SAMPLE_BYTES, Sample, decode
from shardmill.transforms.scoring.score import score
from shardmill.transforms.sniff.decision import Decision
from shardmill.transforms.sniff.guess_cells import (
    Cells,
    decide_delimiter,
    decide_quoting,
    guess_cells,
    is_padded,
    name_delimiter,
)
from shardmill.transforms.sniff.guess_columns import guess_columns
from shardmill.transforms.sniff.guess_encoding import guess_encoding
from shardmill.transforms.sniff.guess_header import guess_header, shown, text_below
from shardmill.transforms.sniff.guess_nulls import guess_nulls
from shardmill.transforms.sniff.guess_top import Top, guess_comment, guess_skipped, named_separator, seems_commented

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Sniffed:
    """A guessed dialect.

    Attributes:
        dialect: The dialect.
        decisions: What was guessed, and why, in the order of the guesses. Empty where there was
            nothing to go by.
    """

    dialect: Dialect
    decisions: tuple[Decision, ...] = ()


def sniff(samples: Sequence[Sample], given: Mapping[str, Any] = _NOTHING) -> Sniffed:
    """Guesses the dialect that files share.

    Where they have no header, columns are named `column_1`, `column_2` and so on.

    Args:
        samples: The beginnings of a few files; empty ones say nothing.
        given: Fields of the dialect that are known; the others are guessed to fit them.

    Returns:
        The dialect, the default one where there is nothing to go by, and what was decided.

    Raises:
        DataError: A file isn't text, or its encoding can't be told.
    """
    samples = [sample for sample in samples if sample.data.strip(b"\xef\xbb\xbf \r\n\t")]
    if not samples:
        return Sniffed(Dialect(**given))
    decisions: list[Decision] = []
    encoding = given.get("encoding")
    if encoding is None:
        encoding, decision = guess_encoding(samples)
        decisions.append(decision)
    # All files together are looked at as far as one is alone.
    share = SAMPLE_BYTES // len(samples)
    texts = [
        decode(
            replace(sample, data=sample.data[:share], complete=sample.complete and len(sample.data) <= share), encoding
        )
        for sample in samples
    ]
    guess = _Guess(texts, {**given, "encoding": encoding})
    cells = guess.take_cells()
    guess.take_top(cells)
    guess.take_header()
    return Sniffed(guess.dialect, (*decisions, *guess.decisions))


class _Guess:
    """A dialect that is guessed field by field."""

    def __init__(self, texts: list[Text], given: Mapping[str, Any]) -> None:
        self.decisions: list[Decision] = []
        self._given = dict(given)
        self._skipped = given.get("skip_rows", 0)
        # The lines above the table are taken off the texts one after the other.
        self._texts = [text.without_lines(self._skipped) for text in texts]
        self._dialect = Dialect(**{**given, "skip_rows": 0})
        self._width = 0

    @property
    def dialect(self) -> Dialect:
        return replace(self._dialect, skip_rows=self._skipped)

    def take_cells(self) -> Cells:
        """Guesses delimiter, quote and escape, comments left aside."""
        separator = None if {"skip_rows", "delimiter"} & self._given.keys() else named_separator(self._texts)
        if separator:
            self._given["delimiter"] = separator
            reason = f"the first line says sep={separator}"
            self._note("delimiter", name_delimiter(separator), reason)
            self._note("skipped lines", "1", f"{reason}, which isn't data")
            self._skip(1)
            self._dialect = replace(self._dialect, delimiter=separator)
        if "comment" not in self._given and seems_commented(self._texts):
            self._dialect = replace(self._dialect, comment="#")
        cells = guess_cells(self._texts, self._dialect, self._given)
        self._dialect, self._width = cells.score.dialect, cells.score.width
        return cells

    def take_top(self, cells: Cells) -> None:
        """Guesses comments, and the lines above the header."""
        noted, self.decisions = self.decisions, []
        if "comment" not in self._given:
            self._take(guess_comment(self._texts, self._dialect, self._width))
        if "skip_rows" not in self._given:
            self._take(guess_skipped(self._texts, self._dialect, self._width))
        if not self._given.keys() & {"header", "header_lacks", "columns", "skip_rows"}:
            columns = guess_columns(self._texts, self._dialect, self._width)
            self._take(columns)
            self._given |= columns.fields
        if "delimiter" not in self._given:
            noted.append(decide_delimiter(cells, score(self._texts, self._dialect, width=self._width)))
        self.decisions = [*noted, *decide_quoting(cells, self._texts, self._given), *self.decisions]

    def take_header(self) -> None:
        """Guesses header, missing cells, and blanks around cells."""
        files = self._rows()
        if "trim" not in self._given and not self._dialect.trim and is_padded([row for rows in files for row in rows]):
            self._dialect = replace(self._dialect, trim=True)
            files = self._rows()
        if self._dialect.trim and "trim" not in self._given:
            self._note("spaces around cells", "dropped", "most cells, or their quotes, have them")
        if not self._given.keys() & {"header", "header_lacks", "columns"}:
            header = guess_header(files, self._width)
            self._dialect = replace(self._dialect, header=header.found)
            self.decisions.append(self._doubt_units(header.decision) if header.found else header.decision)
        body = [row for rows in files for row in rows[int(self._dialect.header) :]]
        if not self._dialect.header and not self._dialect.columns:
            names = tuple(f"column_{number}" for number in range(1, usual_width(body) + 1))
            self._dialect = replace(self._dialect, columns=names)
        if "null_values" not in self._given:
            nulls = guess_nulls(body)
            self._dialect = replace(self._dialect, null_values=nulls)
            if nulls[1:]:
                spelled = ", ".join(json.dumps(name, ensure_ascii=False) for name in nulls)
                self._note("missing cells", spelled, "so spelled among other values")

    def _doubt_units(self, header: Decision) -> Decision:
        """Doubts a header below which a line of text stands above numbers."""
        for text in self._texts:
            records = cut_records(text, self._dialect)
            cells = text_below(records.rows(), self._width)
            if cells:
                line = int(records.first_lines[1]) + self._skipped + 1
                reason = (
                    f"{header.reason}; line {line} has text in each column of numbers, {shown(cells[0])} (units?): "
                    f"remove it, or if it is the header: --set input.skip_rows={line - 1}"
                )
                return replace(header, reason=reason, sure=False)
        return header

    def _rows(self) -> list[Rows]:
        return [cut_records(text, self._dialect).rows() for text in self._texts]

    def _take(self, guess: Top) -> None:
        """Takes over a guess's fields, decisions and skipped lines."""
        fields = dict(guess.fields)
        self._skip(fields.pop("skip_rows", 0))
        self._dialect = replace(self._dialect, **fields)
        self.decisions += guess.decisions

    def _skip(self, count: int) -> None:
        self._texts = [text.without_lines(count) for text in self._texts]
        self._skipped += count

    def _note(self, subject: str, choice: str, reason: str) -> None:
        self.decisions.append(Decision(subject, choice, reason))
