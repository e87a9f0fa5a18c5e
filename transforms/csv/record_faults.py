"""Records that are bad whatever columns are read."""

import json
import re

import numpy as np

from shardmill.schemas.errors import DataError
from shardmill.schemas.messages import quoted
from shardmill.transforms.csv.chunks import Chunk
from shardmill.transforms.csv.dialect import DELIMITERS, Dialect
from shardmill.transforms.csv.rejects import Faults, open_quote_hints
from shardmill.transforms.csv.units import lexicon_of
from shardmill.transforms.decoding.encodings import UTF8_MARK
from shardmill.transforms.records.lexer import lex
from shardmill.transforms.records.lexicon import Lexicon

_MARKED = "a byte order mark at its start, as stands where files were joined"
_STRAY = "text after the quote that closes a cell"
# The most bytes shown of such text.
_SHOWN_BYTES = 20


def record_faults(chunk: Chunk, lexicon: Lexicon, names: list[str]) -> Faults:
    """Finds the bad records of a chunk.

    Args:
        chunk: The chunk.
        lexicon: Its special bytes.
        names: The file's columns.

    Returns:
        The column at fault and what is wrong, by the record's index.
    """
    return _stray(chunk, lexicon, names) | _marked(chunk)


def check_header_quotes(header: bytes, path: str, dialect: Dialect) -> None:
    """Checks that quoted names end with their quotes.

    Args:
        header: The header in UTF-8.
        path: The file's name, for messages.
        dialect: The file's dialect.

    Raises:
        DataError: Text follows the quote that closes a name.
    """
    lexicon = lexicon_of(dialect)
    stray = lex(np.frombuffer(header, np.uint8), lexicon, at_end=True).stray.offsets
    if len(stray):
        at = int(stray[0])
        raise DataError(
            f"the header of {path!r} has {_STRAY}, found {_text_at(header, at, lexicon.delimiter)}; {_hint(header, at)}"
        )


def _hint(header: bytes, at: int) -> str:
    """The setting that may help a malformed header."""
    cell = header[:at].rstrip(b" \t")
    between = header[len(cell) : at + 1]
    delimiter = next((each for each in DELIMITERS if each.encode() in between), None)
    if delimiter:
        return f"set [input] delimiter = {json.dumps(delimiter)}"
    if cell[:-1].endswith(b"\\"):
        return 'set [input] escape = "\\\\"'
    return 'double a quote inside quotes, or, if quotes in this file mean nothing special, set [input] quote = ""'


def _stray(chunk: Chunk, lexicon: Lexicon, names: list[str]) -> Faults:
    """Finds the records in which text follows a closing quote."""
    records, cells, stray = chunk.lexed.stray
    hints = open_quote_hints(chunk, records)
    faults: Faults = {}
    for record, at, cell, hint in zip(records.tolist(), stray.tolist(), cells.tolist(), hints, strict=True):
        found = _text_at(chunk.data, at, lexicon.delimiter)
        faults[record] = (names[cell] if cell < len(names) else None, f"{_STRAY}, found {found}{hint}")
    return faults


def _text_at(text: bytes | memoryview, at: int, delimiter: int) -> str:
    """The rest of a cell, as messages show it."""
    cell = re.split(rb"[\r\n%b]" % re.escape(bytes([delimiter])), text[at : at + _SHOWN_BYTES], maxsplit=1)[0]
    return quoted(bytes(cell).decode("utf-8", "ignore"))


def _marked(chunk: Chunk) -> Faults:
    """Finds the records that begin with a byte order mark.

    The mark at the file's start is no part of a row, so another file was joined on where one is
    found.
    """
    if not chunk.lexed.high:
        return {}
    text, starts = chunk.lexed.data, chunk.lexed.starts
    rows = np.flatnonzero(text[starts] == UTF8_MARK[0])
    for offset in range(1, len(UTF8_MARK)):
        rows = rows[text[np.minimum(starts[rows] + offset, len(text) - 1)] == UTF8_MARK[offset]]
    return dict.fromkeys(rows.tolist(), (None, _MARKED))
