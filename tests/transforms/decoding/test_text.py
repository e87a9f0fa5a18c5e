"""A file's bytes as text: encodings, compression, and what isn't text."""

import bz2
import gzip
import io
import zipfile
from collections.abc import Callable

import pytest
import zstandard

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv import blocks, chunks
from shardmill.transforms.csv.blocks import Reject, read_blocks, read_header
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.units import Unit
from tests.support.csv.csv_blocks import BYTES, INT, read, rejects, select, values

Compress = Callable[[bytes], bytes]


def test_byte_order_marks() -> None:
    """A mark at the file's start is no part of the first name; inside a row it is data, at the start of a block, too."""
    data = b'\xef\xbb\xbf"a",b\n"\xef\xbb\xbfx",1\n'
    assert values(read(data, select(a=BYTES, b=INT))) == {"a": ["\ufeffx"], "b": [1]}
    assert read_header(io.BytesIO(data), "f.csv", Dialect()).names == ("a", "b")


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("latin-1", "ñ,b\né,1\n"),
        ("cp1252", "ñ,b\n€,1\n"),
        ("utf-16", "ñ,b\n€\U0001f600,1\n"),
        ("utf-16-be", "ñ,b\nx,1\n"),
        ("shift_jis", "名,b\n表,1\n"),
    ],
)
def test_encodings(encoding: str, text: str) -> None:
    """Other encodings are read as UTF-8."""
    name, cell = text[0], text.splitlines()[1].removesuffix(",1")
    assert values(read(text.encode(encoding), select(**{name: BYTES, "b": INT}), Dialect(encoding=encoding))) == {
        name: [cell],
        "b": [1],
    }


def test_a_byte_that_the_encoding_does_not_have() -> None:
    """The row with an unknown byte is rejected; in UTF-16 nothing can be read after it, so the file is an error."""
    found = read(b"a,b\n\x81,1\n\x80,2\n", select(a=BYTES, b=INT), Dialect(encoding="cp1252"))
    assert values(found) == {"a": ["€"], "b": [2]}
    assert rejects(found) == [
        Reject("f.csv", 2, "a", r"expected text in the encoding 'cp1252', found b'\x81'", b"\x81,1")
    ]
    with pytest.raises(DataError, match=r"'f.csv' isn't text in the encoding 'utf-16'.*check \[input\] encoding"):
        read("a,b\n".encode("utf-16") + b"\x00", select(a=BYTES, b=INT), Dialect(encoding="utf-16"))


ROWS = b"a,b\n" + b"".join(b"%d,x%d\n" % (index, index) for index in range(20_000))


@pytest.mark.parametrize(
    ("suffix", "compress"),
    [(".gz", gzip.compress), (".bz2", bz2.compress), (".zst", zstandard.ZstdCompressor(write_checksum=True).compress)],
)
class TestCompressed:
    """Files compressed as their suffix says."""

    def test_members(self, suffix: str, compress: Compress, monkeypatch: pytest.MonkeyPatch) -> None:
        """All members of a compressed file are read."""
        monkeypatch.setattr(blocks, "BLOCK_BYTES", 10_000)
        data = compress(ROWS[:1001]) + compress(ROWS[1001:]) + compress(b"-1,end")
        found = read(data, select(a=INT, b=BYTES), path="f.csv" + suffix)
        assert values(found)["a"] == [*range(20_000), -1]
        assert len(found) > 10

    def test_cut_short(self, suffix: str, compress: Compress) -> None:
        """A file that is cut short anywhere is an error that names it."""
        data = compress(ROWS)
        for size in (0, 1, 5, len(data) // 2, len(data) - 1):
            with pytest.raises(DataError, match=rf"can't decompress 'f.csv{suffix}'"):
                read(data[:size], select(a=INT, b=BYTES), path="f.csv" + suffix)
        with pytest.raises(DataError, match=rf"can't decompress 'f.csv{suffix}'"):
            read(data + data[:20], select(a=INT, b=BYTES), path="f.csv" + suffix)

    def test_damaged(self, suffix: str, compress: Compress) -> None:
        """A flipped byte is an error that names the file, or else changes nothing."""
        data = compress(ROWS)
        outcomes = set()
        for place in range(0, len(data), len(data) // 20):
            damaged = data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :]
            try:
                found = read(damaged, select(a=INT, b=BYTES), path="f.csv" + suffix)
            except DataError as error:
                outcomes.add("named" if f"'f.csv{suffix}'" in str(error) else str(error))
            else:
                outcomes.add(
                    "all rows"
                    if sum(block.rows for block in found) == len(ROWS.splitlines()) - 1
                    else f"{place}: other rows"
                )
        assert outcomes - {"all rows"} == {"named"}

    def test_not_compressed(self, suffix: str, compress: Compress) -> None:
        """Plain text with such a suffix is an error, and so is such a file without the suffix."""
        with pytest.raises(
            DataError, match=rf"can't decompress 'f.csv{suffix}'.*or not what its suffix '{suffix}' says"
        ):
            read(ROWS, select(a=INT, b=BYTES), path="f.csv" + suffix)
        with pytest.raises(
            DataError, match=rf"'f.csv' isn't a CSV file: it is .*compressed; give its name the suffix {suffix}"
        ):
            read(compress(ROWS), select(a=INT, b=BYTES))


def test_zeros_after_gzip_are_padding() -> None:
    """Tapes and some tools pad gzip files with zeros."""
    assert values(read(gzip.compress(b"a\n1\n") + bytes(512), select(a=INT), path="f.csv.gz")) == {"a": [1]}


def _zip() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("f.csv", ROWS)
    return archive.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (_zip(), "it is a zip archive"),
        (b"PAR1\x15\x04", "it is a Parquet file"),
        (b"f.csv".ljust(257, b"\0") + b"ustar\0" + bytes(300), "it is a tar archive"),
        (
            bytes(range(256)) * 10,
            "'f.csv' looks like a binary file, not CSV: [0-9]+ of its first 2560 bytes are control characters",
        ),
        ("a,b\n1,2\n".encode("utf-16-le"), 'if it is UTF-16 text, set .* encoding = "utf-16-le"'),
        (
            "a,b\n1,2\n".encode("utf-16"),
            'UTF-16 byte order mark, but is to be read as .utf-8.; set .* encoding = "utf-16"',
        ),
    ],
)
def test_files_that_are_not_csv(data: bytes, message: str) -> None:
    """Other formats are told apart and named."""
    with pytest.raises(DataError, match=message):
        read(data, select(a=INT))


