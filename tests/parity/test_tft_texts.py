"""TF Transform as the oracle of texts: `tft.bag_of_words`, `tft.tfidf`, and a vocabulary of split texts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

from tests.parity.oracle import run_ours, run_tf_transform

tft = pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")

TEXTS = ["the cat the dog", "", "a dog a dog a dog a cat", "zebra", "the end of the cat of a dog"] * 3 + ["only once"]
WIDE = 20


def _theirs(inputs: Mapping[str, Any]) -> dict[str, Any]:
    words = tf.compat.v1.string_split(inputs["text"])
    ids = tft.compute_and_apply_vocabulary(words, vocab_filename="words")
    pairs = tft.bag_of_words(words, (1, 2), " ")
    found = {"pairs": tft.compute_and_apply_vocabulary(pairs, vocab_filename="pairs")}
    for name, smooth in (("smooth", True), ("raw", False)):
        index, weight = tft.tfidf(ids, tft.get_num_buckets_for_transformed_feature(ids), smooth=smooth)
        shape = [tf.size(inputs["text"]), WIDE]
        found[f"{name}_ids"] = tf.reshape(_dense(index, shape, np.int64(-1)), [-1, WIDE])
        found[f"{name}_weights"] = tf.reshape(_dense(weight, shape, np.float32(0)), [-1, WIDE])
    found["pairs"] = tf.reshape(_dense(found["pairs"], [tf.size(inputs["text"]), WIDE], np.int64(-1)), [-1, WIDE])
    return found


def _dense(value: Any, shape: list[Any], filling: Any) -> Any:
    return tf.sparse.to_dense(tf.sparse.reset_shape(value, shape), filling, validate_indices=False)


def _lists(values: pa.Array) -> np.ndarray:
    return np.array(values.to_pylist())


def test_bags_and_weights_are_tf_transforms(tmp_path: Path) -> None:
    """By token: the order of `tf_idf`'s vocabulary is ours."""
    columns = {"text": pa.array(TEXTS)}
    theirs = run_tf_transform(columns, _theirs, ["words", "pairs"])
    features = {
        "smooth": {"kind": "tf_idf", "column": "text"},
        "raw": {"kind": "tf_idf", "column": "text", "smooth": False},
        "pairs": {"kind": "bag_of_words", "column": "text", "ngrams": [1, 2], "binary": True},
    }
    ours = run_ours(columns, features, tmp_path)
    tokens = theirs.vocabularies["words"].split(b"\n")[:-1]
    for name in ("smooth", "raw"):
        own = ours.vocabularies[name].split(b"\n")[:-1]
        assert sorted(own) == sorted(tokens)
        expected = np.zeros((len(TEXTS), len(own)), np.float32)
        ids, weights = (_lists(theirs.outputs[f"{name}_{part}"]) for part in ("ids", "weights"))
        for row, position in np.argwhere(ids >= 0):
            expected[row, own.index(tokens[ids[row, position]])] = weights[row, position]
        np.testing.assert_allclose(ours.outputs[name], expected, rtol=3e-7)
    tokens, own = (each.vocabularies["pairs"].split(b"\n")[:-1] for each in (theirs, ours))
    assert sorted(own) == sorted(tokens)
    for row, found in enumerate(_lists(theirs.outputs["pairs"])):
        expected_tokens = {tokens[each] for each in found if each >= 0}
        assert {own[each] for each in np.flatnonzero(ours.outputs["pairs"][row])} == expected_tokens
