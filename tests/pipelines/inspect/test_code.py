"""`shardmill inspect --code`: what it prints runs, for runs of all sorts."""

import csv
import json
import os
import pickle
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from shardmill.pipelines.inspect.code import code_for
from shardmill.pipelines.inspect.code_facts import export_folder
from shardmill.schemas.errors import DataError
from shardmill.schemas.schema_pbtxt import load_schema
from tests.support.datasets import LabelledRun, as_columns, as_examples, read_cells, run_with_label
from tests.support.printed import Names, execute
from tests.support.runs import read_split, run_toml
from tests.support.serving.rest import Server
from tests.support.stores.remote_files import SCHEME

pytestmark = pytest.mark.usefixtures("shared_tracer")

SETS = ["census", "odd"]
# Rows that are asked of an export.
ROWS = 500

# As the textbook's data set calls them, and with spaces.
HOUSING_COLUMNS = (
    *("Longitude", "Latitude", "HouseAge", "AveRooms", "AveBedrms", "Population", "House Holds", "MedInc"),
    *("MedHouseVal", "OCEAN_PROXIMITY"),
)
HOUSING = """
[input]
files = ["housing.csv"]
[split]
train = 0.8
test = 0.05
valid = 0.15
[features]
Longitude = "z_score"
Latitude = "z_score"
AveBedrms = { kind = "z_score", missing = "median", indicator = true }
raw_rooms = { kind = "numeric", column = "AveRooms" }
"House Holds" = "z_score"
age = { kind = "bucketize", column = "HouseAge", num_buckets = 5 }
OCEAN_PROXIMITY = "one_hot"
MedHouseVal = "label"
[output]
shards = 2
shuffle = false
"""
HOUSING_INPUTS = {"Longitude", "Latitude", "AveBedrms", "AveRooms", "House Holds", "HouseAge", "OCEAN_PROXIMITY"}
# Names that are no identifiers, that TensorFlow's graphs don't allow, that Python keeps for itself; no split, not compressed.
ODD = """
[input]
files = [{path}]
[features]
"a b" = "z_score"
'he said "hi"' = {{ kind = "vocabulary", num_oov_buckets = 1 }}
"größe\\\\" = "z_score"
class = {{ kind = "multi_hot" }}
"2x" = "numeric"
"it's" = {{ kind = "one_hot" }}
columns = {{ kind = "bucketize", num_buckets = 5 }}
"tags/x" = "numeric"
raw = "numeric"
"$y {{}}" = "label"
[output]
compression = "none"
shards = 1
shuffle = false
"""
ODD_LABEL = "$y {}"
ODD_COLUMNS = {
    "a b": lambda row: row * 0.5,
    'he said "hi"': lambda row: ('u"', "v", "")[row % 3],
    "größe\\": lambda row: row % 7 - 2.5,
    "class": lambda row: "xyz"[row % 3],
    "2x": lambda row: row % 10,
    "it's": lambda row: "pq"[row % 2],
    "columns": lambda row: row,
    "tags/x": lambda row: row % 4 + 0.25,
    "raw": lambda row: row % 5,
    ODD_LABEL: lambda row: row % 3,
}


def odd_csv(folder: Path) -> Path:
    """400 rows of columns with odd names."""
    path = folder / "odd.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(ODD_COLUMNS)
        rows = random.Random(0).sample(range(400), 400)
        writer.writerows([[make(row) for make in ODD_COLUMNS.values()] for row in rows])
    return path


def odd_run(folder: Path) -> LabelledRun:
    """A run on columns with odd names, all rows in one shard in the input's order."""
    source = odd_csv(folder)
    run = run_toml(folder, ODD.format(path=json.dumps(str(source))))
    cells = read_cells({"files": [str(source)]})
    columns = tuple(
        column for column in load_schema(str(run / "metadata" / "schema.pbtxt")) if column.name != ODD_LABEL
    )
    return LabelledRun(run, ODD_LABEL, columns, cells, read_split(run))


