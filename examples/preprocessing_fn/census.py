"""Census income: scaled numbers, one of them often missing; texts by their ids; the label by a table made in the function."""

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

NUMBERS = ("age", "capital_gain", "capital_loss", "hours_per_week")
TEXTS = ("workclass", "education", "marital_status", "occupation", "relationship", "race", "sex", "native_country")


def preprocess(inputs: dict[str, Any]) -> dict[str, Any]:
    """From the columns of a batch of rows to features."""
    features = {name: tft.scale_to_0_1(_dense(inputs[name], 0)) for name in NUMBERS}
    # In the vocabulary's last place is one id for all texts that it lacks.
    features |= {
        name: tft.compute_and_apply_vocabulary(_dense(inputs[name], "?"), num_oov_buckets=1, vocab_filename=name)
        for name in TEXTS
    }
    return features | {"income": _income(inputs["income"])}


def _dense(values: Any, missing: Any) -> Any:
    """A column in which a cell may be missing is a SparseTensor [batch, None]: here, one value a row."""
    if not isinstance(values, tf.SparseTensor):
        return values
    return tf.squeeze(tft.sparse_tensor_to_dense_with_shape(values, [None, 1], missing), axis=1)


def _income(text: Any) -> Any:
    """0 or 1. Of the two files, one ends the label with a full stop."""
    # Outside of the function that is being traced: the table is made once.
    with tf.init_scope():
        ids = tf.lookup.KeyValueTensorInitializer(["<=50K", ">50K"], tf.constant([0, 1], tf.int64))
        table = tf.lookup.StaticHashTable(ids, default_value=-1)
    return table.lookup(tf.strings.regex_replace(text, r"\.$", ""))
