"""Patterns of paths, as in Beam's file systems.

`*` matches within a name, `**` across folders, `?` one character, `[a-z]` one of a set, and
`[!a-z]` one that isn't in it.
"""

import re

_PIECE = re.compile(r"\*\*|\*|\?|\[(?P<set>!?\]?[^\]]*)\]|.", re.DOTALL)
_WILDCARDS = {"**": ".*", "*": r"[^/\\]*", "?": "."}
_FIRST = re.compile(r"[*?[]")


def matcher(pattern: str) -> re.Pattern[str]:
    """A regular expression whose `fullmatch` accepts a pattern's paths.

    Args:
        pattern: A pattern; a `[` that nothing closes stands for itself.
    """
    return re.compile("".join(map(_translated, _PIECE.finditer(pattern))), re.DOTALL)


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
    return f"[{'^' if inverted else ''}{characters}]"
