"""MNIST: which digit is it? A small convolutional network on images from 784 columns of pixels.

It learns from shardmill's shards; the model is exported for raw pixels, and served.

    python examples/mnist.py path/to/mnist_5k.csv.gz
"""

import gzip
from pathlib import Path

import common
import keras
import numpy as np
import pandas as pd
import tensorflow as tf

SHAPE = (28, 28, 1)
LABEL = "digit"
SPEC = {"image": tf.io.FixedLenFeature(SHAPE, tf.float32), LABEL: tf.io.FixedLenFeature([], tf.int64)}


def network() -> keras.Model:
    """Two convolutions, and a layer that gives each digit's probability."""
    given = keras.Input(SHAPE, name="image")
    layer = keras.layers.Conv2D(16, 3, activation="relu")(given)
    layer = keras.layers.MaxPooling2D()(layer)
    layer = keras.layers.Conv2D(32, 3, activation="relu")(layer)
    layer = keras.layers.MaxPooling2D()(layer)
    layer = keras.layers.Dropout(0.3)(keras.layers.Flatten()(layer))
    model = keras.Model({"image": given}, keras.layers.Dense(10, activation="softmax")(layer))
    model.compile(optimizer=keras.optimizers.Adam(3e-3), loss="sparse_categorical_crossentropy")
    return model


def accuracy(predicted: common.Scores, truth: common.Scores) -> float:
    """The share of digits that are told right."""
    return float(np.mean(predicted.argmax(axis=1) == truth))


def main() -> None:
    """Holds every fifth image out, trains the model, exports and serves it; prints how often it is right."""
    given = common.arguments(__doc__, 8, "mnist_5k.csv.gz")
    with gzip.open(given.data, "rt", encoding="utf-8") as file:
        lines = [*file]
    header = ",".join([*(f"pixel{number}" for number in range(784)), LABEL])
    # The lines are in the order of the digits.
    common.hold_out(lines, f"{header}\n", given.out, lambda number, _: number % 5 == 0)
    run = common.run_shardmill(Path(__file__).with_suffix(".toml"), given.out)
    train, rest = (common.read(run, split, SPEC, lambda row: row.pop(LABEL)) for split in ("train", "eval"))
    model = network()
    model.fit(train, epochs=given.epochs, verbose=0)
    truth = np.concatenate([label.numpy() for _, label in rest])
    print(f"on shards: accuracy {accuracy(model.predict(rest, verbose=0), truth):.4f}")
    common.export(model, run, given.out / "model")
    held_out = pd.read_csv(given.out / "eval.csv")
    signature = tf.saved_model.load(str(given.out / "model")).signatures["serving_default"]
    columns = {name: tf.constant(held_out[name]) for name in signature.structured_input_signature[1]}
    print(f"served raw rows: accuracy {accuracy(signature(**columns)['prediction'].numpy(), held_out[LABEL]):.4f}")


if __name__ == "__main__":
    main()
