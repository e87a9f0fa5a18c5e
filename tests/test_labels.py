"""Labels that rows lack are left empty, whatever their type and shape."""

import numpy as np
import pyarrow as pa
import pytest

from pipelines.example_message import decode_example
from schemas.schema import Column, ColumnType
from transforms.blocks import Selection
from transforms.examples import ExampleEncoder, Feature, Outputs
from transforms.labels import drop_missing, missing_labels, select_rows

FEATURES = (
    Feature("number", "float32"),
    Feature("pair", "int64", (2,)),
    Feature("text", "bytes"),
    Feature("texts", "bytes", (2,)),
    Feature("lists", "int64", None),
)
COLUMNS = pa.record_batch({"y": pa.array([1.0, None, 3.0]), "z": pa.array(["a", "b", None])})


def outputs() -> Outputs:
    """Three rows of each type and shape."""
    return {
        "number": np.array([1, 2, 3], np.float32),
        "pair": np.arange(6, dtype=np.int64).reshape(3, 2),
        "text": pa.array([b"a", b"b", b"c"], pa.binary()),
        "texts": pa.array([b"a", b"A", b"b", b"B", b"c", b"C"], pa.binary()),
        "lists": pa.array([[1], [2, 3], []], pa.large_list(pa.int64())),
    }


def decoded(changed: Outputs) -> list[dict[str, list[int] | list[float] | list[bytes]]]:
    """The rows as trainers see them."""
    return [decode_example(record) for record in ExampleEncoder(FEATURES).encode(changed, 3).to_pylist()]


def test_only_columns_that_rows_may_lack_empty_a_label() -> None:
    """A label's cells count where the row would be rejected for them, but may be missing."""
    columns = tuple(Column(name, ColumnType.FLOAT) for name in ("y", "z", "filled"))
    selection = Selection(columns, required=frozenset({"y", "z"}), optional=frozenset({"y", "filled"}))
    assert missing_labels({"a": ["y", "z"], "b": ["filled"], "c": ["z"], "d": []}, selection) == {"a": ("y",)}


@pytest.mark.parametrize("name", [feature.name for feature in FEATURES])
def test_a_missing_label_is_a_list_without_values(name: str) -> None:
    """The rows that lack the label have none; their other features, and other rows, are as before."""
    before, after = decoded(outputs()), decoded(drop_missing(outputs(), COLUMNS, {name: ("y",)}))
    assert after == [before[0], {**before[1], name: []}, before[2]]


def test_a_label_of_two_columns_needs_both() -> None:
    """It is empty where either is missing."""
    after = decoded(drop_missing(outputs(), COLUMNS, {"number": ("y", "z")}))
    assert [row["number"] for row in after] == [[1.0], [], []]


def test_whole_labels_stay_as_they_are() -> None:
    """Where no row lacks a label, the arrays are the graph's own."""
    given = outputs()
    changed = drop_missing(given, COLUMNS.slice(0, 1), {"number": ("y",), "text": ("z",)})
    assert all(changed[name] is values for name, values in given.items())


def test_rows_are_selected() -> None:
    """Some rows of every type and shape, without the others."""
    selected = select_rows(outputs(), FEATURES, pa.array([True, False, True]))
    kept = [decode_example(record) for record in ExampleEncoder(FEATURES).encode(selected, 2).to_pylist()]
    every = decoded(outputs())
    assert kept == [every[0], every[2]]
