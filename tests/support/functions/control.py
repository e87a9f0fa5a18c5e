"""What users' functions are built with besides mappers: tables, loops, conditions, analyzers of their own, helpers, printing."""

import logging
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

CITIES = ["Oslo", "Paris", "München"]


class MidRange(beam.CombineFn):  # type: ignore[misc]
    """Halfway between the least and the greatest value."""

    def create_accumulator(self) -> Any:
        """Of no values."""
        return np.float32(np.inf), np.float32(-np.inf)

    def add_input(self, accumulator: Any, batch: Any) -> Any:
        """With a batch's."""
        (values,) = batch
        return min(accumulator[0], values.min()), max(accumulator[1], values.max())

    def merge_accumulators(self, accumulators: Any) -> Any:
        """Of all."""
        lows, highs = zip(*accumulators, strict=True)
        return min(lows), max(highs)

    def extract_output(self, accumulator: Any) -> Any:
        """As the analyzer gives it."""
        return [np.float32((accumulator[0] + accumulator[1]) / 2)]


@beam.ptransform_fn
def mid_range(values: Any) -> Any:
    """As one PTransform."""
    return values | beam.CombineGlobally(MidRange())


def preprocess(inputs: dict[str, Any]) -> dict[str, Any]:
    """Uses them all."""
    print("tracing")  # noqa: T201
    logging.getLogger("tests").warning("tracing")
    dense, color, count = inputs["dense"], inputs["color"], inputs["count"]
    (middle,) = tft.experimental.ptransform_analyzer([dense], mid_range(), [tf.float32], [[]])
    positive = tf.abs(dense) + 0.1
    city = tft.sparse_tensor_to_dense_with_shape(inputs["city"], [None, 1], default_value="")
    return {
        "from_middle": dense - middle,
        "table": _table(tf.squeeze(city, 1)),
        "oov_table": _oov_table(color),
        "loop": _collatz(count),
        "mapped": tf.map_fn(lambda row: tf.reduce_sum(row) * 2, tf.stack([dense, dense + 1], axis=1)),
        "condition": tf.cond(tft.mean(dense) > 0, lambda: dense, lambda: -dense),
        "called": _squared(dense),
        "switched": tf.switch_case(tf.constant(1), [lambda: dense, lambda: dense * 3]),
        "year": tf.cast(tf.strings.regex_replace(color, "e+", "E") == "rEd", tf.int64),
        "python": _branch(dense),
        "log": tf.math.log(positive),
        "root": tf.pow(positive, 0.37),
        "square": dense**2,
        "power": tf.pow(tf.stack([positive, positive + 1], axis=1), tf.constant([0.5, 1.5])),
        "angle": tf.math.atan2(dense, positive),
        "entropy": tf.math.xlogy(positive, 1 + positive),
        "sigmoid": tf.math.sigmoid(tf.stack([dense, -dense, dense * dense], axis=1)),
        "softplus": tf.math.softplus(dense),
        "normal": tf.nn.l2_normalize(tf.stack([dense, positive], axis=1), axis=1),
        "tanh": _tanh(dense),
    }


def _table(city: Any) -> Any:
    """As TF Transform's census example makes the ids of its label."""
    with tf.init_scope():
        initializer = tf.lookup.KeyValueTensorInitializer(CITIES, tf.range(len(CITIES), dtype=tf.int64))
        table = tf.lookup.StaticHashTable(initializer, default_value=-1)
    return table.lookup(city)


def _oov_table(color: Any) -> Any:
    with tf.init_scope():
        initializer = tf.lookup.KeyValueTensorInitializer(["red", "green"], tf.constant([0, 1], tf.int64))
        table = tf.lookup.StaticVocabularyTable(initializer, num_oov_buckets=3)
    return table.lookup(color)


def _collatz(count: Any) -> Any:
    """Steps to 1, at most ten."""
    steps = tf.zeros_like(count)

    def step(number: Any, taken: Any, rounds: Any) -> Any:
        done = number <= 1
        following = tf.where(number % 2 == 0, number // 2, 3 * number + 1)
        return tf.where(done, number, following), tf.where(done, taken, taken + 1), rounds + 1

    return tf.while_loop(lambda _, __, rounds: rounds < 10, step, (count, steps, 0))[1]


@tf.function
def _squared(values: Any) -> Any:
    return values * values


@tf.function
def _branch(values: Any) -> Any:
    """Autograph's own condition."""
    if tf.reduce_sum(tf.ones_like(values)) > 0:
        values = values + 1
    return values


@tf.function
def _tanh(values: Any) -> Any:
    return tf.cast(tf.math.tanh(tf.cast(values, tf.float64) / 3) * 1e9, tf.int64)
