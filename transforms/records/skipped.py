"""Counts the lines that are no rows."""

from dataclasses import dataclass

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

    def add_lines(self, lexed: Lexed) -> None:
        """Counts the lines of a text that are no rows.

        They are counted up to its `stop`.
        """
        self.comments += lexed.comments
        self.blank += lexed.blank
