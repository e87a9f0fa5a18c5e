"""A function of little work, for tests that run it often."""

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft


def preprocess(inputs: dict[str, Any]) -> dict[str, Any]:
    """One output of each phase and form; `count` is meant for a label."""
    bucket = tft.bucketize(inputs["dense"], num_buckets=5)
    return {
        "dense": tft.scale_to_z_score(inputs["dense"]),
        "log": tf.math.log1p(tf.abs(inputs["dense"])),
        "bucket": tft.compute_and_apply_vocabulary(tf.strings.as_string(bucket), vocab_filename="buckets"),
        "city": tft.compute_and_apply_vocabulary(inputs["city"], num_oov_buckets=1, vocab_filename="city"),
        "words": tf.strings.split(inputs["text"]).to_sparse(),
        "count": inputs["count"],
    }


def least(inputs: dict[str, Any]) -> dict[str, Any]:
    """The same vocabulary's file name as above, of another column."""
    return {"color": tft.compute_and_apply_vocabulary(inputs["color"], vocab_filename="city")}
