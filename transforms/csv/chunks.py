"""Cuts text at record boundaries into chunks of bounded size."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.units import unclosed_quote
from shardmill.transforms.decoding.compression import compressed_suffix
from shardmill.transforms.decoding.encodings import UTF8_MARK
from shardmill.transforms.kernel.library import SLACK
from shardmill.transforms.records.inflation import Inflation
from shardmill.transforms.records.lexer import Lexed, lex, skip_lines
from shardmill.transforms.records.lexicon import CR, Bytes, Lexicon, Positions
from shardmill.transforms.records.skipped import Skipped

# The most bytes of text in a chunk, unless its first record is larger: it bounds memory. A little
# more than a fourth of a unit, so that four chunks take all of it.
BLOCK_BYTES = 17 << 18
# A table with more columns has as many times larger chunks, until they hold enough rows to share
# what each column costs; at most 34 MiB.
_NARROW_COLUMNS = 128
_WIDEST_COLUMNS = 1024
_ENOUGH_ROWS = 4096
# Bytes in which a header is looked for: enough for most, and soon gone through.
HEADER_BYTES = 64 << 10
_NO_ROWS = np.zeros(0, np.int64)
# The most bytes in a record. A larger one is taken for an unclosed quote: a worker's memory must
# not fill with the rest of a large file.
MAX_RECORD_BYTES = 256 << 20


class Text(Protocol):
    """UTF-8 text to cut; `path` is for messages."""

    @property
    def path(self) -> str:
        """The file's name."""
        ...

    def readinto(self, buffer: memoryview, /) -> int:
        """Reads into a buffer.

        Returns how many bytes, 0 at the end only.
        """
        ...


@dataclass(frozen=True)
class Chunk:
    """Complete records of a text.

    Attributes:
        data: The bytes, unchanged.
        lexed: Their records.
        first_line: The number of the first physical line.
    """

    data: memoryview
    lexed: Lexed
    first_line: int

    @property
    def lines(self) -> int:
        """The number of its physical lines."""
        return self.lexed.lines

    def lines_at(self, offsets: Positions) -> Positions:
        """The numbers of the physical lines that hold some offsets.

        The offsets ascend.
        """
        return self.lexed.lines_before(offsets) + self.first_line


