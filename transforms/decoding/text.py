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

    def readinto(self, buffer: memoryview, /) -> int:
        """Reads into a buffer.

        Returns how many bytes, 0 at the end only.
        """
        ...


def fill(source: Source, buffer: memoryview) -> int:
    """Reads until a buffer is full or nothing is left.

    Returns how many bytes it has.
    """
    have = 0
    while have < len(buffer) and (count := source.readinto(buffer[have:])):
        have += count
    return have


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
        if not start:
            with _explained(path):
                head = _read_beginning(source, HEAD_BYTES)
            check_head(head, path, encoding)
            source = _Prepended(head, source)
        codec = Codec.of(encoding)
        if compressed_suffix(path) or not codec.is_utf8:
            source = _Steps(source, None if codec.is_utf8 else _Transcoder(codec, path))
        self._source = source

    def readinto(self, buffer: memoryview, /) -> int:
        """Reads text in UTF-8 into a buffer.

        Returns how many bytes, 0 at the end only.

        Raises:
            DataError: The file is damaged, shorter than it was, or not in its encoding.
        """
        with _explained(self.path):
            return self._source.readinto(buffer)


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
        data = _read_beginning(_decompressed(raw, path) if compressed_suffix(path) else raw, size)
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
    first = _read_beginning(raw, 1)
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

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        if not self._first:
            return self._rest.readinto(buffer)
        count = min(len(buffer), len(self._first))
        buffer[:count], self._first = self._first[:count], self._first[count:]
        return count


class _Range:
    """The first `size` bytes of a stream, and no fewer.

    A size of None means the whole stream.
    """

    def __init__(self, raw: Source, path: str, size: int | None) -> None:
        self._raw = raw
        self._path = path
        self._left = size

    def readinto(self, buffer: memoryview, /) -> int:
        count = self._raw.readinto(buffer[: self._left])
        if self._left is None:
            return count
        self._left -= count
        if self._left and not count:
            raise DataError(
                f"{self._path!r} changed during the run: it ends {self._left} bytes before it did when the run began; run again when "
                "nothing writes to the input"
            )
        return count


class _Steps:
    """Text that is decompressed, transcoded or both, step by step.

    A decoder of None means that it is UTF-8 already.
    """

    def __init__(self, source: Source, decoder: "_Transcoder | None") -> None:
        self._source = source
        self._decoder = decoder
        self._room = memoryview(bytearray(_STEP_BYTES))
        self._ready = self._room[:0]
        self._ended = False

    def readinto(self, buffer: memoryview, /) -> int:
        while not self._ready and not self._ended:
            data = self._room[: fill(self._source, self._room)]
            self._ended = not data
            self._ready = memoryview(self._decoder.transcode(data, final=self._ended)) if self._decoder else data
        count = min(len(buffer), len(self._ready))
        buffer[:count], self._ready = self._ready[:count], self._ready[count:]
        return count


class _Transcoder:
    """Transcodes text to UTF-8, across reads."""

    def __init__(self, codec: Codec, path: str) -> None:
        self._encoding = codec.name
        self._path = path
        self._decoder = codecs.getincrementaldecoder(codec.name)(codec.errors)
        self._read = 0

    def transcode(self, data: memoryview, *, final: bool) -> bytes:
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


def _read_beginning(source: Source, size: int) -> bytes:
    """Reads until there are `size` bytes or no more."""
    room = memoryview(bytearray(size))
    return bytes(room[: fill(source, room)])
