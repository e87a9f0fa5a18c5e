"""Patterns of paths, as Beam's file systems have them: `*` within a name, `**` across folders, `?`, and `[a-z]` or `[!a-z]`."""

import re

_PIECE = re.compile(r"\*\*|\*|\?|\[(?P<set>!?\]?[^\]]*)\]|.", re.DOTALL)
_WILDCARDS = {"**": ".*", "*": r"[^/\\]*", "?": "."}
_FIRST = re.compile(r"[*?[]")


def matcher(pattern: str) -> re.Pattern[str]:
    """What matches the paths of a pattern, with `fullmatch`.

    Args:
        pattern: A pattern; a `[` that nothing closes is itself.
    """
    return re.compile("".join(map(_translated, _PIECE.finditer(pattern))), re.DOTALL)


def fixed_part(pattern: str) -> str:
    """A pattern up to its first wildcard; all of it where there is none."""
    return _FIRST.split(pattern, maxsplit=1)[0]


def _translated(piece: re.Match[str]) -> str:
    found = piece["set"]
    if found is None:
        return _WILDCARDS.get(piece[0]) or re.escape(piece[0])
    inverted = found.startswith("!")
    characters = re.sub(r"([\\^\[&~|])", r"\\\1", found[inverted:])
    return f"[{'^' if inverted else ''}{characters}]"
