"""Words, values and lists as messages show them."""

import difflib
from collections.abc import Callable, Iterable, Sequence

# Characters of another program's message: TensorFlow quotes all values of a tensor.
_LONGEST_MESSAGE = 1500


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question that names the nearest known word; empty where none is near.

    Args:
        word: A word that isn't known.
        known: Those that are.

    Returns:
        Such as `; did you mean 'label'?`, to follow a clause.
    """
    near = nearest(word, known)
    return "" if near is None else f"; did you mean {near!r}?"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is spelled most like a word; None where none is near."""
    return next(iter(difflib.get_close_matches(word, list(known), n=1)), None)


def plural(count: int, noun: str) -> str:
    """A number and a noun that takes an s: `1 file`, `1,200 files`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def cut(text: str, most: int = 60) -> str:
    """A text; where it is longer than `most` characters, its beginning and its length."""
    return text if len(text) <= most else f"{text[:most]}... ({len(text):,} characters)"


def quoted(value: object, most: int = 40) -> str:
    """A value in quotes; of text longer than `most` characters or bytes, the beginning and the length."""
    if isinstance(value, str | bytes) and len(value) > most:
        return f"{value[:most]!r}... (of length {len(value)})"
    return repr(value)


def listed(values: Sequence[object], most: int = 10, show: Callable[[object], str] = quoted) -> str:
    """The first `most` of some values, and how many more there are.

    Args:
        values: The values.
        most: How many are shown.
        show: Makes a value text.
    """
    more = f" and {len(values) - most:,} more" if len(values) > most else ""
    return ", ".join(map(show, values[:most])) + more


def shortened(message: str) -> str:
    """Another program's message, without its end where it is too long to be read."""
    return message if len(message) <= _LONGEST_MESSAGE else f"{message[:_LONGEST_MESSAGE]} ..."
