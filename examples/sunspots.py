"""Sunspots: how many will there be in a year? A small network reads the 132 months before, about one cycle of the sun.

Months before 1960 are learned, those since then are foretold. The model is exported for raw rows, and served. Beside it stand two naive
forecasts: what the last month has, and what the month one cycle before has.

    python examples/sunspots.py path/to/Sunspots.csv
"""

from pathlib import Path
from typing import Any

import common
import keras
import numpy as np
import pandas as pd
import tensorflow as tf

COLUMN = "Monthly Mean Total Sunspot Number"
LABEL = "next_year"
CYCLE, YEAR = 132, 12
SPEC = {"spots": tf.io.FixedLenFeature([CYCLE], tf.float32), LABEL: tf.io.FixedLenFeature([], tf.float32)}


def network() -> keras.Model:
    """Half a year at a time, then what the whole cycle says; the answer is in sunspots, not scaled as the windows are."""
    spots = keras.Input((CYCLE,), name="spots")
    each = keras.layers.Reshape((CYCLE, 1))(spots)
    each = keras.layers.Conv1D(16, 12, strides=6, activation="relu")(each)
    found = keras.layers.Dense(16, activation="relu")(keras.layers.Flatten()(each))
    model = keras.Model({"spots": spots}, keras.layers.Rescaling(70, 80)(keras.layers.Dense(1)(found)))
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mse")
    return model


def export(model: keras.Model, run: Path, folder: Path) -> None:
    """Saves the model with the run's transform before it: raw months in, in order; a forecast for each window of them out."""
    transform = tf.saved_model.load(str(run / "transform_fn"))
    exported = tf.Module()
    exported.transform = transform
    exported.weights = [weight.value for weight in model.weights]

    def predict(months: dict[str, Any]) -> dict[str, Any]:
        windows = tf.signal.frame(transform.serve(months)["spots"], CYCLE, 1)
        return {"prediction": model({"spots": windows})}

    exported.serve = tf.function(predict).get_concrete_function(*transform.serve.structured_input_signature[0])
    tf.saved_model.save(exported, str(folder), signatures={"serving_default": exported.serve})


def main() -> None:
    """Trains the network on the months before 1960, exports and serves it; prints how far its forecasts and naive ones are off."""
    given = common.arguments(__doc__, 20, "Sunspots.csv")
    run = common.run_shardmill(Path(__file__).with_suffix(".toml"), given.out, given.data)
    train, rest = (common.read(run, split, SPEC, lambda row: row.pop(LABEL)) for split in ("train", "eval"))
    model = network()
    model.fit(train, epochs=given.epochs, verbose=0)
    truth = np.concatenate([label.numpy() for _, label in rest])
    print(f"on shards: RMSE {common.rmse(model.predict(rest, verbose=0)[:, 0], truth):.4f}")

    months = pd.read_csv(given.data).rename(columns={COLUMN: "spots"})
    rows = months[months["Date"] >= "1960"]
    spots = rows["spots"].to_numpy(np.float32)
    # The last window whose answer is known ends a year before the last month.
    answers = spots[CYCLE - 1 + YEAR :]
    print(f"last month: RMSE {common.rmse(spots[CYCLE - 1 : -YEAR], answers):.4f}")
    print(f"one cycle before: RMSE {common.rmse(spots[YEAR - 1 : -CYCLE], answers):.4f}")
    export(model, run, given.out / "model")
    served = common.serve(given.out / "model", rows)
    print(f"served raw rows: RMSE {common.rmse(served[:-YEAR], answers):.4f}")
    print(f"in a year, after {rows['Date'].iloc[-1]}: {served[-1]:.0f} sunspots")


if __name__ == "__main__":
    main()
