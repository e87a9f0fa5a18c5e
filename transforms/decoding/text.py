"""Reads a file's bytes as UTF-8 text.

They are decompressed, checked for what isn't text at all, and transcoded, in bounded memory.
"""

import codecs
import contextlib
import io
import zlib
from collections.abc import Iterator
from typing import Protocol, cast

import pyarrow as pa
from isal import igzip, isal_zlib

from shardmill.schemas.errors import DataError
from shardmill.transforms.decoding.compression import compressed_suffix
from shardmill.transforms.decoding.encodings import UTF8_MARK, Codec, encode_kept
from shardmill.transforms.decoding.other_formats import check_format

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

# Bytes at the file's start that tell text from other things.
HEAD_BYTES = 4096
# The largest fraction of control characters in text.
_MAX_CONTROL = 0.1
_FEW_CONTROL = 4
_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1b") + b"\x7f"

_COPY_BYTES = 1 << 20
# Bytes that are decompressed or transcoded at a time, from the file's start on: how far damaged
# text is read doesn't depend on how much of it is asked for.
_STEP_BYTES = 1 << 18

# The errors that decompressors raise for damaged data, beside OSError without a number.
_DAMAGE: tuple[type[Exception], ...] = (EOFError, zlib.error, cast("type[Exception]", isal_zlib.error), pa.ArrowInvalid)
# PyArrow's codec by suffix; `.gz` is left to ISA-L, which is faster.
_CODECS = {".bz2": "bz2", ".zst": "zstd"}


class Source(Protocol):
    """A source of bytes."""

    def read(self, size: int, /) -> bytes:
        """Reads `size` bytes, or fewer at the end only."""
        ...


class Stream:
    """A unit's text in UTF-8.

    It is the file's text from where the unit begins to where it ends.

    Bytes that the encoding doesn't define are kept: they aren't UTF-8, so that their rows can be
    rejected one by one. In UTF-16, UTF-32 and UTF-7 they are an error.
    """

    def __init__(self, raw: Source, path: str, encoding: str, *, start: int = 0, stop: int | None = None) -> None:
        """Checks the file's first bytes if the unit begins it.

        Args:
            raw: The file as it is stored, at offset `start`.
            path: Its name: the suffix says how it is compressed; errors name it.
            encoding: The encoding of its text.
            start: The unit's first byte.
            stop: The byte after the unit's last. None means the file's end.

        Raises:
            DataError: The file is empty though compressed, damaged, or not text in this encoding.
        """
        self.path = path
        source: Source = (
            _decompressed(raw, path)
            if compressed_suffix(path)
            else _Range(raw, path, None if stop is None else stop - start)
        )
        with _explained(self.path):
            self._head = b"" if start else _read_fully(source, HEAD_BYTES)
        self._source = source
        if not start:
            check_head(self._head, path, encoding)
        codec = Codec.of(encoding)
        self._decoder = None if codec.is_utf8 else _Transcoder(codec, path)
        self._stepwise = bool(self._decoder or compressed_suffix(path))
        self._ready = b""
        self._ended = False

    def read(self, size: int) -> bytes:
        """Reads at most `size` bytes of text in UTF-8.

        The result is empty at the end only.

        Raises:
            DataError: The file is damaged, shorter than it was, or not in its encoding.
        """
        while not self._ready and not self._ended:
            self._ready = self._read_step(_STEP_BYTES if self._stepwise else size)
        text, self._ready = self._ready[:size], self._ready[size:]
        return text

    def _read_step(self, size: int) -> bytes:
        head, self._head = self._head[:size], self._head[size:]
        with _explained(self.path):
            data = _read_fully(self._source, size - len(head)) if len(head) < size else b""
        self._ended = len(head) + len(data) == 0
        data = head + data if head else data
        return self._decoder.transcode(data, final=self._ended) if self._decoder else data


def check_head(head: bytes, path: str, encoding: str) -> None:
    """Tells text in the right encoding from anything else.

    Args:
        head: The file's first `HEAD_BYTES` bytes, decompressed.
        path: Its name.
        encoding: The encoding in which its text is to be read.

    Raises:
        DataError: It isn't such text; the message says what it is, or looks like.
    """
    check_format(head, path)
    name = Codec.of(encoding).name
    # Its mark begins with UTF-16's.
    if head.startswith(codecs.BOM_UTF32_LE) and not name.startswith("utf-32"):
        raise _marked(path, "UTF-32", encoding)
    if head.startswith(_UTF16_MARKS) and not name.startswith(("utf-16", "utf-32")):
        raise _marked(path, "UTF-16", encoding)
    if head.startswith(UTF8_MARK) and not Codec.of(encoding).is_utf8:
        raise _marked(path, "UTF-8", encoding)
    if name.startswith(("utf-16", "utf-32")) or not head:
        return
    control = len(head) - len(head.translate(None, _CONTROL))
    if control > max(_MAX_CONTROL * len(head), _FEW_CONTROL) and b"\0" in head:
        utf16 = len(head) < 3 * head.count(b"\0") < 2 * len(head)
        hint = '; if it is UTF-16 text, set [input] encoding = "utf-16-le" or "utf-16-be"' if utf16 else ""
        found = f"{control} of its first {len(head)} bytes are control characters"
        raise DataError(f"{path!r} looks like a binary file, not CSV: {found}{hint}")


