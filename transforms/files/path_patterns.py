"""Patterns of paths, as in Beam's file systems.

`*` matches within a name, `**` across folders, `?` one character, `[a-z]` one of a set, and
`[!a-z]` one that isn't in it. As in a shell, the dot that begins a hidden name is matched only by
a dot in the pattern.
"""

import re

_PIECE = re.compile(r"\*\*|\*|\?|\[(?P<set>!?\]?[^\]]*)\]|.", re.DOTALL)
# What no wildcard matches: a dot at the beginning, or after a slash.
_SEEN = r"(?!(?<![^/])\.)"
_WILDCARDS = {"**": rf"(?:{_SEEN}.)*", "*": rf"(?:{_SEEN}[^/\\])*", "?": f"{_SEEN}."}
_FIRST = re.compile(r"[*?[]")


def matcher(pattern: str) -> re.Pattern[str]:
    """A regular expression whose `fullmatch` accepts a pattern's paths.

    Args:
        pattern: A pattern; a `[` that nothing closes stands for itself.
    """
    return re.compile("".join(map(_translated, _PIECE.finditer(pattern))), re.DOTALL)


def takes_hidden(pattern: str) -> bool:
    """Whether a pattern names hidden files or folders."""
    return pattern.startswith(".") or "/." in pattern


def fixed_part(pattern: str) -> str:
    """The part of a pattern before its first wildcard.

    It is the whole pattern if there is no wildcard.
    """
    return _FIRST.split(pattern, maxsplit=1)[0]


def _translated(piece: re.Match[str]) -> str:
    found = piece["set"]
    if found is None:
        return _WILDCARDS.get(piece[0]) or re.escape(piece[0])
    inverted = found.startswith("!")
    characters = re.sub(r"([\\^\[&~|])", r"\\\1", found[inverted:])
    return f"{_SEEN}[{'^' if inverted else ''}{characters}]"
