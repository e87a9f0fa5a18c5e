"""The benchmark's features as a TF Transform function: what `bench.toml` declares.

TF Transform's documented pipeline runs it, and so does shardmill by `function.toml`.
"""

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

# Strings of this name are hashed, not looked up.
_TEXT = "review"
_BUCKETS = 1000


def preprocessing_fn(inputs: dict[str, Any]) -> dict[str, Any]:
    """Scales floats to z-scores, gives strings ids, hashes texts, passes the label."""
    outputs = {}
    for name, column in inputs.items():
        if column.dtype == tf.float32:
            outputs[name] = tft.scale_to_z_score(column)
        elif name == _TEXT:
            outputs[name] = tft.hash_strings(column, _BUCKETS)
        elif column.dtype == tf.string:
            outputs[name] = tft.compute_and_apply_vocabulary(column, num_oov_buckets=1, vocab_filename=name)
        else:
            outputs[name] = column
    return outputs
