"""Crosses of columns of numbers, which are put into buckets first."""

import math
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from shardmill.schemas.errors import ConfigError, DataError
from shardmill.transforms.features.registry import allowed_types, parse_features
from shardmill.transforms.kinds.base import NUMBERS, TOKENS
from tests.support.kinds import analyzed, batch_of, run, schema_of

S = schema_of(age="float", city="bytes", n="int")
ROWS = {
    "age": [17, 18, 64.5, 99, 18, None, 20, math.inf],
    "city": ["a", "a", "b", "b", "a", "a", None, "b"],
    "n": [1, 2, 3, 4, 5, 6, 7, None],
}


def _hashes(tokens: list[str], buckets: int) -> list[int]:
    return tf.strings.to_hash_bucket_fast(tokens, buckets).numpy().tolist()


def test_a_vocabulary_of_buckets(tmp_path: Path) -> None:
    """Its tokens have the bucket's index, counted and looked up alike; a row that misses a value has none."""
    table = {"c": {"kind": "cross", "columns": ["age", "city"], "boundaries": {"age": [18, 65]}}}
    kinds = parse_features(table, S)
    statistics = analyzed(kinds, S, batch_of(S, ROWS), tmp_path)
    assert Path(statistics.vocabularies["c"].path).read_text().split() == ["2_X_b", "1_X_a", "1_X_b", "0_X_a"]
    served = {**ROWS, "age": [64.9999, 65, -math.inf, math.nan, 18, None, 20, 17]}
    folder = tmp_path / "run"
    folder.mkdir()
    out = run(table, S, ROWS, folder)["c"]
    assert out.tolist() == [3, 1, 2, 0, 1, -1, -1, 0]
    folder = tmp_path / "served"
    folder.mkdir()
    assert run(table, S, ROWS, folder, serve=served)["c"].tolist() == [1, -1, -1, -1, 1, -1, -1, -1]


def test_hashes_of_buckets(tmp_path: Path) -> None:
    """Given boundaries and quantiles, of floats and integers; a missing number may have a text."""
    table = {
        "c": {"kind": "cross", "columns": ["age", "n"], "boundaries": {"age": [18, 65]}, "buckets": {"n": 2},
              "num_buckets": 1000},
        "d": {"kind": "cross", "columns": ["age", "city"], "boundaries": {"age": [18, 65]}, "missing": "?",
              "num_buckets": 1000},
    }  # fmt: skip
    out = run(table, S, ROWS, tmp_path)
    # The quantile boundary of the integers from 1 to 7 is 4.
    assert out["c"].tolist() == _hashes(["0_X_0", "1_X_0", "1_X_0", "2_X_1", "1_X_1", "", "1_X_1", ""], 1000)
    expected = ["0_X_a", "1_X_a", "1_X_b", "2_X_b", "1_X_a", "?_X_a", "1_X_?", "2_X_b"]
    assert out["d"].tolist() == _hashes(expected, 1000)


def test_the_analysis_and_the_graph_agree_on_buckets(tmp_path: Path) -> None:
    """Every row's combination is in the vocabulary, for numbers next to the boundaries too, and large integers."""
    edges = np.array([0.1, 16777217, 2**60 + 2**36], np.float64)
    near = [np.nextafter(np.float32(edge), np.float32(side)) for edge in edges for side in (-np.inf, np.inf)]
    ages = [*near, *edges.astype(np.float32), -0.0, 1e-45]
    numbers = [16777216, 16777217, 16777218, 2**60 + 2**36 - 1, 2**60 + 2**36, 2**60 + 2**36 + 1, 0, 1, -1, 2, 3]
    rows = {"age": ages, "city": ["a"] * len(ages), "n": numbers}
    boundaries = {"age": edges.tolist(), "n": [1, 16777217, 2**60 + 2**36]}
    table = {"c": {"kind": "cross", "columns": ["age", "n"], "boundaries": boundaries}}
    assert run(table, S, rows, tmp_path)["c"].min() >= 0


def test_columns_of_buckets_are_numbers() -> None:
    """The others are of tokens."""
    table = {"c": {"kind": "cross", "columns": ["age", "city"], "boundaries": {"age": [18]}}}
    assert allowed_types(table) == {"age": NUMBERS, "city": TOKENS}
    with pytest.raises(ConfigError, match="expected a column of type FLOAT or INT for `cross`, received column 'city'"):
        parse_features({"c": {"kind": "cross", "columns": ["n", "city"], "boundaries": {"city": [18]}}}, S)


def test_no_quantiles(tmp_path: Path) -> None:
    """A column without a number has no quantile buckets; the message says so."""
    (kind,) = parse_features(
        {"c": {"kind": "cross", "columns": ["age", "n"], "buckets": {"age": 2}, "num_buckets": 9}}, S
    )
    statistics = analyzed([kind], S, batch_of(S, {"age": [None], "city": ["a"], "n": [1]}), tmp_path)
    with pytest.raises(DataError, match=r"column 'age' has no finite value in the 1 rows .* no quantile buckets"):
        kind.outputs(S, statistics)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"boundaries": {"ages": [18]}}, r"expected `boundaries` of its own columns \(age, city\), received 'ages'; did you"),
        ({"boundaries": {"age": [18, 18]}}, "ascending numbers of each column, different in float32, received .* of 'age'"),
        ({"boundaries": {"age": 18}}, "expected `boundaries` to be a table, each value a list, each a number"),
        ({"boundaries": [18]}, "expected `boundaries` to be a table"),
        ({"buckets": {"age": 0}, "num_buckets": 5}, "expected `buckets` to be at least 1 of each column, received 0 of 'age'"),
        ({"buckets": {"age": 2}}, "expected `num_buckets` with `buckets`: a vocabulary .* can't be counted before"),
        ({"buckets": {"age": 2}, "boundaries": {"age": [1]}, "num_buckets": 5}, "received both of 'age'"),
    ],
)  # fmt: skip
def test_bad_parameters(table: dict[str, object], message: str) -> None:
    """Parameters that don't fit are refused."""
    with pytest.raises(ConfigError, match=message):
        parse_features({"c": {"kind": "cross", "columns": ["age", "city"], **table}}, S)
