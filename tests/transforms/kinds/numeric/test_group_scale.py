"""Numbers scaled by key."""

import math
from pathlib import Path

import numpy as np
import pytest

from shardmill.schemas.errors import ConfigError
from shardmill.transforms.features.registry import allowed_types, parse_features
from shardmill.transforms.kinds.base import NUMBERS, TOKENS
from tests.support.kinds import run, schema_of

S = schema_of(x="float", n="int", k="bytes", i="int")


def _rows(count: int) -> dict[str, list[object]]:
    random = np.random.default_rng(0)
    keys = random.choice(["a", "b", "größe", None], count)
    x = random.normal(3, 7, count).astype(np.float32)
    numbers, codes = random.integers(-50, 50, count), random.integers(0, 3, count)
    return {"x": x.tolist(), "n": numbers.tolist(), "k": keys.tolist(), "i": codes.tolist()}


def test_scores_are_pandas(tmp_path: Path) -> None:
    """The formula of `z_score` on the rows of each key, to the bit; rows without a key are a group; integers are keys."""
    rows = _rows(500)
    table = {
        "x": {"kind": "group_z_score", "key": "k"},
        "by_number": {"kind": "group_z_score", "column": "n", "key": "i", "pre": ["abs"]},
    }
    out = run(table, S, rows, tmp_path)
    for name, values, keys in (("x", rows["x"], rows["k"]), ("by_number", np.abs(rows["n"]), rows["i"])):
        numbers, groups = np.array(values, np.float32), np.array([str(key) for key in keys])
        for key in np.unique(groups):
            each = numbers[groups == key]
            wide = each.astype(np.float64)
            expected = (each - np.float32(wide.mean())) / np.sqrt(np.float32(wide.var()))
            assert out[name][groups == key].tobytes() == expected.tobytes()


def test_unseen_keys_and_missing_values(tmp_path: Path) -> None:
    """Unseen keys are scaled by all rows, or left; a missing number is its key's mean; a constant becomes 0."""
    rows = {"x": [1.0, 3, 5, 5, None, math.inf], "k": ["a", "a", "b", "b", "a", "b"], "n": [0] * 6, "i": [0] * 6}
    table = {
        "overall": {"kind": "group_z_score", "column": "x", "key": "k", "indicator": True},
        "unscaled": {"kind": "group_z_score", "column": "x", "key": "k", "unseen": "unscaled"},
        "filled": {"kind": "group_z_score", "column": "x", "key": "k", "missing": 1},
    }
    served = {"x": [1.0, 5, 7, 7, None, None], "k": ["a", "b", "b", "c", "a", None], "n": [0] * 6, "i": [0] * 6}
    out = run(table, S, rows, tmp_path, serve=served)
    far = (7 - 3.5) / math.sqrt(2.75)
    np.testing.assert_allclose(out["overall"], [-1, 0, 2, far, 0, 0], rtol=1e-6)
    assert out["overall_missing"].tolist() == [0, 0, 0, 0, 1, 1]
    assert out["unscaled"].tolist() == [-1, 0, 2, 7, 0, 0]
    np.testing.assert_allclose(out["filled"], [-1, 0, 2, far, -1, (1 - 3.5) / math.sqrt(2.75)], rtol=1e-6)


def test_a_key_is_of_tokens() -> None:
    """The number's column is of numbers, the key's of tokens; patterns leave the key alone."""
    table = {"*": {"kind": "group_z_score", "key": "k"}}
    kinds = parse_features(table, S)
    assert [kind.columns for kind in kinds] == [("x", "k"), ("n", "k"), ("i", "k")]
    assert allowed_types(table, S.names) == {"x": NUMBERS, "n": NUMBERS, "i": NUMBERS, "k": TOKENS}
    (rejecting,) = parse_features({"x": {"kind": "group_z_score", "key": "k", "missing": "reject"}}, S)
    assert rejecting.required_columns(S) == ("x",)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "`group_z_score` needs `key`: a string"),
        ({"key": "x"}, "expected `key` to be another column than 'x'"),
        ({"key": "y"}, "there is no column 'y'"),
        ({"key": "k", "columns": ["x", "n"]}, "expected one `column`, and a `key`, received columns"),
        ({"key": "k", "column": "k2", "unseen": "mean"}, "there is no column 'k2'"),
        ({"key": "k", "unseen": "mean"}, 'expected `unseen` to be "overall" or "unscaled", received \'mean\''),
        ({"key": "k", "missing": "median"}, 'expected `missing` to be a number or one of "mean", "reject"'),
    ],
)
def test_bad_parameters(table: dict[str, object], message: str) -> None:
    """Parameters that don't fit are refused."""
    with pytest.raises(ConfigError, match=message):
        parse_features({"x": {"kind": "group_z_score", **table}}, S)


def test_a_key_of_fractions() -> None:
    """They are no tokens."""
    table = {"n": {"kind": "group_z_score", "key": "x"}}
    with pytest.raises(
        ConfigError, match="expected a column of type BYTES or INT for `group_z_score`, received column 'x'"
    ):
        parse_features(table, S)
