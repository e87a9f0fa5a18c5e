"""Rejected rows, each with its line and reason."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from shardmill.transforms.csv.chunks import Chunk
from shardmill.transforms.records.lexicon import Positions

# Each bad row's column (None means the row as a whole) and what is wrong.
Faults = dict[int, tuple[str | None, str]]


@dataclass(frozen=True)
class Reject:
    """A row that can't be used.

    Attributes:
        file: Its file.
        line: The number of its first physical line, from 1.
        column: The column at fault. None means the row as a whole.
        reason: What was expected and what was found.
        row: Its bytes without the line's end: unchanged if the file is UTF-8, else transcoded to
            UTF-8.
    """

    file: str
    line: int
    column: str | None
    reason: str
    row: bytes


@dataclass(frozen=True)
class Origin:
    """The location of some rows in their file.

    Attributes:
        path: The file.
        chunk: The piece of it that the rows are in.
        records: The index of each row's record.
    """

    path: str
    chunk: Chunk
    records: Positions

    @property
    def lines(self) -> Positions:
        """The number of each row's first physical line."""
        return self.chunk.lines_at(self.chunk.lexed.spans[0][self.records])

    def rejects(self, reasons: Mapping[int, tuple[str | None, str]]) -> list[Reject]:
        """Records as rejected rows, in the file's order.

        Args:
            reasons: The column at fault and what is wrong, by the record's index.
        """
        if not reasons:
            return []
        order = np.array(sorted(reasons), np.int64)
        starts, stops = (each[order] for each in self.chunk.lexed.spans)
        located = zip(*(each.tolist() for each in (order, self.chunk.lines_at(starts), starts, stops)), strict=True)
        return [
            Reject(self.path, line, *reasons[index], bytes(self.chunk.data[start:stop]))
            for index, line, start, stop in located
        ]


def open_quote_hints(chunk: Chunk, records: Positions) -> list[str]:
    """The question whether a quote isn't closed.

    It ends the reason of a record that spans lines, and is empty for others.

    Args:
        chunk: The chunk.
        records: The indices of the records, ascending.
    """
    if not len(records):
        return []
    starts, stops = (each[records] for each in chunk.lexed.spans)
    lines = chunk.lines_at(stops) - chunk.lines_at(starts) + 1
    return [f" in a row of {count} lines: is a quote not closed?" if count > 1 else "" for count in lines.tolist()]


def rows_of(faults: Faults, records: Positions) -> Faults:
    """Faults of records as faults of rows.

    Args:
        faults: By the record's index.
        records: The index of each row's record, ascending.

    Returns:
        The faults of records that are rows, by the row's index.
    """
    found = np.array(sorted(faults), np.int64)
    rows = np.searchsorted(records, found)
    are_rows = records[np.minimum(rows, len(records) - 1)] == found if len(records) else np.zeros(len(found), np.bool_)
    return {row: faults[record] for row, record in zip(rows[are_rows].tolist(), found[are_rows].tolist(), strict=True)}
