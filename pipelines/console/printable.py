"""Text that may be a stranger's, made fit for a terminal: control characters are seen and do nothing."""

import re

# Control characters but for the end of a line and the tab; separators of lines, what turns the direction of writing, halves of characters.
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def escaped(characters: str) -> str:
    r"""Characters as Python's and JSON's escapes, such as `\u202e`.

    Args:
        characters: Some, of Unicode's first plane.
    """
    return "".join(f"\\u{ord(each):04x}" for each in characters)


def printable(text: str) -> str:
    """A text with its control characters as escapes, so that it can't move the cursor, colour or hide anything.

    Args:
        text: The text; ends of lines and tabs stay.
    """
    return UNSEEN.sub(lambda found: escaped(found[0]), text)
