"""California housing: what is a house worth? A wide and deep network with several inputs.

It learns from shardmill's shards, and for comparison from the raw rows through Keras's own preprocessing layers.

    python examples/housing.py path/to/housing.csv
"""

from pathlib import Path

import common
import keras
import pandas as pd
import tensorflow as tf

NUMBERS = (
    *("longitude", "latitude", "housing_median_age", "total_rooms"),
    *("total_bedrooms", "population", "households", "median_income"),
)
TEXTS = ("ocean_proximity",)
LABEL = "median_house_value"
SPEC = {
    **{name: tf.io.FixedLenFeature([], tf.float32) for name in NUMBERS},
    **{name: tf.io.FixedLenFeature([], tf.int64) for name in (*TEXTS, LABEL)},
}
# More than there are texts.
IDS = 8
# Prices in a unit that a network learns easily.
UNIT = 100_000


def network(given: common.Inputs) -> keras.Model:
    """Some features go to the output directly, the wide part; all of them go through hidden layers, the deep one."""
    features = given.with_embeddings(IDS, 4)
    deep = keras.layers.Concatenate()(features)
    for _ in range(2):
        deep = keras.layers.Dense(30, activation="relu")(deep)
    model = keras.Model(given.inputs, keras.layers.Dense(1)(keras.layers.Concatenate()([*features[:5], deep])))
    model.compile(optimizer=keras.optimizers.Adam(3e-3), loss="mse")
    return model


def main() -> None:
    """Holds every fifth row out, trains both models, exports and serves the first; prints by how much they err."""
    given = common.arguments(__doc__, 8, "housing.csv")
    header, *lines = given.data.read_text().splitlines(keepends=True)
    common.hold_out(lines, header, given.out, lambda number, _: number % 5 == 0)
    run = common.run_shardmill(Path(__file__).with_suffix(".toml"), given.out)
    train, rest = (common.read(run, split, SPEC, lambda row: row.pop(LABEL) / UNIT) for split in ("train", "eval"))
    model = network(common.stored_inputs(NUMBERS, TEXTS))
    model.fit(train, epochs=given.epochs, verbose=0)
    common.export(model, run, given.out / "model")

    raw_train, raw_rest = (pd.read_csv(given.out / f"{split}.csv") for split in ("train", "eval"))
    median = raw_train.median(numeric_only=True)
    columns = (*NUMBERS, *TEXTS)
    baseline = network(common.raw_inputs(NUMBERS, TEXTS, raw_train.fillna(median)))
    rows = common.batches(raw_train.fillna(median), columns, raw_train[LABEL] / UNIT, shuffle=True)
    baseline.fit(rows, epochs=given.epochs, verbose=0)

    rows = common.batches(raw_rest.fillna(median), columns, raw_rest[LABEL] / UNIT, shuffle=False)
    served = common.serve(given.out / "model", raw_rest)
    common.compare("RMSE", common.rmse, (model, rest), (baseline, rows), served)


if __name__ == "__main__":
    main()
