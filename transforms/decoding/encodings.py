"""Codecs: their ASCII, and bytes that they don't define."""

import codecs
import functools
import re

__all__ = ["UTF8_MARK", "Codec"]

UTF8_MARK = codecs.BOM_UTF8

# Python calls them text encodings, but they are ways to write Unicode in source code and host
# names.
_NOT_FOR_FILES = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
_UTF8 = {"utf-8", "utf-8-sig", "ascii"}
# Their code units of several bytes, or their shift sequences in ASCII, leave nothing to go on with
# after bytes that are none.
_STRICT = ("utf-16", "utf-32", "utf-7", "hz")
# A byte that would begin a character of UTF-8, kept because the encoding lacks it, where the next
# byte may be kept, too.
_LEADING = re.compile("[\udcc2-\udcf4](?=[\udc80-\udcbf]|\\Z)")


class Codec:
    """An encoding of files.

    Attributes:
        name: Python's name of it.
        is_utf8: Whether its text is UTF-8 already.
        is_single_byte: Whether it extends ASCII with one byte a character: a byte below 128 is the
            character of ASCII wherever it stands, and no other byte is.
        errors: Its decoder's treatment of bytes that the encoding doesn't define. Most are kept:
            they aren't UTF-8, so that their rows can be rejected one by one.
    """

    def __init__(self, encoding: str) -> None:
        """Looks an encoding up.

        Args:
            encoding: The name of a Python codec.

        Raises:
            LookupError: There is none, or it isn't one for files of text.
        """
        self.name = codecs.lookup(encoding).name
        if self.name in _NOT_FOR_FILES:
            raise LookupError(f"not an encoding of files: {encoding}")
        "".encode(self.name)  # A codec of bytes, such as that of "hex", raises LookupError.
        self.is_utf8 = self.name in _UTF8
        self.is_single_byte = not self.is_utf8 and _is_single_byte(self.name)
        self.errors = "strict" if self.name.startswith(_STRICT) else "surrogateescape"

    @staticmethod
    def of(encoding: str) -> "Codec":
        """The codec of an encoding, looked up once."""
        return _codec(encoding)

    def to_utf8(self, data: bytes) -> bytes:
        """Transcodes a whole text to UTF-8.

        Raises:
            UnicodeError: It isn't in the encoding, and `errors` is "strict".
        """
        return data if self.is_utf8 else encode_kept(data.decode(self.name, self.errors))


def encode_kept(text: str) -> bytes:
    """Encodes text as UTF-8, with the bytes kept in it.

    Such bytes never make a character of UTF-8 together: where they would, 0xff is put between them.
    """
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _LEADING.sub("\\g<0>\udcff", text).encode("utf-8", "surrogateescape")


@functools.cache
def _codec(encoding: str) -> Codec:
    return Codec(encoding)


def _is_single_byte(name: str) -> bool:
    singles = [bytes([byte]).decode(name, "replace") for byte in range(256)]
    # Decoded together, two bytes may be one character; a byte may have a meaning for those that
    # follow it, as ESC has in ISO-2022-JP; and in Mac Arabic 0xa2 is another quote.
    return (
        "".join(singles[:128]) == bytes(range(128)).decode("ascii")
        and all(len(single) == 1 and not single.isascii() for single in singles[128:])
        and bytes(range(256)).decode(name, "replace") == "".join(singles)
    )
