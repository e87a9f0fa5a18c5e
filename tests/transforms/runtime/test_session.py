"""The session runs a SavedModel on Arrow buffers; TensorFlow's own Python API is what it is held against."""

import gc
import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from shardmill.schemas.errors import ShardmillError
from shardmill.schemas.schema import MISSING_INT
from shardmill.transforms.runtime import c_api, c_library
from shardmill.transforms.runtime.session import Session, library_path, load_ahead, load_session

# Outputs of strings.
TEXTS = ("same", "pairs", "letters")
TOKENS = ["red", "green", "blue", "x" * 22, "y" * 23, "z" * 24]


def _module(tf: Any, vocabulary: Path) -> Any:
    class Model(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            initializer = tf.lookup.TextFileInitializer(
                tf.saved_model.Asset(str(vocabulary)),
                *(tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER),
            )
            self.table = tf.lookup.StaticVocabularyTable(initializer, num_oov_buckets=3)

        @tf.function(autograph=False)
        def transform(self, amount: Any, count: Any, color: Any) -> dict[str, Any]:
            letters = tf.strings.unicode_split(color, "UTF-8")
            return {
                "amount": tf.where(tf.math.is_nan(amount), -1.0, (amount - 0.1) / 3.7),
                "pair": tf.stack([amount, amount * 2], axis=1),
                "count": count * 2,
                "missing": tf.cast(tf.equal(count, tf.int64.min), tf.int64),
                "color": self.table.lookup(color),
                "size": tf.cast(tf.strings.length(color), tf.int64),
                "same": tf.identity(color),
                "pairs": tf.stack([color, color + "!"], axis=1),
                "letters": letters.flat_values,
                "letters$rows": letters.row_lengths(),
            }

        @tf.function(autograph=False)
        def shared(self, numbers: Any, texts: Any) -> dict[str, Any]:
            return {"sums": tf.stack([numbers[0] + numbers[1], numbers[0]]), "last": texts[1]}

        @tf.function(autograph=False)
        def fail(self, amount: Any) -> dict[str, Any]:
            with tf.control_dependencies([tf.debugging.assert_less(amount, 10.0, message="amounts must be small")]):
                return {"amount": tf.identity(amount)}

    return Model()


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A SavedModel with a vocabulary asset, two signatures and their tensor names."""
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("model")
    vocabulary = folder / "colors"
    vocabulary.write_text("".join(token + "\n" for token in TOKENS))
    module = _module(tf, vocabulary)
    columns = {
        "amount": tf.TensorSpec([None], tf.float32, "amount"),
        "count": tf.TensorSpec([None], tf.int64, "count"),
        "color": tf.TensorSpec([None], tf.string, "color"),
    }
    signatures = {
        "transform": module.transform.get_concrete_function(**columns),
        "fail": module.fail.get_concrete_function(amount=columns["amount"]),
        "shared": module.shared.get_concrete_function(
            tf.TensorSpec([2, None], tf.float32, "numbers"), tf.TensorSpec([2, None], tf.string, "texts")
        ),
    }
    path = folder / "transform_fn"
    tf.saved_model.save(module, str(path), signatures)
    (path / "assets.extra").mkdir()
    (path / "assets.extra" / "shardmill.json").write_text(json.dumps({"signatures": _names(path), "labels": {}}))
    return str(path)


def _names(path: Path) -> dict[str, Any]:
    from tensorflow.core.protobuf import saved_model_pb2

    message = saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes())
    found = message.meta_graphs[0].signature_def
    names = {}
    kinds = {1: "float32", 9: "int64", 7: "bytes"}
    for signature in ("transform", "fail"):
        inputs = {key: [info.name, kinds[info.dtype]] for key, info in found[signature].inputs.items()}
        tensors = dict(found[signature].outputs.items())
        outputs: dict[str, Any] = {
            key: [info.name, kinds[info.dtype], [dim.size for dim in info.tensor_shape.dim[1:]], None]
            for key, info in sorted(tensors.items())
            if not key.startswith("letters")
        }
        if signature == "transform":
            outputs["letters"] = [tensors["letters"].name, "bytes", None, tensors["letters$rows"].name]
        names[signature] = {"inputs": inputs, "outputs": outputs}
    tensors = {**found["shared"].inputs, **found["shared"].outputs}
    columns = {
        "a": ("numbers", "float32"),
        "s": ("texts", "bytes"),
        "b": ("numbers", "float32"),
        "t": ("texts", "bytes"),
    }
    features = {"sum": ("sums", "float32"), "t": ("last", "bytes"), "first": ("sums", "float32")}
    names["shared"] = {
        "inputs": {name: [tensors[key].name, dtype] for name, (key, dtype) in columns.items()},
        "outputs": {name: [tensors[key].name, dtype, [], None] for name, (key, dtype) in features.items()},
    }
    return names


def batch(
    colors: list[str | None], amounts: list[float | None] | None = None, counts: list[int | None] | None = None
) -> pa.RecordBatch:
    """Rows of the model's columns."""
    rows = len(colors)
    return pa.RecordBatch.from_arrays(
        [
            pa.array(colors, pa.string()),
            pa.array(amounts if amounts is not None else [0.5 * row for row in range(rows)], pa.float32()),
            pa.array(counts if counts is not None else list(range(rows)), pa.int64()),
        ],
        names=["color", "amount", "count"],
    )


@pytest.fixture(params=["c", "python"])
def session(request: pytest.FixtureRequest, model_dir: str, monkeypatch: pytest.MonkeyPatch) -> Session:
    """The model's session, by the C library and by TensorFlow's Python API."""
    if request.param == "python":
        monkeypatch.setenv("SHARDMILL_SESSION", "python")
    elif library_path() is None:
        pytest.skip("TensorFlow's C library isn't in the installed package")
    return load_session(model_dir)


def test_numbers_are_transformed(session: Session) -> None:
    """Floats and ints come back computed, with their dtype and row shape."""
    outputs = session.run(batch(["red", "green"], [1.5, -2.0], [7, -8]))
    assert outputs["amount"].dtype == np.float32
    expected = (np.array([1.5, -2.0], np.float32) - np.float32(0.1)) / np.float32(3.7)
    np.testing.assert_array_equal(outputs["amount"], expected)
    np.testing.assert_array_equal(outputs["pair"], np.array([[1.5, 3.0], [-2.0, -4.0]], np.float32))
    assert outputs["count"].dtype == np.int64
    assert outputs["count"].tolist() == [14, -16]


def test_outputs_are_described(session: Session) -> None:
    """The session tells each output's name, dtype and shape of one row."""
    described = {feature.name: (feature.dtype, feature.shape) for feature in session.outputs}
    assert described["pair"] == ("float32", (2,))
    assert described["same"] == ("bytes", ())
    assert set(session.inputs) == {"amount", "count", "color"}


def test_strings_of_all_sizes(session: Session) -> None:
    """Strings at the edges of TensorFlow's small-string layout, empty ones and a megabyte pass unchanged."""
    colors = ["", "a", "x" * 22, "y" * 23, "z" * 24, "é" * 11, "m" * 1_000_000, "\0nul\0", "red"]
    outputs = session.run(batch(colors))
    assert [value.decode() for value in outputs["same"].to_pylist()] == colors
    assert outputs["size"].tolist() == [len(color.encode()) for color in colors]


def test_strings_of_more_dimensions_and_of_varying_number(session: Session) -> None:
    """A row's strings come one after the other; where rows differ in their number, as lists, empty ones too."""
    outputs = session.run(batch(["red", "", "né"]))
    assert outputs["pairs"].to_pylist() == [b"red", b"red!", b"", b"!", "né".encode(), "né!".encode()]
    assert outputs["letters"].to_pylist() == [[b"r", b"e", b"d"], [], [b"n", "é".encode()]]
    assert next(feature.shape for feature in session.outputs if feature.name == "letters") is None


def test_vocabulary_from_an_asset(session: Session) -> None:
    """A table is initialised from its asset file; an unknown token falls into an OOV bucket."""
    outputs = session.run(batch([*TOKENS, "mauve", "ochre"]))
    assert outputs["color"][: len(TOKENS)].tolist() == list(range(len(TOKENS)))
    assert set(outputs["color"][len(TOKENS) :].tolist()) <= {6, 7, 8}


def test_nulls_are_the_missing_representation(session: Session) -> None:
    """A null is fed as NaN, -2**63 or the empty string."""
    outputs = session.run(batch([None, "red"], [None, 1.0], [None, 3]))
    assert outputs["amount"][0] == -1.0
    assert np.isnan(outputs["pair"][0, 0])
    assert outputs["missing"].tolist() == [1, 0]
    assert np.iinfo(np.int64).min == MISSING_INT
    assert outputs["same"].to_pylist() == [b"", b"red"]


def test_slices_keep_to_their_rows(session: Session) -> None:
    """A sliced batch gives the same as its rows in a batch of their own, nulls before the slice or in it."""
    rows = batch([None, "red", "", None, "z" * 40, "blue"], [None, 1.0, 2.0, None, 4.0, 5.0], [None, 1, 2, None, 4, 5])
    for start, stop in ((1, 3), (2, 5), (5, 6), (3, 3)):
        part = session.run(rows.slice(start, stop - start))
        alone = session.run(pa.RecordBatch.from_pylist(rows.to_pylist()[start:stop], schema=rows.schema))
        for name, values in alone.items():
            assert (
                values.to_pylist() == part[name].to_pylist()
                if name in TEXTS
                else values.tobytes() == part[name].tobytes()
            )


def test_subnormal_numbers_are_zeros(session: Session) -> None:
    """The graph computes as in TensorFlow's own threads, where serving runs it; NumPy in this one goes on as it did."""
    found = session.run(batch(["red"], [1e-40], [1]))["pair"]
    assert found.tolist() == [[np.float32(1e-40), 0.0]]
    assert (np.full(9, 1e-40, np.float32) * np.float32(2)).all()


def test_no_rows(session: Session) -> None:
    """An empty batch gives empty outputs of the right shape."""
    outputs = session.run(batch([]))
    assert outputs["pair"].shape == (0, 2)
    assert len(outputs["same"]) == 0
    assert session.run(batch(["red"]).slice(1))["color"].shape == (0,)


def test_all_empty_strings(session: Session) -> None:
    """A column of nothing but empty strings, whose buffer has no address, is fed."""
    assert session.run(batch(["", ""]))["same"].to_pylist() == [b"", b""]


def test_large_strings_and_binary(session: Session) -> None:
    """Columns of large_string and binary are fed as they are."""
    rows = batch(["red", None, "b" * 30])
    for kind in (pa.large_string(), pa.binary(), pa.large_binary()):
        other = rows.set_column(0, "color", rows.column(0).cast(kind))
        assert session.run(other)["same"].to_pylist() == [b"red", b"", b"b" * 30]


def test_outputs_outlive_the_input(session: Session) -> None:
    """Outputs are memory of their own: they stay when the batch is gone."""
    outputs = session.run(batch(["keep" * 20] * 500))
    gc.collect()
    junk = [pa.array(["junk" * 20] * 500) for _ in range(20)]
    assert outputs["same"].to_pylist() == [b"keep" * 20] * 500
    assert outputs["pair"][3, 0] == 1.5
    del junk


def test_both_ways_give_the_same_bytes(model_dir: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The C library and the Python API agree to the bit on random rows, NaN, infinities and nulls included."""
    if library_path() is None:
        pytest.skip("TensorFlow's C library isn't in the installed package")
    random = np.random.default_rng(1)
    amounts = [*random.standard_normal(2000).tolist(), float("inf"), float("-inf"), float("nan"), None, -0.0, 1e-45]
    rows = len(amounts)
    colors = [f"t{number}" * (number % 9) for number in random.integers(0, 50, rows).tolist()]
    counts = [None if number % 17 == 0 else number for number in random.integers(-(2**62), 2**62, rows).tolist()]
    values = batch(colors, amounts, counts)
    ours = load_session(model_dir).run(values)
    monkeypatch.setenv("SHARDMILL_SESSION", "python")
    theirs = load_session(model_dir).run(values)
    assert list(ours) == list(theirs)
    for name, output in ours.items():
        assert output.equals(theirs[name]) if name in TEXTS else output.tobytes() == theirs[name].tobytes()


def test_threads_share_a_session(session: Session) -> None:
    """Threads that run one session at once each get their own rows' outputs."""
    wrong: list[int] = []

    def run(seed: int) -> None:
        for turn in range(20):
            colors = [f"{seed}-{turn}-{row}" * 3 for row in range(200)]
            if session.run(batch(colors))["same"].to_pylist() != [color.encode() for color in colors]:
                wrong.append(seed)

    threads = [threading.Thread(target=run, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_loaded_once(session: Session, model_dir: str) -> None:
    """A second load of the same folder gives the same session."""
    assert load_session(model_dir) is session
    assert load_session(model_dir, "fail") is not session


def test_columns_and_features_that_share_tensors(session: Session, model_dir: str) -> None:
    """Columns of one tensor are its rows, in order, and so are features; nulls are missing there too."""
    rows = pa.RecordBatch.from_pydict(
        {
            "t": pa.array(["x", None, "y" * 30]),
            "b": pa.array([1.0, None, 3.0], pa.float32()),
            "s": pa.array(["", "", ""]),
            "a": pa.array([0.5, 1.5, None], pa.float32()),
        }
    )
    shared = load_session(model_dir, "shared")
    for start in (0, 1, 3):
        outputs = shared.run(rows.slice(start))
        assert list(outputs) == ["sum", "t", "first"]
        np.testing.assert_array_equal(outputs["sum"], np.array([1.5, np.nan, np.nan], np.float32)[start:])
        np.testing.assert_array_equal(outputs["first"], np.array([0.5, 1.5, np.nan], np.float32)[start:])
        assert outputs["t"].to_pylist() == [b"x", b"", b"y" * 30][start:]


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        ({"inputs": {"a": ["x:0", "float32"], "b": ["x:0", "int64"]}, "outputs": {}}, "'x:0' for 'a', 'b'"),
        (
            {"inputs": {}, "outputs": {"a": ["y:0", "bytes", [], None], "b": ["y:0", "bytes", [], None]}},
            "'y:0' for 'a', 'b'",
        ),
        (
            {"inputs": {}, "outputs": {"a": ["y:0", "int64", [2], None], "b": ["y:0", "int64", [2], None]}},
            "'y:0' for 'a', 'b'",
        ),
    ],
)
def test_what_cannot_share_a_tensor(tmp_path: Path, names: dict[str, Any], problem: str) -> None:
    """Columns of two types, text and vectors that share a tensor are refused: their memory would be misread."""
    (tmp_path / "assets.extra").mkdir()
    content = {"signatures": {"transform": names}, "labels": {}}
    (tmp_path / "assets.extra" / "shardmill.json").write_text(json.dumps(content))
    with pytest.raises(ShardmillError, match=f"to share a tensor, received {problem}"):
        load_session(str(tmp_path))


def test_features_share_a_tensor_of_another_shape(tmp_path: Path, model_dir: str) -> None:
    """A tensor that hasn't a row for each of its features is refused."""
    if library_path() is None:
        pytest.skip("TensorFlow's C library isn't in the installed package")
    shutil.copytree(model_dir, tmp_path / "model")
    path = tmp_path / "model" / "assets.extra" / "shardmill.json"
    content = json.loads(path.read_text())
    outputs = content["signatures"]["shared"]["outputs"]
    outputs["third"] = outputs["sum"]
    path.write_text(json.dumps(content))
    shared = load_session(str(tmp_path / "model"), "shared")
    rows = pa.RecordBatch.from_pydict(
        {name: pa.array([1.0], pa.float32()) for name in "ab"} | {name: pa.array(["x"]) for name in "st"}
    )
    with pytest.raises(
        ShardmillError, match=r"3 outputs from 'sum' on share a tensor; expected numbers of shape \(3, 1\)"
    ):
        shared.run(rows)


def test_graph_error_has_tensorflows_message(session: Session, model_dir: str) -> None:
    """An error inside the graph is one of ours, with TensorFlow's message; the session works on."""
    failing = load_session(model_dir, "fail")
    with pytest.raises(
        ShardmillError, match=r"(?s)the transform graph failed: TensorFlow says: .*amounts must be small"
    ):
        failing.run(batch(["red"], [11.0]))
    assert failing.run(batch(["red"], [9.0]))["amount"].tolist() == [9.0]
    assert session.run(batch(["red"]))["color"].tolist() == [0]


def test_missing_folder(tmp_path: Path) -> None:
    """A folder that isn't there is named."""
    with pytest.raises(ShardmillError, match=r"no transform graph in .*gone.*: there is no such folder"):
        load_session(str(tmp_path / "gone"))


def test_folder_without_names(tmp_path: Path) -> None:
    """A folder without tensor names isn't a transform graph of ours."""
    with pytest.raises(ShardmillError, match=r"it has no assets\.extra/shardmill\.json"):
        load_session(str(tmp_path))


def test_unknown_signature(model_dir: str) -> None:
    """An unknown signature is named, with those there are."""
    with pytest.raises(ShardmillError, match=r"no signature 'serve'; it has \['fail', 'shared', 'transform'\]"):
        load_session(model_dir, "serve")


@pytest.mark.parametrize("way", ["c", "python"])
def test_broken_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """A folder whose saved_model.pb is no SavedModel gives TensorFlow's message."""
    monkeypatch.setenv("SHARDMILL_SESSION", way)
    (tmp_path / "assets.extra").mkdir()
    (tmp_path / "assets.extra" / "shardmill.json").write_text(
        '{"signatures": {"transform": {"inputs": {}, "outputs": {}}}, "labels": {}}'
    )
    (tmp_path / "saved_model.pb").write_bytes(b"junk")
    with pytest.raises(ShardmillError, match=r"can't load the transform graph in .*: TensorFlow says: "):
        load_session(str(tmp_path))


def test_tensor_that_is_not_there(model_dir: str, tmp_path: Path) -> None:
    """A name of an operation that the graph hasn't is told."""
    if library_path() is None:
        pytest.skip("TensorFlow's C library isn't in the installed package")
    with pytest.raises(ShardmillError, match="no operation 'nowhere'"):
        c_api.CSession.load(model_dir).outputs(["nowhere:0"])


def test_strings_that_are_not_joined() -> None:
    """An output that can't be read as one piece of memory is refused, and its type and shape told."""
    if library_path() is None:
        pytest.skip("TensorFlow's C library isn't in the installed package")
    hashing = c_api.CSession.of_hash(5)
    inputs = hashing.outputs(["strings:0"])
    c_api._operation(hashing._tf, hashing._graph, "Identity", "same", inputs)
    message = (
        "the transform graph: expected outputs of float32, int64, or for bytes one joined string and int32 lengths, "
        r"received one of TF_DataType 7 and shape \(2,\)"
    )
    with pytest.raises(ShardmillError, match=f"^{message}$"):
        hashing.run(inputs, [c_api.Feed.text([pa.array(["a", "b"])])], hashing.outputs(["same:0"]))


def test_column_that_the_rows_lack(session: Session) -> None:
    """A batch without a column of the graph is refused, and the column named."""
    with pytest.raises(
        ShardmillError, match=r"the transform graph: expected column 'count', received rows with the columns \["
    ):
        session.run(batch(["red"]).select(["color", "amount"]))


def test_column_of_another_type(session: Session) -> None:
    """A column of another type is refused: its memory would be misread."""
    rows = batch(["red"])
    with pytest.raises(
        ShardmillError, match="the transform graph: expected column 'amount' as float32, received double"
    ):
        session.run(rows.set_column(1, "amount", rows.column(1).cast(pa.float64())))


def test_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library the message says what else can be done."""
    monkeypatch.setattr(c_library, "library_path", lambda: None)
    with pytest.raises(ShardmillError, match="set SHARDMILL_SESSION=python"):
        c_library.library()


def test_library_that_is_none(tmp_path: Path) -> None:
    """A file that isn't a library is named, with what else can be done."""
    path = tmp_path / "libtensorflow_cc.so.2"
    path.write_bytes(b"junk")
    with pytest.raises(ShardmillError, match=r"can't be used: .*SHARDMILL_SESSION=python"):
        c_library._library(str(path))


def test_loaded_ahead(model_dir: str) -> None:
    """A session that another thread has begun to load is the one that is used."""
    load_ahead()
    load_ahead(model_dir)
    assert load_session(model_dir) is load_session(model_dir)


def test_what_fails_ahead_is_raised_when_it_is_needed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A model that can't be loaded ahead is an error of who uses it, and says nothing before."""
    load_ahead(str(tmp_path))
    for thread in threading.enumerate():
        if thread.name == "load-session":
            thread.join()
    assert capfd.readouterr() == ("", "")
    with pytest.raises(ShardmillError, match=r"it has no assets\.extra/shardmill\.json"):
        load_session(str(tmp_path))


_LOADING = """
import os, sys, threading
from shardmill.transforms.runtime import c_library
threads = [threading.Thread(target=c_library.library) for _ in range(3)]
for thread in threads:
    thread.start()
os.write(2, b"said meanwhile\\n")
c_library.wait_for_loading()
if sys.argv[1] == "all":
    for thread in threads:
        thread.join()
    os.write(2, b"said after\\n")
os._exit(0)
"""


@pytest.mark.parametrize(("wait", "said"), [("once", "said meanwhile\n"), ("all", "said meanwhile\nsaid after\n")])
def test_threads_load_the_library_together(wait: str, said: str) -> None:
    """Several threads may load it: what others write to standard error isn't lost, then or after."""
    if library_path() is None:
        pytest.skip("TensorFlow's C library isn't in the installed package")
    done = subprocess.run([sys.executable, "-c", _LOADING, wait], capture_output=True, text=True, check=True)
    assert done.stderr == said


def test_runs_without_tensorflows_python(model_dir: str) -> None:
    """The graph runs in a process that never imports TensorFlow."""
    if library_path() is None:
        pytest.skip("TensorFlow's C library isn't in the installed package")
    code = (
        "import sys, pyarrow as pa; from shardmill.transforms.runtime.session import load_session\n"
        f"s = load_session({model_dir!r})\n"
        "b = pa.RecordBatch.from_pydict({'color': pa.array(['blue']), 'amount': pa.array([1.0], pa.float32()), 'count': pa.array([4])})\n"
        "print(s.run(b)['color'].tolist(), s.run(b)['count'].tolist(), 'tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[2]", "[8]", "False"]
    assert done.stderr == ""
