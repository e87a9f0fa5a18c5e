"""Raw rows through the served graph, and through models with it in front, against what the shards hold: the same bits."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from shardmill.pipelines.inspect.code import code_for
from tests.support.datasets import LABELS, PLAIN_LABELS, LabelledRun, as_columns, as_examples, run_with_label
from tests.support.printed import execute

pytestmark = pytest.mark.usefixtures("shared_tracer")

# Rows that go through the slower ways, spread evenly over the set.
SOME = 3000
Run = Callable[[str], LabelledRun]


@pytest.fixture(scope="module")
def labelled(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs the main job on a set of shared data, once."""
    done: dict[str, LabelledRun] = {}

    def finish(name: str) -> LabelledRun:
        if name not in done:
            done[name] = run_with_label(name, shared_data, tmp_path_factory.mktemp(name))
        return done[name]

    return finish


def _some(run: LabelledRun) -> np.ndarray:
    return np.unique(np.linspace(0, len(run.cells) - 1, SOME).astype(int))


def _batches(values: Mapping[str, Any], size: int) -> Iterator[dict[str, Any]]:
    rows = len(next(iter(values.values())))
    for start in range(0, rows, size):
        yield {name: tf.constant(column[start : start + size]) for name, column in values.items()}


def _in_batches(function: Callable[..., Any], values: Mapping[str, Any], size: int) -> dict[str, np.ndarray]:
    answers = [function(**batch) for batch in _batches(values, size)]
    return {name: np.concatenate([answer[name].numpy() for answer in answers]) for name in answers[0]}


def _assert_same_bits(found: Mapping[str, np.ndarray], wanted: Mapping[str, np.ndarray]) -> None:
    assert found.keys() == wanted.keys()
    for name, values in found.items():
        assert values.dtype == wanted[name].dtype, name
        assert values.shape == wanted[name].shape, name
        assert values.tobytes() == wanted[name].tobytes(), name


def _take(values: Mapping[str, np.ndarray], rows: Any) -> dict[str, np.ndarray]:
    return {name: column[rows] for name, column in values.items()}


def _features(run: LabelledRun) -> dict[str, np.ndarray]:
    return {name: column for name, column in run.stored.items() if name != run.label}


@pytest.mark.parametrize("name", [*LABELS, *PLAIN_LABELS])
def test_every_raw_row_gives_what_its_shard_holds(labelled: Run, name: str) -> None:
    """All rows with a label, by name, are transformed to the stored bits; a label that is missing rejects its row."""
    run = labelled(name)
    serve = tf.saved_model.load(str(run.folder / "transform_fn")).signatures["serving_default"]
    _assert_same_bits(_in_batches(serve, as_columns(run.cells, run.columns), 8192), _features(run))


@pytest.mark.parametrize("name", [*LABELS, *PLAIN_LABELS])
def test_raw_examples_give_what_the_shard_holds(labelled: Run, name: str) -> None:
    """Serialized raw Examples that lack what a row lacks are transformed to the stored bits."""
    run, rows = labelled(name), _some(labelled(name))
    serve = tf.saved_model.load(str(run.folder / "transform_fn")).signatures["serve_examples"]
    examples = as_examples(run.cells.iloc[rows].reset_index(drop=True), run.columns)
    _assert_same_bits(_in_batches(serve, {"examples": examples}, 1000), _take(_features(run), rows))


@pytest.mark.parametrize("name", LABELS)
@pytest.mark.parametrize(("size", "count"), [(1, 60), (7, 420)])
def test_the_batch_size_changes_no_bit(labelled: Run, name: str, size: int, count: int) -> None:
    """One row, or seven, at a time: the stored bits too, by both signatures."""
    run, rows = labelled(name), _some(labelled(name))[:count]
    cells = run.cells.iloc[rows].reset_index(drop=True)
    signatures = tf.saved_model.load(str(run.folder / "transform_fn")).signatures
    wanted = _take(_features(run), rows)
    _assert_same_bits(_in_batches(signatures["serving_default"], as_columns(cells, run.columns), size), wanted)
    examples = {"examples": as_examples(cells, run.columns)}
    _assert_same_bits(_in_batches(signatures["serve_examples"], examples, size), wanted)


def _signatures(folder: Path) -> dict[str, tuple[set[str], set[str]]]:
    """The names of each signature's inputs and outputs, from the file."""
    model = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    return {name: (set(each.inputs), set(each.outputs)) for name, each in model.meta_graphs[0].signature_def.items()}


