"""Finds CSV records and cells, in compiled code (native/records/lex.c)."""

import sys
import threading
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shardmill.transforms.kernel.library import kernel
from shardmill.transforms.records.lexicon import CR, LF, Bytes, Lexicon, Positions

Indices = npt.NDArray[np.uint32]

# What the kernel may write more than there are bytes of text, or half as many.
_SEPARATORS_ROOM = 9
_RECORDS_ROOM = 2
# Offsets are 32-bit numbers, and so are their counts, which are larger by two.
_MOST_BYTES = (1 << 31) - 1
# The largest text whose memory is kept, and how many texts' may be.
_KEPT_BYTES = 64 << 20
_KEPT_ROOMS = 4
# References to an array that only its room holds: the room's, the loop's and the question's own.
_UNHELD = 3


class Stray(NamedTuple):
    """Text after the quotes that close cells, in complete records.

    Attributes:
        records: The indices of the records that have such text, ascending.
        cells: The position of the first such cell in each.
        offsets: The offset of its text's first byte that isn't blank.
    """

    records: Positions
    cells: Positions
    offsets: Positions


@dataclass(frozen=True)
class Lexed:
    """The records of a text that begins with one.

    The text of a record's cell `c`, with its quotes, escapes and blanks, lies between the
    separators `first + c` and `first + c + 1`.

    Attributes:
        data: The text. A last carriage return is left out where a newline may follow.
        lexicon: The special bytes.
        separators: uint32 offsets of the delimiters and the line ends' bytes that are outside
            quotes and not escaped, up to `stop`. The first stands for the one before the text:
            offset -1, modulo 2**32. Where the file's last line has no newline, the text's length
            ends it.
        first: uint32 for each record that isn't blank: the index of the separator before it.
        cells: uint32: the number of its cells.
        stop: The offset after the last complete record, blank line or comment. It is 0 where there
            is none.
        lines: The physical lines that end before `stop`.
        blank: The number of blank lines before `stop`; of lines of blanks alone, too, where runs of
            spaces delimit.
        comments: The number of comment lines before `stop`.
        opened: The offset of the quote that opened the cell in which the text ends. -1 means that
            it doesn't end inside quotes.
        high: Whether any byte is 128 or more.
        torn: Whether some quote that closes a cell may have text after it.
    """

    data: Bytes
    lexicon: Lexicon
    separators: Indices
    first: Indices
    cells: Indices
    stop: int
    lines: int
    blank: int
    comments: int
    opened: int
    high: bool
    torn: bool

    @cached_property
    def spans(self) -> tuple[Positions, Positions]:
        """Starts and stops of the records that aren't blank.

        int64 offsets; line ends are left out.
        """
        return self.starts, self.separators[self.first + self.cells].astype(np.int64)

    @cached_property
    def starts(self) -> Positions:
        """Starts of the records that aren't blank, int64 offsets."""
        return (self.separators[self.first] + np.uint32(1)).astype(np.int64)

    @property
    def first_end(self) -> int:
        """The offset after the first record and its line's end.

        Blank lines are no records.
        """
        stop = int(self.separators[self.first[0] + self.cells[0]])
        return min(stop + (2 if self.data[stop : stop + 2].tobytes() == bytes([CR, LF]) else 1), len(self.data))

    @property
    def stray(self) -> Stray:
        """Text after the quotes that close cells."""
        # Few texts have any; it is looked for in all cells of these.
        found = np.empty((3, len(self.first) if self.torn else 0), np.int64)
        count = kernel().kernel_stray(
            self.data, self.lexicon.packed, self.separators, self.first, self.cells, found.shape[1], *found
        )
        records, cells, offsets = found[:, :count]
        return Stray(records, cells, offsets)

    def lines_before(self, offsets: Positions) -> Positions:
        """How many physical lines end before each of some offsets.

        The offsets ascend.
        """
        offsets = np.ascontiguousarray(offsets, np.int64)
        lines = np.empty(len(offsets), np.int64)
        kernel().kernel_lines(self.data, len(self.data), offsets, len(offsets), lines)
        return lines

    def line_at(self, offset: int) -> int:
        """The number of physical lines that end before an offset."""
        return int(self.lines_before(np.array([offset]))[0])


class _Rooms(threading.local):
    """Memory for the kernel to write to, again and again.

    That is once nobody holds what is in it. Most of it is never touched, and so takes none of the
    machine's; the rest stays in the cache. Fresh memory for each text would cost a third of what
    finding its records does.
    """

    def __init__(self) -> None:
        self._size = -1
        self._rooms: list[tuple[Indices, Indices, Indices]] = []

    def take(self, size: int) -> tuple[Indices, Indices, Indices]:
        """Room for the separators and records of a text.

        `size` is its size in bytes.
        """
        if size > self._size:
            # Larger texts make larger rooms; those of smaller ones go.
            self._size, self._rooms = size if size <= _KEPT_BYTES else -1, []
        size = max(size, self._size)
        for room in self._rooms:
            if all(sys.getrefcount(array) == _UNHELD for array in room):
                return room
        room = (
            np.empty(size + _SEPARATORS_ROOM, np.uint32),
            np.empty((size + 1) // 2 + _RECORDS_ROOM, np.uint32),
            np.empty((size + 1) // 2 + _RECORDS_ROOM, np.uint32),
        )
        if size == self._size and len(self._rooms) < _KEPT_ROOMS:
            self._rooms.append(room)
        return room


_rooms = _Rooms()


def lex(text: Bytes, lexicon: Lexicon, *, at_end: bool) -> Lexed:
    """Finds the records, cells and lines of a text.

    The text begins at a record's start.

    Args:
        text: The bytes.
        lexicon: The special bytes.
        at_end: Whether the file ends where the text does; else a last record without a line's end
            isn't complete.

    Raises:
        ValueError: The text is too large.
    """
    if len(text) > _MOST_BYTES:
        raise ValueError(
            f"a text to cut into records: expected at most {_MOST_BYTES:,} bytes, received {len(text):,}; lex fewer bytes at once"
        )
    if not at_end and len(text) and text[-1] == CR:
        text = text[:-1]
    separators, first, cells = _rooms.take(len(text))
    facts = np.empty(9, np.int64)
    kernel().kernel_lex(text, len(text), lexicon.packed, at_end, separators, first, cells, facts)
    found, records, stop, lines, blank, comments, opened, high, torn = facts.tolist()
    views = separators[:found], first[:records], cells[:records]
    return Lexed(text, lexicon, *views, stop, lines, blank, comments, opened, bool(high), bool(torn))


def skip_lines(text: Bytes, count: int, *, at_end: bool) -> tuple[int, int]:
    r"""Skips physical lines, whatever is in them.

    Lines end with ``\n``, ``\r\n`` or ``\r``. A last ``\r`` counts only at the file's end, since
    ``\n`` may follow.

    Returns:
        The offset after the last line end among the first `count`, and how many of them the text
        lacks.
    """
    left = np.array(count, np.int64)
    stop = kernel().kernel_skip_lines(text, len(text), at_end, left)
    return int(stop), int(left)
