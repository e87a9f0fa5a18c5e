"""Outputs of every form that TF Transform can give, and text."""

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft


def preprocess(inputs: dict[str, Any]) -> dict[str, Any]:
    """Bags of words, TF-IDF and n-grams; strings; vectors; sparse and ragged tensors."""
    text, dense, color = inputs["text"], inputs["dense"], inputs["color"]
    words = tf.strings.split(text).to_sparse()
    letters = tf.strings.unicode_split(text, "UTF-8")
    ids = tft.compute_and_apply_vocabulary(words, top_k=50, num_oov_buckets=1, vocab_filename="words")
    indices, weights = tft.tfidf(ids, vocab_size=51)
    return {
        "words": words,
        "ids": ids,
        "indices": indices,
        "weights": weights,
        "bag": tft.bag_of_words(words, (1, 2), " "),
        "ngrams": tft.ngrams(words, (1, 3), "-"),
        "deduplicated": tft.deduplicate_tensor_per_row(words),
        "word_count": tft.word_count(words),
        "upper": tf.strings.upper(color),
        "both": tf.stack([color, text], axis=1),
        "matrix": tf.reshape(tf.stack([dense, dense * 2, dense * 3, dense * 4], axis=1), [-1, 2, 2]),
        "column": tf.expand_dims(dense, 1),
        "sparse_city": inputs["city"],
        "city": tft.sparse_tensor_to_dense_with_shape(inputs["city"], [None, 1], default_value="nowhere"),
        "cube": _cube(dense),
        "wide_cube": tf.sparse.expand_dims(_cube(dense), 1),
        "letters": letters,
        "letters_of_words": tf.strings.unicode_split(tf.strings.split(text), "UTF-8"),
        "codes": tf.cast(tf.strings.unicode_decode(text, "UTF-8"), tf.int64),
        "pairs": _pairs(dense),
        "positive": tf.sparse.from_dense(tf.nn.relu(tf.stack([dense, -dense], axis=1))),
    }


def _cube(dense: Any) -> Any:
    """[batch, 2, 2] with the positive ones of two numbers on the diagonal."""
    return tf.sparse.from_dense(tf.linalg.diag(tf.nn.relu(tf.stack([dense, 1 - dense], axis=1))))


def _pairs(dense: Any) -> Any:
    """Ragged: for each row so many [2] as its number has, up to three."""
    lengths = tf.cast(tf.clip_by_value(dense, 0, 3), tf.int64)
    values = tf.repeat(tf.stack([dense, -dense], axis=1), lengths, axis=0)
    return tf.RaggedTensor.from_row_lengths(values, lengths)