@pytest.mark.parametrize("name", LABELS)
def test_the_label_is_no_input(labelled: Run, name: str) -> None:
    """Neither serving signature asks for the label or answers it."""
    run = labelled(name)
    signatures = _signatures(run.folder / "transform_fn")
    features = set(run.stored) - {run.label}
    assert signatures["serving_default"] == ({column.name for column in run.columns}, features)
    assert signatures["serve_examples"] == ({"examples"}, features)
    assert run.label not in {column.name for column in run.columns}


def _model(features: Mapping[str, np.ndarray]) -> keras.Model:
    """A small model with fixed weights: floats as they are, integers embedded, two dense layers."""
    keras.utils.set_random_seed(1)
    inputs = {
        name: keras.Input(values.shape[1:], dtype=values.dtype.name, name=name) for name, values in features.items()
    }
    flat = keras.layers.Reshape((-1,))
    floats = [flat(each) for each in inputs.values() if each.dtype == "float32"]
    ids = [flat(each) for each in inputs.values() if each.dtype == "int64"]
    embedded = flat(keras.layers.Embedding(101, 4)(keras.layers.Concatenate()(ids) % 101))
    hidden = keras.layers.Dense(8, "tanh")(keras.layers.Concatenate()([*floats, embedded]))
    return keras.Model(inputs, keras.layers.Dense(1)(hidden))


def _answering(model: keras.Model) -> Callable[..., Any]:
    """The model as a graph, as it is served: eager operations may differ in the last bit."""
    return tf.function(lambda **features: {"output_0": model(features)})


def _raw_inputs(run: LabelledRun) -> dict[str, Any]:
    dtypes = {"float": "float32", "int": "int64", "bytes": "string"}
    return {column.name: keras.Input((), dtype=dtypes[column.type.value], name=column.name) for column in run.columns}


def _export(run: LabelledRun, model: keras.Model, folder: Path) -> None:
    """The model with the transform in front, with both signatures, as docs/serving.md shows it."""
    raw = _raw_inputs(run)
    by_name = keras.Model(raw, model(keras.layers.TFSMLayer(run.folder / "transform_fn")(raw)))
    serialized = keras.Input((), dtype="string", name="examples")
    parse = keras.layers.TFSMLayer(run.folder / "transform_fn", call_endpoint="serve_examples")
    by_example = keras.Model(serialized, model(parse(serialized)))
    archive = keras.export.ExportArchive()
    for name, served in (("serving_default", by_name), ("serve_examples", by_example)):
        archive.track(served)
        archive.add_endpoint(name, served.__call__, [keras.tree.map_structure(_spec, served.input)])
    archive.write_out(str(folder), verbose=False)


def _spec(tensor: Any) -> tf.TensorSpec:
    return tf.TensorSpec(tensor.shape, tensor.dtype, tensor.name)


@pytest.mark.parametrize("name", LABELS)
def test_a_served_model_answers_as_on_the_stored_rows(labelled: Run, name: str, tmp_path: Path) -> None:
    """A Keras 3 model with the transform in front answers raw rows, by name and as Examples, as it answers the shard's rows."""
    run, rows = labelled(name), _some(labelled(name))
    features = _take(_features(run), rows)
    model = _model(features)
    _export(run, model, tmp_path / "served")
    assert _signatures(tmp_path / "served")["serving_default"][0] == {column.name for column in run.columns}
    signatures = tf.saved_model.load(str(tmp_path / "served")).signatures
    cells = run.cells.iloc[rows].reset_index(drop=True)
    raw, examples = as_columns(cells, run.columns), {"examples": as_examples(cells, run.columns)}
    for size, count in ((1, 20), (7, 140), (1000, SOME)):
        wanted = _in_batches(_answering(model), _take(features, slice(count)), size)
        _assert_same_bits(_in_batches(signatures["serving_default"], _take(raw, slice(count)), size), wanted)
        _assert_same_bits(_in_batches(signatures["serve_examples"], _take(examples, slice(count)), size), wanted)


