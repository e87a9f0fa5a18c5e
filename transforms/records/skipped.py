"""Counts lines, and those that are no rows."""

from dataclasses import dataclass

from shardmill.transforms.records.lexer import Lexed


@dataclass
class Skipped:
    """Skipped lines, counted, and all lines.

    Attributes:
        above: Lines that `skip_rows` drops at the top of files.
        comments: Comment lines.
        blank: Blank lines.
        lines: Physical lines that end, skipped or not.
    """

    above: int = 0
    comments: int = 0
    blank: int = 0
    lines: int = 0

    def add(self, other: "Skipped") -> None:
        """Adds other counts."""
        self.above += other.above
        self.comments += other.comments
        self.blank += other.blank
        self.lines += other.lines

    def add_lines(self, lexed: Lexed) -> None:
        """Counts the lines of a text.

        They are counted up to its `stop`.
        """
        self.lines += lexed.lines
        self.comments += lexed.comments
        self.blank += lexed.blank
