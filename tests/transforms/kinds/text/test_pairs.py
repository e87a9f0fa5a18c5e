"""Skip-grams: each known word of a text beside those near it."""

from pathlib import Path

import pytest

from shardmill.schemas.errors import ConfigError
from shardmill.transforms.features.registry import parse_features
from tests.support.kinds import run, schema_of

S = schema_of(text="bytes")
TEXTS = ["a b c a d", None, "b", "a rare b rare a", "c c", "d a"]


@pytest.mark.parametrize("window", [1, 2, 9])
def test_pairs_are_those_of_two_loops(window: int, tmp_path: Path) -> None:
    """Without unknown words; the ids are those of `tokens`, with which they share a vocabulary."""
    shared = {"column": "text", "shared": "words", "top_k": 4}
    table = {"x": {"kind": "pairs", "window": window, **shared}, "ids": {"kind": "tokens", **shared}}
    found = run(table, S, {"text": TEXTS}, tmp_path)
    expected = []
    for row in found["ids"]:
        known = [each for each in row if each != 1]
        near = range(len(known))
        expected.append([(known[i], known[j]) for i in near for j in near if 0 < abs(i - j) <= window])
    pairs = zip(found["x_centre"], found["x_context"], strict=True)
    assert [list(zip(*row, strict=True)) for row in pairs] == expected
    assert sum(map(len, expected)) > 0


def test_a_window_has_a_size() -> None:
    """It is at least 1."""
    with pytest.raises(ConfigError) as caught:
        parse_features({"x": {"kind": "pairs", "column": "text", "window": 0}}, S)
    assert str(caught.value) == "[features] x: expected `window` to be at least 1, received 0"
