"""Derived columns of a block: what the function's graph gives, with nulls where values are missing."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from schemas.errors import ShardmillError
from schemas.schema import Column, ColumnType, Schema
from transforms.derived import with_derived
from transforms.graph_derive import trace_derive
from transforms.session import MISSING_INT, load
from transforms.user_function import UserFunction

TEXT = """
import tensorflow as tf

def derive(inputs):
    return {"half": inputs["x"] / 2, "next": tf.where(inputs["n"] < 0, inputs["n"], inputs["n"] + 1), "both": inputs["t"] + inputs["t"]}
"""


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What was found of the function, and its session."""
    folder = tmp_path_factory.mktemp("derive")
    (folder / "mine.py").write_text(TEXT)
    columns = [Column("x", ColumnType.FLOAT), Column("n", ColumnType.INT), Column("t", ColumnType.BYTES)]
    found = trace_derive(UserFunction.read(f"{folder}/mine.py:derive"), Schema(tuple(columns)), f"{folder}/graph")
    return found, load(f"{folder}/graph"), Path(folder)


def test_derived_columns_have_types_and_sources(graph: Any) -> None:
    """As the function's outputs say, in its order."""
    assert [(each.column.name, each.column.type, each.sources) for each in graph[0]] == [
        ("half", ColumnType.FLOAT, ("x",)),
        ("next", ColumnType.INT, ("n",)),
        ("both", ColumnType.BYTES, ("t",)),
    ]


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_derived_columns_stand_beside_the_raw_ones(graph: Any, rows: int) -> None:
    """NaN, -2**63 and the empty text are nulls; the types are those of raw columns."""
    batch = pa.record_batch(
        {
            "x": pa.array([1.0, None, 4.0][:rows], pa.float32()),
            "n": pa.array([None, 2, MISSING_INT][:rows], pa.int64()),
            "t": pa.array(["å", None, ""][:rows], pa.string()),
        }
    )
    found = with_derived(batch, graph[1])
    assert found.select(["x", "n", "t"]).equals(batch)
    assert found["half"].equals(pa.array([0.5, None, 2.0][:rows], pa.float32()))
    assert found["next"].equals(pa.array([None, 3, None][:rows], pa.int64()))
    assert found["both"].equals(pa.array(["åå", None, None][:rows], pa.string()))


def test_infinity_is_a_value(graph: Any) -> None:
    """Only NaN is missing."""
    batch = pa.record_batch({"x": pa.array([np.inf], pa.float32()), "n": pa.array([1]), "t": pa.array(["a"])})
    assert with_derived(batch, graph[1])["half"].to_pylist() == [np.inf]


def test_a_text_that_is_cut_in_a_letter(tmp_path: Path) -> None:
    """A derived text that isn't UTF-8 is an error that names the column and says how letters are counted."""
    (tmp_path / "mine.py").write_text(
        'import tensorflow as tf\n\ndef derive(inputs):\n    return {"first": tf.strings.substr(inputs["t"], 0, 1)}\n'
    )
    function = UserFunction.read(f"{tmp_path}/mine.py:derive")
    trace_derive(function, Schema((Column("t", ColumnType.BYTES),)), f"{tmp_path}/graph")
    session = load(f"{tmp_path}/graph")
    assert with_derived(pa.record_batch({"t": ["abc"]}), session)["first"].to_pylist() == ["a"]
    with pytest.raises(ShardmillError, match=r"derive function: a value of 'first' isn't UTF-8 text.*UTF8_CHAR"):
        with_derived(pa.record_batch({"t": ["abc", "éa"]}), session)
