"""Tokens as how often they are seen, against pandas' counts."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from shardmill.schemas.errors import ConfigError
from shardmill.transforms.features.registry import parse_features
from tests.support.kinds import run, schema_of

S = schema_of(s="bytes", t="bytes", i="int")
ROWS: dict[str, list[Any]] = {
    "s": ["b", "é", "b", "c", None, "é", "b"],
    "t": ["x", "b", "x", "x", "x", "a", None],
    "i": [10, 9, 9, 10, 10, None, -3],
}


def test_counts_are_those_of_pandas(tmp_path: Path) -> None:
    """So are frequencies, which are shares of the present cells; a missing cell and a token not seen have 0."""
    served = {"s": ["b", "é", None, "zz"], "t": ["x"] * 4, "i": [10, -3, None, 77]}
    table = {
        f"{column}_{kind}": {"kind": kind, "column": column} for column in ("s", "i") for kind in ("count", "frequency")
    }
    out = run(table, S, ROWS, tmp_path, serve=served)
    for column in ("s", "i"):
        cells = pd.Series(served[column], dtype=object)
        for kind, normalize in (("count", False), ("frequency", True)):
            expected = cells.map(pd.Series(ROWS[column], dtype=object).value_counts(normalize=normalize)).fillna(0)
            assert np.array_equal(out[f"{column}_{kind}"], expected.to_numpy(out[f"{column}_{kind}"].dtype))


def test_rare_tokens_count_as_not_seen(tmp_path: Path) -> None:
    """Those that `top_k` or `frequency_threshold` leave out have 0; shares are still of all tokens."""
    table = {
        "first": {"kind": "frequency", "column": "s", "top_k": 1},
        "often": {"kind": "count", "column": "s", "frequency_threshold": 2, "missing": "é"},
        "mode": {"kind": "count", "column": "s", "missing": "mode"},
    }
    out = run(table, S, ROWS, tmp_path)
    assert out["first"].tolist() == [0.5, 0, 0.5, 0, 0, 0, 0.5]
    assert out["often"].tolist() == [3, 2, 3, 0, 2, 2, 3]
    assert out["mode"].tolist() == [3, 2, 3, 1, 3, 2, 3]


def test_a_shared_vocabulary_counts_all_its_columns(tmp_path: Path) -> None:
    """A reserved token that isn't seen has 0."""
    shared = {"shared": "letters", "reserved_tokens": ["none", "b"], "missing": "none"}
    table = {name: {"kind": kind, **shared} for name, kind in (("s", "vocabulary"), ("t", "count"))}
    out = run(table, S, ROWS, tmp_path)
    # x 4, b 4, é 2, c 1, a 1
    assert out["t"].tolist() == [4, 4, 4, 4, 4, 1, 0]
    assert out["s"].tolist() == [1, 3, 1, 4, 0, 3, 1]


def test_a_column_without_a_token_has_no_shares(tmp_path: Path) -> None:
    """Where all cells are missing, a reserved token's share is 0, not 0 / 0."""
    table = {"s": {"kind": "frequency", "reserved_tokens": ["none"]}}
    out = run(table, schema_of(s="bytes"), {"s": [None] * 7}, tmp_path, serve={"s": ["none", "b", None]})
    assert out["s"].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"num_oov_buckets": 1}, "expected a `count` without `num_oov_buckets`, received 1; tokens must be counted"),
        ({"file": "x"}, "expected a `count` without `file`, received 'x'; tokens must be counted"),
        ({"missing": "own_id"}, 'expected `missing` to be a token or "mode" or "reject" for `count`'),
        ({"default_value": 3}, r"`count` has no parameter `default_value`; it has (?!.*`file`)"),
    ],
)
def test_bad_parameters(parameters: dict[str, object], message: str) -> None:
    """Parameters that don't fit are refused."""
    with pytest.raises(ConfigError, match=message):
        parse_features({"s": {"kind": "count", **parameters}}, S)
