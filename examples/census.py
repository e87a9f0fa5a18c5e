"""Census income: who earns more than $50,000 a year? A network on numbers and on embeddings of text.

It learns from shardmill's shards, and for comparison from the raw rows through Keras's own preprocessing layers.

    python examples/census.py path/to/adult.data.gz
"""

import gzip
from pathlib import Path
from typing import Any

import common
import keras
import pandas as pd
import tensorflow as tf

COLUMNS = (
    *("age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation", "relationship"),
    *("race", "sex", "capital_gain", "capital_loss", "hours_per_week", "native_country", "income"),
)
NUMBERS = ("age", "education_num", "capital_gain", "capital_loss", "hours_per_week")
TEXTS = (
    *("workclass", "education", "marital_status", "occupation", "relationship"),
    *("race", "sex", "native_country"),
)
SPEC = {
    **{name: tf.io.FixedLenFeature([], tf.float32) for name in NUMBERS},
    **{name: tf.io.FixedLenFeature([], tf.int64) for name in TEXTS},
    "income": tf.io.FixedLenFeature([], tf.string),
}
# More than any column's different texts.
IDS = 50


def network(given: common.Inputs) -> keras.Model:
    """Numbers and embedded texts through one hidden layer."""
    features = keras.layers.Concatenate()(given.with_embeddings(IDS, 8))
    hidden = keras.layers.Dense(64, activation="relu")(features)
    model = keras.Model(given.inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(optimizer=keras.optimizers.Adam(3e-3), loss="binary_crossentropy")
    return model


def raw_rows(path: Path) -> tuple[pd.DataFrame, pd.Series]:
    """Raw rows, and whether each earns more."""
    rows = pd.read_csv(path, names=COLUMNS, skipinitialspace=True, na_values="?")
    return rows.fillna(dict.fromkeys(TEXTS, "")), (rows["income"] == ">50K").astype("float32")


def main() -> None:
    """Holds every fifth row out, trains both models, exports and serves the first; prints how well they tell the rows apart."""
    given = common.arguments(__doc__, 2, "adult.data.gz")
    with gzip.open(given.data, "rt") as lines:
        common.hold_out(lines, "", given.out, lambda number, _: number % 5 == 0)
    run = common.run_shardmill(Path(__file__).with_suffix(".toml"), given.out)

    def earns_more(row: dict[str, Any]) -> Any:
        return tf.cast(row.pop("income") == ">50K", tf.float32)

    train, rest = (common.read(run, split, SPEC, earns_more) for split in ("train", "eval"))
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
