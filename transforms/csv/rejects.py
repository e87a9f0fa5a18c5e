"""Rejected rows, each with its line and reason."""

from collections.abc import Collection, Mapping
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
        spans: The start and end of each of the chunk's records.
        records: The index of each row's record.
    """

    path: str
    chunk: Chunk
    spans: tuple[Positions, Positions]
    records: Positions

    @property
    def lines(self) -> Positions:
        """The number of each row's first physical line."""
        return self.chunk.lines_at(self.spans[0][self.records])

    def rejects(self, reasons: Mapping[int, tuple[str | None, str]], ragged: Collection[int] = ()) -> list[Reject]:
        """Records as rejected rows, in the file's order.

        Args:
            reasons: The column at fault and what is wrong, by the record's index.
            ragged: The indices of records with too few or too many cells. The reason of one that
                spans lines asks whether a quote isn't closed.
        """
        order = np.array(sorted(reasons), np.int64)
        starts, stops = self.spans[0][order], self.spans[1][order]
        rejects = []
        located = zip(
            order.tolist(),
            starts.tolist(),
            stops.tolist(),
            *(self.chunk.lines_at(at).tolist() for at in (starts, stops)),
            strict=True,
        )
        for index, start, stop, line, last_line in located:
            column, reason = reasons[index]
            if index in ragged and last_line > line:
                reason += f" in a row of {last_line - line + 1} lines: is a quote not closed?"
            rejects.append(Reject(self.path, line, column, reason, bytes(self.chunk.data[start:stop])))
        return rejects
