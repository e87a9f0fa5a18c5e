"""Patterns match what Beam's do."""

import re

import pytest
from apache_beam.io.filesystem import FileSystem
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.files.path_patterns import fixed_part, matcher

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
    """For any pattern and path, a set that isn't closed included."""
    beam = re.compile(FileSystem.translate_pattern(pattern))
    mine = matcher(pattern)
    assert [mine.fullmatch(path) is not None for path in paths] == [beam.match(path) is not None for path in paths]


def test_the_part_before_wildcards() -> None:
    """What is listed, to look for the rest in."""
    assert [fixed_part(each) for each in ("a/b", "a/b*.c", "[a]", "")] == ["a/b", "a/b", "", ""]
