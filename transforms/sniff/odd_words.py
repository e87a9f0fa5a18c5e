"""Words that no language writes, as text in a wrong encoding has."""

import functools
import re
import unicodedata

__all__ = ["foreign_words", "oddness", "tells_language"]

_APART = re.compile(r"[\x00-\x40\x5b-\x60\x7b-\x7f]+")
# The scripts of East Asian encodings; an encoding that lists their usual characters first; and the
# first byte of the others.
_ASIAN = {
    "cp932": ({"CJK", "KANA", "FULLWIDTH", "LATIN"}, "euc_jp", 0xD0),
    "euc_jis_2004": ({"CJK", "KANA", "FULLWIDTH", "LATIN"}, "euc_jp", 0xD0),
    "gb18030": ({"CJK", "FULLWIDTH", "LATIN"}, "gb2312", 0xD8),
    "big5hkscs": ({"CJK", "FULLWIDTH", "LATIN"}, "big5", 0xC9),
    "cp949": ({"HANGUL", "CJK", "LATIN"}, "euc_kr", 0xC9),
}
_BYTES = 2
_SAME_SCRIPT = {"HIRAGANA": "KANA", "KATAKANA": "KANA", "HALFWIDTH": "KANA", "IDEOGRAPHIC": "CJK"}
# Letters by their category that belong to no script.
_NO_SCRIPT = {"MICRO", "FEMININE", "MASCULINE", "COMBINING", "MODIFIER"}
# A word's characters by kind: A and a are capital and small letters of ASCII, U and u others, o is a
# letter or mark without case, ( opens and ) closes, ' may stand in words, + and ¶ can't before a letter.
_ODD_KINDS = re.compile(
    r"""
    [au]U | uA                     # a capital after a small letter
    | [AU]U[au]                    # a capital within a word
    | [AaUuo][(¶]                  # an opening sign after a letter
    | [+¶)][AaUuo]                 # a closing one before it
    | [AaUuo][^AaUuo'][AaUuo]      # a sign between letters
    """,
    re.VERBOSE,
)
# Quotes and dashes that stand within words; the degree sign, which may stand before a letter; and
# Spanish opening marks.
_KINDS = dict.fromkeys("\u2018\u2019\u2013\u2014\u00b4\u02bc\u00b7\u2027\u05be\u30fb", "'") | {
    "°": "-",
    "¿": "(",
    "¡": "(",
}
_ALONE = "§¶¦¬"
_KIND_OF_CATEGORY = {
    "Ll": "u",
    "Lu": "U",
    "Lt": "U",
    "Ps": "(",
    "Pi": "(",
    "Pe": ")",
    "Pf": ")",
    "So": "+",
    "Sm": "+",
    "Sc": "+",
}


def foreign_words(text: str) -> list[str]:
    """The distinct words that aren't ASCII, in their order.

    Words end at ASCII's characters other than letters.
    """
    return list(dict.fromkeys(word for word in _APART.split(text) if not word.isascii()))


def tells_language(word: str) -> bool:
    """Whether letters of a word aren't ASCII, rather than signs such as € and °.

    A letter alone counts as a sign.
    """
    return len(word) > 1 and any(
        unicodedata.category(character)[0] in "LM" and character not in "µªº"
        for character in word
        if not character.isascii()
    )


def oddness(word: str, encoding: str) -> float:
    """Whether a word looks wrong, as read in an encoding: 1 if so, else 0.

    Wrong are controls, lines of boxes, letters of several scripts, capitals within words, and signs
    where letters belong. A word of East Asian characters that are seldom used counts half.

    Args:
        word: The word.
        encoding: The codec that decoded it, which says what languages to expect.
    """
    if any(map(_is_no_text, word)):
        return 1
    scripts = {script for script in map(_script, word) if script}
    if encoding in _ASIAN:
        expected, levels, rare = _ASIAN[encoding]
        return 1 if not scripts <= expected else any(_is_rare(character, levels, rare) for character in word) / 2
    return float(len(scripts) > 1 or _ODD_KINDS.search("".join(map(_kind, word))) is not None)


@functools.cache
def _kind(character: str) -> str:
    if character.isascii():
        return "a" if character.islower() else "A"
    if character in _ALONE:
        return "¶"
    category = unicodedata.category(character)
    if category[0] in "LM" and character not in "ªº":
        return _KIND_OF_CATEGORY.get(category, "o")
    return _KINDS.get(character) or _KIND_OF_CATEGORY.get(category, "-")


@functools.cache
def _is_no_text(character: str) -> bool:
    """Whether a character hardly occurs in any cell.

    It is a control, has no meaning, or is a line of a box, the currency sign or a lone accent.
    """
    return (
        unicodedata.category(character) in ("Cc", "Cn", "Co", "Cs")
        or "\u2500" <= character <= "\u259f"
        or "\u02b0" <= character <= "\u02ff"
        or character in "¤¨¯\u00b8\ufffd"
    )


@functools.cache
def _script(character: str) -> str:
    """The script of a letter, by its name in Unicode.

    Other characters have none.
    """
    if unicodedata.category(character)[0] not in "LM":
        return ""
    first = unicodedata.name(character, "?").split()[0].split("-")[0]
    return "" if first in _NO_SCRIPT else _SAME_SCRIPT.get(first, first)


@functools.cache
def _is_rare(character: str, levels: str, rare: int) -> bool:
    """Whether an encoding has a character among the rare ones, or lacks it."""
    try:
        encoded = character.encode(levels)
    except UnicodeEncodeError:
        return True
    # EUC-KR composes the syllables that it lacks from their letters.
    return encoded[0] >= rare or len(encoded) > _BYTES
