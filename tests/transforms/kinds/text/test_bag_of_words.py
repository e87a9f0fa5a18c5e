"""Bags of words, and TF-IDF: what they count, against Keras and NumPy."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from shardmill.schemas.errors import ConfigError
from shardmill.transforms.features.registry import parse_features
from tests.support.kinds import run, schema_of

S = schema_of(text="bytes")
TEXTS = ["b a b", None, "c b", "c c c d", ""]
PLAIN = [text or "" for text in TEXTS]


def bags(folder: Path, texts: list[str | None] = TEXTS, kind: str = "bag_of_words", **parameters: Any) -> np.ndarray:
    """The outputs of the kind, dense and sparse, which are the same."""
    table = {
        name: {"kind": kind, "column": "text", "sparse": name == "sparse", **parameters} for name in ("x", "sparse")
    }
    found = run(table, S, {"text": texts}, folder)
    assert np.array_equal(found["x"], found["sparse"])
    dense: np.ndarray = found["x"]
    return dense


@pytest.mark.parametrize(("mode", "binary"), [("count", False), ("multi_hot", True)])
@pytest.mark.parametrize("top_k", [None, 2])
def test_counts_are_those_of_keras(mode: str, binary: bool, top_k: int | None, tmp_path: Path) -> None:
    """Without its column of unknown tokens."""
    layer = keras.layers.TextVectorization(
        standardize=None, output_mode=mode, max_tokens=None if top_k is None else top_k + 1
    )
    layer.adapt(tf.constant(PLAIN))
    parameters = {} if top_k is None else {"top_k": top_k}
    found = bags(tmp_path, binary=binary, **parameters)
    assert np.array_equal(found, layer(tf.constant(PLAIN)).numpy()[:, 1:])


def test_buckets_of_unknown_tokens_come_last(tmp_path: Path) -> None:
    """OOV buckets count the tokens that aren't in the vocabulary; hash buckets count all."""
    (tmp_path / "hash").mkdir()
    assert bags(tmp_path, top_k=1, num_oov_buckets=1).tolist() == [[0, 3], [0, 0], [1, 1], [3, 1], [0, 0]]
    found = bags(tmp_path / "hash", num_buckets=5)
    assert found.sum(axis=1).tolist() == [3, 0, 2, 4, 0]


@pytest.mark.parametrize("smooth", [True, False])
def test_tf_idf(smooth: bool, tmp_path: Path) -> None:
    """A token's share of all tokens of the row, times 1 + log of the share of rows with it, inverted."""
    found = bags(tmp_path, kind="tf_idf", smooth=smooth, top_k=3)
    # By rows: c and b in two each, then d in one, as a.
    assert (tmp_path / "assets" / "x").read_text() == "c\nb\nd\n"
    rarity = 1 + np.log((5 + smooth) / (np.array([2, 2, 1]) + smooth))
    shares = np.array([[0, 2 / 3, 0], [0, 0, 0], [1 / 2, 1 / 2, 0], [3 / 4, 0, 1 / 4], [0, 0, 0]])
    np.testing.assert_allclose(found, shares * rarity, rtol=1e-6)


def test_rows_with_a_token_are_counted(tmp_path: Path) -> None:
    """`frequency_threshold` of `tf_idf` is a number of rows."""
    bags(tmp_path, ["a a a", "b", "b"], kind="tf_idf", frequency_threshold=2)
    assert (tmp_path / "assets" / "x").read_text() == "b\n"


@pytest.mark.parametrize(
    ("key", "value"),
    [("file", "words.txt"), ("shared", "v"), ("num_buckets", 3), ("num_oov_buckets", 1), ("reserved_tokens", ["a"])],
)
def test_tf_idf_needs_counts(key: str, value: Any) -> None:
    """What has no number of rows is refused."""
    shown = tuple(value) if isinstance(value, list) else value
    with pytest.raises(ConfigError) as caught:
        parse_features({"x": {"kind": "tf_idf", "column": "text", key: value}}, S)
    assert str(caught.value) == (
        f"[features] x: expected a `tf_idf` without `{key}`, received {shown!r}; the rows that have each token must be counted"
    )
