"""Traces a user's `derive` function into a SavedModel.

The function makes derived columns from raw ones. The analysis runs the SavedModel, and the
transform graph includes it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.python.trackable.resource import ResourceTracker, resource_tracker_scope

from shardmill.schemas.errors import ConfigError
from shardmill.schemas.schema import Column, ColumnType, Schema
from shardmill.transforms.functions.columns import DTYPES, Columns, output_columns
from shardmill.transforms.functions.traced_function import Function
from shardmill.transforms.functions.user_function import UserFunction
from shardmill.transforms.graph.derived_column import DerivedColumn
from shardmill.transforms.graph.outputs import Transform
from shardmill.transforms.graph.save import save_model
from shardmill.transforms.kinds.base import Tensor

_TYPES = {dtype: kind for kind, dtype in DTYPES.items()}


def trace_derive(function: UserFunction, schema: Schema, folder: str) -> tuple[DerivedColumn, ...]:
    """Writes the SavedModel of a `derive` function.

    Args:
        function: The function. It takes a dict of the raw columns, each [batch]: float32 (NaN where
            missing), int64 (-2**63) or string (empty); and returns a dict of derived columns,
            likewise.
        schema: The raw columns.
        folder: The SavedModel's folder, which doesn't exist yet.

    Returns:
        The derived columns.

    Raises:
        ConfigError: The function fails, or returns something else.
    """
    tracker = ResourceTracker()
    types: dict[str, ColumnType] = {}

    def checked(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        outputs = function(inputs)
        types.update({name: _type(function, schema, name, value) for name, value in outputs.items()})
        return outputs

    # Tracks the tables that the function makes, which are saved with it.
    with resource_tracker_scope(tracker):
        specs = {column.name: tf.TensorSpec([None], DTYPES[column.type]) for column in schema}
        traced = Function(
            tf.function(checked, autograph=False).get_concrete_function(specs), (list(tracker.resources),)
        )
    save_model(_Derivation(traced, schema), Path(folder))
    return tuple(
        DerivedColumn(Column(name, kind), tuple(sorted(traced.dependencies[name]))) for name, kind in types.items()
    )


def _type(function: UserFunction, schema: Schema, name: str, value: Any) -> ColumnType:
    if name in schema:
        raise ConfigError(
            f"{function}: expected new names for derived columns, received {name!r}, which is a raw column; rename it"
        )
    if not isinstance(value, tf.Tensor) or value.dtype not in _TYPES or value.shape.rank != 1:
        raise ConfigError(
            f"{function}: expected {name!r} to be a tensor of float32, int64 or string and of shape [batch], received {value!r}; "
            "tf.cast and tf.reshape(x, [-1]) make it one"
        )
    return _TYPES[value.dtype]


class _Derivation(Transform):
    """The derived columns as a transform, without labels.

    All are dense. It reads the raw columns from which they are derived.
    """

    def __init__(self, function: Function, schema: Schema) -> None:
        self.schema = schema
        self._function = function
        self._set_columns({column for columns in function.dependencies.values() for column in columns}, {})

    def spec(self, column: Column) -> Any:
        return tf.TensorSpec([None], DTYPES[column.type])

    def build_columns(self, inputs: Mapping[str, Tensor], *, labels: bool) -> dict[str, Columns]:
        names = () if labels else self._function.outputs
        return {name: output_columns(name, value, ()) for name, value in self._function.inline(inputs, names).items()}

    def transform_fn(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return self._function.inline(inputs, self._function.outputs)

    @property
    def kept(self) -> Sequence[Any]:
        return self._function.kept
