"""Functions for `derive`."""

from typing import Any

import tensorflow as tf


def derive(inputs: dict[str, Any]) -> dict[str, Any]:
    """Numbers, texts and a label out of the raw columns; what is missing stays missing, as NaN, -2**63 or the empty text."""
    distance, minutes, delay = inputs["distance"], inputs["air_time"], inputs["arr_delay"]
    with tf.init_scope():
        airlines = tf.lookup.KeyValueTensorInitializer(["UA", "AA"], ["United", "American"])
        names = tf.lookup.StaticHashTable(airlines, default_value="")
    missing = tf.int64.min
    return {
        "speed": tf.cast(distance, tf.float32) / _number(minutes),
        "gained": tf.where((delay == missing) | (inputs["dep_delay"] == missing), missing, inputs["dep_delay"] - delay),
        "route": tf.strings.join([inputs["origin"], inputs["dest"]], "-"),
        "airline": names.lookup(inputs["carrier"]),
        "is_late": tf.where(delay == missing, missing, tf.cast(delay > 15, tf.int64)),
        "log_distance": tf.math.log(tf.cast(distance, tf.float32)),
    }


def _number(values: Any) -> Any:
    return tf.where(values == tf.int64.min, float("nan"), tf.cast(values, tf.float32))


def raw_name(inputs: dict[str, Any]) -> dict[str, Any]:
    """A raw column's name."""
    return {"distance": inputs["distance"]}


def wrong_rank(inputs: dict[str, Any]) -> dict[str, Any]:
    """A matrix."""
    return {"x": tf.expand_dims(inputs["distance"], 1)}


def wrong_type(inputs: dict[str, Any]) -> dict[str, Any]:
    """A type that columns can't have."""
    return {"x": tf.cast(inputs["distance"], tf.int32)}


def sparse(inputs: dict[str, Any]) -> dict[str, Any]:
    """A sparse tensor."""
    return {"x": tf.strings.split(inputs["origin"]).to_sparse()}


def raises(inputs: dict[str, Any]) -> dict[str, Any]:
    """A column that isn't there."""
    return {"x": inputs["distanse"]}


def bad_data(inputs: dict[str, Any]) -> dict[str, Any]:
    """TensorFlow fails on the data."""
    return {"speed": tf.strings.to_number(inputs["origin"])}
