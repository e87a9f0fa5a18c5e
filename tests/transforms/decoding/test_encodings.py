"""Encodings whose bytes can't be taken for ASCII one by one, and bytes that an encoding lacks."""

import csv
import io
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv import blocks
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.units import InputFile, file_ranges, is_splittable
from shardmill.transforms.decoding import text
from shardmill.transforms.decoding.encodings import Codec, encode_kept
from tests.support.csv.csv_blocks import BYTES, INT, read, rejects, select, values

# For each encoding letters of which a byte is one of CSV's own: , " \ | LF CR or a space.
LETTERS = {
    "cp932": "ソ表ポ十能―\\|",
    "shift_jis": "ソ表ポ十能",
    "euc_jp": "東京ソ",
    "gbk": "倈乗亅臷",
    "gb18030": "倈乗亅臷ſ\U0001f600",
    "big5": "功許蓋育|",
    "big5hkscs": "功許蓋育𠻻",
    "cp949": "갂각똠방각하",
    "johab": "각강괘",
    "utf-16-le": "Ⱜ∬∢℀ऊ ഊ਍尠\U0001f600",
    "utf-16-be": "Ⱜ∬∢℀ऊ ഊ਍尠\U0001f600",
    "utf-16": "Ⱜ∬∢℀ऊ ഊ਍尠\U0001f600",
    "utf-32": "Ⱜ∬∢℀ऊ ഊ਍\U0001f600",
    "utf-32-le": "Ⱜ∬∢℀ऊ ഊ਍\U0001f600",
    "utf-7": "é+-&~ü☃",
    "hz": "汉字~{~}",
    "iso2022_jp": "東京ソ、。あ",
    "iso2022_kr": "한글각",
    "cp037": "é|¢",
    "mac_arabic": "مرحبا",
}


@given(st.data(), st.sampled_from(sorted(LETTERS)), st.sampled_from([1, 2, 3, 7, 1000]))
def test_tables_are_read_back_in_any_encoding(data: st.DataObject, encoding: str, size: int) -> None:
    """What Python's `csv` wrote is read, whatever bytes the letters have, however few bytes are decoded and parsed at a time."""
    cell = st.text(st.sampled_from(LETTERS[encoding] + 'a,"\n\\ '), min_size=1, max_size=6)
    rows = data.draw(st.lists(st.lists(cell, min_size=2, max_size=2), min_size=1, max_size=5))
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([("a", "b"), *rows])
    stored = out.getvalue().encode(encoding)
    with mock.patch.object(text, "_STEP_BYTES", size), mock.patch.object(blocks, "BLOCK_BYTES", size):
        found = read(stored, select(a=BYTES, b=BYTES), Dialect(encoding=encoding))
    assert not rejects(found)
    assert values(found) == {"a": [row[0] for row in rows], "b": [row[1] for row in rows]}


@pytest.mark.parametrize("encoding", sorted(LETTERS))
def test_files_are_not_cut_where_bytes_mislead(encoding: str) -> None:
    """A comma's byte may be half a letter, and in ISO-2022-JP all of them are ASCII: such files are read whole."""
    assert not is_splittable("f.csv", Dialect(encoding=encoding))
    assert file_ranges([InputFile("f.csv", 1 << 30)], Dialect(encoding=encoding)) == []


@pytest.mark.parametrize(
    "encoding", ["latin-1", "cp1252", "cp1251", "koi8-r", "cp437", "mac-roman", "iso8859-15", "cp874"]
)
def test_files_with_a_byte_for_each_letter_are_cut(encoding: str) -> None:
    """As UTF-8 is: its letters' bytes are never ASCII's."""
    assert Codec(encoding).is_single_byte
    assert is_splittable("f.csv", Dialect(encoding=encoding))
    assert is_splittable("f.csv", Dialect())


@pytest.mark.parametrize(
    ("encoding", "cell"),
    [
        ("cp932", b"\x82"),
        ("cp932", b"\x81\xff"),
        ("euc_jp", b"\xa4"),
        ("gb18030", b"\x81"),
        ("gb18030", b"\xff"),
        ("big5", b"\xf9\xd6"),
        ("cp949", b"\xc9"),
        ("iso2022_jp", b"\xff"),
        ("cp1255", b"\xd9\x8a"),
        ("iso8859-6", b"\xdb\xa5"),
    ],
)
def test_a_broken_letter_rejects_its_row_alone(encoding: str, cell: bytes) -> None:
    """In encodings with letters of two bytes, too; bytes that the encoding lacks are no letter of UTF-8 instead."""
    found = read(b"a,b\nx," + cell + b"\ny,z\n", select(a=BYTES, b=BYTES), Dialect(encoding=encoding))
    assert values(found) == {"a": ["y"], "b": ["z"]}
    (reject,) = rejects(found)
    assert (reject.line, reject.column) == (2, "b")
    assert reject.reason.startswith(f"expected text in the encoding {encoding!r}, found b'")


@given(st.lists(st.one_of(st.integers(0xDC80, 0xDCFF).map(chr), st.sampled_from("aé€")), max_size=6).map("".join))
def test_kept_bytes_are_never_text(decoded: str) -> None:
    """Text that keeps a byte isn't UTF-8; any other is."""
    kept = any("\udc80" <= letter <= "\udcff" for letter in decoded)
    try:
        encode_kept(decoded).decode()
    except UnicodeDecodeError:
        assert kept
    else:
        assert not kept


def test_kept_bytes_are_no_letter_across_reads() -> None:
    """The first byte of a letter of UTF-8 may be the last that is decoded at a time."""
    with mock.patch.object(text, "_STEP_BYTES", 7):
        found = read(b"a,b\n1,\xd9\x8a\n", select(a=INT, b=BYTES), Dialect(encoding="cp1255"))
    assert [reject.column for reject in rejects(found)] == ["b"]


@pytest.mark.parametrize(
    "encoding", ["idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "hex", "rot13", "?"]
)
def test_codecs_that_are_not_for_files(encoding: str) -> None:
    """Some of Python's codecs are ways to write Unicode in host names and source code, or aren't for text."""
    with pytest.raises(LookupError):
        Codec(encoding)


def test_a_shift_that_never_ends() -> None:
    """Where bytes change what the next ones mean, a broken sequence stops the run; the message says where it is."""
    with pytest.raises(DataError, match=r"'f.csv' isn't text in the encoding 'hz': .*check \[input\] encoding"):
        read(b"a\n~{x\n", select(a=BYTES), Dialect(encoding="hz"))
