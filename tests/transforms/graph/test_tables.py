"""The tables of many vocabularies: few functions fill them, and each look-up finds its own."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from shardmill.schemas.schema import Schema
from shardmill.transforms.features.registry import parse_features
from shardmill.transforms.graph import build as build_module
from shardmill.transforms.graph.derived_column import DeclaredGraph
from shardmill.transforms.runtime import session
from tests.support.kinds import analyzed, batch_of, schema_of

# More than are filled together.
MANY = 70
SCHEMA = schema_of(**{f"c{number}": "bytes" for number in range(MANY)})
# Each column has a token of its own, the most frequent one, and one that all have.
ROWS = {name: [f"own {name}", f"own {name}", "common"] for name in SCHEMA.names}
TABLE: dict[str, Any] = {
    **dict.fromkeys(SCHEMA.names, "vocabulary"),
    "c3_oov": {"kind": "vocabulary", "column": "c3", "shared": "c3", "num_oov_buckets": 2},
    "c3_other": {"kind": "vocabulary", "column": "c3", "shared": "c3", "default_value": 9},
    "c68_hot": {"kind": "one_hot", "column": "c68", "shared": "c68"},
}


def _build(folder: Path, table: dict[str, Any], schema: Schema, rows: dict[str, list[str]]) -> Path:
    kinds = parse_features(table, schema)
    (folder / "work").mkdir(parents=True)
    (folder / "out").mkdir()
    statistics = analyzed(kinds, schema, batch_of(schema, rows), folder / "work")
    build_module.build_graph(DeclaredGraph(tuple(kinds), schema, statistics), str(folder / "out"))
    return folder / "out" / "transform_fn"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel with many vocabularies."""
    return _build(tmp_path_factory.mktemp("many"), TABLE, SCHEMA, ROWS)


def _meta_graph(model: Path) -> Any:
    return saved_model_pb2.SavedModel.FromString((model / "saved_model.pb").read_bytes()).meta_graphs[0]


def _served(function: Any, own: str = "own") -> dict[str, list[Any]]:
    found = function(**{name: tf.constant([f"{own} {name}", "common", "new"]) for name in SCHEMA.names})
    return {name: ids.numpy().tolist() for name, ids in found.items()}


def _check(found: dict[str, list[Any]]) -> None:
    assert {name: found[name] for name in SCHEMA.names} == {name: [0, 1, -1] for name in SCHEMA.names}
    assert found["c3_oov"][:2] == [0, 1]
    assert found["c3_oov"][2] in (2, 3)
    assert found["c3_other"] == [0, 1, 9]
    assert found["c68_hot"] == [[1, 0], [0, 1], [0, 0]]


def test_each_feature_looks_up_in_its_own_vocabulary(model: Path) -> None:
    """Both ways to run the graph find each column's tokens: the transform phase's and Python's loader."""
    rows = {name: [f"own {name}", "common", "new"] for name in SCHEMA.names}
    out = session.load_session(str(model)).run(batch_of(SCHEMA, rows))
    _check({name: values.tolist() for name, values in out.items()})
    _check(_served(tf.saved_model.load(str(model)).signatures["serving_default"]))


def test_two_graphs_in_one_process_keep_their_own_tables(model: Path, tmp_path: Path) -> None:
    """Tables have the same numbers in each graph, and aren't mixed up where two are loaded."""
    rows = {name: [f"his {name}", f"his {name}", "common"] for name in SCHEMA.names}
    other = _build(tmp_path, TABLE, SCHEMA, rows)
    both = [tf.saved_model.load(str(each)).signatures["serving_default"] for each in (model, other)]
    _check(_served(both[0]))
    _check(_served(both[1], "his"))


def test_a_loaded_graph_can_be_saved_in_another_model(model: Path, tmp_path: Path) -> None:
    """A model that holds the loaded graph brings the vocabularies along."""
    outer = tf.Module()
    outer.transform = tf.saved_model.load(str(model))
    signature = outer.transform.signatures["serving_default"]
    tf.saved_model.save(outer, str(tmp_path / "outer"), signatures=signature)
    _check(_served(tf.saved_model.load(str(tmp_path / "outer")).signatures["serving_default"]))


def test_tables_saved_by_themselves_bring_their_files(model: Path, tmp_path: Path) -> None:
    """A model that holds a function and what it captures, as Keras saves one, answers when the first one's folder is gone."""
    copied = tmp_path / "copied"
    shutil.copytree(model, copied)
    loaded = tf.saved_model.load(str(copied))
    outer = tf.Module()
    outer.tables = list(loaded.kept)
    tf.saved_model.save(outer, str(tmp_path / "outer"), signatures=loaded.signatures["serving_default"])
    shutil.rmtree(copied)
    _check(_served(tf.saved_model.load(str(tmp_path / "outer")).signatures["serving_default"]))


def test_a_function_without_its_tables_cannot_be_saved(model: Path, tmp_path: Path) -> None:
    """A model that holds a function but not the graph is refused by TensorFlow, rather than saved with empty tables."""
    signature = tf.saved_model.load(str(model)).signatures["serving_default"]
    with pytest.raises(AssertionError, match="untracked"):
        tf.saved_model.save(tf.Module(), str(tmp_path / "alone"), signatures=signature)


def test_features_of_one_vocabulary_share_its_table(model: Path) -> None:
    """A table holds the tokens once, whatever ids the features give to others."""
    graph = _meta_graph(model).graph_def
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    assert len({node.attr["shared_name"].s for node in nodes if node.op == "HashTableV2"}) == MANY
    assert len([node for node in nodes if node.op == "InitializeTableFromTextFileV2"]) == MANY


def test_vocabularies_add_no_functions_of_their_own(model: Path) -> None:
    """Each function takes milliseconds to trace and to load, so one fills many tables."""
    names = [function.signature.name for function in _meta_graph(model).graph_def.library.function]
    assert len([name for name in names if "initializer" in name]) < MANY / 10
    assert len(names) < MANY / 2
