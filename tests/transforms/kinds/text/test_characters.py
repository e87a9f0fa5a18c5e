"""Texts as ids of their characters."""

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from shardmill.schemas.errors import ConfigError
from shardmill.transforms.features.registry import parse_features
from tests.support.kinds import run, schema_of

S = schema_of(text="bytes")
TEXTS: list[str | None] = ["Ab\N{LATIN CAPITAL LETTER A WITH DIAERESIS}b", None, "\N{GRINNING FACE}\nb"]


def ids(folder: Path, **parameters: Any) -> Any:
    """The output of the kind."""
    return run({"x": {"kind": "characters", "column": "text", **parameters}}, S, {"text": TEXTS}, folder)["x"]


def test_the_analysis_finds_the_alphabet(tmp_path: Path) -> None:
    """It is in the order of a vocabulary; a line end can't be in one, so it is unknown."""
    found = ids(tmp_path)
    alphabet = (tmp_path / "assets" / "x").read_text().split("\n")[:-1]
    assert alphabet == ["b", "\N{GRINNING FACE}", "\N{LATIN CAPITAL LETTER A WITH DIAERESIS}", "A"]
    assert found == [[5, 2, 4, 2], [], [3, 1, 2]]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"alphabet": "b\nA"}, [[4, 2, 1, 2], [], [1, 3, 2]]),
        ({"alphabet": "\N{LATIN SMALL LETTER A WITH DIAERESIS}a", "lower": True}, [[3, 1, 2, 1], [], [1, 1, 1]]),
        ({"alphabet": "\N{GRINNING FACE}b", "max_characters": 2}, [[1, 3], [0, 0], [2, 1]]),
        ({"alphabet": "b", "missing": "bb"}, [[1, 2, 1, 2], [2, 2], [1, 1, 2]]),
    ],
)
def test_a_given_alphabet(parameters: dict[str, Any], expected: list[list[int]], tmp_path: Path) -> None:
    """It may have any character, in the order of the ids."""
    found = ids(tmp_path, **parameters)
    assert (found if isinstance(found, list) else found.tolist()) == expected


@pytest.mark.parametrize(("size", "shift"), [(2, 1), (3, 2), (1, 5), (9, 1)])
def test_windows_are_those_of_tf_data(size: int, shift: int, tmp_path: Path) -> None:
    """One after the other in a row, whole ones only."""
    texts = ["abcdefg", "", "ab", "abc"]
    table = {"x": {"kind": "characters", "column": "text", "alphabet": "abcdefg", "window": size, "shift": shift}}
    found = run(table, S, {"text": texts}, tmp_path)["x"]
    for text, row in zip(texts, found, strict=True):
        numbers = tf.data.Dataset.from_tensor_slices([2 + "abcdefg".index(each) for each in text])
        windows = numbers.window(size, shift, drop_remainder=True).flat_map(lambda each, n=size: each.batch(n))
        assert row == [number for window in windows.as_numpy_iterator() for number in window.tolist()]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"alphabet": ""}, "expected `alphabet` to be characters, all different, received ''"),
        ({"alphabet": "aba"}, "expected `alphabet` to be characters, all different, received 'aba'"),
        (
            {"alphabet": "ab", "top_k": 3},
            "expected `alphabet` or `top_k` (a vocabulary), received both; remove one of them",
        ),
        ({"max_characters": 0}, "expected `max_characters` to be at least 1, received 0"),
        ({"window": 0}, "expected `window` to be at least 1, received 0"),
        ({"shift": 0}, "expected `shift` to be at least 1, received 0"),
        (
            {"max_characters": 9, "window": 3},
            "expected `max_characters` or `window`, received both; remove one of them",
        ),
    ],
)
def test_parameters_that_do_not_fit(parameters: dict[str, Any], message: str) -> None:
    """The message names the parameter."""
    with pytest.raises(ConfigError) as caught:
        parse_features({"x": {"kind": "characters", "column": "text", **parameters}}, S)
    assert str(caught.value) == f"[features] x: {message}"
