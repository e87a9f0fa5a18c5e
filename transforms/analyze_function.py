"""TF Transform's own analysis of a TF Transform function.

It analyzes the train rows, read as Arrow lists.

Imports TensorFlow and TF Transform, whose analyzers run in the workers: only a job with a
`preprocessing_fn` imports this.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
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

from shardmill.schemas.arrow import to_lists
from shardmill.schemas.errors import ConfigError, ShardmillError
from shardmill.schemas.messages import shortened
from shardmill.schemas.schema import Column, ColumnType, Schema
from shardmill.transforms import count_tokens
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.functions.analyze_domains import WithDomains
from shardmill.transforms.functions.columns import check_shape, tft_spec
from shardmill.transforms.functions.domains import is_domain
from shardmill.transforms.functions.user_function import Recorded, UserFunction
from shardmill.transforms.graph.derived_column import AnalyzedGraph
from shardmill.transforms.reading import Reading
from shardmill.transforms.workers import phases

_ARROW = {ColumnType.INT: pa.int64(), ColumnType.FLOAT: pa.float32(), ColumnType.BYTES: pa.binary()}
# Operations that call back into the process that traced them.
_PYTHON = ("PyFunc", "PyFuncStateless", "EagerPyFunc")
_DTYPES = (tf.float32, tf.int64, tf.string)


def check_scratch(folder: str) -> None:
    """Checks that TensorFlow can write to a folder.

    Raises:
        ConfigError: It doesn't know that kind of path.
    """
    scheme, remote, _ = folder.partition("://")
    if remote and scheme not in tf.io.gfile.get_registered_schemes():
        raise ConfigError(
            f"preprocessing_fn: TF Transform's workers write files with TensorFlow, which doesn't know {scheme}://, as in {folder!r}; "
            "choose an --output on gs:// or in a folder that all machines share, or the local engine"
        )


def trace_columns(function: UserFunction, schema: Schema) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Traces a function once for its columns and its outputs.

    Args:
        function: The function.
        schema: The raw columns.

    Returns:
        The names of the raw columns that it looks at, in the schema's order, and the names of its
        outputs.

    Raises:
        ConfigError: The function fails (the message has the file, the line, and what came in) or
            doesn't return what TF Transform takes.
    """
    seen: set[str] = set()

    def recorded(inputs: Mapping[str, Any]) -> dict[str, Any]:
        columns = Recorded(inputs)
        outputs = function(columns)
        seen.update(columns.seen)
        _check_operations(function)
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


@dataclass(eq=False)
class AnalyzeFunction(beam.PTransform):  # type: ignore[misc]
    """Lets TF Transform analyze the train rows for a function.

    It makes as many passes as the function needs.

    Expects a PCollection of units and outputs one `AnalyzedGraph`.

    Attributes:
        function: The function.
        reading: The settings by which units are read as rows; its selection has the columns that
            the function looks at.
        schema: All raw columns.
        labels: The outputs that are labels.
        folder: A folder for TF Transform's temporary files, in which the result is, too.
    """

    function: UserFunction
    reading: Reading
    schema: Schema
    labels: tuple[str, ...]
    folder: str

    def expand(self, units: beam.PCollection[Unit]) -> beam.PCollection[AnalyzedGraph]:
        rows = (
            units
            | "KeyUnits" >> beam.Map(_keyed)
            | "RegroupUnits" >> _Regroup()  # (unit's index, [unit])
            | "UnkeyUnits" >> beam.FlatMapTuple(_units)
            | "ReadTrainRows" >> beam.FlatMap(_train_rows, self.reading).with_output_types(pa.RecordBatch)
        )
        config = _adapter_config(self.reading.selection.columns)
        count_tokens.register()
        # Each phase reads the rows anew: else Beam would keep all of them from one phase to the
        # next.
        with tft_beam.Context(temp_dir=self.folder, use_deep_copy_optimization=True):
            saved_model, metadata = _explained(
                self.function,
                lambda: (rows, config) | "AnalyzeDataset" >> tft_beam.AnalyzeDataset(WithDomains(self.function)),
            )
        return saved_model | "DescribeFunction" >> beam.Map(
            _describe,
            pvalue.AsSingleton(metadata.deferred_metadata),
            asset_map=metadata.asset_map,
            schema=self.schema,
            labels=self.labels,
            infinite=self._infinite(),
        )

    def _infinite(self) -> frozenset[str]:
        """The columns in which infinite numbers count as missing."""
        selection = self.reading.selection
        return frozenset(
            each.name
            for each in selection.columns
            if each.type is ColumnType.FLOAT and selection.infinite.get(each.name) == "missing"
        )


