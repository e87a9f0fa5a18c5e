"""TF Transform as the oracle of vocabularies in the order of mutual information with a label."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

from shardmill.transforms.distributions.mutual_information import recommended_difference
from tests.parity.oracle import run_ours, run_tf_transform

tft = pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")


def _columns() -> dict[str, pa.Array]:
    random = np.random.default_rng(3)
    labels = random.integers(0, 3, 4000)
    # Tokens that tell of a label, rare ones that tell it alone, tokens that tell nothing, empty ones, and one of all rows.
    tokens = random.integers(0, 60, 4000) + np.where(random.random(4000) < 0.4, 100 * (labels + 1), 0)
    texts = [f"t{token}" if token % 13 else "" for token in tokens]
    sentences = [
        " ".join(["all", text, *(f"w{label * 7 + word}" for word in random.integers(0, 30, 3))])
        for text, label in zip(texts, labels, strict=True)
    ]
    return {
        "token": pa.array(texts),
        "text": pa.array(sentences),
        "binary": pa.array((labels > 0).astype(np.int64)),
        "several": pa.array(labels.astype(np.int64)),
    }


def _words(texts: Any) -> Any:
    """The set of each row's words, as TF Transform wants them with labels."""
    pieces = tf.compat.v1.string_split(texts)
    rows = tf.as_string(pieces.indices[:, 0])
    pairs, _ = tf.unique(tf.strings.join([rows, pieces.values], "\t"))
    parts = tf.reshape(tf.sparse.to_dense(tf.compat.v1.string_split(pairs, "\t"), b""), [-1, 2])
    indices = tf.stack(
        [tf.strings.to_number(parts[:, 0], tf.int64), tf.cast(tf.range(tf.shape(parts)[0]), tf.int64)], axis=1
    )
    return tf.SparseTensor(
        indices, parts[:, 1], tf.stack([pieces.dense_shape[0], tf.cast(tf.shape(parts)[0], tf.int64)])
    )


def test_tokens_are_in_tf_transforms_order(tmp_path: Path) -> None:
    """Of columns and of texts, for labels of two and of three classes, all of them or the first.

    Adjusted for chance, and with small differences from the average left out.
    """
    columns = _columns()

    def theirs(inputs: dict[str, Any]) -> dict[str, Any]:
        words = _words(inputs["text"])
        for name, tokens, label, top_k, adjusted, least in (
            ("two", inputs["token"], "binary", None, False, 0.0),
            ("three", inputs["token"], "several", None, False, 0.0),
            ("few", inputs["token"], "several", 9, False, 0.0),
            ("words", words, "several", 30, False, 0.0),
            ("adjusted", inputs["token"], "several", None, True, 0.0),
            ("adjusted_words", words, "binary", 40, True, 0.7),
            ("different", inputs["token"], "several", None, False, 4.3),
        ):
            tft.vocabulary(
                tokens,
                top_k=top_k,
                labels=inputs[label],
                vocab_filename=name,
                use_adjusted_mutual_info=adjusted,
                min_diff_from_avg=least,
            )
        return {"binary": inputs["binary"]}

    names = ["two", "three", "few", "words", "adjusted", "adjusted_words", "different"]
    expected = run_tf_transform(columns, theirs, names).vocabularies
    adjusted = {"rank_by": "adjusted_mutual_information"}
    ranked = {"rank_by": "mutual_information"}
    features = {
        "binary": "numeric",
        "two": {"kind": "vocabulary", "column": "token", "label": "binary", **ranked},
        "three": {"kind": "one_hot", "column": "token", "label": "several", **ranked},
        "few": {"kind": "vocabulary", "column": "token", "label": "several", "top_k": 9, **ranked},
        "words": {
            "kind": "bag_of_words",
            "column": "text",
            "delimiter": " ",
            "label": "several",
            "top_k": 30,
            **ranked,
        },
        "adjusted": {"kind": "vocabulary", "column": "token", "label": "several", **adjusted},
        "adjusted_words": {
            "kind": "bag_of_words",
            "column": "text",
            "delimiter": " ",
            "label": "binary",
            "top_k": 40,
            "min_diff_from_avg": 0.7,
            **adjusted,
        },
        "different": {"kind": "vocabulary", "column": "token", "label": "several", "min_diff_from_avg": 4.3, **ranked},
    }
    found = run_ours(columns, features, tmp_path).vocabularies
    assert {name: text.split() for name, text in found.items()} == {
        name: text.split() for name, text in expected.items()
    }


@pytest.mark.parametrize("rows", [0, 9_999, 10_000, 53_043, 53_044, 600_001, 10**6, 10**9])
def test_the_recommended_difference_is_tf_transforms(rows: int) -> None:
    """That of `min_diff_from_avg = "auto"`, which TF Transform takes where none is given."""
    assert recommended_difference(rows) == tft.analyzers.calculate_recommended_min_diff_from_avg(rows)