class Chunks:
    """The chunks of a text.

    What stands above its records is taken off first: see `skip_mark`, `skip_lines` and
    `take_record`.
    """

    def __init__(
        self,
        text: Text,
        lexicon: Lexicon,
        first_line: int = 1,
        block_bytes: int = BLOCK_BYTES,
        skipped: Skipped | None = None,
    ) -> None:
        """Reads nothing yet.

        Args:
            text: The text, at a record's start.
            lexicon: Its special bytes.
            first_line: The number of its first physical line.
            block_bytes: The most bytes in a chunk, unless its first record is larger or the table
                is wide.
            skipped: Counts the lines that are no records. None means that nobody wants to know.
        """
        self._text = text
        self._lexicon = lexicon
        self._line = first_line
        self._block_bytes = block_bytes
        self._skipped = skipped or Skipped()
        self._inflation = Inflation(text.path) if compressed_suffix(text.path) else None
        # Behind its end are SLACK bytes more, which the kernel may read.
        self._buffer: Bytes = np.zeros(SLACK, np.uint8)[:0]
        self._ended = False
        self._failure: DataError | None = None

    def skip_mark(self) -> None:
        """Drops a byte order mark."""
        self._fill(len(UTF8_MARK))
        if self._buffer[: len(UTF8_MARK)].tobytes() == UTF8_MARK:
            self._buffer = self._buffer[len(UTF8_MARK) :]

    def skip_lines(self, count: int) -> None:
        """Drops physical lines, whatever is in them."""
        unended = False
        while count and (len(self._buffer) or self._fill(self._block_bytes)):
            size, left = skip_lines(self._buffer, count, at_end=self._ended)
            self._line += count - left
            self._skipped.above += count - left
            self._skipped.lines += count - left
            count = left
            if count:
                # A carriage return at the end stays: with a newline to come it is one line's end.
                size = len(self._buffer) - (not self._ended and self._buffer[-1] == CR)
            if self._inflation:
                self._inflation.add(size, _NO_ROWS, _NO_ROWS)
            unended = not self._buffer[:size][-1:].tobytes().endswith((b"\r", b"\n"))
            self._buffer = self._buffer[size:]
            if count:
                self._fill(len(self._buffer) + self._block_bytes)
        # The text's last line may have no end.
        self._skipped.above += bool(count) and unended

    def take_record(self) -> bytes | None:
        """Takes the first record that isn't blank.

        None means that there is none.
        """
        while chunk := self._next(min(self._block_bytes, HEADER_BYTES)):
            if len(chunk.lexed.first):
                # What is up to that record's end.
                lexed = lex(self._buffer[: chunk.lexed.first_end], self._lexicon, at_end=True)
                (start,), (stop,) = lexed.spans
                record = lexed.data[start:stop].tobytes()
                if self._inflation:
                    self._inflation.add(lexed.stop - len(record), _NO_ROWS, _NO_ROWS)
                self._skipped.add_lines(lexed)
                self._line += lexed.lines
                self._buffer = self._buffer[lexed.stop :]
                return record
            self._advance(chunk)
        return None

    def __iter__(self) -> Iterator[Chunk]:
        """The chunks from here on.

        Raises:
            DataError: The text can't be read further, ends inside a quoted cell, or has a record
                that is too large. All records before that have been given by then, whatever the
                size of a chunk.
        """
        size = self._wide_bytes()
        while chunk := self._next(size):
            self._advance(chunk)
            yield chunk

    def _wide_bytes(self) -> int:
        """The most bytes in a chunk, by the table's width."""
        head = self._next(min(self._block_bytes, HEADER_BYTES))
        if head is None or not len(head.lexed.first):
            return self._block_bytes
        columns = min(max(int(head.lexed.cells[0]), _NARROW_COLUMNS), _WIDEST_COLUMNS)
        enough = _ENOUGH_ROWS * len(head.data) // len(head.lexed.first)
        return max(self._block_bytes, min(self._block_bytes * columns // _NARROW_COLUMNS, enough))

    def _advance(self, chunk: Chunk) -> None:
        if self._inflation:
            self._inflation.add(len(chunk.data), *chunk.lexed.spans)
        self._skipped.add_lines(chunk.lexed)
        self._buffer = self._buffer[len(chunk.data) :]
        self._line += chunk.lines

    def _next(self, size: int) -> Chunk | None:
        """The chunk with which the buffer begins.

        It is of `size` bytes or what the buffer has, unless its first record is larger. None means
        that the text has ended.
        """
        size = min(size, MAX_RECORD_BYTES + 1)
        while True:
            self._fill(size)
            at_end = self._ended and self._failure is None and not self._ends_escaped()
            lexed = lex(self._buffer, self._lexicon, at_end=at_end)
            if lexed.stop:
                return Chunk(self._buffer[: lexed.stop].data, lexed, self._line)
            if len(self._buffer) > MAX_RECORD_BYTES:
                raise self._too_large(lexed)
            if self._failure is not None:
                raise self._failure
            if not len(self._buffer):
                return None
            if self._ended:
                raise self._unfinished(lexed)
            size = min(2 * len(self._buffer), MAX_RECORD_BYTES + 1)

    def _ends_escaped(self) -> bool:
        """Whether the buffer ends with an escape that nothing follows."""
        if self._lexicon.escape is None or not len(self._buffer) or self._buffer[-1] != self._lexicon.escape:
            return False
        others = np.flatnonzero(self._buffer != self._lexicon.escape)
        return (len(self._buffer) - 1 - (int(others[-1]) if len(others) else -1)) % 2 == 1

    def _unfinished(self, lexed: Lexed) -> DataError:
        """The error for a text that ends within a record.

        The buffer begins with that record.
        """
        if not self._ends_escaped():
            return unclosed_quote(self._text.path, self._open_line(lexed))
        escape = chr(self._lexicon.escape or 0)
        line = self._line + lexed.line_at(len(lexed.data))
        return DataError(
            f"{self._text.path!r}, line {line}: the file ends with the escape character {escape!r}, which nothing follows; is it cut "
            "short?"
        )

    def _too_large(self, lexed: Lexed) -> DataError:
        hint = "has the file lines?"
        if lexed.opened >= 0:
            hint = f"is the quote that opens a cell in line {self._open_line(lexed)} never closed?"
        return DataError(
            f"{self._text.path!r}, line {self._line}: a record that begins here is larger than {MAX_RECORD_BYTES >> 20} MiB; {hint}"
        )

    def _open_line(self, lexed: Lexed) -> int:
        return self._line + lexed.line_at(lexed.opened)

    def _fill(self, size: int) -> bool:
        """Reads until the buffer has at least `size` bytes.

        It has fewer where the text has ended. Returns whether it has any.

        Where the text can't be read further it has ended, too, and `_failure` says why.
        """
        have = len(self._buffer)
        if not self._ended and have < size:
            room = np.empty(size + SLACK, np.uint8)
            room[:have] = self._buffer
            while not self._ended and have < size:
                try:
                    count = self._text.readinto(room[have : min(size, have + BLOCK_BYTES)].data)
                except DataError as error:
                    self._failure, count = error, 0
                self._ended = not count
                have += count
            self._buffer = room[:have]
        return have > 0
