"""The SavedModel: opened by TF Transform, served, and run by the transform phase."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2, saved_model_pb2

from shardmill.schemas.errors import DataError, OutputError
from shardmill.schemas.schema import Column, ColumnType, Schema
from shardmill.schemas.schema_pbtxt import format_schema
from shardmill.transforms.features.registry import parse_features
from shardmill.transforms.graph import build as build_module
from shardmill.transforms.graph.derived_column import DeclaredGraph
from shardmill.transforms.runtime import session
from tests.support.kinds import analyzed, batch_of, dense, schema_of

tft = pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")

SCHEMA = schema_of(delay="float", carrier="bytes", hour="int!", origin="bytes!", late="int", unused="float")
TABLE: dict[str, Any] = {
    "delay": {"kind": "z_score", "indicator": True},
    "delay_bucket": {"kind": "bucketize", "column": "delay", "num_buckets": 3},
    "delay_log": {"kind": "min_max", "column": "delay", "pre": ["abs", "log1p"]},
    "carrier": {"kind": "vocabulary", "num_oov_buckets": 1},
    "carrier_hot": {"kind": "one_hot", "column": "carrier", "shared": "carrier"},
    "route": {"kind": "vocabulary", "columns": ["origin", "carrier"], "shared": "route/of ü"},
    "hour": "numeric",
    "origin_hash": {"kind": "hash", "column": "origin", "num_buckets": 9},
    "late": "label",
    "name": {"kind": "label", "column": "origin"},
}
ROWS: dict[str, list[Any]] = {
    "delay": [1.5, None, -3.0, 20.0, 4.25],
    "carrier": ["UA", "AA", None, "UA", "DL"],
    "hour": [1, 2, 3, 4, 23],
    "origin": ["EWR", "JFK", "ü", "EWR", "JFK"],
    "late": [0, 1, 0, 1, 1],
    "unused": [0.0, None, 1.0, 2.0, 3.0],
}


def build(folder: Path, schema: Schema, table: Mapping[str, Any], rows: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """A run's graph and metadata."""
    (folder / "work").mkdir(parents=True)
    kinds = parse_features(table, schema)
    statistics = analyzed(kinds, schema, batch_of(schema, rows), folder / "work")
    out = folder / "out"
    (out / "metadata").mkdir(parents=True)
    (out / "metadata" / "schema.pbtxt").write_text(format_schema(schema), encoding="utf-8")
    return build_module.build_graph(DeclaredGraph(tuple(kinds), schema, statistics), str(out))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder."""
    folder = tmp_path_factory.mktemp("run")
    build(folder, SCHEMA, TABLE, ROWS)
    return folder / "out"


def _transformed(run: Path) -> dict[str, Any]:
    return session.load_session(str(run / "transform_fn")).run(batch_of(SCHEMA, ROWS))


def _plain(values: Any) -> list[Any]:
    if isinstance(values, pa.Array):
        return values.to_pylist()
    return np.asarray(values).tolist()


def _raw(schema: Schema, rows: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Raw features as `tf.io.parse_example` gives them by the raw schema: optional columns sparse."""
    features = {}
    for column, values in dense(schema, rows).items():
        if schema[column].required:
            features[column] = values
        else:
            present = [[index, 0] for index, cell in enumerate(rows[column]) if cell is not None]
            features[column] = tf.SparseTensor(
                np.array(present, np.int64).reshape(-1, 2),
                tf.gather(values, [each[0] for each in present]),
                [len(values), 1],
            )
    return features


def _example(schema: Schema, rows: Mapping[str, Sequence[Any]], index: int, skip: Sequence[str] = ()) -> bytes:
    example = tf.train.Example()
    for column in schema:
        cell = rows[column.name][index]
        if cell is None or column.name in skip:
            continue
        feature = example.features.feature[column.name]
        if column.type is ColumnType.BYTES:
            feature.bytes_list.value.append(cell.encode())
        elif column.type is ColumnType.INT:
            feature.int64_list.value.append(cell)
        else:
            feature.float_list.value.append(cell)
    return example.SerializeToString()