@pytest.fixture(scope="module")
def trained(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[LabelledRun, Names]]:
    """Makes a run and runs what is printed for it, once; returns the run and the names that the code leaves."""
    done: dict[str, tuple[LabelledRun, Names]] = {}

    def train(name: str) -> tuple[LabelledRun, Names]:
        if name not in done:
            folder = tmp_path_factory.mktemp(name)
            run = odd_run(folder) if name == "odd" else run_with_label(name, shared_data, folder)
            done[name] = run, execute(code_for(str(run.folder)), folder)
        return done[name]

    return train


@pytest.mark.parametrize("name", SETS)
def test_the_dataset_gives_every_row(trained: Callable[[str], tuple[LabelledRun, Names]], name: str) -> None:
    """The (features, label) pairs are those of the shards; the features are the model's inputs, and the label is none of them."""
    run, names = trained(name)
    dataset = names["dataset"]("train", batch_size=1000)
    batches = list(dataset)
    assert len(batches) == dataset.cardinality()
    assert all(set(features) == set(names["inputs"]) == set(run.stored) - {run.label} for features, _ in batches)
    labels = np.concatenate([label.numpy() for _, label in batches])
    assert sorted(labels.tolist()) == sorted(run.stored[run.label].tolist())


@pytest.mark.parametrize("name", SETS)
def test_the_export_answers_raw_rows_as_the_model_answers_stored_ones(
    trained: Callable[[str], tuple[LabelledRun, Names]], tmp_path: Path, name: str
) -> None:
    """By the columns' own names and by serialized Examples, in a plain session, moved away and with the run gone."""
    run, names = trained(name)
    features = {feature: values[:ROWS] for feature, values in run.stored.items() if feature != run.label}
    wanted = names["predict"](features)
    cells = run.cells[:ROWS]
    moved = shutil.copytree(names["EXPORT"], tmp_path / "moved")
    hidden = run.folder.rename(run.folder.with_name("hidden"))
    try:
        found = {
            "serving_default": answers(moved, "serving_default", as_columns(cells, run.columns)),
            "serve_examples": answers(moved, "serve_examples", {"examples": np.array(as_examples(cells, run.columns))}),
        }
    finally:
        hidden.rename(run.folder)
    for signature, by_name in found.items():
        assert by_name.keys() == wanted.keys()
        for output, values in by_name.items():
            if values.dtype == object:
                assert values.tolist() == wanted[output].numpy().tolist(), signature
            else:
                magnitude = np.abs(values).max()
                np.testing.assert_allclose(values, wanted[output], rtol=1e-5, atol=1e-6 * magnitude, err_msg=signature)


