"""Tokens in a given order."""

from pathlib import Path

import pytest
from sklearn.preprocessing import OrdinalEncoder

from shardmill.schemas.errors import ConfigError
from shardmill.transforms.features.registry import parse_features
from tests.support.kinds import run, schema_of

S = schema_of(s="bytes", i="int")
ORDER = ["low", "größer", "high"]


def test_positions_are_scikit_learns(tmp_path: Path) -> None:
    """Of tokens in the order given, and of others."""
    cells = ["high", "low", "größer", "none", "lo", "Low", "high"]
    encoder = OrdinalEncoder(categories=[ORDER], handle_unknown="use_encoded_value", unknown_value=-1)
    expected = encoder.fit([[ORDER[0]]]).transform([[cell] for cell in cells])[:, 0]
    out = run({"s": {"kind": "ordinal", "order": ORDER}}, S, {"s": cells, "i": [0] * len(cells)}, tmp_path)
    assert out["s"].tolist() == expected.tolist()


def test_other_tokens_and_missing_ones(tmp_path: Path) -> None:
    """Each have a number of their own if they are given one; a missing cell may be one of the tokens; integers are tokens."""
    table = {
        "same": {"kind": "ordinal", "column": "s", "order": ORDER, "default_value": 7, "indicator": True},
        "own": {"kind": "ordinal", "column": "s", "order": ORDER, "missing": -2},
        "filled": {"kind": "ordinal", "column": "s", "order": ORDER, "missing": "high"},
        "i": {"kind": "ordinal", "order": [30, -1, "2"], "missing": 0},
    }
    out = run(table, S, {"s": ["low", None, "other", "high"], "i": [2, 30, 5, None]}, tmp_path)
    assert out["same"].tolist() == [0, 7, 7, 2]
    assert out["same_missing"].tolist() == [0, 1, 0, 0]
    assert out["own"].tolist() == [0, -2, -1, 2]
    assert out["filled"].tolist() == [0, 2, -1, 2]
    assert out["i"].tolist() == [2, 0, -1, 0]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"order": []}, "expected `order` to have 1 to 1000 tokens, received 0"),
        ({"order": [str(each) for each in range(1001)]}, "received 1001; for more, use `vocabulary` with a `file`"),
        ({"order": ["a", "b", "a"]}, r"all different, received \['a', 'b', 'a'\]"),
        ({"order": ["a", ""]}, "expected `order` to be tokens that aren't empty"),
        ({"order": [True]}, "expected `order` to be a list, each an integer or a string"),
        ({"order": ["a"], "missing": "b"}, "expected `missing` to be an integer, \"mode\", \"reject\" or one of `order`, received 'b'"),
        ({}, "`ordinal` needs `order`: a list, each an integer or a string"),
    ],
)  # fmt: skip
def test_bad_parameters(table: dict[str, object], message: str) -> None:
    """Parameters that don't fit are refused."""
    with pytest.raises(ConfigError, match=message):
        parse_features({"s": {"kind": "ordinal", **table}}, S)