def test_no_call_in_the_graph_is_optimized_when_it_runs(run: Path) -> None:
    """Each call of a function has settings of its own, and with TensorFlow's a thousand features take seconds to begin."""
    saved = saved_model_pb2.SavedModel.FromString((run / "transform_fn" / "saved_model.pb").read_bytes())
    graph = saved.meta_graphs[0].graph_def
    nodes = [node for nodes in (graph.node, *(each.node_def for each in graph.library.function)) for node in nodes]
    settings = [
        config_pb2.ConfigProto.FromString(node.attr["config_proto"].s) for node in nodes if "config_proto" in node.attr
    ]
    assert settings
    assert all(each.graph_options.rewrite_options.disable_meta_optimizer for each in settings)


def test_the_transform_signature(run: Path) -> None:
    """The session that the transform phase uses gets every feature, labels and text too."""
    out = _transformed(run)
    assert out["carrier"].tolist() == [0, 2, 3, 0, 1]
    assert out["carrier_hot"].tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 0], [1, 0, 0], [0, 1, 0]]
    assert out["hour"].tolist() == ROWS["hour"]
    assert out["late"].tolist() == ROWS["late"]
    assert out["name"].to_pylist() == [each.encode() for each in ROWS["origin"]]
    assert out["delay_missing"].tolist() == [0, 1, 0, 0, 0]
    assert set(out) == {*TABLE, "delay_missing"}


def test_all_ways_to_run_it_agree_to_the_bit(run: Path) -> None:
    """The transform phase, TF Transform's layer, both serving signatures, in batches or row by row: the same bits."""
    expected = _transformed(run)
    output = tft.TFTransformOutput(str(run))
    loaded = tf.saved_model.load(str(run / "transform_fn"))
    features = dense(SCHEMA, ROWS)
    served = {name: value for name, value in features.items() if name not in ("late", "unused")}
    examples = tf.constant([_example(SCHEMA, ROWS, index, skip=("late",)) for index in range(5)])
    by_layer = output.transform_features_layer()(_raw(SCHEMA, ROWS))
    assert set(by_layer) == set(expected)
    for name, tensor in by_layer.items():
        assert _plain(tensor) == _plain(expected[name]), name
    ways = [
        loaded.signatures["serving_default"](**served),
        loaded.signatures["serve_examples"](examples=examples),
        {
            name: tf.concat(parts, 0)
            for name, parts in _row_by_row(loaded.signatures["serve_examples"], examples).items()
        },
    ]
    for way in ways:
        assert set(way) == set(expected) - {"late", "name"}
        for name, tensor in way.items():
            assert tensor.numpy().tobytes() == np.ascontiguousarray(expected[name]).tobytes(), name


def _row_by_row(function: Any, examples: tf.Tensor) -> dict[str, list[tf.Tensor]]:
    rows = [function(examples=examples[index : index + 1]) for index in range(len(examples))]
    return {name: [row[name] for row in rows] for name in rows[0]}


