"""Counts the lines that are no rows."""

from dataclasses import dataclass

import numpy as np

from shardmill.transforms.records.lexer import Lexed


@dataclass
class Skipped:
    """Skipped lines, counted.

    Attributes:
        above: Lines that `skip_rows` drops at the top of files.
        comments: Comment lines.
        blank: Blank lines.
    """

    above: int = 0
    comments: int = 0
    blank: int = 0

    def add(self, other: "Skipped") -> None:
        """Adds other counts."""
        self.above += other.above
        self.comments += other.comments
        self.blank += other.blank

    def add_lines(self, lexed: Lexed, past: int) -> None:
        """Counts comments and blank lines of a text.

        Args:
            lexed: The text.
            past: The offset after one of its `ends`, up to which lines are counted.
        """
        starts, stops = lexed.spans
        records = int(np.searchsorted(starts, past))
        comments = int(np.searchsorted(lexed.comments.starts, past))
        if not comments:
            self.blank += int(np.searchsorted(lexed.ends, past)) - records
            return
        # Comments have been overwritten by blank lines, so the lines of the text itself are
        # counted, and those of records and comments taken off.
        last_unended = past > len(lexed.text) or lexed.comments.stops[comments - 1] == len(lexed.text)
        lines = int(np.searchsorted(lexed.lines, past)) + bool(last_unended)
        for begin, end in ((starts[:records], stops[:records]), (lexed.comments.starts, lexed.comments.stops)):
            spread = np.searchsorted(lexed.lines, end) - np.searchsorted(lexed.lines, begin) + 1
            lines -= int(spread[begin < past].sum())
        self.comments += comments
        self.blank += lines
