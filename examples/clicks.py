"""Ads: who clicks? Logistic regression and embeddings on samples of Criteo's and of Avazu's ads.

Both have columns of hashes, most of whose values are rare; half of Criteo's cells are empty, and Avazu's ids have 20 digits. The network
learns from shardmill's shards, is exported for raw rows, and served. The samples have 200 and 100 ads: too few to foretell held-out
clicks much better than by chance, but enough to see that the learned ones are told.

    python examples/clicks.py path/to/criteo_sample.txt path/to/avazu_sample.txt
"""

from pathlib import Path
from typing import Any, NamedTuple

import common
import keras
import numpy as np
import pandas as pd
import tensorflow as tf

# More than the ids of any feature: 1,000 buckets, and that of missing cells.
IDS = 1001


class Ads(NamedTuple):
    """A sample: its configuration and label, and what the configuration makes of the columns."""

    name: str
    label: str
    numbers: tuple[str, ...]
    ids: tuple[str, ...]
    flags: tuple[str, ...] = ()


CRITEO = Ads(
    "criteo",
    "label",
    tuple(f"I{at}" for at in range(1, 14)),
    tuple(f"C{at}" for at in range(1, 27)),
    tuple(f"I{at}_missing" for at in range(1, 14)),
)
AVAZU = Ads(
    "avazu",
    "click",
    (),
    (
        *("banner_pos", "site_id", "site_domain", "site_category", "app_id", "app_domain", "app_category", "device_id"),
        *("device_ip", "device_model", "device_type", "device_conn_type", "C1", *(f"C{at}" for at in range(14, 22))),
    ),
    ("hour_hour",),
)


def network(ads: Ads) -> keras.Model:
    """A weight for each id and number, and beside them the ids' embeddings through a hidden layer."""
    numbers = {name: keras.Input((1,), name=name) for name in (*ads.numbers, *ads.flags)}
    ids = {name: keras.Input((1,), name=name, dtype="int64") for name in ads.ids}
    scaled = keras.layers.Concatenate()([*numbers.values(), keras.ops.ones_like(next(iter(numbers.values())))])
    wide = [keras.layers.Embedding(IDS, 1, embeddings_initializer="zeros")(each)[:, 0] for each in ids.values()]
    deep = keras.layers.Concatenate()([scaled, *(keras.layers.Embedding(IDS, 4)(each)[:, 0] for each in ids.values())])
    hidden = keras.layers.Dense(16, activation="relu")(deep)
    score = keras.layers.Add()([*wide, keras.layers.Dense(1)(scaled), keras.layers.Dense(1)(hidden)])
    model = keras.Model(numbers | ids, keras.ops.sigmoid(score))
    model.compile(optimizer=keras.optimizers.Adam(1e-2), loss="binary_crossentropy")
    return model


def learn(ads: Ads, data: Path, folder: Path, epochs: int) -> None:
    """Holds every fifth ad out, trains a network, exports and serves it; prints how well it tells clicks."""
    folder.mkdir(exist_ok=True)
    header, *lines = data.read_text(encoding="utf-8").splitlines(keepends=True)
    common.hold_out(lines, header, folder, lambda number, _: number % 5 == 0)
    run = common.run_shardmill(Path(__file__).with_name(f"{ads.name}.toml"), folder)
    spec = {
        **{name: tf.io.FixedLenFeature([], tf.float32) for name in ads.numbers},
        **{name: tf.io.FixedLenFeature([], tf.int64) for name in (*ads.flags, *ads.ids, ads.label)},
    }

    def clicked(row: dict[str, Any]) -> Any:
        return tf.cast(row.pop(ads.label), tf.float32)

    train, rest = (common.read(run, split, spec, clicked) for split in ("train", "eval"))
    model = network(ads)
    model.fit(train, epochs=epochs, verbose=0)
    for title, rows in {"learned ads": train, "on shards": rest}.items():
        found = [(model.predict_on_batch(features)[:, 0], label.numpy()) for features, label in rows]
        predicted, truth = (np.concatenate(part) for part in zip(*found, strict=True))
        print(f"{ads.name}, {title}: AUC {common.auc(predicted, truth):.4f}")
    common.export(model, run, folder / "model")
    held_out = pd.read_csv(folder / "eval.csv", dtype={"id": "string"})
    served = common.serve(folder / "model", held_out)
    print(f"{ads.name}, served raw rows: AUC {common.auc(served, held_out[ads.label].to_numpy()):.4f}")


def main() -> None:
    """Learns from both samples."""
    given = common.arguments(__doc__, 8, "criteo_sample.txt", "avazu_sample.txt")
    for ads, data in zip((CRITEO, AVAZU), given.data, strict=True):
        learn(ads, data, given.out / ads.name, given.epochs)


if __name__ == "__main__":
    main()
