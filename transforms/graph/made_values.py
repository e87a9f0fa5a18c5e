"""Traces the values that the analysis counts into a SavedModel.

They are tokens and computed numbers. The code that makes them is that of the transform graph.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import tensorflow as tf

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import Column, Schema
from shardmill.transforms.functions.columns import DTYPES, Columns
from shardmill.transforms.graph.outputs import Transform
from shardmill.transforms.graph.save import save_model
from shardmill.transforms.kinds.base import TableKey, Tensor, Trace
from shardmill.transforms.statistics.requests import Made, Statistics


def trace_made(made: Sequence[Made], schema: Schema, folder: str) -> None:
    """Writes the SavedModel that makes values.

    Args:
        made: The values; the outputs are called by their position here.
        schema: All raw columns, and the derived ones.
        folder: The SavedModel's folder, which doesn't exist yet.
    """
    # As in `build_graph`; and the graph's bytes mustn't depend on what was traced before.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    save_model(_MadeValues(made, schema), Path(folder))


class _MadeValues(Transform):
    """The values as outputs of a transform, without labels."""

    def __init__(self, made: Sequence[Made], schema: Schema) -> None:
        self.schema = schema
        self._made = made
        self._set_columns({column for each in made for column in each.columns}, {})

    def spec(self, column: Column) -> Any:
        return tf.TensorSpec([None], DTYPES[column.type])

    def build_columns(self, inputs: Mapping[str, Tensor], *, labels: bool) -> dict[str, Columns]:
        built = {} if labels else self._values(inputs)
        return {name: [_column(name, values)] for name, values in built.items()}

    def transform_fn(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: values.to_sparse() if isinstance(values, tf.RaggedTensor) else values
            for name, values in self._values(inputs).items()
        }

    def _values(self, inputs: Mapping[str, Tensor]) -> dict[str, Any]:
        trace = Trace(tf, inputs, Statistics(), _no_table)
        return {str(index): each.make(trace) for index, each in enumerate(self._made)}

    @property
    def kept(self) -> Sequence[Any]:
        return ()


def _column(name: str, values: Any) -> tuple[FeatureSpec, Tensor, Tensor | None]:
    if isinstance(values, tf.RaggedTensor):
        return FeatureSpec(name, "bytes", None), values.values, values.row_lengths()
    return FeatureSpec(name, "float32"), values, None


def _no_table(key: TableKey) -> NoReturn:
    raise ValueError(f"expected values that are made without a table, received {key}; there are no statistics yet")
