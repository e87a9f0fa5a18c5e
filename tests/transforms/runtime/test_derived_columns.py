"""Derived columns of a block: what the function's graph gives, with nulls where values are missing."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from shardmill.schemas.schema import MISSING_INT, Column, ColumnType, Schema
from shardmill.transforms.csv.blocks import Block
from shardmill.transforms.functions.user_function import UserFunction
from shardmill.transforms.graph.derive import trace_derive
from shardmill.transforms.runtime.derived_columns import with_derived
from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.runtime.row_graph import RowGraph

TEXT = """
import tensorflow as tf

def derive(inputs):
    return {"half": inputs["x"] / 2, "next": tf.where(inputs["n"] < 0, inputs["n"], inputs["n"] + 1), "both": inputs["t"] + inputs["t"]}
"""


def passed(rows: pa.RecordBatch, folder: str) -> Block:
    """Rows that went through the function's graph."""
    return RowGraph(Graph(folder), derives=True).passed(Block(rows, None))


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What was found of the function, and the folder of its graph."""
    folder = tmp_path_factory.mktemp("derive")
    (folder / "mine.py").write_text(TEXT)
    columns = [Column("x", ColumnType.FLOAT), Column("n", ColumnType.INT), Column("t", ColumnType.BYTES)]
    found = trace_derive(UserFunction.read(f"{folder}/mine.py:derive"), Schema(tuple(columns)), f"{folder}/graph")
    return found, f"{folder}/graph"


def test_derived_columns_have_types_and_sources(graph: Any) -> None:
    """As the function's outputs say, in its order."""
    assert [(each.column.name, each.column.type, each.sources) for each in graph[0]] == [
        ("half", ColumnType.FLOAT, ("x",)),
        ("next", ColumnType.INT, ("n",)),
        ("both", ColumnType.BYTES, ("t",)),
    ]


@pytest.mark.parametrize("rows", [1, 3])
def test_derived_columns_stand_beside_the_raw_ones(graph: Any, rows: int) -> None:
    """NaN, -2**63 and the empty text are nulls; the types are those of raw columns."""
    batch = pa.record_batch(
        {
            "x": pa.array([1.0, None, 4.0][:rows], pa.float32()),
            "n": pa.array([None, 2, MISSING_INT][:rows], pa.int64()),
            "t": pa.array(["å", None, ""][:rows], pa.string()),
        }
    )
    found = with_derived(batch, passed(batch, graph[1]).made or {})
    assert found.select(["x", "n", "t"]).equals(batch)
    assert found["half"].equals(pa.array([0.5, None, 2.0][:rows], pa.float32()))
    assert found["next"].equals(pa.array([None, 3, None][:rows], pa.int64()))
    assert found["both"].equals(pa.array(["åå", None, None][:rows], pa.string()))


def test_infinity_is_a_value(graph: Any) -> None:
    """Only NaN is missing."""
    batch = pa.record_batch({"x": pa.array([np.inf], pa.float32()), "n": pa.array([1]), "t": pa.array(["a"])})
    assert with_derived(batch, passed(batch, graph[1]).made or {})["half"].to_pylist() == [np.inf]