@pytest.mark.parametrize("name", [*LABELS, *PLAIN_LABELS])
def test_the_printed_script_trains_and_serves_raw_rows(labelled: Run, name: str, tmp_path: Path) -> None:
    """What `inspect --code` prints for a set learns from it, and its export answers raw rows as its model does the stored ones."""
    run, rows = labelled(name), _some(labelled(name))[::10]
    names = execute(code_for(str(run.folder)), tmp_path)
    assert np.isfinite(names["model"].history.history["loss"]).all()
    wanted = names["predict"](_take(_features(run), rows))
    columns = as_columns(run.cells.iloc[rows].reset_index(drop=True), run.columns)
    served = tf.saved_model.load(names["EXPORT"]).serve({each: tf.constant(values) for each, values in columns.items()})
    assert served.keys() == wanted.keys()
    assert run.label in served
    for output, values in served.items():
        if values.dtype != tf.string:
            magnitude = np.abs(values).max()
            np.testing.assert_allclose(values, wanted[output], rtol=1e-4, atol=1e-5 * magnitude, err_msg=output)


def test_an_exported_model_needs_no_run(labelled: Run, tmp_path: Path) -> None:
    """The exported model holds the vocabularies: it answers after the run's folder is gone."""
    run = labelled("movielens")
    copied = LabelledRun(tmp_path / "run", run.label, run.columns, run.cells, run.stored)
    shutil.copytree(run.folder, copied.folder)
    model = _model(_features(run))
    _export(copied, model, tmp_path / "served")
    shutil.rmtree(copied.folder)
    serve = tf.saved_model.load(str(tmp_path / "served")).signatures["serving_default"]
    wanted = _in_batches(_answering(model), _features(run), 1000)
    assert len(np.unique(wanted["output_0"])) > len(run.cells) / 2
    _assert_same_bits(_in_batches(serve, as_columns(run.cells, run.columns), 1000), wanted)


def test_a_keras_model_with_the_transform_is_saved_and_reloaded(labelled: Run, tmp_path: Path) -> None:
    """A Keras 3 model with the transform as a layer comes back from a `.keras` file and gives the stored bits."""
    run = labelled("housing")
    raw = _raw_inputs(run)
    keras.Model(raw, keras.layers.TFSMLayer(str(run.folder / "transform_fn"))(raw)).save(tmp_path / "model.keras")
    # Keras loads another SavedModel only when told that it may be trusted.
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=False)
    values = {name: tf.constant(column) for name, column in as_columns(run.cells, run.columns).items()}
    _assert_same_bits({name: tensor.numpy() for name, tensor in loaded(values).items()}, _features(run))


def _sparse(cells: Sequence[str | None], values: np.ndarray) -> tf.SparseTensor:
    rows = np.flatnonzero([cell is not None for cell in cells])
    return tf.SparseTensor(np.stack([rows, np.zeros_like(rows)], 1), tf.constant(values[rows]), [len(values), 1])


def _tft_inputs(run: LabelledRun, spec: Mapping[str, Any], rows: int) -> dict[str, Any]:
    """Raw features as TF Transform's raw feature spec wants them: an optional column is sparse."""
    cells = run.cells.head(rows)
    return {
        name: tf.constant(values) if isinstance(spec[name], tf.io.FixedLenFeature) else _sparse(cells[name], values)
        for name, values in as_columns(cells, run.columns).items()
    }


def test_tf_transforms_layer_is_one_of_tf_keras(labelled: Run, tmp_path: Path) -> None:
    """`transform_features_layer()` works in a model of tf_keras, without the label, saved and reloaded: the stored bits."""
    tft = pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")
    tf_keras = pytest.importorskip("tf_keras", reason="tf_keras comes with TF Transform")
    run = labelled("housing")
    output = tft.TFTransformOutput(str(run.folder))
    spec = output.raw_feature_spec()
    raw = {
        column.name: tf_keras.Input(
            (1,) if _is_sparse(spec[column.name]) else (),
            dtype=spec[column.name].dtype,
            sparse=_is_sparse(spec[column.name]),
        )
        for column in run.columns
    }
    tf_keras.Model(raw, output.transform_features_layer()(raw)).save(tmp_path / "model")
    found = tf_keras.models.load_model(tmp_path / "model")(_tft_inputs(run, spec, 500))
    _assert_same_bits({name: tensor.numpy() for name, tensor in found.items()}, _take(_features(run), slice(500)))


def _is_sparse(spec: Any) -> bool:
    return isinstance(spec, tf.io.VarLenFeature)


def test_tf_transforms_layer_is_none_of_keras_3(labelled: Run) -> None:
    """Keras 3 doesn't take TF Transform's layer into a model; its own `TFSMLayer` is the way."""
    tft = pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")
    run = labelled("housing")
    layer = tft.TFTransformOutput(str(run.folder)).transform_features_layer()
    with pytest.raises(Exception, match="KerasTensor"):
        layer(_raw_inputs(run))
