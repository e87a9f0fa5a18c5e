"""Guesses the encoding of files."""

import codecs
import re
from collections.abc import Sequence

from shardmill.schemas.errors import DataError
from shardmill.transforms.sniff.samples import Sample


def guess_encoding(samples: Sequence[Sample]) -> str:
    """Guesses the encoding that files share.

    Raises:
        DataError: A file isn't text.
    """
    for sample in samples:
        if sample.data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if b"\0" in sample.data[:4096]:
            raise DataError(
                f"{sample.path!r} looks like a binary file: it has NUL bytes. Expected CSV text, in UTF-8 or another encoding; of UTF-16 "
                'without a byte order mark set [input] encoding = "utf-16-le"'
            )
    joined = b"\n".join(sample.data for sample in samples)
    text = joined.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    foreign = len(text) - len(text.encode("ascii", errors="ignore")) - broken
    # Damage in a few rows of UTF-8 is for the reader to reject; a sample's cut end is none.
    if broken * 10 < foreign or not any(map(_is_damaged, samples)):
        return "utf-8"
    # The bytes 0x80 to 0x9f are letters and signs in Windows's code page, and invisible controls in
    # Latin-1.
    if re.search(rb"[\x80-\x9f]", joined) and not re.search(rb"[\x81\x8d\x8f\x90\x9d]", joined):
        return "cp1252"
    return "latin-1"


def _is_damaged(sample: Sample) -> bool:
    """Whether a sample has bytes that aren't UTF-8.

    A character that the sample's end cuts doesn't count.
    """
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample.data, final=sample.complete)
    except UnicodeDecodeError:
        return True
    return False
