"""Chooses between readings of text that isn't UTF-8."""

from collections.abc import Sequence

from shardmill.schemas.errors import DataError
from shardmill.transforms.sniff.decision import Decision
from shardmill.transforms.sniff.odd_words import oddness, tells_language
from shardmill.transforms.sniff.readings import Reading

# Begins the reason of a choice.
NOT_UTF8 = "not UTF-8; "
# The share of the likeliest reading's score from which another one fits, too; from which the two
# can't be told apart; from which that is so if the likeliest is the most usual one; and from which
# Chinese may be Japanese without kana. Measured as the weights of the readings: of files in
# Latin-1's languages 4 of 630 are asked about.
_FITS = 0.5
_ALIKE = 0.85
_USUAL_ALIKE = 0.98
_KANJI_ALIKE = 0.35
_MOST_ODD = 0.5
# Words that make a choice sure, if no other reading fits.
_ENOUGH_WORDS = 10
_CANDIDATES = 4
_LONGEST_WORD = 24


def choose_reading(path: str, readings: Sequence[Reading]) -> tuple[str, Decision]:
    """Takes the likeliest reading, if there is one.

    Args:
        path: The file, for the message.
        readings: The readings, the likeliest first.

    Returns:
        Its encoding, and what speaks for it.

    Raises:
        DataError: There is none, or another one is about as likely; the message lists them.
    """
    fitting = [reading for reading in readings if reading.odd <= _MOST_ODD]
    if not fitting:
        raise _ask(path, "none that fits", readings[:_CANDIDATES])
    signs = next((reading for reading in fitting if _is_of_signs(reading)), None)
    best = signs or _likeliest(fitting)
    others = [other for other in fitting if other is not best and _compare(best, other) >= 0]
    alike = [other for other in others if _is_alike(best, other)]
    if alike and not signs:
        raise _ask(path, "several that fit", [best, *alike][:_CANDIDATES])
    second = next((other for other in others if other.score >= _FITS * best.score), None)
    words = f"reads {show_words(best.words if second is None else _telling_words(best, second))}"
    if second is not None:
        words += f", where {second.encoding} would read {show_words(_telling_words(second, best))}"
    sure = second is None and len(best.words) >= _ENOUGH_WORDS
    return best.encoding, Decision("encoding", best.encoding, NOT_UTF8 + words, sure=sure)


def _is_of_signs(reading: Reading) -> bool:
    """Whether Windows's most usual code page reads signs alone.

    Signs and lone letters tell no language, so that rarer encodings can't be told from it.
    """
    return reading.encoding == "cp1252" and not reading.odd and not any(map(tells_language, reading.words))


def _likeliest(fitting: Sequence[Reading]) -> Reading:
    """The likeliest reading that doesn't look wrong where a likely one looks right."""
    best = fitting[0]
    for other in fitting[1:]:
        if other.score >= _FITS * fitting[0].score and _compare(best, other) > 0:
            best = other
    return best


def show_words(words: Sequence[str]) -> str:
    """The first two words in quotes, shortened."""
    cut = (word if len(word) <= _LONGEST_WORD else f"{word[:_LONGEST_WORD]}..." for word in words[:2])
    return " and ".join(map(repr, cut))


def _is_alike(best: Reading, other: Reading) -> bool:
    """Whether another reading is about as likely."""
    bar = _USUAL_ALIKE if best.encoding == "cp1252" else _ALIKE
    if (best.encoding, other.encoding) == ("gb18030", "euc_jis_2004"):
        bar = _KANJI_ALIKE
    return other.score > bar * best.score


def _compare(one: Reading, other: Reading) -> int:
    """Compares two readings by the words in which they differ.

    Returns:
        1 if most of these look wrong in the first reading only, -1 if in the second only, else 0.
    """
    pairs = [(a, b) for a, b in zip(one.words, other.words, strict=False) if a != b]
    ones = sum(oddness(a, one.encoding) for a, _ in pairs)
    others = sum(oddness(b, other.encoding) for _, b in pairs)
    if abs(ones - others) * 2 <= len(pairs):
        return 0
    return 1 if ones > others else -1


def _telling_words(one: Reading, other: Reading) -> list[str]:
    """A reading's words, first those in which another differs."""
    pairs = zip(one.words, other.words, strict=False)
    return [word for word, _ in sorted(pairs, key=lambda pair: pair[0] == pair[1])]


def _ask(path: str, found: str, candidates: Sequence[Reading]) -> DataError:
    """The error that asks for the encoding."""
    shown = []
    for reading in candidates:
        other = next((other for other in candidates if other is not reading), reading)
        shown.append(f"{reading.encoding} reads {show_words(_telling_words(reading, other))}")
    colon = ": " if shown else ""
    example = candidates[0].encoding if candidates else "cp1252"
    return DataError(
        f"{path!r}: expected text in UTF-8, or in one encoding that fits, received {found}{colon}{'; '.join(shown)}; set [input] encoding "
        f'to the one that reads right, for example "{example}"'
    )
