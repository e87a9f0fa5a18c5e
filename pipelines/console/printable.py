"""Escapes control characters in untrusted text for a terminal."""

import re

# Control characters except line feed and tab, Unicode's line separators, marks that change the
# writing direction, and lone surrogates.
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def escaped(characters: str) -> str:
    r"""Returns characters as Python's and JSON's escapes, such as `\u202e`.

    Args:
        characters: Characters of Unicode's first plane.
    """
    return "".join(f"\\u{ord(each):04x}" for each in characters)


def printable(text: str) -> str:
    """Escapes a text's control characters.

    They can't move the cursor, colour or hide anything then.

    Args:
        text: The text; line feeds and tabs stay.
    """
    return UNSEEN.sub(lambda found: escaped(found[0]), text)


def one_line(text: str) -> str:
    """Escapes control characters, line feeds and tabs too."""
    return printable(text).replace("\n", r"\n").replace("\t", r"\t")