def _marked(path: str, mark: str, encoding: str) -> DataError:
    return DataError(
        f"{path!r} begins with a {mark} byte order mark, but is to be read as {encoding!r}; set [input] encoding = "
        f'"{mark.lower()}"'
    )


def read_beginning(raw: Source, path: str, size: int) -> bytes:
    """Reads the first bytes of a file, decompressed.

    They are in whatever encoding the file has.

    Args:
        raw: The file as it is stored, at its start.
        path: Its name.
        size: The most bytes to read.

    Raises:
        DataError: The file is damaged, or is of a known kind other than text.
    """
    with _explained(path):
        data = _read_fully(_decompressed(raw, path) if compressed_suffix(path) else raw, size)
    check_format(data, path)
    return data


@contextlib.contextmanager
def _explained(path: str) -> Iterator[None]:
    """Turns decompressors' errors into one message.

    Errors of the file system pass unchanged.
    """
    try:
        yield
    except _DAMAGE as error:
        raise _damaged(path, error) from error
    except OSError as error:
        if error.errno is not None or not compressed_suffix(path):
            raise
        raise _damaged(path, error) from error


def _damaged(path: str, error: Exception) -> DataError:
    return DataError(
        f"can't decompress {path!r}: {error}; the file is damaged, cut short, or not what its suffix {compressed_suffix(path)!r} says; "
        "write or copy it again"
    )


def _decompressed(raw: Source, path: str) -> Source:
    """The contents of a compressed file.

    Several members may follow each other. Other threads run while it decompresses.
    """
    first = raw.read(1)
    if not first:
        raise DataError(f"can't decompress {path!r}: it is empty; write or copy it again")
    whole = io.BufferedReader(_Prepended(first, raw), _COPY_BYTES)
    if compressed_suffix(path) == ".gz":
        return cast("Source", igzip.open(whole, mode="rb"))  # type: ignore[no-untyped-call]
    codec = _CODECS[compressed_suffix(path)]
    return cast("Source", pa.CompressedInputStream(pa.PythonFile(whole, mode="r"), codec))


class _Prepended(io.RawIOBase):
    """A stream with some bytes put before it.

    The stream needn't be able to seek.
    """

    def __init__(self, first: bytes, rest: Source) -> None:
        super().__init__()
        self._first = first
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]
        data = self._first or self._rest.read(len(buffer))
        self._first = b""
        buffer[: len(data)] = data
        return len(data)


class _Range:
    """The first `size` bytes of a stream, and no fewer.

    A size of None means the whole stream.
    """

    def __init__(self, raw: Source, path: str, size: int | None) -> None:
        self._raw = raw
        self._path = path
        self._left = size

    def read(self, size: int, /) -> bytes:
        if self._left is None:
            return self._raw.read(size)
        data = self._raw.read(min(size, self._left))
        self._left -= len(data)
        if self._left and not data:
            raise DataError(
                f"{self._path!r} changed during the run: it ends {self._left} bytes before it did when the run began; run again when "
                "nothing writes to the input"
            )
        return data


class _Transcoder:
    """Transcodes text to UTF-8, across reads."""

    def __init__(self, codec: Codec, path: str) -> None:
        self._encoding = codec.name
        self._path = path
        self._decoder = codecs.getincrementaldecoder(codec.name)(codec.errors)
        self._read = 0

    def transcode(self, data: bytes, *, final: bool) -> bytes:
        self._read += len(data)
        try:
            return encode_kept(self._decoder.decode(data, final))
        except UnicodeError as error:
            problem = str(error)
            if isinstance(error, UnicodeDecodeError):
                # The object is the rest of earlier reads, and then the data.
                problem = f"{error.reason} at byte {self._read - len(error.object) + error.start:,}"
            raise DataError(
                f"{self._path!r} isn't text in the encoding {self._encoding!r}: {problem}; check [input] encoding"
            ) from error


def _read_fully(source: Source, size: int) -> bytes:
    """Reads until there are `size` bytes or no more."""
    data = source.read(size)
    if len(data) in (0, size):
        return data
    pieces, left = [data], size - len(data)
    while left and (data := source.read(left)):
        pieces.append(data)
        left -= len(data)
    return b"".join(pieces)
