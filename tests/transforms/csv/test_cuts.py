"""Files read at once and in pieces: one answer for any text, whatever the sizes of chunks, ranges and units."""

import bz2
import gzip
import io
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shardmill.schemas.errors import DataError
from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.csv import blocks, chunks, units
from shardmill.transforms.csv.blocks import examine, read_blocks
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection, SplitKey
from shardmill.transforms.csv.units import InputFile, Unit, file_ranges, plan_units, scan_range
from shardmill.transforms.decoding import text
from tests.support.csv.csv_blocks import select

BYTES, INT, FLOAT = ColumnType.BYTES, ColumnType.INT, ColumnType.FLOAT
COMPRESS = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".zst": zstandard.ZstdCompressor().compress}
HEADERS = (
    "a,b\n",
    "\ufeffb,a\r\n",
    '"a\nx",b\n',
    "a,b,c\n",
    "a\n",
    "a,a\n",
    "a,\n",
    '"a,b\n',
    "a\0,b\n",
    "#\n\na,b\n",
    "",
)
PIECES = ("a", "1", "2.5", "inf", "NA", ",", ";", '"', '"', '""', "'", "\n", "\n", "\r", "\r\n", "\\", "#", "\n#", " ")
ODD = ("\0", "\ufeff", "é", "€", "ソ", "〜", "\x1a", "\x0b", "1,2\n", '"1","2"\n', "x,y\n")
BODIES = st.lists(st.sampled_from(PIECES + ODD), max_size=30).map("".join)
RAW = st.sampled_from(
    [b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\xef", b"\x81", b"\xd9\x8a", b"\x1b$B", b"\0", b"\x1f\x8b", b"\xff\xfe"]
)
DIALECTS = st.builds(
    Dialect,
    delimiter=st.sampled_from([",", ",", ";", " "]),
    quote=st.sampled_from(['"', '"', "'", None]),
    escape=st.sampled_from([None, None, "\\"]),
    encoding=st.one_of(
        st.just("utf-8"),
        st.sampled_from(["latin-1", "cp1252", "cp1255", "utf-16", "utf-16-le", "shift_jis", "gb18030", "iso2022_jp"]),
    ),
    comment=st.sampled_from([None, None, "#"]),
    skip_rows=st.sampled_from([0, 0, 0, 1, 3]),
    header=st.sampled_from([True, True, True, False]),
    header_lacks=st.sampled_from([None, None, "first", "last"]),
    null_values=st.sampled_from([("",), ("", "NA")]),
    trim=st.booleans(),
    missing_columns=st.sampled_from(["error", "null"]),
    extra_columns=st.sampled_from(["error", "ignore"]),
)
SELECTIONS = st.builds(
    Selection,
    columns=st.sampled_from([(Column("a", BYTES), Column("b", BYTES)), (Column("a", INT), Column("b", FLOAT)), ()]),
    required=st.sampled_from([frozenset(), frozenset({"a"})]),
    key=st.sampled_from([None, SplitKey(("a",)), SplitKey(("a", "b")), SplitKey(("b", "a"))]),
    names=st.just(("a", "b")),
    optional=st.sampled_from([frozenset(), frozenset({"a"})]),
)


@dataclass(frozen=True)
class Cut:
    """The sizes in which a file is read.

    Attributes:
        block: Of a chunk.
        unit: Of a unit; None: the file isn't cut into any.
        head: In which a scan looks for the header's end.
        trickle: What the file gives at a time.
    """

    block: int
    unit: int | None = None
    head: int = 1 << 20
    trickle: int = 1 << 20


WHOLE = Cut(block=4 << 20)
CUTS = st.one_of(
    st.builds(Cut, block=st.integers(1, 40), trickle=st.sampled_from([1, 7, 1000])),
    st.builds(Cut, block=st.sampled_from([1, 7, 1000]), unit=st.integers(1, 40), head=st.sampled_from([1, 5, 1000])),
)


class Trickle(io.RawIOBase):
    """A stream that gives a few bytes at a time and can't seek."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__()
        self._data = io.BytesIO(data)
        self._size = size

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """At most so many bytes."""
        return self._data.readinto(buffer[: self._size])


def plan(data: bytes, path: str, dialect: Dialect, selection: Selection, size: int) -> list[Unit]:
    """The units of a file, as `transforms.read` plans them."""
    files = [InputFile(path, len(data))]
    scans = []
    for each in file_ranges(files, dialect, size):
        found = data[each.read_start : each.stop]
        scans.append(examine(scan_range(found, each, dialect), found, each, dialect, selection))
    return plan_units(files, scans, dialect, size)


def outcome(data: bytes, path: str, dialect: Dialect, selection: Selection, cut: Cut) -> Any:
    """The rows, keys, rejected rows and infinite cells of a file, or the error; anything but a `DataError` gets through."""
    rows: list[Any] = []
    keys: list[Any] = []
    rejects: list[Any] = []
    infinite: Counter[str] = Counter()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", cut.block)
        patch.setattr(units, "_HEADER_BYTES", cut.head)
        try:
            planned = [Unit(0, 0, path)] if cut.unit is None else plan(data, path, dialect, selection, cut.unit)
            for unit in planned:
                stream: Any = Trickle(data[unit.start :], cut.trickle)
                for block in read_blocks(stream, unit, dialect, selection):
                    rows += block.columns.to_pylist()
                    keys += block.key.to_pylist() if block.key is not None else ()
                    rejects += block.rejects
                    infinite.update(block.infinite)
        except DataError as error:
            return str(error)
    return rows, keys, rejects, infinite


def check(data: bytes, path: str, dialect: Dialect, selection: Selection, cut: Cut) -> Any:
    """Holds a file read in pieces against the same file read at once."""
    with pytest.MonkeyPatch.context() as patch:
        if cut.unit is not None:
            # A range is never smaller than what is looked at of a file's beginning.
            patch.setattr(text, "HEAD_BYTES", max(1, cut.unit * 3 // 4))
            patch.setattr(blocks, "HEAD_BYTES", text.HEAD_BYTES)
        whole = outcome(data, path, dialect, selection, WHOLE)
        assert outcome(data, path, dialect, selection, cut) == whole
    assert "defect" not in str(whole)
    return whole


PLAIN = Dialect()
TEXTS = select(a=BYTES, b=BYTES)
KEYED = Selection((Column("a", BYTES),), key=SplitKey(("b",)), names=("a", "b"))
NULLS = Dialect(missing_columns="null")
ESCAPED = Dialect(escape="\\")


@settings(max_examples=300)
@given(
    st.sampled_from(HEADERS),
    BODIES,
    st.lists(st.tuples(RAW, st.integers(0, 40)), max_size=2),
    DIALECTS,
    SELECTIONS,
    CUTS,
)
@example("a,c\n", '1,"2\n', [], PLAIN, TEXTS, Cut(block=5))
@example("a,c\n", '1,"2\n', [], PLAIN, TEXTS, Cut(block=1000, unit=4))
@example("a,\n", "1,2\n\\", [], ESCAPED, TEXTS, Cut(block=5))
@example("a\n", "1\n", [], NULLS, KEYED, Cut(block=5))
@example("a,c\n", "\0" * 9, [], PLAIN, TEXTS, Cut(block=5, unit=9))
@example("a,b\n", 'a,b\n1,""\n', [], PLAIN, TEXTS, Cut(block=1000, unit=4))
@example("a,b\n", 'a,b\n"""\n""",\n', [], PLAIN, TEXTS, Cut(block=1000, unit=5))
@example("a,b\n", "a,b\r\n\r\nc,d\r\n", [], PLAIN, TEXTS, Cut(block=1, unit=4))
@example("a b\n", 'a  " \n  "\n  "\n""\n', [], Dialect(delimiter=" ", trim=True), TEXTS, Cut(block=1000, unit=4))
def test_malformed_text_has_one_outcome(
    header: str,
    body: str,
    damage: list[tuple[bytes, int]],
    dialect: Dialect,
    selection: Selection,
    cut: Cut,
) -> None:
    """Any text has the same rows, rejected rows with lines and reasons, or the same one error, whatever the cut."""
    data = (header + body).encode(dialect.encoding, "replace")
    for found, place in damage:
        data = data[:place] + found + data[place:]
    check(data, "f.csv", dialect, selection, cut)


@settings(max_examples=100)
@given(
    st.sampled_from(sorted(COMPRESS.keys() - {""})),
    st.tuples(st.sampled_from(HEADERS), BODIES),
    st.sampled_from([b"", b"", b"\0", bytes(512), b"x"]),
    st.sampled_from([None, None, None, -1, -9, 0, 1, 30, 60]),
    DIALECTS,
    st.tuples(st.integers(1, 40), st.sampled_from([1, 9, 1 << 18])),
)
def test_compressed_text_has_one_outcome(
    suffix: str, texts: tuple[str, str], padding: bytes, stop: int | None, dialect: Dialect, sizes: tuple[int, int]
) -> None:
    """So has a compressed file, of several members, padded or cut short."""
    data = "".join(texts).encode(dialect.encoding, "replace")
    compress = COMPRESS[suffix]
    stored = (compress(data[:9]) + padding + compress(data[9:]))[:stop]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "HEAD_BYTES", 4)
        patch.setattr(text, "_STEP_BYTES", sizes[1])
        check(stored, "f.csv" + suffix, dialect, TEXTS, Cut(block=sizes[0], trickle=7))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_what_is_wrong_first_is_told(end: str) -> None:
    """Of several faults the one that stands first in the file is told: a header's before an open quote's or damage's."""
    lines = ["a,c", *["1,2"] * 99, '3,"4']
    data = end.join(lines).encode()
    for cut in (Cut(block=5), Cut(block=5, unit=40)):
        assert "'f.csv' lacks the column 'b'" in check(data, "f.csv", PLAIN, TEXTS, cut)
    stored = gzip.compress(end.join(["a,c", *["1,2"] * 300_000]).encode())[:-9]
    assert "'f.csv.gz' lacks the column 'b'" in check(stored, "f.csv.gz", PLAIN, TEXTS, Cut(block=20_000))
    ignoring = Dialect(missing_columns="null", extra_columns="ignore")
    assert "can't decompress 'f.csv.gz'" in check(stored, "f.csv.gz", ignoring, KEYED, Cut(block=20_000))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "HEAD_BYTES", 16)
        patch.setattr(text, "_STEP_BYTES", 32)
        utf16 = data.decode().encode("utf-16") + b"\0"
        message = check(utf16, "f.csv", Dialect(encoding="utf-16"), TEXTS, Cut(block=5))
        assert "'f.csv' lacks the column 'b'" in message


def test_the_place_of_text_in_another_encoding_is_told() -> None:
    """Bytes that the encoding doesn't have are counted from the file's start."""
    data = ("a,b\n" + "1,2\n" * 200).encode("utf-16-le") + b"\x00\xd8\x00\x00"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "_STEP_BYTES", 101)
        message = check(data, "f.csv", Dialect(encoding="utf-16-le"), TEXTS, Cut(block=5))
    assert message == (
        f"'f.csv' isn't text in the encoding 'utf-16-le': illegal UTF-16 surrogate at byte {len(data) - 4:,}; check [input] encoding"
    )


@pytest.mark.parametrize("block", [1, 5, 63, 64, 65, 1000])
@pytest.mark.parametrize("size", [63, 64, 65, 66, 200])
def test_a_record_is_too_large_whatever_the_block(block: int, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit on a record is one number of bytes, its line's end among them."""
    monkeypatch.setattr(chunks, "MAX_RECORD_BYTES", 64)
    data = b"a,b\n\n" + b"x" * (size - 3) + b",1\n1,2\n"
    found = outcome(data, "f.csv", PLAIN, TEXTS, Cut(block=block))
    assert ("line 3: a record that begins here is larger" in found) if size > 65 else len(found[0]) == 2
