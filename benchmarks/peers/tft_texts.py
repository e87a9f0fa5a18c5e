"""TF Transform's documented pipeline, for a bag of words.

python -m benchmarks.peers.tft_texts INPUT SCHEMA OUTPUT
"""

import sys
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft
from apache_beam.options.pipeline_options import PipelineOptions

from benchmarks.tft_pipeline import run

TOKENS = 10_000


def preprocessing_fn(inputs: dict[str, Any]) -> dict[str, Any]:
    """What `benchmarks/texts.py` configures: the words of reviews, each with its count."""
    text = tf.reshape(inputs["review"], [-1])
    text = tf.strings.regex_replace(text, r"</?[A-Za-z][^<>]*>|<!--[\s\S]*?-->", " ")
    text = tf.strings.lower(text, encoding="utf-8")
    text = tf.strings.regex_replace(text, r"[!\"#$%&()\*\+,-\./:;<=>?@\[\\\]^_`{|}~\']", "")
    ids = tft.compute_and_apply_vocabulary(tf.compat.v1.string_split(text), top_k=TOKENS)
    counted = tf.sparse.bincount(tf.sparse.retain(ids, ids.values >= 0), axis=-1, minlength=TOKENS, maxlength=TOKENS)
    rows, numbers = counted.indices[:, 0], tf.cast(counted.values, tf.float32)
    size = tf.shape(text, tf.int64)[0]
    return {
        "ids": tf.RaggedTensor.from_value_rowids(counted.indices[:, 1], rows, size).to_sparse(),
        "counts": tf.RaggedTensor.from_value_rowids(numbers, rows, size).to_sparse(),
        "sentiment": tft.compute_and_apply_vocabulary(inputs["sentiment"]),
    }


if __name__ == "__main__":
    run(*sys.argv[1:], PipelineOptions([]), preprocessing_fn)
