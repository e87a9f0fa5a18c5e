"""The words of columns' names."""

import re

# `AirportID` has the words `airport` and `id`, `paid` is one word.
_WORD = re.compile(r"[A-Z]+(?![^\W\d_A-Z])|[A-Z]?[^\W\d_A-Z]+|[0-9]+")
ID_WORDS = frozenset({"id", "uuid", "guid", "zip", "zipcode", "postal", "postcode", "plz", "code", "fips", "geoid"})
"""The last words of names of identifiers and codes."""


def is_identifier(name: str) -> bool:
    """Whether a name ends as identifiers and codes do."""
    return bool(ID_WORDS.intersection(words_of(name)[-1:]))


def words_of(name: str) -> tuple[str, ...]:
    """Splits a name at spaces, punctuation, digits and capital letters.

    Returns:
        The words in lower case.
    """
    return tuple(word.lower() for word in _WORD.findall(name))
