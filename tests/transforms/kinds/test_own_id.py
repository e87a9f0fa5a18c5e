"""The id of missing cells, apart from those of unknown and rare tokens."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from shardmill.schemas.errors import ConfigError
from shardmill.transforms.features.registry import parse_features
from tests.support.kinds import run, schema_of

S = schema_of(s="bytes", t="bytes", i="int", f="float")
ROWS: dict[str, list[Any]] = {
    "s": ["b", "a", "b", "c", None, "a", "b"],
    "t": ["x", "x", "x", "x", "x", None, "b"],
    "i": [10, 9, 9, 10, 10, None, -3],
    "f": [0.5, 1.5, None, 2.5, 3.5, 4.5, 5.5],
}
# The last row has a token that the analysis hasn't seen.
SERVED = {"s": ["b", None, "zz"], "t": ["x", "b", None], "i": [9, None, 2**40], "f": [0.0, None, 9.0]}


def _outputs(tmp_path: Path, **table: Any) -> dict[str, np.ndarray]:
    made = {name: {"missing": "own_id", "column": "s", **each} for name, each in table.items()}
    for each in made.values():
        if "columns" in each:
            del each["column"]
    return run(made, S, ROWS, tmp_path, serve=SERVED)


def test_ids_of_a_vocabulary(tmp_path: Path) -> None:
    """Missing cells have the last id; tokens, OOV buckets and the default value keep theirs."""
    out = _outputs(
        tmp_path,
        plain={"kind": "vocabulary"},
        buckets={"kind": "vocabulary", "top_k": 1, "num_oov_buckets": 2},
        reserved={"kind": "vocabulary", "reserved_tokens": ["<unknown>"], "default_value": 0},
        both={"kind": "vocabulary", "columns": ["s", "t"]},
    )
    unknown = int(tf.strings.to_hash_bucket_fast("zz", 2)) + 1
    assert out["plain"].tolist() == [0, 3, -1]
    assert out["buckets"].tolist() == [0, 3, unknown]
    assert out["reserved"].tolist() == [1, 4, 0]
    # x 5, b 4, a 2, c 1
    assert out["both"].tolist() == [[1, 0], [4, 1], [-1, 4]]


def test_positions_of_vectors(tmp_path: Path) -> None:
    """Missing cells have the last position of a vector."""
    out = _outputs(
        tmp_path,
        one={"kind": "one_hot", "top_k": 1, "num_oov_buckets": 1},
        many={"kind": "multi_hot", "columns": ["s", "t"], "top_k": 1},
        split={"kind": "multi_hot", "delimiter": "|", "top_k": 1},
    )
    assert out["one"].tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
    # x is the one token; the second row misses `s`, the third `t`.
    assert out["many"].tolist() == [[1, 0], [0, 1], [0, 1]]
    assert out["split"].tolist() == [[1, 0], [0, 1], [0, 0]]


def test_hash_buckets(tmp_path: Path) -> None:
    """Missing cells come after the last hash bucket, also where features are computed together; as for a cross's."""
    out = _outputs(
        tmp_path,
        plain={"kind": "hash", "num_buckets": 5},
        keyed={"kind": "hash", "num_buckets": 7, "salt": "a"},
        cross={"kind": "cross", "columns": ["s", "t"], "num_buckets": 3},
        pairs={"kind": "cross", "columns": ["s", "t"], "num_oov_buckets": 1},
    )
    first, last = tf.strings.to_hash_bucket_fast(["b", "zz"], 5).numpy().tolist()
    assert out["plain"].tolist() == [first, 5, last]
    assert out["keyed"][1] == 7
    assert max(out["keyed"][[0, 2]]) < 7
    assert out["cross"].tolist() == [int(tf.strings.to_hash_bucket_fast("b_X_x", 3)), 3, 3]
    # b_X_x 2, a_X_x 1, b_X_b 1, c_X_x 1
    assert out["pairs"].tolist() == [0, 5, 5]


def test_buckets_of_numbers(tmp_path: Path) -> None:
    """Missing numbers come after the last bucket; large integers are still compared in int64."""
    out = _outputs(
        tmp_path,
        quantiles={"kind": "bucketize", "column": "f", "num_buckets": 2},
        edges={"kind": "buckets", "column": "f", "boundaries": [1, 2]},
        logs={"kind": "buckets", "column": "f", "boundaries": [0.1], "pre": ["log"]},
        whole={"kind": "buckets", "column": "i", "boundaries": [2**40, 2**40 + 1]},
    )
    assert out["quantiles"].tolist() == [0, 2, 1]
    assert out["edges"].tolist() == [0, 3, 2]
    assert out["logs"].tolist() == [0, 2, 1]
    assert out["whole"].tolist() == [0, 3, 1]


def test_ids_of_texts(tmp_path: Path) -> None:
    """A missing text has one id, the last one, between those of start and end if there are any; an empty one has none."""
    table = {
        "words": {"kind": "tokens"},
        "padded": {"kind": "tokens", "max_tokens": 3, "start_end": True, "num_oov_buckets": 1},
        "hashed": {"kind": "tokens", "num_buckets": 10},
        "letters": {"kind": "characters"},
        "given": {"kind": "characters", "alphabet": "ab ", "max_characters": 2},
    }
    made = {name: {"column": "t", "missing": "own_id", **each} for name, each in table.items()}
    out = run(made, schema_of(t="bytes"), {"t": ["b b a", None]}, tmp_path, serve={"t": ["b b a", None, " ", "zz"]})
    assert out["words"] == [[2, 2, 3], [4], [], [1]]
    assert out["padded"].tolist() == [[2, 4, 3], [2, 7, 3], [2, 3, 0], [2, 6, 3]]
    assert out["hashed"][1:3] == [[12], []]
    # " " and "b" are there twice, and "b" is the greater one.
    assert out["letters"] == [[2, 3, 2, 3, 4], [5], [3], [1, 1]]
    assert out["given"].tolist() == [[3, 4], [5, 0], [4, 0], [1, 1]]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {"kind": "vocabulary", "default_value": 1},
            r"expected `default_value` less than 1, received 1: it may be the id of missing cells",
        ),
        (
            {"kind": "z_score", "column": "f"},
            'expected `missing` to be a number or one of "mean", "median", "mode", "reject"',
        ),
        (
            {"kind": "string"},
            'expected `missing` to be a token or "mode" or "reject" for `string`, received \'own_id\'',
        ),
        (
            {"kind": "bag_of_words"},
            "a token or \"reject\" for `bag_of_words`, received 'own_id'; `indicator = true` says",
        ),
        (
            {"kind": "ordinal", "order": ["a", "b"]},
            'expected `missing` to be an integer, "mode", "reject" or one of `order`',
        ),
    ],
)
def test_refusals(table: dict[str, object], message: str) -> None:
    """Kinds without ids of tokens have none for missing cells, and unknown tokens must have another."""
    with pytest.raises(ConfigError, match=message):
        parse_features({"x": {"column": "s", "missing": "own_id", **table}}, S)