class _Regroup(beam.GroupByKey):  # type: ignore[misc]
    """A GroupByKey that TF Transform doesn't recognize as one.

    So TF Transform copies this, too, where it copies how the rows are read.

    With a single one for all phases, Beam would have the first phase read for the later ones too,
    and keep the rows for them.
    """


def _keyed(unit: Unit) -> tuple[int, Unit]:
    return unit.index, unit


def _units(_: int, units: Iterable[Unit]) -> Iterable[Unit]:
    return units


def _train_rows(unit: Unit, reading: Reading) -> Iterator[pa.RecordBatch]:
    for block in reading.blocks(unit):
        rows = reading.train_rows(block, reading.split_rule.assign(block.rows, unit.split, block.key))
        phases.add("function", rows.num_rows, block.size)
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
    saved_model: str,
    metadata: Any,
    asset_map: Mapping[str, str],
    schema: Schema,
    labels: tuple[str, ...],
    infinite: frozenset[str],
) -> AnalyzedGraph:
    for feature in metadata.schema.feature:
        if feature.HasField("int_domain") and not is_domain(feature.int_domain.min, feature.int_domain.max):
            feature.ClearField("int_domain")
    text = text_format.MessageToString(metadata.schema, as_utf8=True)
    return AnalyzedGraph(saved_model, text, dict(asset_map), schema, labels, infinite)


def _check_operations(function: UserFunction) -> None:
    found = [each.name for each in tf.compat.v1.get_default_graph().get_operations() if each.type in _PYTHON]
    if found:
        raise ConfigError(
            f"{function}: operation {found[0]!r} runs Python (tf.py_function, tf.numpy_function), which a saved graph can't hold; "
            "write it with TensorFlow's operations"
        )


def _check_outputs(function: UserFunction, outputs: Mapping[str, Any]) -> None:
    for name, value in outputs.items():
        if not isinstance(value, tf.Tensor | tf.SparseTensor | tf.RaggedTensor):
            raise ConfigError(f"{function}: expected output {name!r} to be a tensor, received {value!r}")
        if value.dtype not in _DTYPES:
            raise ConfigError(
                f"{function}: output {name!r} is of {value.dtype.name}; expected float32, int64 or string: tf.cast makes it one"
            )
        try:
            check_shape(name, value)
        except ConfigError as error:
            raise ConfigError(f"{function}: {error}") from error


def _explained(function: UserFunction, trace: Any) -> Any:
    """Runs a trace, and explains TF Transform's errors.

    They become errors that name the function.
    """
    # TF Transform's operations that were called eagerly left notes in this graph, which it would
    # take for this function's.
    default = tf.compat.v1.get_default_graph()
    for key in default.get_all_collection_keys():
        default.clear_collection(key)
    try:
        return trace()
    except ShardmillError:
        raise
    except (ValueError, TypeError, RuntimeError, tf.errors.OpError) as error:
        # Beam's message says only that something failed; its cause says what.
        cause = error.__cause__ if isinstance(error, RuntimeError) and error.__cause__ else error
        raise ConfigError(f"{function}: TF Transform says: {shortened(str(cause))}") from error
