"""Cuts text at record boundaries into chunks of bounded size."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.units import unclosed_quote
from shardmill.transforms.decoding.compression import compressed_suffix
from shardmill.transforms.decoding.encodings import UTF8_MARK
from shardmill.transforms.records.inflation import Inflation
from shardmill.transforms.records.lexer import Lexed, lex, line_ends, open_quote
from shardmill.transforms.records.lexicon import Lexicon, Positions
from shardmill.transforms.records.skipped import Skipped

# The most bytes of text in a chunk, unless its first record is larger: it bounds memory.
BLOCK_BYTES = 4 << 20
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

    def read(self, size: int) -> bytes:
        """Reads at most `size` bytes; empty at the end only."""
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
        return int(np.searchsorted(self.lexed.lines, len(self.data)))

    def lines_at(self, offsets: Positions) -> Positions:
        """The numbers of the physical lines that hold some offsets."""
        return np.searchsorted(self.lexed.lines, offsets) + self.first_line


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
            block_bytes: The most bytes in a chunk, unless its first record is larger.
            skipped: Counts the lines that are no records. None means that nobody wants to know.
        """
        self._text = text
        self._lexicon = lexicon
        self._line = first_line
        self._block_bytes = block_bytes
        self._skipped = skipped or Skipped()
        self._inflation = Inflation(text.path) if compressed_suffix(text.path) else None
        self._buffer = b""
        self._ended = False
        self._failure: DataError | None = None

    def skip_mark(self) -> None:
        """Drops a byte order mark."""
        self._fill(len(UTF8_MARK))
        self._buffer = self._buffer.removeprefix(UTF8_MARK)

    def skip_lines(self, count: int) -> None:
        """Drops physical lines, whatever is in them."""
        unended = False
        while count and (self._buffer or self._fill(self._block_bytes)):
            ends = line_ends(np.frombuffer(self._buffer, np.uint8), at_end=self._ended)
            dropped = min(count, len(ends))
            count -= dropped
            self._line += dropped
            self._skipped.above += dropped
            # A carriage return at the end stays: with a newline to come it is one line's end.
            half = not self._ended and self._buffer.endswith(b"\r")
            size = len(self._buffer) - half if count else int(ends[dropped - 1]) + 1
            if self._inflation:
                self._inflation.add(size, _NO_ROWS, _NO_ROWS)
            unended = not self._buffer[:size].endswith((b"\r", b"\n"))
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
            starts, stops = chunk.lexed.spans
            if len(starts):
                stop = int(stops[0])
                record = chunk.lexed.text[int(starts[0]) : stop].tobytes()
                end = int(chunk.lexed.ends[np.searchsorted(chunk.lexed.ends, stop)]) + 1
                if self._inflation:
                    self._inflation.add(end - len(record), _NO_ROWS, _NO_ROWS)
                self._skipped.add_lines(chunk.lexed, end)
                self._line += int(np.searchsorted(chunk.lexed.lines, end))
                self._buffer = self._buffer[end:]
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
        while chunk := self._next(self._block_bytes):
            self._advance(chunk)
            yield chunk

    def _advance(self, chunk: Chunk) -> None:
        if self._inflation:
            self._inflation.add(len(chunk.data), *chunk.lexed.spans)
        self._skipped.add_lines(chunk.lexed, int(chunk.lexed.ends[-1]) + 1)
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
            lexed = lex(np.frombuffer(self._buffer, np.uint8), self._lexicon, at_end=at_end)
            if lexed.stop:
                return Chunk(memoryview(self._buffer)[: lexed.stop], lexed, self._line)
            if len(self._buffer) > MAX_RECORD_BYTES:
                raise self._too_large(lexed)
            if self._failure is not None:
                raise self._failure
            if not self._buffer:
                return None
            if self._ended:
                raise self._unfinished(lexed)
            size = min(2 * len(self._buffer), MAX_RECORD_BYTES + 1)

    def _ends_escaped(self) -> bool:
        """Whether the buffer ends with an escape that nothing follows."""
        escape = b"" if self._lexicon.escape is None else bytes([self._lexicon.escape])
        return bool(escape) and (len(self._buffer) - len(self._buffer.rstrip(escape))) % 2 == 1

    def _unfinished(self, lexed: Lexed) -> DataError:
        """The error for a text that ends within a record.

        The buffer begins with that record.
        """
        if not self._ends_escaped():
            return unclosed_quote(self._text.path, self._open_line(lexed))
        escape = chr(self._lexicon.escape or 0)
        line = self._line + len(line_ends(np.frombuffer(self._buffer, np.uint8), at_end=True))
        return DataError(
            f"{self._text.path!r}, line {line}: the file ends with the escape character {escape!r}, which nothing follows; is it cut "
            "short?"
        )

    def _too_large(self, lexed: Lexed) -> DataError:
        hint = "has the file lines?"
        if lexed.is_open:
            hint = f"is the quote that opens a cell in line {self._open_line(lexed)} never closed?"
        return DataError(
            f"{self._text.path!r}, line {self._line}: a record that begins here is larger than {MAX_RECORD_BYTES >> 20} MiB; {hint}"
        )

    def _open_line(self, lexed: Lexed) -> int:
        return self._line + int(np.searchsorted(lexed.lines, open_quote(lexed, self._lexicon)))

    def _fill(self, size: int) -> bool:
        """Reads until the buffer has at least `size` bytes.

        It has fewer where the text has ended. Returns whether it has any.

        Where the text can't be read further it has ended, too, and `_failure` says why.
        """
        pieces, have = [self._buffer], len(self._buffer)
        while not self._ended and have < size:
            try:
                piece = self._text.read(size - have)
            except DataError as error:
                self._failure, piece = error, b""
            self._ended = not piece
            pieces.append(piece)
            have += len(piece)
        self._buffer = b"".join(pieces) if len(pieces) > 1 else self._buffer
        return bool(self._buffer)
