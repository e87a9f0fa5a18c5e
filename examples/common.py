"""What the examples share: rows held out, `shardmill run`, a reader of shards, the export for raw columns, and the comparison."""

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt
import pandas as pd
import tensorflow as tf

_BUFFER = 20_000
# What stands for a missing cell in serving; NaN does in floats.
_MISSING = {tf.string: "", tf.int64: -(2**63)}
Scores = npt.NDArray[np.float32]
# From predictions and what came true to a score.
Metric = Callable[[Scores, Scores], float]


class Inputs(NamedTuple):
    """A model's inputs by name, and what comes of them: scaled numbers, and texts' ids."""

    inputs: dict[str, Any]
    numbers: list[Any]
    ids: list[Any]

    def with_embeddings(self, size: int, units: int) -> list[Any]:
        """The numbers, and the ids' embeddings."""
        return [
            *self.numbers,
            *(keras.layers.Flatten()(keras.layers.Embedding(size, units)(each)) for each in self.ids),
        ]


def arguments(description: str, epochs: int, *data: str) -> argparse.Namespace:
    """The command line: `data`, where an example takes a file, or several; `--out` and `--epochs`. Makes the folder `out`."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    if data:
        parser.add_argument("data", type=Path, help=" and ".join(data), nargs=len(data) if data[1:] else None)
    parser.add_argument("--out", type=Path, default=Path("example-out"), help="the folder to work in")
    parser.add_argument("--epochs", type=int, default=epochs)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    # The same first weights and the same order of the rows in every run.
    keras.utils.set_random_seed(0)
    return given


def hold_out(lines: Iterable[str], header: str, folder: Path, held_out: Callable[[int, str], bool]) -> None:
    """Writes `train.csv`, and `eval.csv` with the lines that are held out, by number and text."""
    with (folder / "train.csv").open("w") as train, (folder / "eval.csv").open("w") as rest:
        for file in (train, rest):
            file.write(header)
        for number, line in enumerate(lines):
            (rest if held_out(number, line) else train).write(line)


def run_shardmill(config: Path, folder: Path, data: Path | None = None) -> Path:
    """Runs the main job on `train.csv` and `eval.csv`, or on a file that the configuration splits; returns the run's folder."""
    given = f'"{data}"' if data else f'{{ train = "{folder}/train.csv", eval = "{folder}/eval.csv" }}'
    files = f"input.files={given}"
    command = [Path(sys.executable).with_name("shardmill"), "run", config, "--output", folder / "run", "--overwrite"]
    subprocess.run([*command, "--quiet", "--set", files], check=True)
    return folder / "run"


def read(run: Path, split: str, spec: Mapping[str, Any], label: Callable[[dict[str, Any]], Any]) -> tf.data.Dataset:
    """Batches of (features, label) of a split; `label` takes it out of the features. `inspect --code` prints such a reader."""

    def parse(records: Any) -> tuple[dict[str, Any], Any]:
        features = tf.io.parse_example(records, spec)
        return features, label(features)

    records = tf.data.TFRecordDataset(sorted(map(str, run.glob(f"{split}-*"))), "GZIP")
    records = records.shuffle(_BUFFER, seed=0) if split == "train" else records
    return records.batch(256).map(parse, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def batches(frame: pd.DataFrame, columns: Sequence[str], label: pd.Series, *, shuffle: bool) -> tf.data.Dataset:
    """The same of raw rows."""
    rows = tf.data.Dataset.from_tensor_slices(({name: frame[name].to_numpy() for name in columns}, label.to_numpy()))
    return (rows.shuffle(_BUFFER, seed=0) if shuffle else rows).batch(256)


def stored_inputs(numbers: Sequence[str], texts: Sequence[str]) -> Inputs:
    """A model's inputs from shards, where numbers are scaled and texts are ids."""
    scaled = {name: keras.Input((1,), name=name) for name in numbers}
    ids = {name: keras.Input((1,), name=name, dtype="int64") for name in texts}
    return Inputs(scaled | ids, list(scaled.values()), list(ids.values()))


def raw_inputs(numbers: Sequence[str], texts: Sequence[str], train: pd.DataFrame) -> Inputs:
    """A model's inputs from raw rows, behind Keras's preprocessing layers, which have seen the train split."""
    raw = {name: keras.Input((1,), name=name) for name in numbers}
    raw |= {name: keras.Input((1,), name=name, dtype="string") for name in texts}
    layers = {name: keras.layers.Normalization() for name in numbers}
    layers |= {name: keras.layers.StringLookup() for name in texts}
    for name, layer in layers.items():
        layer.adapt(tf.constant(train[name].to_numpy())[:, None])
    ready = {name: layer(raw[name]) for name, layer in layers.items()}
    return Inputs(raw, [ready[name] for name in numbers], [ready[name] for name in texts])


def export(model: keras.Model, run: Path, folder: Path) -> None:
    """Saves a model with the run's transform before it: raw columns in. `inspect --code` prints such an export."""
    transform = tf.saved_model.load(str(run / "transform_fn"))
    exported = tf.Module()
    exported.transform = transform
    exported.weights = [weight.value for weight in model.weights]
    names = [*model.input]

    def predict(columns: dict[str, Any]) -> dict[str, Any]:
        features = transform.serve(columns)
        return {"prediction": model({name: features[name] for name in names})}

    exported.serve = tf.function(predict).get_concrete_function(*transform.serve.structured_input_signature[0])
    tf.saved_model.save(exported, str(folder), signatures={"serving_default": exported.serve})


def serve(folder: Path, frame: pd.DataFrame, **others: npt.NDArray[Any]) -> Scores:
    """What an exported model predicts for raw rows, and what else it takes."""
    signature = tf.saved_model.load(str(folder)).signatures["serving_default"]
    columns = {name: tf.constant(values) for name, values in others.items()}
    for name, spec in signature.structured_input_signature[1].items():
        if name in others:
            continue
        values = frame[name].fillna(_MISSING[spec.dtype]) if spec.dtype in _MISSING else frame[name]
        columns[name] = tf.constant(values.to_numpy(), spec.dtype)
    answers: Scores = signature(**columns)["prediction"].numpy().reshape(-1)
    return answers


def compare(
    name: str, metric: Metric, stored: tuple[keras.Model, Any], raw: tuple[keras.Model, Any], served: Scores
) -> None:
    """Prints the score of a model on shards, of that model served raw rows, and of the one on Keras's layers."""
    truth = np.concatenate([label.numpy() for _, label in raw[1]])
    for title, (model, rows) in {"on shards": stored, "on Keras's layers": raw}.items():
        came_true = np.concatenate([label.numpy() for _, label in rows])
        print(f"{title}: {name} {metric(model.predict(rows, verbose=0)[:, 0], came_true):.4f}")
    print(f"served raw rows: {name} {metric(served, truth):.4f}")


def rmse(predicted: Scores, truth: Scores) -> float:
    """The root of the mean squared error."""
    return float(np.sqrt(np.mean((predicted - truth) ** 2)))


def auc(predicted: Scores, truth: Scores) -> float:
    """The area under the receiver operating characteristic: how often a positive row scores above a negative one."""
    found = keras.metrics.AUC(num_thresholds=1000)
    found.update_state(truth, predicted)
    return float(found.result())
