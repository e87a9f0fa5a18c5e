"""Equal features are computed together, as rows of a matrix, and have the bits that they have alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from shardmill.schemas.schema import Column, ColumnType, Schema
from shardmill.transforms.features.placeholder import dummy_statistics
from shardmill.transforms.features.registry import parse_features
from shardmill.transforms.functions.columns import DTYPES
from shardmill.transforms.graph import build as build_module
from shardmill.transforms.graph.derived_column import DeclaredGraph
from shardmill.transforms.graph.packing import Pack, packs
from shardmill.transforms.runtime.session import load_session
from tests.support.kinds import analyzed, batch_of, dense, run, schema_of

ROWS = 37
FLOATS = [f"x{number}" for number in range(20)]
INTEGERS = [f"n{number}" for number in range(6)]
TEXTS = [f"s{number}" for number in range(3)]
SCHEMA = Schema(
    (
        *(Column(name, ColumnType.FLOAT, name == "x3") for name in FLOATS),
        *(Column(name, ColumnType.INT, name == "n1") for name in INTEGERS),
        *(Column(name, ColumnType.BYTES) for name in TEXTS),
    )
)
# Kinds by a suffix of their features, which every column of numbers has.
NUMBERS: dict[str, Any] = {
    "z": {"kind": "z_score", "indicator": True},
    "m": {"kind": "min_max", "min": -1.0},
    "r": {"kind": "robust", "missing": 1.5},
    "zl": {"kind": "z_score", "pre": ["abs", "log1p"], "indicator": True},
    "l": {"kind": "log", "missing": "median"},
    "c": {"kind": "clip", "min": -1, "max": 2.5},
    "p": {"kind": "power", "exponent": 0.5, "pre": ["abs"]},
    "b": {"kind": "bucketize", "num_buckets": 4},
    "one": {"kind": "bucketize", "num_buckets": 1},
    "g": {"kind": "buckets", "boundaries": [-0.5, 0.0, 3]},
}
TOKENS: dict[str, Any] = {
    "h": {"kind": "hash", "num_buckets": 11},
    "k": {"kind": "hash", "num_buckets": 7, "key": [3, 4], "missing": "none"},
    "v": {"kind": "vocabulary", "num_oov_buckets": 1},
    "t": {"kind": "string"},
    "f": {"kind": "string", "missing": "none"},
}
ODD = [0.0, -0.0, float("inf"), float("-inf"), 1e-40, -1e-45, 3.4e38, -3.4e38, 1.0, -0.5]


def _cells(column: Column, seed: int) -> list[Any]:
    random = np.random.default_rng(seed)
    missing = random.random(ROWS) < (0 if column.required else 0.2)
    if column.type is ColumnType.FLOAT:
        # One column is constant, and its scaling another one.
        cells = [2.5] * ROWS if seed == 5 else (random.normal(size=ROWS) * 10.0 ** random.integers(-3, 4)).tolist()
        cells[: len(ODD)] = ODD if seed % 3 == 0 else cells[: len(ODD)]
    elif column.type is ColumnType.INT:
        cells = random.integers(-50, 50, ROWS).tolist()
        cells[:2] = [2**62 + seed, -(2**62)]
    else:
        cells = [f"{'é' * int(length)}{seed}" for length in random.integers(1, 30, ROWS)]
    return [None if lacks else cell for cell, lacks in zip(cells, missing, strict=True)]


DATA = {column.name: _cells(column, seed) for seed, column in enumerate(SCHEMA)}
TABLE = {
    **{f"{name}_{key}": {**kind, "column": name} for name in FLOATS + INTEGERS for key, kind in NUMBERS.items()},
    **{f"{name}_{key}": {**kind, "column": name} for name in INTEGERS + TEXTS for key, kind in TOKENS.items()},
    "cross": {"kind": "cross", "columns": TEXTS, "num_buckets": 5},
    "x0_label": {"kind": "label", "column": "x0", "missing": 0},
    "s0_label": {"kind": "label", "column": "s0", "missing": "none"},
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graph of some 300 features of 29 columns."""
    folder = tmp_path_factory.mktemp("packed")
    kinds = parse_features(TABLE, SCHEMA)
    statistics = analyzed(kinds, SCHEMA, batch_of(SCHEMA, DATA), folder)
    infinite = frozenset({"x0", "x6"})
    build_module.build_graph(DeclaredGraph(kinds, SCHEMA, statistics, None, infinite), str(folder))
    return folder / "transform_fn"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """The outputs of the same features, each built by itself."""
    folder = tmp_path_factory.mktemp("alone")
    finite = {
        name: [np.nan if name in ("x0", "x6") and cell in (np.inf, -np.inf) else cell for cell in cells]
        for name, cells in DATA.items()
    }
    return run(TABLE, SCHEMA, DATA, folder, finite)


def _bits(values: Any) -> object:
    """What must be equal: of numbers the bytes, of text the values."""
    if isinstance(values, pa.Array):
        return values.to_pylist()
    return values.tolist() if values.dtype == object else (values.dtype, np.ascontiguousarray(values).tobytes())


