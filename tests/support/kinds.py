"""What the tests of kinds and graphs share: features parsed, analyzed and built as a run does it, on a few rows."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import FOLD, MISSING_INT, Column, ColumnType, Schema
from shardmill.transforms.features.registry import parse_features
from shardmill.transforms.graph.vocabulary_files import write_assets
from shardmill.transforms.kinds.base import Kind, TableKey, Trace
from shardmill.transforms.statistics import tokens
from shardmill.transforms.statistics.accumulator import Analysis
from shardmill.transforms.statistics.requests import ComputedRequest, Statistics, VocabularyRequest, VocabularyStats

_MISSING = {ColumnType.INT: MISSING_INT, ColumnType.FLOAT: np.nan, ColumnType.BYTES: b""}
_NUMPY = {ColumnType.INT: np.int64, ColumnType.FLOAT: np.float32, ColumnType.BYTES: object}


def batch_of(schema: Schema, columns: Mapping[str, Sequence[Any]]) -> pa.RecordBatch:
    """Rows as the reader gives them: None is missing."""
    return pa.RecordBatch.from_arrays(
        [pa.array(columns[each.name], each.type.arrow) for each in schema], names=list(schema.names)
    )


def schema_of(**types: str) -> Schema:
    """A schema from names to "int", "float" or "bytes"; with a `!` the column is required."""
    return Schema(tuple(Column(name, ColumnType(word.rstrip("!")), word.endswith("!")) for name, word in types.items()))


def analyzed(kinds: Sequence[Kind], schema: Schema, batch: pa.RecordBatch, folder: Path) -> Statistics:
    """The statistics of some rows, vocabularies' files included."""
    requests = list(dict.fromkeys(request for kind in kinds for request in kind.requests(schema)))
    analysis = Analysis(requests, schema.columns)
    if any(kind.uses_folds for kind in kinds):
        batch = batch.append_column(FOLD, pa.array(range(batch.num_rows), pa.int64()))
    analysis.update(batch, _made(requests, schema, batch))
    tables = {name: table for names, table in analysis.take_tables().items() for name in names}
    found: dict[str, VocabularyStats] = {}
    for request in requests:
        if isinstance(request, VocabularyRequest):
            counts = tables[request.name]
            if request.companion is not None:
                counts = request.companion.scored(counts, analysis.totals()[request.name])
            chosen = tokens.select(counts, request.top_k, request.frequency_threshold)
            path = folder / f"tokens-{len(found)}"
            with path.open("wb") as stream:
                tokens.write_tokens(stream, chosen)
            (folder / f"counts-{len(found)}").write_bytes(chosen["count"].to_numpy().astype("<i8").tobytes())
            parts = ""
            if "parts" in chosen.column_names:
                parts = str(folder / f"parts-{len(found)}")
                Path(parts).write_bytes(b"".join(chosen["parts"].to_pylist()))
            first = chosen["token"][0].as_py().decode() if chosen.num_rows else None
            found[request.name] = VocabularyStats(
                *(request.name, str(path), chosen.num_rows, tokens.total(counts), first),
                str(folder / f"counts-{len(found)}"),
                parts,
            )
    return analysis.statistics(found)


def _made(requests: Sequence[Any], schema: Schema, batch: pa.RecordBatch) -> dict[Any, Any]:
    """The tokens and numbers that an analysis graph makes, without one."""
    inputs = dense(schema, {name: batch.column(name).to_pylist() for name in schema.names})
    trace = Trace(tf, inputs, Statistics(), lambda key: pytest.fail(f"no table yet: {key}"))
    made: dict[Any, Any] = {}
    asking = (request for request in requests if isinstance(request, VocabularyRequest | ComputedRequest))
    for each in (each for request in asking for each in request.made):
        values = each.make(trace)
        made[each] = (
            pa.array(values.to_list(), pa.large_list(pa.binary()))
            if isinstance(values, tf.RaggedTensor)
            else values.numpy()
        )
    return made


def dense(schema: Schema, columns: Mapping[str, Sequence[Any]]) -> dict[str, tf.Tensor]:
    """Rows as the graph's dense inputs."""
    filled = {
        each.name: [_MISSING[each.type] if cell is None else cell for cell in columns[each.name]] for each in schema
    }
    return {each.name: tf.constant(np.array(filled[each.name], _NUMPY[each.type])) for each in schema}


def run(
    table: Mapping[str, Any],
    schema: Schema,
    columns: Mapping[str, Sequence[Any]],
    folder: Path,
    serve: Mapping[str, Sequence[Any]] | None = None,
) -> dict[str, Any]:
    """The outputs of features for rows (or for others: `serve`) after an analysis of the rows.

    Sparse ones are dense here, and those of varying length lists.
    """
    kinds = parse_features(table, schema)
    statistics = analyzed(kinds, schema, batch_of(schema, columns), folder)
    assets = folder / "assets"
    assets.mkdir()
    statistics = write_assets(kinds, statistics, assets)
    inputs = dense(schema, serve or columns)
    made: list[Any] = []

    def lookup(key: TableKey) -> Any:
        with tf.init_scope():
            initializer = tf.lookup.TextFileInitializer(
                statistics.vocabularies[key.vocabulary].path, tf.string, -2, tf.int64, -1
            )
            made.append(
                tf.lookup.StaticVocabularyTable(initializer, key.num_oov_buckets, lookup_key_dtype=tf.string)
                if key.num_oov_buckets
                else tf.lookup.StaticHashTable(initializer, key.default_value)
            )
        return made[-1]

    @tf.function(autograph=False)
    def build(tensors: dict[str, tf.Tensor]) -> dict[str, Any]:
        trace = Trace(tf, tensors, statistics, lookup)
        built = {name: value for kind in kinds for name, value in kind.build_tensors(trace).items()}
        return {name: tf.identity(value) if isinstance(value, tf.Tensor) else value for name, value in built.items()}

    rows = len(next(iter(inputs.values())))
    specs = {spec.name: spec for kind in kinds for spec in kind.outputs(schema, statistics)}
    outputs: dict[str, Any] = {}
    for name, value in build(inputs).items():
        for column, values in _columns(name, value).items():
            _check_values(specs.pop(column), values, rows)
        outputs[name] = _plain(value)
    assert not specs
    return outputs


def _columns(name: str, value: Any) -> dict[str, np.ndarray]:
    """An output's values in an Example."""
    if isinstance(value, tf.SparseTensor):
        indices = value.indices.numpy()
        assert [tuple(each) for each in indices] == sorted({tuple(each) for each in indices})
        return {f"{name}$sparse_indices_0": indices[:, 1], f"{name}$sparse_values": value.values.numpy()}
    return {name: value.values.numpy() if isinstance(value, tf.RaggedTensor) else value.numpy()}


def _plain(value: Any) -> Any:
    """A dense or sparse output as an array, one of varying length as a list of the rows' lists."""
    if isinstance(value, tf.RaggedTensor):
        return value.to_list()
    return (tf.sparse.to_dense(value) if isinstance(value, tf.SparseTensor) else value).numpy()


def _check_values(spec: FeatureSpec, values: np.ndarray, rows: int) -> None:
    if spec.shape is None:
        assert values.ndim == 1, spec.name
    else:
        assert values.shape == (rows, *spec.shape), spec.name
    assert spec.dtype == ("bytes" if values.dtype == object else values.dtype.name)
    if spec.minimum is not None and spec.maximum is not None and values.size:
        assert spec.minimum <= values.min() <= values.max() <= spec.maximum
