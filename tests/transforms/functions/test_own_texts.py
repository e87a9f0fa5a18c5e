"""A user's function changes the case of letters beyond ASCII as it does with TensorFlow's own texts."""

from pathlib import Path

import pyarrow as pa
import tensorflow as tf

from shardmill.schemas.schema import Column, ColumnType, Schema
from shardmill.transforms.csv.blocks import Block
from shardmill.transforms.functions.traced_function import Function
from shardmill.transforms.functions.user_function import UserFunction
from shardmill.transforms.graph.derive import trace_derive
from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.runtime.row_graph import RowGraph

TEXT = """
import tensorflow as tf

@tf.function(autograph=False)
def upper(texts):
    return tf.strings.upper(texts, encoding="utf-8")

def derive(inputs):
    return {
        "lower": tf.strings.lower(inputs["t"], encoding="utf-8"),
        "upper": upper(inputs["t"]),
        "ascii": tf.strings.lower(inputs["t"]),
    }
"""


def test_each_text_ends_where_it_ends(tmp_path: Path) -> None:
    """Rows don't run into each other, whether the function does it itself or calls another; nor when it is traced again."""
    (tmp_path / "mine.py").write_text(TEXT, encoding="utf-8")
    folder = tmp_path / "graph"
    trace_derive(UserFunction.read(f"{tmp_path}/mine.py:derive"), Schema((Column("t", ColumnType.BYTES),)), str(folder))
    rows = pa.record_batch({"t": pa.array(["\N{LATIN CAPITAL LETTER A WITH RING ABOVE}b", "Cd", "x" * 30, "E"])})
    made = RowGraph(Graph(str(folder)), derives=True).passed(Block(rows, None)).made
    assert made is not None
    assert {name: values.to_pylist() for name, values in made.items()} == {
        "lower": [text.lower() for text in rows["t"].to_pylist()],
        "upper": [text.upper() for text in rows["t"].to_pylist()],
        "ascii": ["\N{LATIN CAPITAL LETTER A WITH RING ABOVE}b", "cd", "x" * 30, "e"],
    }
    function = Function.load(str(folder))
    with tf.Graph().as_default() as graph:
        function.inline({"t": tf.constant(["A"])}, ["lower", "upper"])
    assert len([each for each in graph.get_operations() if each.name.endswith("/own")]) == 1