@pytest.mark.parametrize("way", ["c", "python"])
def test_packed_features_have_the_bits_that_they_have_alone(
    built: Path, alone: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """The transform phase gets the same of all kinds, odd numbers, missing cells and constant columns included."""
    if way == "python":
        monkeypatch.setenv("SHARDMILL_SESSION", "python")
    found = load_session(str(built)).run(batch_of(SCHEMA, DATA))
    assert list(found) == [name for name in alone if "label" not in name] + ["x0_label", "s0_label"]
    assert [name for name in alone if _bits(found[name]) != _bits(alone[name])] == []


def test_served_features_have_them_too(built: Path, alone: dict[str, np.ndarray]) -> None:
    """The serving signature takes and returns every column by its name, and TF Transform's function every feature."""
    loaded = tf.saved_model.load(str(built))
    inputs = dense(SCHEMA, DATA)
    served = loaded.signatures["serving_default"](**inputs)
    assert set(served) == {name for name in alone if "label" not in name}
    assert [name for name in served if _bits(served[name].numpy()) != _bits(alone[name])] == []
    raw = {
        column.name: inputs[column.name]
        if column.required
        else tf.sparse.expand_dims(_present(DATA[column.name], inputs[column.name]), 1)
        for column in SCHEMA
    }
    transformed = loaded.transform_fn(raw)
    assert set(transformed) == set(alone)
    assert [name for name in alone if _bits(transformed[name].numpy()) != _bits(alone[name])] == []


def _present(cells: list[Any], values: tf.Tensor) -> tf.SparseTensor:
    rows = [row for row, cell in enumerate(cells) if cell is not None]
    return tf.SparseTensor(np.array(rows, np.int64).reshape(-1, 1), tf.gather(values, rows), [len(cells)])


def _packs(
    table: dict[str, Any], schema: Schema, finite: Callable[..., Any] = lambda _raw, columns: columns
) -> list[Pack]:
    kinds = parse_features(table, schema)
    dtypes = {column.name: DTYPES[column.type] for column in schema}
    return packs(tf, kinds, dtypes, dummy_statistics(kinds, schema), finite)


def test_features_that_differ_in_numbers_alone_are_packed() -> None:
    """Means, replacements and boundaries may differ; operations, and the types of columns, may not."""
    schema = schema_of(a="float", b="float", c="float", n="int", m="int", s="bytes", t="bytes")
    table = {
        "a": {"kind": "z_score", "missing": 1},
        "b": {"kind": "z_score", "missing": 2},
        "c": {"kind": "z_score", "missing": "reject"},
        "n": "z_score",
        "m": "z_score",
        "a4": {"kind": "bucketize", "column": "a", "num_buckets": 2},
        "b4": {"kind": "bucketize", "column": "b", "num_buckets": 2},
        "c5": {"kind": "buckets", "column": "c", "boundaries": [1, 2]},
        "s": "vocabulary",
        "t": "vocabulary",
        "n2": {"kind": "datetime", "column": "n", "format": "unix"},
        "m2": {"kind": "datetime", "column": "m", "format": "unix"},
    }
    found = {tuple(kind.name for kind in each.kinds) for each in _packs(table, schema)}
    assert found == {("a", "b"), ("n", "m"), ("a4", "b4")}


def test_many_features_are_packed_in_parts() -> None:
    """A pack's matrix stays small: 64 features make one, and a last one that is left is built alone."""
    schema = Schema(tuple(Column(f"c{index}", ColumnType.FLOAT) for index in range(129)))
    found = _packs(dict.fromkeys(schema.names, "z_score"), schema)
    assert [len(each.kinds) for each in found] == [64, 64]
    assert found[1].columns == (schema.names[64:128],)


def _operations(folder: Path, columns: int) -> tuple[int, int]:
    """The operations of a graph of z-scores, and those of what the transform phase runs."""
    schema = Schema(tuple(Column(f"c{index}", ColumnType.FLOAT) for index in range(columns)))
    kinds = parse_features(dict.fromkeys(schema.names, "z_score"), schema)
    folder.mkdir()
    build_module.build_graph(DeclaredGraph(kinds, schema, dummy_statistics(kinds, schema)), str(folder))
    saved = saved_model_pb2.SavedModel.FromString((folder / "transform_fn" / "saved_model.pb").read_bytes())
    graph = saved.meta_graphs[0].graph_def
    functions = {each.signature.name: len(each.node_def) for each in graph.library.function}
    core = sum(size for name, size in functions.items() if "core" in name)
    assert core
    return len(graph.node) + sum(functions.values()), core


def test_operations_grow_little_with_columns(tmp_path: Path) -> None:
    """Tracing takes time for each operation: a column costs few in all signatures, and none where many are computed together."""
    (few, few_core), (many, many_core) = _operations(tmp_path / "few", 64), _operations(tmp_path / "many", 192)
    assert (many - few) / 128 < 11
    assert (many_core - few_core) / 128 < 0.5
