"""A slow reading of CSV, one byte after another, to hold the reader against."""

from dataclasses import dataclass, field
from typing import Literal

from shardmill.transforms.csv.dialect import Dialect


class UnclosedError(Exception):
    """The text ends inside quotes, or with an escape that nothing follows.

    Attributes:
        found: What is before.
        quoted: Whether it ends inside quotes.
    """

    def __init__(self, found: list["Found"], *, quoted: bool) -> None:
        super().__init__()
        self.found = found
        self.quoted = quoted


@dataclass
class Found:
    """A record, or a line that is none.

    Attributes:
        kind: Which of these it is.
        line: The number of its first physical line.
        start: The offset of its first byte.
        text: Its bytes without the line's end.
        stop: The offset after its line's end.
        cells: Its cells' bytes; for records only.
        raw: The same with their quotes and escapes.
        torn: Whether text follows the quote that closes a cell.
    """

    kind: Literal["record", "comment", "blank", "above"]
    line: int
    start: int = 0
    text: bytes = b""
    stop: int = 0
    cells: list[bytes] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    torn: bool = False


def read_slowly(text: bytes, dialect: Dialect) -> list[Found]:
    """All records, comments, blank and skipped lines of a file in UTF-8, in order.

    The header is a record like any other.

    Raises:
        UnclosedError: The file ends within a record.
    """
    machine = _Machine(text.removeprefix(b"\xef\xbb\xbf"), dialect)
    while machine.at < len(machine.text):
        machine.step()
    return machine.found


class _Machine:
    """A position in a text, and what was found before it."""

    def __init__(self, text: bytes, dialect: Dialect) -> None:
        self.text = text
        self.at = 0
        self.found: list[Found] = []
        self._line = 1
        self._above = dialect.skip_rows
        self._trim = dialect.trim
        self._delimiter, self._quote, self._escape, self._comment = (
            each.encode() if each else b"none"
            for each in (dialect.delimiter, dialect.quote, dialect.escape, dialect.comment)
        )

    def step(self) -> None:
        """Takes one record, or a line that is none."""
        start = self.at
        found = Found("record", self._line, start)
        if self._above:
            self._above -= 1
            found.kind = "above"
            while self.at < len(self.text) and not self._end():
                self.at += 1
        elif self._here() == self._comment:
            found.kind = "comment"
            self._skip_comment()
        elif self._end() or self._is_blank():
            found.kind = "blank"
            while self.at < len(self.text) and not self._end():
                self.at += 1
        else:
            self._take_record(found)
        found.text = self.text[start : self.at]
        self._skip_line_end()
        found.stop = self.at
        self._line += _lines_in(self.text[start : self.at])
        self.found.append(found)

    def _here(self, size: int = 1) -> bytes:
        return self.text[self.at : self.at + size]

    def _end(self) -> bool:
        return self._here() in (b"\n", b"\r")

    def _is_blank(self) -> bool:
        """Whether a line of blanks alone begins here, where runs of spaces delimit."""
        if not self._trim or self._delimiter != b" ":
            return False
        line = self.text[self.at :].replace(b"\r", b"\n").split(b"\n", 1)[0]
        return not line.strip(b" \t")

    def _skip_line_end(self) -> None:
        self.at += 2 if self._here(2) == b"\r\n" else self._end()

    def _skip_comment(self) -> None:
        while self.at < len(self.text) and not self._end():
            if self._here() == self._escape:
                self._after_escape(quoted=False)
            self.at += 1

    def _after_escape(self, *, quoted: bool) -> None:
        self.at += 1
        if self.at == len(self.text):
            raise UnclosedError(self.found, quoted=quoted)

    def _take_record(self, found: Found) -> None:  # noqa: C901 - a state machine, to be read beside the format
        cell, state, begin = b"", "start", self.at
        while self.at < len(self.text):
            here = self._here()
            if here == self._escape:
                self._after_escape(quoted=state == "quoted")
                found.torn |= state == "closed"
                cell += self._here()
                state = state if state == "quoted" else "unquoted"
            elif state == "quoted":
                if self._here(2) == self._quote * 2:
                    self.at += 1
                    cell += here
                elif here == self._quote:
                    state = "closed"
                else:
                    cell += here
            elif here == self._delimiter == b" " and self._trim and self._passes_blanks(found, cell, state):
                continue
            elif here == self._delimiter:
                found.cells.append(cell)
                found.raw.append(self.text[begin : self.at])
                cell, state, begin = b"", "start", self.at + 1
            elif self._end():
                break
            elif here == self._quote and state == "start":
                state = "quoted"
            else:
                blank = here in (b" ", b"\t")
                found.torn |= state == "closed" and not blank
                state = state if blank and (state == "closed" or (state == "start" and self._trim)) else "unquoted"
                cell += here
            self.at += 1
        if state == "quoted":
            raise UnclosedError(self.found, quoted=True)
        found.cells.append(cell)
        found.raw.append(self.text[begin : self.at])

    def _passes_blanks(self, found: Found, cell: bytes, state: str) -> bool:
        """Goes to the last of some blanks; whether they are at the line's start or end, where they delimit no cells."""
        at = self.at
        while self._here() in (b" ", b"\t"):
            self.at += 1
        if (
            self._end()
            or self.at == len(self.text)
            or (state == "start" and not found.cells and not cell.strip(b" \t"))
        ):
            return True
        # A tab may be the last of them.
        self.at = max(at, self.at - 1)
        return False


def _lines_in(text: bytes) -> int:
    """The line ends in a text, those inside quotes and escaped ones included."""
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n")
