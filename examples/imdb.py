"""IMDB: is a review positive? Three models, of a bag of words, of TF-IDF, and of the words' ids through an embedding.

They learn from shardmill's shards; the last one is exported for raw text, and served.

    python examples/imdb.py path/to/imdb_10k.csv.gz
"""

import gzip
from pathlib import Path
from typing import Any

import common
import keras
import numpy as np
import pandas as pd
import tensorflow as tf

# Ids of words: 10,000, padding and the unknown; and pairs of words besides.
IDS = 10_002
SIZE = 20_000
LABEL = "sentiment"
SPEC = {
    "words": tf.io.FixedLenFeature([400], tf.int64),
    **{
        name: tf.io.SparseFeature(
            f"{name}$sparse_indices_0", f"{name}$sparse_values", tf.float32, SIZE, already_sorted=True
        )
        for name in ("counts", "weights")
    },
    LABEL: tf.io.FixedLenFeature([], tf.string),
}


def linear(name: str) -> keras.Model:
    """One weight for each word and pair of words, as in logistic regression."""
    given = keras.Input((SIZE,), name=name)
    return _compiled(given, keras.layers.Dropout(0.5)(keras.layers.UnitNormalization()(given)))


def embedding() -> keras.Model:
    """The mean of the words' embeddings; padding has none."""
    given = keras.Input((400,), name="words", dtype="int64")
    vectors = keras.layers.Embedding(IDS, 16, mask_zero=True)(given)
    mean = keras.layers.GlobalAveragePooling1D()(vectors)
    return _compiled(given, keras.layers.Dropout(0.3)(mean))


def _compiled(given: Any, last: Any) -> keras.Model:
    model = keras.Model({given.name: given}, keras.layers.Dense(1, activation="sigmoid")(last))
    model.compile(optimizer=keras.optimizers.Adam(2e-2), loss="binary_crossentropy")
    return model


def rows(run: Path, split: str, name: str) -> tf.data.Dataset:
    """Batches of one feature and the label."""

    def chosen(features: dict[str, Any], label: Any) -> tuple[dict[str, Any], Any]:
        value = features[name]
        return {name: tf.sparse.to_dense(value) if isinstance(value, tf.SparseTensor) else value}, label

    return common.read(run, split, SPEC, lambda row: row.pop(LABEL) == "positive").map(chosen, tf.data.AUTOTUNE).cache()


def accuracy(predicted: common.Scores, truth: common.Scores) -> float:
    """The share of reviews that are told right."""
    return float(np.mean(np.round(predicted) == truth))


def main() -> None:
    """Holds every fifth review out, trains the models, exports and serves the last; prints how often they are right."""
    given = common.arguments(__doc__, 6, "imdb_10k.csv.gz")
    with gzip.open(given.data, "rt", encoding="utf-8", newline="") as file:
        header, *lines = file
    common.hold_out(lines, header, given.out, lambda number, _: number % 5 == 0)
    run = common.run_shardmill(Path(__file__).with_suffix(".toml"), given.out)
    truth = np.concatenate([label.numpy() for _, label in rows(run, "eval", "words")])
    for name, model in {"counts": linear("counts"), "weights": linear("weights"), "words": embedding()}.items():
        model.fit(rows(run, "train", name), epochs=given.epochs, verbose=0)
        predicted = model.predict(rows(run, "eval", name), verbose=0)[:, 0]
        print(f"on {name}: accuracy {accuracy(predicted, truth):.4f}")
    common.export(model, run, given.out / "model")
    held_out = pd.read_csv(given.out / "eval.csv")
    served = common.serve(given.out / "model", held_out)
    print(f"served raw rows: accuracy {accuracy(served, held_out[LABEL] == 'positive'):.4f}")


if __name__ == "__main__":
    main()
