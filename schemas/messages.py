"""Words, values and lists, as messages show them."""

import difflib
from collections.abc import Callable, Iterable, Sequence

# Most characters shown of another program's message: TensorFlow quotes all values of a tensor.
_LONGEST_MESSAGE = 1500
# The most characters or bytes of a value that a message quotes.
_QUOTED = 40


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question that names the nearest known word.

    Args:
        word: A word that isn't known.
        known: The words that are known.

    Returns:
        The end of a clause, such as `; did you mean 'label'?`; empty where no word is near.
    """
    near = nearest(word, known)
    return "" if near is None else f"; did you mean {near!r}?"


def suggest(word: str, known: Iterable[str], rest: str) -> str:
    """The nearest known word, and the rest of a message.

    Args:
        word: A word that isn't known.
        known: The words that are known.
        rest: A clause to follow, which begins with a small letter.

    Returns:
        The end of a message, such as `; did you mean 'a'? The outputs are 'a', 'b'`, or `; the
        outputs are 'a', 'b'` where no word is near.
    """
    hint = did_you_mean(word, known)
    return f"{hint} {rest[0].upper()}{rest[1:]}" if hint else f"; {rest}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is spelled most like a word.

    None means that no word is near.
    """
    return next(iter(difflib.get_close_matches(word, list(known), n=1)), None)


def plural(count: int, noun: str) -> str:
    """A number and a noun: `1 file`, `1,200 files`.

    The noun is one whose plural takes an s.
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def cut(text: str, most: int = 60) -> str:
    """Text, truncated to `most` characters.

    Truncated text ends in the length of the whole.
    """
    return text if len(text) <= most else f"{text[:most]}... ({len(text):,} characters)"


def quoted(value: object) -> str:
    """The value in quotes, shortened.

    Of long text or bytes it shows the beginning and the length.
    """
    if isinstance(value, str | bytes) and len(value) > _QUOTED:
        return f"{value[:_QUOTED]!r}... (of length {len(value)})"
    return repr(value)


def listed(values: Sequence[object], most: int = 10, show: Callable[[object], str] = quoted) -> str:
    """The first `most` values, and the count of the rest.

    Args:
        values: The values.
        most: The most values to show.
        show: Converts a value to text.
    """
    more = f" and {len(values) - most:,} more" if len(values) > most else ""
    return ", ".join(map(show, values[:most])) + more


def shortened(message: str) -> str:
    """Another program's message, truncated if it is too long."""
    return message if len(message) <= _LONGEST_MESSAGE else f"{message[:_LONGEST_MESSAGE]} ..."