def test_python_session_agrees(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorFlow's C library and its Python API give the same bits."""
    expected = _transformed(run)
    monkeypatch.setenv("SHARDMILL_SESSION", "python")
    for name, values in _transformed(run).items():
        assert _plain(values) == _plain(expected[name])


def test_tf_transform_output(run: Path) -> None:
    """`tft.TFTransformOutput` opens the run: specs, vocabularies, domains."""
    output = tft.TFTransformOutput(str(run))
    spec = output.transformed_feature_spec()
    expected = _transformed(run)
    dtypes = {"float32": tf.float32, "int64": tf.int64}
    assert spec.keys() == expected.keys()
    for name, values in expected.items():
        shape, dtype = (
            ([], tf.string) if isinstance(values, pa.Array) else (list(values.shape[1:]), dtypes[values.dtype.name])
        )
        assert spec[name] == tf.io.FixedLenFeature(shape, dtype), name
    assert output.vocabulary_by_name("carrier") == [b"UA", b"DL", b"AA"]
    assert output.vocabulary_size_by_name("carrier") == 3
    assert output.vocabulary_size_by_name("route/of ü") == 6
    assert output.num_buckets_for_transformed_feature("carrier") == 4
    assert output.num_buckets_for_transformed_feature("delay_bucket") == 3
    assert output.transformed_domains()["carrier"].is_categorical
    assert output.raw_feature_spec()["hour"] == tf.io.FixedLenFeature([], tf.int64)
    assert output.raw_feature_spec()["carrier"] == tf.io.VarLenFeature(tf.string)


def test_transform_raw_features_without_labels(run: Path) -> None:
    """As in TF Transform, features whose columns aren't given aren't returned: labels at serving."""
    raw = {name: value for name, value in _raw(SCHEMA, ROWS).items() if name in ("delay", "hour")}
    out = tft.TFTransformOutput(str(run)).transform_raw_features(raw)
    assert set(out) == {"delay", "delay_missing", "delay_bucket", "delay_log", "hour"}
    assert out["delay"].numpy().tobytes() == _transformed(run)["delay"].tobytes()


def test_an_example_without_any_feature(run: Path) -> None:
    """Serving treats what an Example lacks as missing, as training does."""
    loaded = tf.saved_model.load(str(run / "transform_fn"))
    out = loaded.signatures["serve_examples"](examples=tf.constant([b""]))
    assert out["delay"].numpy().tolist() == [0]
    assert out["delay_missing"].numpy().tolist() == [1]
    assert out["carrier_hot"].numpy().tolist() == [[0, 0, 0]]


def test_tables_are_shared(run: Path) -> None:
    """A vocabulary's file is there once, whatever the number of features and signatures."""
    assert sorted(path.name for path in (run / "transform_fn" / "assets").iterdir()) == ["carrier", "route%2Fof %C3%BC"]
    assert json.loads((run / "transformed_metadata" / "asset_map").read_text()) == {
        "carrier": "carrier",
        "route/of ü": "route%2Fof %C3%BC",
    }


def test_the_numbers_that_kinds_learned_stand_beside_the_schema(run: Path) -> None:
    """By feature, after `pre`; features that learned none, or a vocabulary alone, aren't there."""
    found = json.loads((run / "transformed_metadata" / "learned.json").read_text())
    assert list(found) == ["delay", "delay_bucket", "delay_log"]
    assert found["delay"]["mean"] == 5.6875
    assert found["delay_bucket"] == {"boundaries": [1.5, 4.25]}
    assert found["delay_log"]["greatest"] == pytest.approx(np.log1p(20))


def test_tracing_fills_no_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are filled where the graph is loaded: the tracing process needs no memory for the tokens."""
    fill = tf.raw_ops.InitializeTableFromTextFileV2
    at_once: list[bool] = []

    def recorded(**arguments: Any) -> Any:
        at_once.append(tf.executing_eagerly())
        return fill(**arguments)

    monkeypatch.setattr(tf.raw_ops, "InitializeTableFromTextFileV2", recorded)
    build(tmp_path, SCHEMA, TABLE, ROWS)
    assert set(at_once) == {False}


def test_the_same_files_again(run: Path, tmp_path: Path) -> None:
    """The same features and statistics give the same bytes, whatever the process traced before."""
    build(tmp_path, SCHEMA, TABLE, ROWS)
    assert _digests(tmp_path / "out") == _digests(run)


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


ODD = [
    "a b",
    "a_b",
    "a.b",
    "a/b",
    "1x",
    "größe",
    "class",
    "self",
    "examples",
    "",
    "-",
    "A",
    "a",
    "_x",
    "x" * 300,
    "日本",
    "日木",
    "quote\"'",
    "new\nline",
]


def test_odd_names(tmp_path: Path) -> None:
    """Columns and features may be called anything; outside, they keep their names."""
    schema = Schema(tuple(Column(name, ColumnType.FLOAT) for name in ODD))
    rows = {name: [float(index), None] for index, name in enumerate(ODD)}
    table = {f"{name} out": {"kind": "numeric", "column": name, "missing": -1} for name in ODD}
    names = build(tmp_path, schema, table, rows)
    folder = tmp_path / "out" / "transform_fn"
    assert list(names["signatures"]["serving_default"]["inputs"]) == ODD
    out = session.load_session(str(folder)).run(batch_of(schema, rows))
    assert {name: values.tolist() for name, values in out.items()} == {
        f"{name} out": [index, -1] for index, name in enumerate(ODD)
    }
    layer = tft.TFTransformOutput(str(tmp_path / "out")).transform_features_layer()
    assert {name: values.numpy().tolist() for name, values in layer(_raw(schema, rows)).items()} == {
        name: values.tolist() for name, values in out.items()
    }
    examples = tf.constant([_example(schema, rows, index) for index in range(2)])
    served = tf.saved_model.load(str(folder)).signatures["serve_examples"](examples=examples)
    assert {name: values.numpy().tolist() for name, values in served.items()} == {
        name: values.tolist() for name, values in out.items()
    }


def test_vocabularies_with_odd_names(tmp_path: Path) -> None:
    """A vocabulary may be called anything."""
    schema = schema_of(s="bytes")
    names = [".", "..", "a/b", "", "x" * 300]
    table = {name or "empty": {"kind": "vocabulary", "column": "s", "shared": name or "e"} for name in names}
    build(tmp_path, schema, table, {"s": ["a", "b", "b"]})
    output = tft.TFTransformOutput(str(tmp_path / "out"))
    for name in names:
        assert output.vocabulary_by_name(name or "e") == [b"b", b"a"]


def test_two_runs_in_one_process(tmp_path: Path) -> None:
    """Two graphs with a vocabulary of one name keep their own tokens."""
    schema = schema_of(s="bytes")
    loaded = []
    for index, tokens in enumerate((["a", "a", "b"], ["b", "b", "a"])):
        build(tmp_path / str(index), schema, {"s": "vocabulary"}, {"s": tokens})
        loaded.append(tf.saved_model.load(str(tmp_path / str(index) / "out" / "transform_fn")))
    assert [each.signatures["serving_default"](s=tf.constant(["a", "b"]))["s"].numpy().tolist() for each in loaded] == [
        [0, 1],
        [1, 0],
    ]


def test_only_labels(tmp_path: Path) -> None:
    """A run may have labels alone; serving then has nothing to answer, training has."""
    schema = schema_of(y="float!")
    build(tmp_path, schema, {"y": "label"}, {"y": [1.0]})
    assert session.load_session(str(tmp_path / "out" / "transform_fn")).run(batch_of(schema, {"y": [2.0]}))[
        "y"
    ].tolist() == [2]


def test_many_features(tmp_path: Path) -> None:
    """Names and operations of many features don't get in each other's way."""
    schema = Schema(tuple(Column(f"c{index}", ColumnType.FLOAT) for index in range(200)))
    rows = {column.name: [float(index), index + 2.0] for index, column in enumerate(schema)}
    build(tmp_path, schema, dict.fromkeys(rows, "z_score"), rows)
    out = session.load_session(str(tmp_path / "out" / "transform_fn")).run(batch_of(schema, rows))
    assert all(values.tolist() == [-1, 1] for values in out.values())


def test_no_such_folder(tmp_path: Path) -> None:
    """A graph that can't be written is an error of the output."""
    blocked = tmp_path / "out"
    blocked.write_text("")
    kinds = parse_features({"x": "numeric"}, schema_of(x="float"))
    statistics = analyzed(kinds, schema_of(x="float"), batch_of(schema_of(x="float"), {"x": [1.0]}), tmp_path)
    with pytest.raises(OutputError, match="can't write the transform graph to"):
        build_module.build_graph(DeclaredGraph(kinds, schema_of(x="float"), statistics), str(blocked))


def test_an_empty_vocabulary(tmp_path: Path) -> None:
    """An empty vocabulary stops the build before anything is written."""
    with pytest.raises(DataError, match="vocabulary of column 's' is empty"):
        build(tmp_path, schema_of(s="bytes"), {"s": "vocabulary"}, {"s": [None]})
    assert os.listdir(tmp_path / "out") == ["metadata"]
