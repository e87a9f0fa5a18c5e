"""Film reviews: of each review the words that are frequent among all of them, and how much each says (TF-IDF)."""

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

WORDS = 20_000
DELIMITERS = r"[\s.,!?()/<>:;\"]+"


def preprocess(inputs: dict[str, Any]) -> dict[str, Any]:
    """From the columns of a batch of rows to features."""
    text = tf.strings.lower(tf.strings.regex_replace(inputs["review"], DELIMITERS, " "))
    words = tf.strings.split(text).to_sparse()
    # A word that isn't among the frequent ones gets the id WORDS.
    ids = tft.compute_and_apply_vocabulary(words, top_k=WORDS, default_value=WORDS, vocab_filename="words")
    # Both of varying length: a review's different words, and their weights.
    word_ids, weights = tft.tfidf(ids, WORDS + 1)
    return {
        "word_ids": word_ids,
        "weights": weights,
        "is_positive": tf.cast(inputs["sentiment"] == "positive", tf.int64),
    }
