"""Guesses the encoding of files."""

import codecs
import contextlib
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from shardmill.schemas.errors import DataError
from shardmill.schemas.messages import plural
from shardmill.transforms.decoding.text import HEAD_BYTES, check_head
from shardmill.transforms.scoring.samples import Sample
from shardmill.transforms.sniff.choose_reading import choose_reading, show_words
from shardmill.transforms.sniff.decision import Decision
from shardmill.transforms.sniff.odd_words import foreign_words
from shardmill.transforms.sniff.readings import read_foreign

# UTF-32's mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
# Their text is ASCII, and so UTF-8, to look at.
_SHIFTED = ("iso2022_jp_2", "iso2022_jp_2004", "iso2022_jp_ext", "iso2022_kr")
_SHIFT = b"\x1b$"
# Encodings in which UTF-8 is often misread.
_MISREAD = ("cp1252", "latin-1")
_FOREIGN = re.compile("[^\x00-\x7f]+")
_BROKEN = re.compile("[\udc80-\udcff]+")
# Characters around the first foreign one in which words are looked for.
_WINDOW = 2000


@dataclass(frozen=True)
class _Utf8:
    """A sample decoded as UTF-8.

    Attributes:
        path: The file.
        letters: The number of characters that aren't ASCII.
        broken: The number of bytes that aren't UTF-8.
        words: Some of its words that aren't ASCII.
        line: The first physical line with a broken byte, from 1; 0 where there is none.
    """

    path: str
    letters: int
    broken: int
    words: tuple[str, ...]
    line: int


def guess_encoding(samples: Sequence[Sample]) -> tuple[str, Decision]:
    """Guesses the encoding that files share.

    Returns:
        The codec, and what speaks for it.

    Raises:
        DataError: A file isn't text, or several encodings fit it equally well; the message lists
            them with words that each of them reads.
    """
    for sample in samples:
        for mark, name in _MARKS:
            if sample.data.startswith(mark):
                return name, Decision("encoding", name.upper(), "by the byte order mark")
    decoded = [_decode(sample) for sample in samples]
    for sample, text in zip(samples, decoded, strict=True):
        by_nul = b"\0" in sample.data and (text.broken or not _is_text(sample))
        found = _detect(sample, _WIDE, "NUL bytes") if by_nul else None
        if _SHIFT in sample.data and not text.letters:
            found = _detect(sample, _SHIFTED, "escape sequences")
        if found:
            return found
    for sample in samples:
        check_head(sample.data[:HEAD_BYTES], sample.path, "utf-8")
    broken = [text for text in decoded if text.broken]
    # Damage in a few rows of UTF-8 is for the reader to reject.
    if sum(text.broken for text in broken) < max(1, sum(text.letters for text in decoded)):
        return "utf-8", _decide_utf8(decoded, broken, complete=all(sample.complete for sample in samples))
    foreign = [_whole_lines(sample) for sample, text in zip(samples, decoded, strict=True) if text.broken]
    return choose_reading(broken[0].path, read_foreign(foreign))


def _decode(sample: Sample) -> _Utf8:
    text = sample.data.decode("utf-8", "surrogateescape")
    if not sample.complete:
        # A character that the sample's end cuts is no damage.
        text = text[:-3] + _BROKEN.sub("", text[-3:])
    broken = _BROKEN.search(text)
    first = _FOREIGN.search(text)
    begin = max(text.rfind("\n", 0, first.start()) + 1, first.start() - _WINDOW // 2) if first else len(text)
    window = text[begin : begin + _WINDOW]
    bad = sum(map(len, _BROKEN.findall(text))) if broken else 0
    return _Utf8(
        path=sample.path,
        letters=sum(map(len, _FOREIGN.findall(text))) - bad - text.startswith("\ufeff"),
        broken=bad,
        words=tuple(word for word in foreign_words(window.removeprefix("\ufeff")) if not _BROKEN.search(word)),
        line=text.count("\n", 0, broken.start()) + 1 if broken else 0,
    )


def _decide_utf8(decoded: Sequence[_Utf8], broken: Sequence[_Utf8], *, complete: bool) -> Decision:
    words = [word for text in decoded for word in text.words]
    ascii_only = "nothing but ASCII" if complete else "nothing but ASCII at the beginning"
    reads = f"reads {show_words(words)}" if words else ascii_only
    if not broken:
        twice = next((word for word in words if _decode_again(word)), None)
        if twice:
            reads += f"; {twice!r} may be {_decode_again(twice)!r}, encoded twice: export the file again"
        return Decision("encoding", "UTF-8", reads, sure=twice is None)
    count = plural(sum(text.broken for text in broken), "byte")
    reason = (
        f"{reads}; {count} can't be decoded, first in {broken[0].path!r}, line {broken[0].line}: such rows are rejected"
    )
    return Decision("encoding", "UTF-8", reason, sure=False)


def _decode_again(word: str) -> str | None:
    """A word that was encoded in UTF-8, read in a code page, and encoded again.

    None means that it wasn't.
    """
    for encoding in _MISREAD:
        with contextlib.suppress(UnicodeError):
            return word.encode(encoding).decode()
    return None


def _is_text(sample: Sample) -> bool:
    """Whether the reader takes a file's beginning for text in UTF-8."""
    try:
        check_head(sample.data[:HEAD_BYTES], sample.path, "utf-8")
    except DataError:
        return False
    return True


def _detect(sample: Sample, encodings: Sequence[str], sign: str) -> tuple[str, Decision] | None:
    """Finds which of some encodings a file is in, by their sure signs.

    None means that it is in none of them.
    """
    import chardet

    data = sample.data[: len(sample.data) // 4 * 4] if encodings is _WIDE else _whole_lines(sample)
    with warnings.catch_warnings():
        # chardet warns that it finds none, since what it would name then isn't among them.
        warnings.simplefilter("ignore", UserWarning)
        found = chardet.detect(data, compat_names=False, include_encodings=encodings, no_match_encoding="ascii")
    name = found["encoding"]
    text = data.decode(name, "replace") if name is not None and name in encodings else ""
    # The bytes of other text are Chinese as UTF-16, all in one line.
    if name is None or not re.search("[\\n\\r,;\\t|]", text) or "\0" in text:
        return None
    words = foreign_words(text) or text.replace(",", " ").split()
    return name, Decision(
        "encoding", name.upper() if encodings is _WIDE else name, f"by its {sign}; reads {show_words(words)}"
    )


def _whole_lines(sample: Sample) -> bytes:
    """A sample's data without a last line that its end cuts."""
    cut = -1 if sample.complete else sample.data.rfind(b"\n")
    return sample.data if cut < 0 else sample.data[:cut]
