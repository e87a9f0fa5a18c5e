"""Kinds that put a number into a bucket."""

import math
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from shardmill.schemas.errors import ConfigError
from shardmill.transforms.features.registry import parse_features
from tests.support.kinds import run, schema_of

tft = pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")

F = schema_of(x="float")
INTEGERS = schema_of(x="int")
EDGES = [2.0, 5.0, 10.0]
VALUES = [4.0, math.nan, 1.0, -math.inf, 7.5, 10.0, 2.0, 5.0, math.inf, -0.0, 1.9999999]


def test_buckets_are_those_of_tf_transform(tmp_path: Path) -> None:
    """Ties go up, NaN and what is missing into the last bucket, as `tft.apply_buckets` has it."""
    expected = tft.apply_buckets(tf.constant(VALUES), tf.constant([EDGES])).numpy()
    out = run({"x": {"kind": "buckets", "boundaries": EDGES}}, F, {"x": VALUES}, tmp_path)["x"]
    assert out.tolist() == expected.tolist()


def test_buckets_of_large_integers(tmp_path: Path) -> None:
    """Integers are compared as integers; a missing one is in the last bucket."""
    edges = [2**53, 2**53 + 1]
    values = [2**53 - 1, 2**53, 2**53 + 1, None, -(2**62)]
    out = run({"x": {"kind": "buckets", "boundaries": edges}}, INTEGERS, {"x": values}, tmp_path)["x"]
    assert out.tolist() == [0, 1, 2, 2, 0]


def test_buckets_of_integers_with_a_rule(tmp_path: Path) -> None:
    """A rule says which bucket a missing integer is in."""
    assert run(
        {"x": {"kind": "buckets", "boundaries": [1, 5], "missing": 0}}, INTEGERS, {"x": [0, 1, 5, None]}, tmp_path
    )["x"].tolist() == [0, 1, 2, 0]


@pytest.mark.parametrize("num_buckets", [1, 2, 4, 10])
def test_bucketize(num_buckets: int, tmp_path: Path) -> None:
    """Each bucket gets its share of distinct values."""
    values = np.random.default_rng(0).permutation(1000).astype(np.float32)
    out = run({"x": {"kind": "bucketize", "num_buckets": num_buckets}}, F, {"x": values.tolist()}, tmp_path)["x"]
    assert np.bincount(out).tolist() == [1000 // num_buckets] * num_buckets


def test_bucketize_few_values(tmp_path: Path) -> None:
    """Where values repeat some buckets are empty, and the missing are in the last one of all."""
    out = run({"x": {"kind": "bucketize", "num_buckets": 4}}, INTEGERS, {"x": [1, 1, 1, 1, 2, None]}, tmp_path)["x"]
    assert out.tolist() == [3, 3, 3, 3, 3, 3]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"kind": "bucketize", "num_buckets": 0}, "expected `num_buckets` to be at least 1"),
        ({"kind": "bucketize", "num_buckets": 2.5}, "expected `num_buckets` to be an integer, received 2.5"),
        ({"kind": "bucketize", "num_buckets": True}, "expected `num_buckets` to be an integer"),
        ({"kind": "bucketize"}, "`bucketize` needs `num_buckets`: an integer"),
        ({"kind": "buckets", "boundaries": [2, 1]}, "expected `boundaries` to be one or more ascending numbers"),
        ({"kind": "buckets", "boundaries": [1.0, 1.0]}, "different in float32"),
        ({"kind": "buckets", "boundaries": []}, "one or more"),
        ({"kind": "buckets", "boundaries": ["a"]}, "expected `boundaries` to be a list, each a number"),
        ({"kind": "buckets", "boundaries": [math.nan]}, "expected `boundaries` to be a list, each a number"),
    ],
)
def test_bad_parameters(table: dict[str, object], message: str) -> None:
    """Parameters that don't fit are refused."""
    with pytest.raises(ConfigError, match=message):
        parse_features({"x": table}, F)
