"""Traces a user's `derive` function, from raw columns to derived ones, into a SavedModel that the analysis runs and the graph takes in."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.python.trackable.resource import ResourceTracker, resource_tracker_scope

from schemas.errors import ConfigError
from schemas.schema import Column, ColumnType, Schema
from transforms.graph_function import Function
from transforms.graph_model import save_model
from transforms.graph_source import DerivedColumn
from transforms.graph_transform import Transform
from transforms.graph_values import DTYPES, Columns, output_columns
from transforms.kinds.base import Tensor
from transforms.user_function import UserFunction

_TYPES = {dtype: kind for kind, dtype in DTYPES.items()}


def trace_derive(function: UserFunction, schema: Schema, folder: str) -> tuple[DerivedColumn, ...]:
    """Writes the SavedModel of a `derive` function.

    Args:
        function: Takes a dict of the raw columns, each [batch]: float32 (NaN where missing), int64 (-2**63) or string (empty); returns a
            dict of derived columns, likewise.
        schema: The raw columns.
        folder: Where to; must not be there yet.

    Raises:
        ConfigError: The function fails, or returns something else.
    """
    derivation = _Derivation(function, schema)
    save_model(derivation, Path(folder))
    sources = Function.load(folder).dependencies
    return tuple(
        DerivedColumn(Column(name, kind), tuple(sorted(sources[name]))) for name, kind in derivation.types.items()
    )


class _Derivation(Transform):
    """All derived columns, none of them a label; dense throughout."""

    def __init__(self, function: UserFunction, schema: Schema) -> None:
        self.schema = schema
        self.types: dict[str, ColumnType] = {}
        self._function = function
        self._tracker = ResourceTracker()
        self._set_columns(schema.names, {})

    def spec(self, column: Column) -> Any:
        return tf.TensorSpec([None], DTYPES[column.type])

    def build(self, inputs: Mapping[str, Tensor], *, labels: bool) -> dict[str, Columns]:
        if labels:
            return {}
        # Tables that the function makes are saved with it.
        with resource_tracker_scope(self._tracker):
            outputs = self._function(inputs)
        self.types = {name: self._type(name, value) for name, value in outputs.items()}
        return {name: output_columns(name, value, ()) for name, value in outputs.items()}

    def transform_fn(self, features: Function, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return features.inline(inputs, features.outputs)

    @property
    def kept(self) -> Sequence[Any]:
        return list(self._tracker.resources)

    def _type(self, name: str, value: Any) -> ColumnType:
        if name in self.schema:
            raise ConfigError(f"{self._function}: it returns {name!r}, which is a raw column; give it another name")
        if not isinstance(value, tf.Tensor) or value.dtype not in _TYPES or value.shape.rank != 1:
            raise ConfigError(
                f"{self._function}: expected {name!r} to be a tensor of float32, int64 or string and of shape [batch], received {value!r}; "
                "tf.cast and tf.reshape(x, [-1]) make it one"
            )
        return _TYPES[value.dtype]
