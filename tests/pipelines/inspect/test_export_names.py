"""Who calls a SavedModel by the columns' names finds them as the CSV has them, letter for letter."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from shardmill.pipelines.inspect.code import code_for
from tests.support.printed import Names, execute
from tests.support.runs import read_split, run_toml
from tests.support.serving.rest import Server

pytestmark = pytest.mark.usefixtures("shared_tracer")

ROWS = 60
FLOATS = (
    *("MedInc", "AveBedrms", "ZIP CODE", "a", "A", "2x", "größe", "日本", "class", "_x", "x:0", "tags/x", "T/X"),
    *('he said "hi"', "it's", "$y {}", "c_A", "examples", "inputs", "x\ty", "_", "-", "self", "x" * 70, "x" * 69 + "y"),
)
TEXT = "Ocean Proximity"
LABEL = "MedHouseVal"
Call = Callable[[Path, Mapping[str, np.ndarray]], Mapping[str, Any]]


def cells() -> dict[str, np.ndarray]:
    """Values that differ from column to column, exact in float32 and as text."""
    values = {
        name: np.float32(place) + np.arange(ROWS, dtype=np.float32) * 0.25 for place, name in enumerate(FLOATS, 1)
    }
    return {**values, TEXT: np.array([f"town {row % 3}".encode() for row in range(ROWS)], object)}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Names]:
    """A run on columns of all sorts of names, and what the code printed for it leaves."""
    folder = tmp_path_factory.mktemp("names")
    columns = cells()
    with (folder / "rows.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow([*columns, LABEL])
        for row in range(ROWS):
            writer.writerow([*(_text(values[row]) for values in columns.values()), row + 0.5])
    features = [f"{json.dumps(name, ensure_ascii=False)} = 'numeric'\n" for name in FLOATS]
    toml = f'[input]\nfiles = ["rows.csv"]\n[features]\n{"".join(features)}"{TEXT}" = "one_hot"\n{LABEL} = "label"\n'
    run = run_toml(folder, toml + "[output]\nshards = 1\nshuffle = false\n")
    return run, execute(code_for(str(run)), folder)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else repr(float(value))


def by_json(folder: Path, columns: Mapping[str, np.ndarray]) -> Mapping[str, Any]:
    """As TF Serving's JSON asks it, in rows."""
    instances = [{name: _json(values[row]) for name, values in columns.items()} for row in range(ROWS)]
    return Server(str(folder)).predict(json.dumps({"instances": instances}))


def _json(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else float(value)


def by_dictionary(folder: Path, columns: Mapping[str, np.ndarray]) -> Mapping[str, Any]:
    """As Python asks with a dictionary."""
    answers: Mapping[str, Any] = tf.saved_model.load(str(folder)).serve(_tensors(columns))
    return answers


def by_keras(folder: Path, columns: Mapping[str, np.ndarray]) -> Mapping[str, Any]:
    """As a layer of Keras."""
    answers: Mapping[str, Any] = keras.layers.TFSMLayer(folder)(_tensors(columns))
    return answers


def _tensors(columns: Mapping[str, np.ndarray]) -> dict[str, Any]:
    return {name: tf.constant(values) for name, values in columns.items()}


@pytest.mark.parametrize("call", [by_json, by_dictionary, by_keras])
def test_transform_and_export_take_the_csvs_columns(trained: tuple[Path, Names], call: Call) -> None:
    """The run's transform answers raw rows as they are stored, the printed export as the model predicts from those."""
    run, names = trained
    stored = read_split(run)
    for name, values in call(run / "transform_fn", cells()).items():
        np.testing.assert_array_equal(values, stored[name], err_msg=name)
    features = {name: values for name, values in stored.items() if name != LABEL}
    np.testing.assert_allclose(call(Path(names["EXPORT"]), cells())[LABEL], names["model"](features), rtol=1e-5)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Names]:
    """A run on columns that a method and a command line can take, and what the code printed for it leaves."""
    folder = tmp_path_factory.mktemp("plain")
    (folder / "rows.csv").write_text("MedInc,ZIP CODE,a,A,y\n1.5,10001,3,4,0.5\n2.5,10002,5,6,1.5\n")
    kinds = "MedInc = 'numeric'\n'ZIP CODE' = 'numeric'\na = 'numeric'\nA = 'numeric'\ny = 'label'\n"
    run = run_toml(folder, f"[input]\nfiles = ['rows.csv']\n[features]\n{kinds}")
    return run, execute(code_for(str(run)), folder)


def test_pythons_signatures_take_columns_by_keyword(plain: tuple[Path, Names]) -> None:
    """`signatures["serving_default"](**columns)` takes the CSV's names, of the transform and of the export."""
    run, names = plain
    columns = {"MedInc": tf.constant([1.5]), "A": tf.constant([4], tf.int64), "a": tf.constant([3], tf.int64)}
    columns["ZIP CODE"] = tf.constant([10001], tf.int64)
    features = tf.saved_model.load(str(run / "transform_fn")).signatures["serving_default"](**columns)
    assert {name: values.numpy().tolist() for name, values in features.items()} == {
        name: values.numpy().tolist() for name, values in columns.items()
    }
    served = tf.saved_model.load(names["EXPORT"]).signatures["serving_default"](**columns)
    np.testing.assert_allclose(served["y"], names["model"](features), rtol=1e-5)


def test_saved_model_cli_shows_the_columns(trained: tuple[Path, Names]) -> None:
    """`show` lists an export's inputs as the CSV's columns are called."""
    _, names = trained
    shown = _saved_model_cli("show", names["EXPORT"])
    for name in FLOATS:
        assert f"inputs['{name}'] tensor_info:\n      dtype: DT_FLOAT\n" in shown
    assert f"inputs['{TEXT}'] tensor_info:\n      dtype: DT_STRING\n" in shown
    assert shown.count("inputs['") == len(cells())


def test_saved_model_cli_runs_the_export(plain: tuple[Path, Names], tmp_path: Path) -> None:
    """`run` takes the columns by their names, with capitals and spaces."""
    _, names = plain
    expressions = "MedInc=[1.5];ZIP CODE=[10001];a=[3];A=[4]"
    _saved_model_cli("run", names["EXPORT"], "--input_exprs", expressions, "--outdir", str(tmp_path))
    features = {"MedInc": [[1.5]], "ZIP CODE": [[10001]], "a": [[3]], "A": [[4]]}
    wanted = names["model"]({name: tf.constant(values) for name, values in features.items()})
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), wanted, rtol=1e-5)


def _saved_model_cli(verb: str, folder: str, *arguments: str) -> str:
    model = ["--dir", folder, "--tag_set", "serve", "--signature_def", "serving_default"]
    command = [sys.executable, "-m", "tensorflow.python.tools.saved_model_cli", verb, *model, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=600).stdout
