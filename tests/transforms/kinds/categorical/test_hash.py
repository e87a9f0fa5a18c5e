"""Kinds that hash tokens."""

import hashlib
from pathlib import Path

import pytest
import tensorflow as tf

from shardmill.schemas.errors import ConfigError
from shardmill.transforms.features.registry import parse_features
from tests.support.kinds import run, schema_of

tft = pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")

S = schema_of(s="bytes", t="bytes", i="int")
ROWS = {"s": ["b", "a", None, "ü"], "t": ["x", "b", "x", None], "i": [10, -9, None, 0]}


@pytest.mark.parametrize("key", [None, [1, 2**63 - 1]])
def test_hash(key: list[int] | None, tmp_path: Path) -> None:
    """A hash is that of `tft.hash_strings`; integers are hashed as decimal text, a missing cell as the empty token."""
    more = {} if key is None else {"key": key}
    out = run(
        {"s": {"kind": "hash", "num_buckets": 1000, **more}, "i": {"kind": "hash", "num_buckets": 1000, **more}},
        S,
        ROWS,
        tmp_path,
    )
    assert out["s"].tolist() == tft.hash_strings(tf.constant(["b", "a", "", "ü"]), 1000, key).numpy().tolist()
    assert out["i"].tolist() == tft.hash_strings(tf.constant(["10", "-9", "", "0"]), 1000, key).numpy().tolist()


def test_salt(tmp_path: Path) -> None:
    """A salt is a key: the first two words of 8 bytes of its SHA-256, without their highest bits."""
    digest = hashlib.sha256("größe".encode()).digest()
    key = [int.from_bytes(digest[at : at + 8], "little") & (2**63 - 1) for at in (0, 8)]
    salts = {"salted": {"salt": "größe"}, "keyed": {"key": key}, "other": {"salt": "b"}, "plain": {}}
    table = {name: {"kind": "hash", "column": "s", "num_buckets": 10**6, **more} for name, more in salts.items()}
    out = run(table, S, ROWS, tmp_path)
    assert out["salted"].tolist() == out["keyed"].tolist()
    assert len({tuple(out[name].tolist()) for name in ("salted", "other", "plain")}) == 3


def test_missing_token(tmp_path: Path) -> None:
    """A missing cell may be hashed as another token."""
    out = run({"s": {"kind": "hash", "num_buckets": 1000, "missing": "a"}}, S, ROWS, tmp_path)["s"]
    assert out[2] == out[1]


def test_cross_by_hash(tmp_path: Path) -> None:
    """A cross hashes its values joined; with one missing, the empty token."""
    out = run(
        {"c": {"kind": "cross", "columns": ["s", "t", "i"], "num_buckets": 1000, "indicator": True}}, S, ROWS, tmp_path
    )
    assert (
        out["c"].tolist() == tft.hash_strings(tf.constant(["b_X_x_X_10", "a_X_b_X_-9", "", ""]), 1000).numpy().tolist()
    )
    assert out["c_missing"].tolist() == [0, 0, 1, 1]


def test_cross_by_vocabulary(tmp_path: Path) -> None:
    """A cross has a vocabulary of combinations, of which none has a missing value."""
    rows = {"s": ["a", "b", "a", None, "b"], "t": ["x", "x", "x", "x", "y"], "i": [1] * 5}
    out = run({"c": {"kind": "cross", "columns": ["s", "t"]}}, S, rows, tmp_path)["c"]
    assert out.tolist() == [0, 2, 0, -1, 1]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"kind": "hash", "column": "s", "num_buckets": 0}, "expected `num_buckets` to be at least 1"),
        (
            {"kind": "hash", "column": "s", "num_buckets": 5, "key": [1, 2], "salt": "a"},
            "expected `key` or `salt`, of which a key is made, received both",
        ),
        (
            {"kind": "hash", "column": "s", "num_buckets": 5, "key": [1]},
            "expected `key` to be a list of 2, each an integer",
        ),
        ({"kind": "hash", "column": "s", "num_buckets": 5, "key": [1, 2**63]}, "expected `key` to be two integers"),
        ({"kind": "cross", "columns": ["s"]}, r"expected at least 2 columns for `cross`, received \['s'\]"),
        ({"kind": "cross", "columns": ["s", "t"], "num_buckets": 0}, "expected `num_buckets` to be at least 1"),
        (
            {"kind": "cross", "columns": ["s", "t"], "num_buckets": 5, "top_k": 3},
            r"`num_buckets` \(hash buckets\) or `top_k` \(a vocabulary\), received both",
        ),
        ({"kind": "cross", "columns": ["s", "t"], "shared": "v"}, "expected a cross without `shared`"),
    ],
)
def test_bad_parameters(table: dict[str, object], message: str) -> None:
    """Parameters that don't fit are refused."""
    with pytest.raises(ConfigError, match=message):
        parse_features({"c": table}, S)
