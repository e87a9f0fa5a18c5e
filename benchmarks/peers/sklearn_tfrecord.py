"""pandas and scikit-learn in memory, then a gzip TFRecord file row by row."""

import glob

import numpy as np
import pandas as pd
import tensorflow as tf
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

from benchmarks.peers import BUCKETS, Task


def run(task: Task) -> None:
    """Scales, looks up, hashes and writes."""
    types = {**dict.fromkeys(task.numbers, np.float32), **dict.fromkeys(task.strings + task.texts, str)}
    rows = pd.concat([pd.read_csv(path, dtype=types) for path in sorted(glob.glob(task.files))], ignore_index=True)
    floats = StandardScaler().fit_transform(rows[task.numbers]) if task.numbers else np.empty((len(rows), 0))
    ranks = [rows[name].value_counts().index.to_list() for name in task.strings]
    ids = OrdinalEncoder(categories=ranks, dtype=np.int64).fit_transform(rows[task.strings]) if ranks else None
    whole = {name: ids[:, index] for index, name in enumerate(task.strings)} if ids is not None else {}
    whole |= {name: pd.util.hash_array(rows[name].to_numpy()) % BUCKETS for name in task.texts}
    whole[task.label] = rows[task.label].to_numpy()
    write(task, floats, whole)


def write(task: Task, floats: np.ndarray, whole: dict[str, np.ndarray]) -> None:
    """Writes an Example for each row.

    Args:
        task: The task.
        floats: The numbers [rows, columns].
        whole: Integer columns by name.
    """
    options = tf.io.TFRecordOptions(compression_type="GZIP")
    names = [*task.numbers]
    with tf.io.TFRecordWriter(str(task.output / "train.tfrecord.gz"), options) as writer:
        columns = {name: column.tolist() for name, column in whole.items()}
        for index, row in enumerate(floats.tolist()):
            features = {
                name: tf.train.Feature(float_list=tf.train.FloatList(value=[value]))
                for name, value in zip(names, row, strict=True)
            }
            for name, column in columns.items():
                features[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=[column[index]]))
            writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())


if __name__ == "__main__":
    run(Task.from_arguments())
