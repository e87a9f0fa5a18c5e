"""Labels that rows lack are left empty, whatever their type and shape."""

import numpy as np
import pyarrow as pa
import pytest

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import MISSING_INT, Column, ColumnType
from shardmill.transforms.runtime.missing_labels import (
    drop_missing,
    drop_unknown,
    missing_labels,
    missing_rows,
    select_rows,
)
from shardmill.transforms.tfrecord.decode import decode_example
from shardmill.transforms.tfrecord.encode import ExampleEncoder, Outputs
from tests.support.csv.csv_blocks import select_columns

FEATURES = (
    FeatureSpec("number", "float32"),
    FeatureSpec("pair", "int64", (2,)),
    FeatureSpec("text", "bytes"),
    FeatureSpec("texts", "bytes", (2,)),
    FeatureSpec("lists", "int64", None),
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
    selection = select_columns(columns, required=frozenset({"y", "z"}), optional=frozenset({"y", "filled"}))
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


@pytest.mark.parametrize(
    ("shape", "values", "missing"),
    [
        ((), np.array([1, np.nan, np.inf], np.float32), [False, True, False]),
        ((2,), np.array([[1, 2], [3, np.nan], [np.nan, 4]], np.float32), [False, True, True]),
        ((), np.array([0, MISSING_INT, 1]), [False, True, False]),
        ((2,), np.array([[0, MISSING_INT], [1, 1], [1, 1]]), [False, False, False]),
        ((), pa.array([b"", b"a", b"b"], pa.binary()), [True, False, False]),
        ((2,), pa.array([b"", b"a", b"b", b"", b"", b""], pa.binary()), [False, False, False]),
        (None, pa.array([[1.0], [], [2.0, np.nan]], pa.large_list(pa.float32())), [False, False, True]),
        (None, pa.array([[MISSING_INT], [], [1]], pa.large_list(pa.int64())), [False, False, False]),
    ],
)
def test_what_of_an_output_is_missing(
    shape: tuple[int, ...] | None, values: np.ndarray | pa.Array, missing: list[bool]
) -> None:
    """NaN anywhere in a row's values; of one number or text -2**63 or the empty one, which among several may be padding."""
    assert missing_rows(FeatureSpec("x", "any", shape), values, 3).tolist() == missing


def test_missing_values_leave_a_label_empty() -> None:
    """Where the graph gives a label no value, its row has none; other labels and features stay."""
    changed = drop_unknown({**outputs(), "number": np.array([1, np.nan, 3], np.float32)}, FEATURES[:1], 3)
    assert [row["number"] for row in decoded(changed)] == [[1.0], [], [3.0]]
    assert [row["pair"] for row in decoded(changed)] == [[0, 1], [2, 3], [4, 5]]