def test_a_mark_that_contradicts_the_encoding() -> None:
    """A UTF-8 mark in a file to be read in another encoding is an error, not three odd characters."""
    with pytest.raises(DataError, match=r"begins with a UTF-8 byte order mark, but is to be read as 'latin-1'"):
        read(b"\xef\xbb\xbfa\n1\n", select(a=INT), Dialect(encoding="latin-1"))


def test_a_file_that_shrank() -> None:
    """A unit whose end the file no longer has is an error: rows would be lost."""
    unit = Unit(1, 0, "f.csv", start=4, stop=100, first_line=2, header=b"a,b")
    with pytest.raises(
        DataError, match=r"'f\.csv' changed during the run: it ends 92 bytes before it did when the run began"
    ):
        list(read_blocks(io.BytesIO(b"1,2\n"), unit, Dialect(), select(a=INT, b=INT)))


class Trickle(io.RawIOBase):
    """A stream that gives a few bytes at a time and can't seek, as remote files may."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data = io.BytesIO(data)
        self.largest = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """At most 7 bytes."""
        self.largest = max(self.largest, len(buffer))
        return self._data.readinto(buffer[:7])


@pytest.mark.parametrize(
    ("suffix", "compress"),
    [
        ("", bytes),
        (".gz", gzip.compress),
        (".bz2", bz2.compress),
        (".zst", zstandard.ZstdCompressor(write_checksum=True).compress),
    ],
)
def test_streams_may_trickle(suffix: str, compress: Compress) -> None:
    """Streams may give fewer bytes than asked for; none is asked for all it has."""
    stream = Trickle(compress(ROWS[:5000] + b"1,1\n"))
    found = list(read_blocks(stream, Unit(0, 0, "f.csv" + suffix), Dialect(), select(a=INT, b=BYTES)))  # type: ignore[arg-type]
    assert sum(block.rows for block in found) + len(rejects(found)) == ROWS[:5000].count(b"\n")
    assert 0 < stream.largest <= blocks.BLOCK_BYTES


def test_memory_is_bounded_by_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks hold at most BLOCK_BYTES of text, and few of them are read ahead: none."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1 << 14)
    stream = io.BytesIO(ROWS)
    for count, block in enumerate(read_blocks(stream, Unit(0, 0, "f.csv"), Dialect(), select(a=INT, b=BYTES)), 1):
        assert block.size <= 1 << 14
        assert stream.tell() <= count * (1 << 14) + 4096


@pytest.mark.parametrize(("enough", "size"), [(4096, 8192), (12, 6144), (1, 4096)])
def test_blocks_of_wide_tables_hold_more_rows(enough: int, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks grow with the columns, but not beyond enough rows; what a stream is asked for at a time doesn't."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 4096)
    monkeypatch.setattr(chunks, "BLOCK_BYTES", 4096)
    monkeypatch.setattr(chunks, "_ENOUGH_ROWS", enough)
    names = [f"c{index}" for index in range(256)]
    row = ",".join(["1"] * 256).encode() + b"\n"
    stream = Trickle(",".join(names).encode() + b"\n" + row * 100)
    found = list(read_blocks(stream, Unit(0, 0, "f.csv"), Dialect(), select(**dict.fromkeys(names, INT))))  # type: ignore[arg-type]
    assert [block.size for block in found[:-1]] == [size] * (100 * len(row) // size)
    assert sum(block.rows for block in found) == 100
    assert stream.largest <= 4096


def test_file_errors_pass() -> None:
    """Errors of the file system aren't taken for damaged data."""

    class Broken(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _buffer: memoryview, /) -> int:  # type: ignore[override]
            raise OSError(5, "Input/output error")

    for path in ("f.csv", "f.csv.gz", "f.csv.bz2"):
        with pytest.raises(OSError, match="Input/output error"):
            list(read_blocks(Broken(), Unit(0, 0, path), Dialect(), select(a=INT)))  # type: ignore[arg-type]
