"""MovieLens: how many stars does a user give a film? Two towers, one of the user, one of the film and its list of genres.

It learns from shardmill's shards; the model is exported for raw rows, and served. The sample has 200 ratings, nearly each of a user and a
film of their own: too few to tell held-out stars better than their mean does, but enough to see both towers learn.

    python examples/movielens.py path/to/movielens_sample.txt
"""

from pathlib import Path
from typing import Any

import common
import keras
import numpy as np
import pandas as pd
import tensorflow as tf

LABEL = "rating"
# How many ids each feature has at most, padding included.
USER = {"user_id": 64, "gender": 4, "occupation": 24}
FILM = {"movie_id": 64, "genres": 24}
GENRES = 6
SPEC = {
    **{name: tf.io.FixedLenFeature([], tf.int64) for name in (*USER, "movie_id", LABEL)},
    "genres": tf.io.FixedLenFeature([GENRES], tf.int64),
    "age": tf.io.FixedLenFeature([], tf.float32),
}


def network() -> keras.Model:
    """The towers' dot product, and what each of them adds by itself."""
    ids = {name: keras.Input((), name=name, dtype="int64") for name in (*USER, "movie_id")}
    ids["genres"] = keras.Input((GENRES,), name="genres", dtype="int64")
    age = keras.Input((1,), name="age")
    embedded: dict[str, Any] = {
        # The id 0 of genres is padding, which is left out of their mean.
        name: keras.layers.Embedding(size, 4, mask_zero=name == "genres")(ids[name])
        for name, size in {**USER, **FILM}.items()
    }
    embedded["genres"] = keras.layers.GlobalAveragePooling1D()(embedded["genres"])
    user = keras.layers.Dense(8)(keras.layers.Concatenate()([*(embedded[name] for name in USER), age]))
    film = keras.layers.Dense(8)(keras.layers.Concatenate()([embedded[name] for name in FILM]))
    stars = [keras.layers.Dot(1)([user, film]), keras.layers.Dense(1)(user), keras.layers.Dense(1)(film)]
    model = keras.Model({**ids, "age": age}, keras.layers.Add()(stars))
    model.compile(optimizer=keras.optimizers.Adam(1e-2), loss="mse")
    return model


def main() -> None:
    """Holds every fifth rating out, trains the model, exports and serves it; prints by how much it errs."""
    given = common.arguments(__doc__, 40, "movielens_sample.txt")
    header, *lines = given.data.read_text(encoding="utf-8").splitlines(keepends=True)
    common.hold_out(lines, header, given.out, lambda number, _: number % 5 == 0)
    run = common.run_shardmill(Path(__file__).with_suffix(".toml"), given.out)
    train, rest = (common.read(run, split, SPEC, lambda row: row.pop(LABEL)) for split in ("train", "eval"))
    model = network()
    model.fit(train, epochs=given.epochs, verbose=0)
    for title, rows in {"learned rows": train, "on shards": rest}.items():
        # Once: rows to learn from come in another order each time.
        found = [(model.predict_on_batch(features)[:, 0], label.numpy()) for features, label in rows]
        predicted, truth = (np.concatenate(part) for part in zip(*found, strict=True))
        print(f"{title}: RMSE {common.rmse(predicted, truth):.4f}")
    common.export(model, run, given.out / "model")
    held_out = pd.read_csv(given.out / "eval.csv")
    print(f"served raw rows: RMSE {common.rmse(common.serve(given.out / 'model', held_out), held_out[LABEL]):.4f}")


if __name__ == "__main__":
    main()
