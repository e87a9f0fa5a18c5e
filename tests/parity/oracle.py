"""Runs TF Transform on columns, and ours on the same ones, for tests that compare: without CSV, which can't say everything."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from google.protobuf import text_format
from pyarrow import feather
from tensorflow_metadata.proto.v0 import schema_pb2

from shardmill.schemas.schema import Column, ColumnType, Schema
from shardmill.transforms.features.registry import parse_features
from shardmill.transforms.graph import build
from shardmill.transforms.graph.derived_column import DeclaredGraph
from shardmill.transforms.runtime import session
from shardmill.transforms.statistics.requests import Statistics
from tests.support.kinds import analyzed

_TYPES = {pa.float32(): ColumnType.FLOAT, pa.int64(): ColumnType.INT, pa.string(): ColumnType.BYTES}


def cast_cells(text: pa.Array, kind: pa.DataType) -> pa.Array:
    """The text of cells as a type; integers below 2**53 may be spelled with a point."""
    return text.cast(pa.float64()).cast(kind) if kind == pa.int64() else text.cast(kind)


@dataclass(frozen=True)
class Theirs:
    """What TF Transform made of some columns.

    Attributes:
        outputs: Each output, a value a row; null where a sparse tensor has none. Of vectors a list array.
        vocabularies: The bytes of each vocabulary's file, by `vocab_filename`.
        schema: The schema of the outputs.
    """

    outputs: Mapping[str, pa.Array]
    vocabularies: Mapping[str, bytes]
    schema: schema_pb2.Schema


@dataclass(frozen=True)
class Ours:
    """What an analysis, a graph and a session made of the same columns.

    Attributes:
        outputs: Each feature, a value a row: of text an Arrow array.
        vocabularies: The bytes of each vocabulary's file, by the feature's name.
        schema: The schema of the outputs.
        statistics: What the analysis found.
    """

    outputs: Mapping[str, Any]
    vocabularies: Mapping[str, bytes]
    schema: schema_pb2.Schema
    statistics: Statistics


def run_ours(columns: Mapping[str, pa.Array], features: Mapping[str, Any], folder: Path) -> Ours:
    """Analyzes columns, writes the graph as a run does, and transforms them with it.

    Args:
        columns: float32, int64 or text; nulls are missing.
        features: A configuration's `[features]`.
        folder: An empty folder.
    """
    schema = Schema(tuple(Column(name, _TYPES[column.type]) for name, column in columns.items()))
    batch = pa.RecordBatch.from_arrays(list(columns.values()), list(columns))
    kinds = parse_features(features, schema)
    statistics = analyzed(kinds, schema, batch, folder)
    build.build_graph(DeclaredGraph(tuple(kinds), schema, statistics), str(folder))
    return Ours(
        session.load_session(str(folder / "transform_fn")).run(batch),
        {path.name: path.read_bytes() for path in (folder / "transform_fn" / "assets").glob("*")},
        read_schema(folder),
        statistics,
    )


def read_schema(run_dir: Path) -> schema_pb2.Schema:
    """The schema of a run's outputs."""
    text = (run_dir / "transformed_metadata" / "schema.pbtxt").read_text(encoding="utf-8")
    return text_format.Parse(text, schema_pb2.Schema())


def run_tf_transform(
    columns: Mapping[str, pa.Array],
    preprocessing_fn: Callable[[Mapping[str, Any]], dict[str, Any]],
    vocabularies: Sequence[str] = (),
) -> Theirs:
    """Analyzes and transforms columns.

    Args:
        columns: float32, int64 or text. One with nulls becomes a sparse tensor, any other a dense one of shape [batch].
        preprocessing_fn: The function of TF Transform's.
        vocabularies: The names of the vocabularies wanted.
    """
    import apache_beam as beam
    import tensorflow_transform as tft
    import tensorflow_transform.beam as tft_beam
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner
    from tfx_bsl.tfxio import tensor_adapter

    batch = pa.RecordBatch.from_arrays([_cells(column) for column in columns.values()], list(columns))
    tensors = {name: _representation(name, dense=not column.null_count) for name, column in columns.items()}
    config = tensor_adapter.TensorAdapterConfig(batch.schema, tensors)
    _forget()
    with tempfile.TemporaryDirectory() as folder:
        with beam.Pipeline(runner=FnApiRunner()) as pipeline, tft_beam.Context(temp_dir=folder):
            raw = (pipeline | beam.Create([batch]), config)
            (batches, _), transform_fn = raw | tft_beam.AnalyzeAndTransformDataset(
                preprocessing_fn, output_record_batches=True
            )
            _ = batches | beam.MapTuple(lambda batch, _: feather.write_feather(_table(batch), f"{folder}/batch"))
            _ = transform_fn | tft_beam.WriteTransformFn(f"{folder}/out")
        output = tft.TFTransformOutput(f"{folder}/out")
        return Theirs(
            {name: _rows(column) for name, column in _columns(f"{folder}/batch").items()},
            {name: Path(output.vocabulary_file_by_name(name)).read_bytes() for name in vocabularies},
            output.transformed_metadata.schema,
        )


def _forget() -> None:
    """Clears what TF Transform's mappers note on the default graph when they are called eagerly, as other tests do.

    It would take that for this function's own.
    """
    import tensorflow as tf

    default = tf.compat.v1.get_default_graph()
    for key in default.get_all_collection_keys():
        default.clear_collection(key)


def _cells(column: pa.Array) -> pa.Array:
    """Each cell as a list: of one value, or of none where it is missing."""
    present = column.is_valid().to_numpy(zero_copy_only=False)
    values = column.drop_null()
    values = values.cast(pa.binary()) if pa.types.is_string(values.type) else values
    return pa.LargeListArray.from_arrays(pa.array(np.concatenate([[0], np.cumsum(present)]), pa.int64()), values)


def _representation(name: str, *, dense: bool) -> schema_pb2.TensorRepresentation:
    if dense:
        tensor = schema_pb2.TensorRepresentation.DenseTensor(column_name=name)
        tensor.shape.SetInParent()
        return schema_pb2.TensorRepresentation(dense_tensor=tensor)
    sparse = schema_pb2.TensorRepresentation.VarLenSparseTensor(column_name=name)
    return schema_pb2.TensorRepresentation(varlen_sparse_tensor=sparse)


def _table(batch: pa.RecordBatch) -> pa.Table:
    return pa.Table.from_batches([batch])


def _columns(path: str) -> dict[str, pa.Array]:
    table = feather.read_table(path, memory_map=False)
    return {name: table[name].combine_chunks() for name in table.column_names}


def _rows(cells: pa.Array) -> pa.Array:
    """Lists of at most one value as values; longer lists as they are."""
    lengths = np.diff(cells.offsets.to_numpy())
    if lengths.size and lengths.max() > 1:
        return cells
    places = np.cumsum(lengths) - lengths
    return cells.flatten().take(pa.array(places, pa.int64(), mask=lengths == 0))
