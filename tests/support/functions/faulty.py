"""Functions that fail, each in another way."""

from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from helping import add_text


def raises(inputs: dict[str, Any]) -> dict[str, Any]:
    """A shape doesn't fit."""
    return {"x": tf.matmul(inputs["dense"], inputs["dense"])}


def helped(inputs: dict[str, Any]) -> dict[str, Any]:
    """Another file's function fails."""
    return {"x": add_text(inputs["dense"])}


def misspelt(inputs: dict[str, Any]) -> dict[str, Any]:
    """There is no such column."""
    return {"x": inputs["densee"]}


def no_dict(inputs: dict[str, Any]) -> Any:
    """A tensor."""
    return inputs["dense"]


def empty(inputs: dict[str, Any]) -> dict[str, Any]:
    """No output."""
    return {} if "dense" in inputs else inputs


def array(_: dict[str, Any]) -> dict[str, Any]:
    """NumPy's array."""
    return {"x": np.zeros(3)}


def float64(inputs: dict[str, Any]) -> dict[str, Any]:
    """A type that Examples lack."""
    return {"x": tf.cast(inputs["dense"], tf.float64)}


def int32(inputs: dict[str, Any]) -> dict[str, Any]:
    """Another one."""
    return {"x": tf.cast(inputs["dense"], tf.int32)}


def unknown_shape(inputs: dict[str, Any]) -> dict[str, Any]:
    """A vector of unknown length for each row."""
    return {"x": tf.reshape(inputs["dense"], [-1, tf.size(inputs["count"])])}


def scalar(inputs: dict[str, Any]) -> dict[str, Any]:
    """One number for all rows."""
    return {"x": tft.mean(inputs["dense"])}


def python(inputs: dict[str, Any]) -> dict[str, Any]:
    """Python's code, which no graph can hold."""
    return {"x": tf.ensure_shape(tf.py_function(lambda x: x, [inputs["dense"]], tf.float32), [None])}


def no_column(_: dict[str, Any]) -> dict[str, Any]:
    """It looks at nothing."""
    return {"x": tf.zeros([3])}


def bad_data(inputs: dict[str, Any]) -> dict[str, Any]:
    """TensorFlow fails on the data while they are analyzed."""
    return {"x": tft.scale_to_z_score(tf.strings.to_number(inputs["color"]))}


def bad_data_late(inputs: dict[str, Any]) -> dict[str, Any]:
    """TensorFlow fails on the data while they are transformed: nothing is analyzed."""
    small = tf.debugging.assert_less(inputs["dense"], 3.0, message="too large")
    with tf.control_dependencies([small]):
        return {"x": tf.identity(inputs["dense"])}


def twice(inputs: dict[str, Any]) -> dict[str, Any]:
    """Two rows for each row."""
    return {"x": tf.concat([inputs["dense"], inputs["dense"]], 0)}


class Broken(beam.CombineFn):  # type: ignore[misc]
    """An analyzer that fails on the first batch."""

    def create_accumulator(self) -> Any:
        """Of no values."""
        return 0

    def add_input(self, accumulator: Any, _: Any) -> Any:
        """With a batch's."""
        return accumulator / 0

    def merge_accumulators(self, accumulators: Any) -> Any:
        """Of all."""
        return sum(accumulators)

    def extract_output(self, accumulator: Any) -> Any:
        """As the analyzer gives it."""
        return [accumulator]


@beam.ptransform_fn
def broken_combine(values: Any) -> Any:
    """As a PTransform."""
    return values | beam.CombineGlobally(Broken())


def broken(inputs: dict[str, Any]) -> dict[str, Any]:
    """An analyzer of the user's fails in the workers."""
    (zero,) = tft.experimental.ptransform_analyzer([inputs["dense"]], broken_combine(), [tf.float32], [[]])
    return {"x": inputs["dense"] - zero}
