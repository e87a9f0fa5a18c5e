"""Keras's preprocessing layers, adapted and applied batch by batch, then TFRecordWriter."""

import glob

import numpy as np
import pandas as pd
import tensorflow as tf

from benchmarks.peers import BUCKETS, Task
from benchmarks.peers.sklearn_tfrecord import write

_BATCH = 10_000


def run(task: Task) -> None:
    """Adapts the layers, applies them and writes."""
    types = {**dict.fromkeys(task.numbers, np.float32), **dict.fromkeys(task.strings + task.texts, str)}
    rows = pd.concat([pd.read_csv(path, dtype=types) for path in sorted(glob.glob(task.files))], ignore_index=True)
    floats = np.empty((len(rows), 0), np.float32)
    if task.numbers:
        scale = tf.keras.layers.Normalization(axis=-1)
        values = rows[task.numbers].to_numpy(np.float32)
        scale.adapt(values)
        floats = np.concatenate([scale(values[start : start + _BATCH]) for start in range(0, len(values), _BATCH)])
    whole = {}
    for name in task.strings:
        look_up = tf.keras.layers.StringLookup()
        look_up.adapt(tf.data.Dataset.from_tensor_slices(rows[name].to_numpy()).batch(_BATCH))
        whole[name] = _applied(look_up, rows[name])
    for name in task.texts:
        whole[name] = _applied(tf.keras.layers.Hashing(BUCKETS), rows[name])
    whole[task.label] = rows[task.label].to_numpy()
    write(task, floats, whole)


def _applied(layer: tf.keras.layers.Layer, column: pd.Series) -> np.ndarray:
    values = column.to_numpy()
    return np.concatenate(
        [layer(tf.constant(values[start : start + _BATCH])).numpy() for start in range(0, len(values), _BATCH)]
    )


if __name__ == "__main__":
    run(Task.from_arguments())
