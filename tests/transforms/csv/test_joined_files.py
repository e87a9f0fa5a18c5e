"""Files that were joined, padded or written in UTF-16: read whole, or refused."""

import bz2
import gzip
import struct
from collections.abc import Callable

import pytest
import zstandard

from shardmill.schemas.errors import DataError
from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.csv.blocks import Block
from shardmill.transforms.csv.dialect import Dialect
from tests.support.csv import csv_blocks
from tests.support.csv.csv_blocks import select_columns, values

SELECTION = select_columns((Column("a", ColumnType.INT), Column("b", ColumnType.BYTES)))
FIRST, SECOND = b"a,b\n1,x\n", b"2,y\n3,z\n"
Compress = Callable[[bytes], bytes]
zstd = zstandard.ZstdCompressor(write_checksum=True).compress
# What tools put between frames, for readers to skip.
SKIPPED = struct.pack("<II", 0x184D2A50, 5) + b"index"


def read(data: bytes, path: str = "f.csv", dialect: Dialect | None = None) -> list[Block]:
    """The blocks of a file."""
    return csv_blocks.read(data, SELECTION, dialect, path)


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (gzip.compress(FIRST) + gzip.compress(SECOND), "f.csv.gz"),
        (gzip.compress(FIRST) + bytes(512) + gzip.compress(SECOND), "f.csv.gz"),
        (gzip.compress(FIRST) + gzip.compress(SECOND) + bytes(10_000), "f.csv.gz"),
        (gzip.compress(FIRST) + gzip.compress(b"") + gzip.compress(SECOND), "f.csv.gz"),
        (bz2.compress(FIRST) + bz2.compress(SECOND), "f.csv.bz2"),
        (zstd(FIRST) + zstd(SECOND), "f.csv.zst"),
        (zstd(FIRST) + SKIPPED + zstd(SECOND), "f.csv.zst"),
        (SKIPPED + zstd(FIRST) + zstd(b"") + zstd(SECOND) + SKIPPED, "f.csv.zst"),
    ],
    # Gzip's header has the time, which a case's own name would have, too: each process would have others.
    ids=["gz", "gz-padded-between", "gz-padded-after", "gz-empty", "bz2", "zst", "zst-skipped", "zst-empty-skipped"],
)
def test_all_members_are_read(data: bytes, path: str) -> None:
    """Members and frames follow each other; zeros between or after gzip's are padding, and skippable frames are skipped."""
    assert values(read(data, path)) == {"a": [1, 2, 3], "b": ["x", "y", "z"]}


@pytest.mark.parametrize("end", [b"", SECOND])
@pytest.mark.parametrize(
    ("suffix", "compress", "padding"),
    [
        (".gz", gzip.compress, b"zz"),
        (".bz2", bz2.compress, bytes(9)),
        (".bz2", bz2.compress, b"zz"),
        (".zst", zstd, bytes(9)),
        (".zst", zstd, b"zz"),
    ],
)
def test_what_is_no_member_is_no_end(suffix: str, compress: Compress, padding: bytes, end: bytes) -> None:
    """Other bytes between or after members are an error: what follows them would be cut off."""
    data = compress(FIRST) + padding + (compress(end) if end else b"")
    with pytest.raises(DataError, match=rf"can't decompress 'f\.csv{suffix}'"):
        read(data, "f.csv" + suffix)


def test_nul_bytes_stay_in_their_cell() -> None:
    """A run of NULs, as a file system leaves after a crash, is part of its cell: no row and no text after it is lost."""
    found = read(b"a,b\n" + b"1,x\n" * 99 + b"\0\0\0\0\0\0,y\n2,\0z\0w\n3,\n")
    assert values(found) == {"a": [*[1] * 99, 2, 3], "b": [*"x" * 99, "\0z\0w", None]}
    assert [(reject.line, reject.column, reject.row) for block in found for reject in block.rejects] == [
        (101, "a", b"\0\0\0\0\0\0,y")
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("joined", ["b,a\n\ufeffb,a\n", "b,a\n\ufeffx,2\n"])
def test_a_row_with_a_byte_order_mark_is_rejected(encoding: str, joined: str) -> None:
    """Where a file with a mark was appended to another, its header, or first row, isn't taken for a row of text."""
    data = f"\ufeffa,b\n1,x\n\ufeff{joined}3,\uff21\n"
    selection = select_columns((Column("a", ColumnType.BYTES), Column("b", ColumnType.BYTES)))
    stored = data.encode("utf-8" if encoding == "utf-8" else "utf-16-le")
    found = csv_blocks.read(stored, selection, Dialect(encoding=encoding))
    assert values(found) == {"a": ["1", "3"], "b": ["x", "\uff21"]}
    assert [(reject.line, reject.column, reject.reason) for block in found for reject in block.rejects] == [
        (line, None, "a byte order mark at its start, as stands where files were joined") for line in (3, 4)
    ]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["a,b\n1,x\n" * 9, "a,b\n1,\u540d\u524d\n" * 9])
def test_utf16_without_a_mark_is_read_by_its_byte_order_alone(encoding: str, text: str) -> None:
    """As UTF-8, or as UTF-16 that is to begin with a mark, it is an error that names the setting; in the right order it is text."""
    data = text.encode(encoding)
    with pytest.raises(
        DataError, match=r'looks like a binary file.* set \[input\] encoding = "utf-16-le" or "utf-16-be"'
    ):
        read(data)
    with pytest.raises(DataError, match=r"'utf-16': UTF-16 stream does not start with BOM; check \[input\] encoding"):
        read(data, dialect=Dialect(encoding="utf-16"))
    other = {"utf-16-le": "utf-16-be", "utf-16-be": "utf-16-le"}[encoding]
    with pytest.raises(DataError, match=r"'f\.csv' has none of the columns 'a', 'b'"):
        read(data, dialect=Dialect(encoding=other))
    assert set(values(read(data, dialect=Dialect(encoding=encoding)))["a"]) == {1}
