"""A SavedModel's bytes depend on its content alone, whatever the process has traced before."""

from pathlib import Path

import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from shardmill.schemas.schema import Column, ColumnType, Schema
from shardmill.transforms.functions import canonical
from shardmill.transforms.functions.user_function import UserFunction
from shardmill.transforms.graph.derive import trace_derive

# What TensorFlow makes functions of, and what it names by numbers of the process's.
TEXT = """
import tensorflow as tf

@tf.function
def called(x):
    return tf.math.log(x)

def derive(inputs):
    x = inputs["x"]
    with tf.init_scope():
        initializer = tf.lookup.KeyValueTensorInitializer([1, 2], tf.constant([3, 4], tf.int64), tf.int64, tf.int64)
        table = tf.lookup.StaticHashTable(initializer, default_value=tf.constant(7, tf.int64))
    return {
        "called": called(x),
        "looked_up": table.lookup(tf.cast(x, tf.int64)),
        "looped": tf.while_loop(lambda n, _: n < 3, lambda n, y: (n + 1, y * y), (0, x))[1],
        "mapped": tf.map_fn(lambda y: y + 1, x),
        "chosen": tf.cond(tf.size(x) > 3, lambda: x, lambda: -x),
        "switched": tf.switch_case(tf.size(x), [lambda: x, lambda: x * 2]),
    }
"""


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The SavedModel of one function, written twice by one process, which traces other functions in between."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "mine.py").write_text(TEXT)
    function = UserFunction.read(f"{folder}/mine.py:derive")
    models = [folder / "first", folder / "second"]
    for model in models:
        trace_derive(function, Schema((Column("x", ColumnType.FLOAT),)), str(model))
        tf.function(lambda x: tf.map_fn(lambda y: y * 2, x)).get_concrete_function(tf.TensorSpec([None]))
    return models


def test_a_model_is_written_the_same_again(traced: list[Path]) -> None:
    """Calls, loops, conditions and tables are numbered by the model alone."""
    first, second = map(_files, traced)
    assert first == second


def test_no_path_is_left(traced: list[Path]) -> None:
    """Neither the user's file nor a temporary folder is in it."""
    for content in _files(traced[0]).values():
        assert str(traced[0].parent).encode() not in content
        assert b"mine.py" not in content


def test_what_is_renamed_is_still_called(traced: list[Path]) -> None:
    """The model loads, and all that it names by number gives what it gave."""
    serve = tf.saved_model.load(str(traced[0])).signatures["serving_default"]
    found = {name: values.numpy().tolist() for name, values in serve(x=tf.constant([1.0])).items()}
    wanted = {"called": [0.0], "looked_up": [3], "looped": [1.0], "mapped": [2.0], "chosen": [-1.0], "switched": [2.0]}
    assert found == wanted


def _table(name: bytes) -> saved_model_pb2.SavedModel:
    model = saved_model_pb2.SavedModel()
    node = model.meta_graphs.add().graph_def.node.add(op="HashTableV2", name="table")
    node.attr["shared_name"].s = name
    return model


def test_a_table_is_named_after_the_content() -> None:
    """Whatever random name it had; another vocabulary's table has another name: tables of one name are one, in a whole process."""
    names = []
    for name, digest in (
        (b"hash_table_/tmp/a_1", "aa"),
        (b"hash_table_/tmp/b_2", "aa"),
        (b"hash_table_/tmp/b_2", "bb"),
    ):
        (meta_graph,) = _table(name).meta_graphs
        canonical.name_tables(meta_graph, {"vocabulary": digest})
        names.append(meta_graph.graph_def.node[0].attr["shared_name"].s)
    assert names[0] == names[1] != names[2]
    assert names[0].startswith(b"table_")


def test_tables_that_were_one_stay_one() -> None:
    """Two operations of one name keep a name in common, others have their own."""
    meta_graph = saved_model_pb2.SavedModel().meta_graphs.add()
    for name in (b"a", b"b", b"a"):
        meta_graph.graph_def.node.add(op="HashTableV2").attr["shared_name"].s = name
    canonical.name_tables(meta_graph, {})
    first, second, third = (node.attr["shared_name"].s for node in meta_graph.graph_def.node)
    assert first == third != second
