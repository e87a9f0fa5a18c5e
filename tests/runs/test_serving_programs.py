"""Programs that aren't ours load a run's SavedModel and give what Python gives, to the bit."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from shardmill.schemas.schema import ColumnType
from tests.support.datasets import as_examples
from tests.support.locations import ROOT
from tests.support.needs import leave, needs
from tests.support.serving.rest import Server
from tests.support.serving.small_run import ROWS, SmallRun, small_run

pytestmark = pytest.mark.usefixtures("shared_tracer")

SOURCES = ROOT / "tests" / "support" / "serving"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    """A run with raw columns of every type."""
    return small_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def server(run: SmallRun) -> Server:
    """The run's SavedModel, called by its signatures."""
    return Server(run.model)


@pytest.fixture(scope="module")
def rows_file(run: SmallRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows as the C and JVM programs read them: a line for each column, cells between tabs, an empty one is missing."""
    path = tmp_path_factory.mktemp("rows") / "rows.tsv"
    texts = run.cells.fillna("")
    lines = ["\t".join([name, *texts[name]]) + "\n" for name in texts.columns]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def _succeeds(command: Sequence[str], **settings: Any) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, **settings)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


def _assert_same(printed: str, wanted: Mapping[str, np.ndarray]) -> None:
    """What a program printed, a line for each output, is what Python gives, to the bit."""
    lines = dict(line.split("\t", 1) for line in printed.splitlines())
    assert lines.keys() == wanted.keys()
    for name, values in wanted.items():
        found = np.array(lines[name].replace("\t", " ").split(" "), values.dtype).reshape(values.shape)
        assert found.tobytes() == values.tobytes(), name


def _assert_same_bits(found: Mapping[str, np.ndarray], wanted: Mapping[str, np.ndarray]) -> None:
    assert {name: values.tobytes() for name, values in found.items()} == {
        name: values.tobytes() for name, values in wanted.items()
    }


def _saved_model_cli(*arguments: str) -> str:
    # As the command `saved_model_cli`, which TensorFlow installs, whether or not it is on the PATH.
    return _succeeds([sys.executable, "-m", "tensorflow.python.tools.saved_model_cli", *arguments]).stdout


def test_saved_model_cli_shows_columns_and_features_by_name(run: SmallRun) -> None:
    """`show` lists the raw columns with their types, without the labels, and the features."""
    shown = _saved_model_cli("show", "--dir", run.model, "--tag_set", "serve", "--signature_def", "serving_default")
    inputs = {column.name: column.type for column in run.columns}
    assert {name for name in [*run.cells.columns, *run.answers()] if f"['{name}'] tensor_info" in shown} == {
        *inputs,
        *run.answers(),
    }
    assert shown.count("inputs['") == len(inputs)
    types = {ColumnType.FLOAT: "DT_FLOAT", ColumnType.INT: "DT_INT64", ColumnType.BYTES: "DT_STRING"}
    for name, kind in inputs.items():
        assert f"inputs['{name}'] tensor_info:\n      dtype: {types[kind]}\n      shape: (-1)\n" in shown


def test_saved_model_cli_runs_raw_columns(run: SmallRun, tmp_path: Path) -> None:
    """`run` takes columns from files, NaN among them, and as Python expressions, and writes what Python gives."""
    written = {name: values for name, values in run.raw.items() if name not in ("hour", "town")}
    np.savez(
        tmp_path / "rows.npz", **{str(index): _without_objects(values) for index, values in enumerate(written.values())}
    )
    files = ";".join(f"{name}={tmp_path}/rows.npz[{index}]" for index, name in enumerate(written))
    towns = [town.decode() for town in run.raw["town"]]
    expressions = f"hour={run.raw['hour'].tolist()};town={towns}"
    _run_cli(run, tmp_path / "out", "serving_default", "--inputs", files, "--input_exprs", expressions)


def _without_objects(values: np.ndarray) -> np.ndarray:
    return values.astype(np.bytes_) if values.dtype == object else values


def test_saved_model_cli_runs_examples(run: SmallRun, tmp_path: Path) -> None:
    """`run` takes Examples written as dictionaries, without the features that a row lacks, and writes what Python gives."""
    rows = [
        {
            name: [values[row].decode() if values.dtype == object else values[row].item()]
            for name, values in run.raw.items()
            if run.cells[name][row] is not None
        }
        for row in range(ROWS)
    ]
    _run_cli(run, tmp_path / "out", "serve_examples", "--input_examples", f"examples={rows}")


def _run_cli(run: SmallRun, out: Path, signature: str, *inputs: str) -> None:
    model = ["--dir", run.model, "--tag_set", "serve", "--signature_def", signature]
    _saved_model_cli("run", *model, *inputs, "--outdir", str(out))
    answers = run.answers()
    assert {path.stem for path in out.iterdir()} == answers.keys()
    for name, values in answers.items():
        assert np.load(out / f"{name}.npy").tobytes() == values.tobytes(), name


def test_tensorflows_c_api(run: SmallRun, rows_file: Path, tmp_path: Path) -> None:
    """A C program that finds the tensors by the signature's names gives what Python gives."""
    needs("cc")
    library = tf.sysconfig.get_lib()
    program = str(tmp_path / "serve")
    source = [
        "-std=c11",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-isystem",
        tf.sysconfig.get_include(),
        str(SOURCES / "serve.c"),
    ]
    linked = [f"-L{library}", "-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2", f"-Wl,-rpath,{library}"]
    _succeeds(["cc", *source, "-o", program, *linked])
    _assert_same(_succeeds([program, run.model, "serving_default", str(rows_file)]).stdout, run.answers())
    absent = subprocess.run([program, run.model, "no", str(rows_file)], capture_output=True, text=True, check=False)
    assert absent.returncode == 1
    assert absent.stderr.endswith("serve: no such signature: no\n")


@pytest.fixture(scope="module")
def jvm(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command of the JVM program, built with Maven once."""
    needs("java", "javac", "mvn")
    out = tmp_path_factory.mktemp("jvm")
    build = ["mvn", "-q", "-B", "-ntp", "-f", str(SOURCES / "jvm" / "pom.xml"), f"-Dout={out}", "process-classes"]
    # Without asking the registry first: what is needed may be there since last time.
    done = subprocess.run([*build, "-o"], capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        done = subprocess.run(build, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode and "could not be resolved" in done.stdout.lower():
        leave("Maven can't get TensorFlow for Java from its registry")
    assert done.returncode == 0, done.stdout + done.stderr
    return ["java", "-cp", f"{out / 'classes'}{os.pathsep}{(out / 'classpath').read_text()}", "Serve"]


@pytest.mark.parametrize("signature", ["serving_default", "serve_examples"])
def test_tensorflow_for_java(run: SmallRun, jvm: list[str], rows_file: Path, signature: str) -> None:
    """A Java program gives what Python gives, by names and by Examples, though it brings an older TensorFlow."""
    done = _succeeds([*jvm, run.model, signature, str(rows_file)])
    _assert_same(done.stdout, run.answers())
    assert "TensorFlow 2.18.0" in done.stderr


def _json_rows(run: SmallRun) -> list[dict[str, Any]]:
    columns = {
        name: [value.decode() if isinstance(value, bytes) else value for value in values.tolist()]
        for name, values in run.raw.items()
    }
    return [{name: values[row] for name, values in columns.items()} for row in range(ROWS)]


def test_rest_in_rows_and_in_columns(run: SmallRun, server: Server) -> None:
    """TF Serving's two JSON formats fit `serving_default`, with NaN, the smallest int64 and "" for what is missing."""
    rows = _json_rows(run)
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    by_row, by_column = json.dumps({"instances": rows}), json.dumps({"inputs": columns})
    assert "NaN" in by_row
    assert "-9223372036854775808" in by_row
    for body in (by_row, by_column):
        _assert_same_bits(server.predict(body), run.answers())


def test_rest_with_serialized_examples(run: SmallRun, server: Server) -> None:
    """`serve_examples` takes serialized Examples in base64, as rows or as a column."""
    examples = [{"b64": base64.b64encode(each).decode()} for each in as_examples(run.cells, run.columns)]
    for body in (
        {"instances": examples},
        {"instances": [{"examples": each} for each in examples]},
        {"inputs": examples},
    ):
        found = server.predict(json.dumps({"signature_name": "serve_examples", **body}))
        _assert_same_bits(found, run.answers())


def _row(run: SmallRun, **changes: Any) -> str:
    row = {name: value for name, value in (_json_rows(run)[0] | changes).items() if value is not ...}
    return json.dumps({"instances": [row]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weight": None}, "None is not of expected type: float"),
        ({"weight": ...}, "keys must be equal to"),
        ({"price": 1.0}, "keys must be equal to"),
        ({"weight": 2**24}, "without loss of precision"),
        ({"hour": 7.0}, "not of expected type: int64"),
        ({"city": 3}, "not of expected type: string"),
    ],
)
def test_rest_bodies_that_tf_serving_refuses(
    run: SmallRun, server: Server, change: dict[str, Any], message: str
) -> None:
    """A null, a lacking or unknown column, and numbers of another type are refused."""
    assert server.predict(_row(run))["weight"][0] == run.answers()["weight"][0]
    with pytest.raises(ValueError, match=message):
        server.predict(_row(run, **change))


def test_a_grpc_request(run: SmallRun, server: Server) -> None:
    """A `PredictRequest` made from the columns carries tensors of the signature's names and types, and gives what Python gives."""
    predict_pb2 = pytest.importorskip(
        "tensorflow_serving.apis.predict_pb2", reason="tensorflow-serving-api isn't installed"
    )
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "flights", "serving_default"
    for name, values in run.raw.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(values))
    received = predict_pb2.PredictRequest.FromString(request.SerializeToString())
    arrays = {name: tf.make_ndarray(tensor) for name, tensor in received.inputs.items()}
    _assert_same_bits(server.call(received.model_spec.signature_name, arrays), run.answers())


def test_what_python_says_to_bad_input(run: SmallRun) -> None:
    """A lacking, unknown or wrongly typed column, and one of another shape, are errors; nothing is guessed."""
    serve = tf.saved_model.load(run.model).serve
    good = {name: tf.constant(values) for name, values in run.raw.items()}
    weight = good.pop("weight")
    assert serve(good | {"weight": weight}).keys() == run.answers().keys()
    others = {"price": weight, "weight": weight}, {"weight": tf.cast(weight, tf.float64)}, {"weight": weight[:, None]}
    for bad in ({}, *others):
        with pytest.raises(TypeError, match="Binding inputs to"):
            serve(good | bad)


def test_columns_of_different_lengths(run: SmallRun) -> None:
    """TensorFlow notices only where a feature needs two of them."""
    serve = tf.saved_model.load(run.model).serve
    good = {name: tf.constant(values[:3]) for name, values in run.raw.items()}
    shorter = serve(good | {"weight": good["weight"][:2]})
    assert [len(shorter["weight"]), len(shorter["count"])] == [2, 3]
    with pytest.raises(tf.errors.InvalidArgumentError):
        serve(good | {"town": good["town"][:2]})


def test_what_is_said_to_bad_examples(run: SmallRun) -> None:
    """In an Example, an unknown feature is ignored; a feature of another type, or of several values, is an error."""
    serve = tf.saved_model.load(run.model).signatures["serve_examples"]

    def answer(**features: Any) -> np.ndarray:
        example = tf.train.Example(features=tf.train.Features(feature=features))
        found: np.ndarray = serve(examples=tf.constant([example.SerializeToString()]))["weight"].numpy()
        return found

    floats, integers = tf.train.FloatList, tf.train.Int64List
    weight = tf.train.Feature(float_list=floats(value=[70.0]))
    assert answer(weight=weight, unknown=weight) == answer(weight=weight) != answer()
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"weight.*Data types don't match"):
        answer(weight=tf.train.Feature(int64_list=integers(value=[70])))
    with pytest.raises(tf.errors.InvalidArgumentError, match="weight"):
        answer(weight=tf.train.Feature(float_list=floats(value=[1.0, 2.0])))
