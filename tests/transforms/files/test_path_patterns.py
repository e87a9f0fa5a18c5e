"""Patterns match what Beam's do, except for hidden names."""

import re

import pytest
from apache_beam.io.filesystem import FileSystem
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.files.path_patterns import fixed_part, matcher, takes_hidden

_TEXT = st.text("ab-/.\\^&é\n*", max_size=8)
_PATTERN = st.lists(
    st.sampled_from(
        ["*", "**", "?", "[ab]", "[!a]", "[a-b]", "[!/]", "[^]", "[\\]", "a", "b", "/", ".", "-", "^", "é", "["]
    ),
    max_size=6,
).map("".join)


@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
@given(_PATTERN, st.lists(_TEXT, max_size=30))
def test_patterns_match_as_beam_has_them(pattern: str, paths: list[str]) -> None:
    """For any pattern and path, a set that isn't closed included; hidden names need a dot in the pattern."""
    beam = re.compile(FileSystem.translate_pattern(pattern))
    mine = matcher(pattern)
    for path in paths:
        matched = mine.fullmatch(path) is not None
        if takes_hidden(path):
            assert not matched or (beam.match(path) is not None and "." in pattern)
        else:
            assert matched == (beam.match(path) is not None)


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ("*", ["a"]),
        ("?a", []),
        ("[.]a", []),
        ("[!b]a", []),
        (".*", [".a"]),
        (".a", [".a"]),
        ("**", ["a", "x/a"]),
        ("**a", ["a", "x/a"]),
        ("*/*", ["x/a"]),
        ("x?*", ["x/a"]),
        ("*/.*", ["x/.a"]),
        ("**/.a", ["x/.a"]),
        (".x/*", [".x/a"]),
        (".x/**", [".x/a"]),
        (".x/.*", [".x/.a"]),
        (".**", [".a", ".x/a"]),
    ],
)
def test_a_hidden_name_is_matched_by_a_dot_alone(pattern: str, matched: list[str]) -> None:
    """Of files and of folders, with every wildcard, also where one matches the slash before the dot."""
    paths = ["a", ".a", "x/a", "x/.a", ".x/a", ".x/.a"]
    found = [path for path in paths if matcher(pattern).fullmatch(path)]
    assert found == matched
    assert takes_hidden(pattern) == any(takes_hidden(path) for path in matched)


def test_the_part_before_wildcards() -> None:
    """What is listed, to look for the rest in."""
    assert [fixed_part(each) for each in ("a/b", "a/b*.c", "[a]", "")] == ["a/b", "a/b", "", ""]
