"""Analyze a TF Transform function: TF Transform's own analysis of the train rows, read as Arrow lists.

Imports TensorFlow and TF Transform, whose analyzers run in the workers: nothing but a job with a `preprocessing_fn` imports this.
"""

import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

import apache_beam as beam
import pyarrow as pa
import tensorflow as tf
import tensorflow_transform.beam as tft_beam
from apache_beam import pvalue
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform import impl_helper
from tfx_bsl.tfxio.tensor_adapter import TensorAdapterConfig

from schemas.errors import ConfigError, ShardmillError
from schemas.schema import Column, ColumnType, Schema
from transforms import tally
from transforms.analyze import Reading
from transforms.arrays import to_lists
from transforms.graph_source import AnalyzedGraph
from transforms.graph_values import tft_spec
from transforms.records import Unit
from transforms.user_function import Recorded, UserFunction

_ARROW = {ColumnType.INT: pa.int64(), ColumnType.FLOAT: pa.float32(), ColumnType.BYTES: pa.binary()}
_DTYPES = (tf.float32, tf.int64, tf.string)


def trace_columns(function: UserFunction, schema: Schema) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Traces a function once, to see what it takes and gives.

    Args:
        function: The function.
        schema: The raw columns.

    Returns:
        The names of the raw columns that it looks at, in the schema's order; and of its outputs.

    Raises:
        ConfigError: The function fails (the message has the file, the line, and what came in) or doesn't return what TF Transform takes.
    """
    seen: set[str] = set()

    def recorded(inputs: Mapping[str, Any]) -> dict[str, Any]:
        columns = Recorded(inputs)
        outputs = function(columns)
        seen.update(columns.seen)
        _check_outputs(function, outputs)
        return outputs

    specs = {column.name: tft_spec(column) for column in schema}
    with tempfile.TemporaryDirectory(prefix="shardmill-function-") as folder:
        _, _, outputs = _explained(
            function,
            lambda: impl_helper.trace_preprocessing_function(
                recorded, specs, use_tf_compat_v1=False, base_temp_dir=folder
            ),
        )
    return tuple(name for name in schema.names if name in seen), tuple(outputs)


class AnalyzeFunction(beam.PTransform):  # type: ignore[misc]
    """Has TF Transform analyze the train rows for a function, in as many passes as the function needs.

    Expects a PCollection of units and outputs one `AnalyzedGraph`.
    """

    def __init__(
        self, function: UserFunction, reading: Reading, schema: Schema, labels: tuple[str, ...], folder: str
    ) -> None:
        """Stores what to analyze.

        Args:
            function: The function.
            reading: How rows come from units; its selection has the columns that the function looks at.
            schema: All raw columns.
            labels: The outputs that are labels.
            folder: A folder for TF Transform's temporary files, which the result is in.
        """
        super().__init__()
        self._function = function
        self._reading = reading
        self._schema = schema
        self._labels = labels
        self._folder = folder

    def expand(self, units: beam.PCollection[Unit]) -> beam.PCollection[AnalyzedGraph]:
        rows = units | "ReadTrainRows" >> beam.FlatMap(_train_rows, self._reading).with_output_types(pa.RecordBatch)
        config = _adapter_config(self._reading.selection.columns)
        with tft_beam.Context(temp_dir=self._folder):
            saved_model, metadata = _explained(
                self._function, lambda: (rows, config) | "AnalyzeDataset" >> tft_beam.AnalyzeDataset(self._function)
            )
        return saved_model | "DescribeFunction" >> beam.Map(
            _describe,
            pvalue.AsSingleton(metadata.deferred_metadata),
            asset_map=metadata.asset_map,
            schema=self._schema,
            labels=self._labels,
        )


def _train_rows(unit: Unit, reading: Reading) -> Iterator[pa.RecordBatch]:
    for block in reading.blocks(unit):
        rows = reading.train_rows(block, reading.split_rule.assign(block.rows, unit.split, block.key))
        tally.add("function", rows.num_rows, block.size)
        if rows.num_rows:
            yield to_lists(rows)


def _adapter_config(columns: tuple[Column, ...]) -> TensorAdapterConfig:
    arrow = pa.schema([(column.name, pa.large_list(_ARROW[column.type])) for column in columns])
    return TensorAdapterConfig(arrow, {column.name: _representation(column) for column in columns})


def _representation(column: Column) -> schema_pb2.TensorRepresentation:
    representation = schema_pb2.TensorRepresentation()
    if column.required:
        representation.dense_tensor.column_name = column.name
        representation.dense_tensor.shape.SetInParent()
    else:
        representation.varlen_sparse_tensor.column_name = column.name
    return representation


def _describe(
    saved_model: str, metadata: Any, asset_map: Mapping[str, str], schema: Schema, labels: tuple[str, ...]
) -> AnalyzedGraph:
    text = text_format.MessageToString(metadata.schema, as_utf8=True)
    return AnalyzedGraph(saved_model, text, dict(asset_map), schema, labels)


def _check_outputs(function: UserFunction, outputs: Mapping[str, Any]) -> None:
    for name, value in outputs.items():
        if not isinstance(value, tf.Tensor | tf.SparseTensor | tf.RaggedTensor):
            raise ConfigError(f"{function}: expected output {name!r} to be a tensor, received {value!r}")
        if value.dtype not in _DTYPES:
            raise ConfigError(
                f"{function}: output {name!r} is of {value.dtype.name}; expected float32, int64 or string: tf.cast makes it one"
            )


def _explained(function: UserFunction, trace: Any) -> Any:
    """What a trace gives; TF Transform's own complaints become errors that name the function."""
    try:
        return trace()
    except ShardmillError:
        raise
    except (ValueError, TypeError, tf.errors.OpError) as error:
        raise ConfigError(f"{function}: TF Transform says: {error}") from error