def answers(folder: Path, signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Runs a signature as TensorFlow's C API and TF Serving do: in a session, by the names in the SignatureDef."""
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        found = tf.compat.v1.saved_model.load(session, ["serve"], str(folder)).signature_def[signature]
        assert set(found.inputs) == set(inputs)
        return session.run(
            {output: tensor.name for output, tensor in found.outputs.items()},
            {found.inputs[name].name: values for name, values in inputs.items()},
        )


def test_text_labels_become_classes(trained: Callable[[str], tuple[LabelledRun, Names]]) -> None:
    """A label of text is learned as the classes that the train split holds; the export gives the likeliest one's name."""
    run, names = trained("census")
    classes = set(run.stored[run.label].tolist())
    assert {text.encode() for text in names["class_names"][1:]} == classes
    predicted = names["predict"]({name: values[:50] for name, values in run.stored.items() if name != run.label})
    assert set(predicted[run.label].numpy().tolist()) <= classes
    np.testing.assert_allclose(tf.reduce_sum(predicted[f"{run.label}_scores"], axis=1), 1, rtol=1e-5)


def test_the_command_prints_a_script_that_trains_better_than_the_mean(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the command prints, run as a script, holds out a split, trains, and exports; the error is below the label's deviation."""
    _, rest = (shared_data / "california_housing" / "housing.csv").read_text().split("\n", 1)
    (tmp_path / "housing.csv").write_text(",".join(HOUSING_COLUMNS) + "\n" + rest)
    run = run_toml(tmp_path, HOUSING)
    command = [
        sys.executable,
        "-c",
        "from shardmill.pipelines.cli.commands import main; main()",
        "inspect",
        "--code",
        run.name,
    ]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    printed = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=True).stdout
    monkeypatch.chdir(tmp_path)
    assert printed == code_for(run.name)
    (tmp_path / "train.py").write_text(printed)
    done = subprocess.run(
        [sys.executable, "train.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    deviation = float(np.std(read_split(run, "valid")["MedHouseVal"]))
    assert float(re.findall(r"val_loss: ([\d.e+]+)", done.stdout)[-1]) < deviation**2
    row = dict.fromkeys(HOUSING_INPUTS, 1) | {"OCEAN_PROXIMITY": "INLAND"}
    served = Server(str(tmp_path / "run-model")).predict(json.dumps({"instances": [row]}))
    assert np.isfinite(served["MedHouseVal"]).all()


@pytest.mark.parametrize("name", ["odd", "census"])
def test_rows_are_read_without_tensorflow(trained: Callable[[str], tuple[LabelledRun, Names]], name: str) -> None:
    """The first lines and the last part give the rows of the shards, compressed or not, by the package `tfrecord` alone."""
    run, _ = trained(name)
    head_lines, *_, part = re.split(r"^# --- .*$", code_for(str(run.folder)), flags=re.MULTILINE)
    check = """
import itertools, pickle, sys
pickle.dump(list(itertools.islice(rows("train"), 1000)), sys.stdout.buffer)
assert "tensorflow" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", head_lines + part + check], capture_output=True, check=True)
    pairs = pickle.loads(done.stdout)
    assert len(pairs) == min(1000, len(run.stored[run.label]))
    for place in (0, len(pairs) // 2, len(pairs) - 1):
        features, label = pairs[place]
        assert set(features) == set(run.stored) - {run.label}
        for feature, values in (features | {run.label: label}).items():
            np.testing.assert_array_equal(np.squeeze(values), run.stored[feature][place], err_msg=feature)


def test_without_a_label_there_are_readers_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run without a label gets code that reads, and says why there is no model; so does one whose features are all text.

    The advice names a column of the run; the script prints it, too.
    """
    toml = ODD.format(path=json.dumps(str(odd_csv(tmp_path))))
    unlabelled = run_toml(tmp_path, re.sub('(.*)"label"', r'\1"numeric"', toml), name="unlabelled")
    code = code_for(str(unlabelled))
    assert "No model: the run has no label" in code
    advice = 'can name one: class = { kind = "label" } under [features].'
    assert advice in code
    assert "keras" not in code
    assert "a script that trains" not in code
    assert "Run it in the folder" not in code
    with monkeypatch.context() as patch:
        patch.chdir(unlabelled.parent)
        assert "# Run it in the folder in which it was made" in code_for(unlabelled.name)
    capsys.readouterr()
    (features,) = execute(code, tmp_path)["dataset"]("train", batch_size=400)
    (told,) = capsys.readouterr().out.splitlines()
    assert told.startswith(
        "Nothing was trained: the run has no label, so there is nothing to predict. Its configuration"
    )
    assert told.endswith(advice)
    assert len(features) == len(ODD_COLUMNS)
    only_label = re.sub(r"\[features\].*\n\"\$y", '[features]\n"$y', toml, flags=re.DOTALL)
    code = code_for(str(run_toml(tmp_path, only_label, name="only_label")))
    assert "No model: no feature is of a kind" in code
    assert "keras" not in code


FUNCTION = """
import tensorflow as tf
import tensorflow_transform as tft


def preprocessing_fn(inputs):
    words = tf.strings.split(inputs["text"]).to_sparse()
    indices, weights = tft.tfidf(tft.compute_and_apply_vocabulary(words, vocab_filename="tfidf"), 9)
    number = inputs["number"]
    return {
        "ids": tft.compute_and_apply_vocabulary(words, default_value=-1, top_k=3, vocab_filename="ids"),
        "indices": indices,
        "weights": weights,
        "words": words,
        "pairs": tf.sparse.from_dense(tf.reshape(tf.stack([number] * 4, axis=1), [-1, 2, 2])),
        "number": tft.scale_to_z_score(number),
        "y": inputs["y"],
    }
"""
FUNCTION_TOML = """
preprocessing_fn = "function.py:preprocessing_fn"
label = ["y"]
[input]
files = ["rows.csv"]
schema = "rows.pbtxt"
[output]
shards = 1
shuffle = false
"""
FUNCTION_SCHEMA = """
feature { name: "text" type: BYTES presence { min_fraction: 1 } }
feature { name: "number" type: FLOAT presence { min_fraction: 1 } }
feature { name: "y" type: INT presence { min_fraction: 1 } }
"""


def test_features_of_varying_length_are_padded_and_pooled(tmp_path: Path) -> None:
    """For a TF Transform function with such outputs the model trains, and the export answers raw rows as the model stored ones."""
    pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")
    rows = [(" ".join("abcde"[: row % 6]) or ".", float(row), row % 2) for row in range(90)]
    (tmp_path / "rows.csv").write_text(
        "text,number,y\n" + "".join(f"{text},{number},{y}\n" for text, number, y in rows)
    )
    (tmp_path / "rows.pbtxt").write_text(FUNCTION_SCHEMA)
    (tmp_path / "function.py").write_text(FUNCTION)
    names = execute(code_for(str(run_toml(tmp_path, FUNCTION_TOML))), tmp_path)
    (records,) = tf.data.TFRecordDataset(names["shards"]("train"), "GZIP").batch(90)
    features, labels = names["parse"](records)
    assert labels.numpy().tolist() == [y for _, _, y in rows]
    assert features["ids"].shape == (90, 5)
    pooled = [line for line in code_for(str(tmp_path / "run")).splitlines() if line.strip().startswith("pooled(")]
    assert len(pooled) == len(["ids", "indices"])
    text, number, _ = zip(*rows, strict=True)
    inputs = {"text": np.array([each.encode() for each in text], object), "number": np.array(number, np.float32)}
    served = answers(Path(names["EXPORT"]), "serving_default", inputs)
    np.testing.assert_allclose(served["y"], names["model"](features), rtol=1e-5)


def test_the_export_lies_beside_the_run() -> None:
    """The model's folder is the run's with an ending, of a folder given as `.` too; that of a remote run lies here."""
    assert export_folder("out/run/") == "out/run-model"
    assert export_folder(".") == f"{Path.cwd()}-model"
    assert export_folder("gs://bucket/run") == "run-model"


def test_the_code_for_a_remote_run_names_it(tmp_path: Path) -> None:
    """It is the code for the same run here, but for the places and what reads from there; no shard is needed to write it."""
    run = run_toml(tmp_path, ODD.format(path=json.dumps(str(odd_csv(tmp_path)))))
    here = code_for(str(run))
    for shard in run.glob("*.tfrecord"):
        shard.unlink()
    url = f"{SCHEME}://{run}"
    code = code_for(f"{url}/")
    assert f'\nRUN = "{url}"\n' in code
    assert '\nEXPORT = "run-model"\n' in code
    assert "# TensorFlow itself reads gs:// and no other store" in code
    notes = re.sub("^# TensorFlow itself.*\n.*\n", "", code, flags=re.MULTILINE)
    assert notes.replace('"run-model"', f'"{run}-model"').replace(url, str(run)) == here


def test_what_is_no_finished_run_is_named(tmp_path: Path) -> None:
    """A folder that isn't a run, here or in a store, a run that lacks a file and one with a damaged file each get their message."""
    with pytest.raises(DataError, match="isn't a finished run: it has no _SUCCESS"):
        code_for(str(tmp_path))
    with pytest.raises(DataError, match=f"'{SCHEME}://{tmp_path}' isn't a finished run: it has no _SUCCESS"):
        code_for(f"{SCHEME}://{tmp_path}/")
    (tmp_path / "_SUCCESS").touch()
    with pytest.raises(DataError, match=r"isn't a run: it has no manifest.json; give the output folder of a run"):
        code_for(str(tmp_path))
    run = run_toml(tmp_path, ODD.format(path=json.dumps(str(odd_csv(tmp_path)))))
    (run / "post_transform_feature_stats" / "FeatureStats.pb").write_bytes(b"\xff")
    with pytest.raises(DataError, match=r"FeatureStats.pb: expected statistics"):
        code_for(str(run))
