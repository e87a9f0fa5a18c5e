"""Traces the tokens that the analysis counts into a SavedModel.

The code that makes them is that of the transform graph.
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
from shardmill.transforms.statistics.requests import MadeTokens, Statistics


def trace_tokens(made: Sequence[MadeTokens], schema: Schema, folder: str) -> None:
    """Writes the SavedModel that makes tokens.

    Args:
        made: The tokens; the outputs are called by their position here.
        schema: All raw columns, and the derived ones.
        folder: The SavedModel's folder, which doesn't exist yet.
    """
    save_model(_Tokens(made, schema), Path(folder))


class _Tokens(Transform):
    """The tokens as outputs of a transform, without labels."""

    def __init__(self, made: Sequence[MadeTokens], schema: Schema) -> None:
        self.schema = schema
        self._made = made
        self._set_columns({each.column for each in made}, {})

    def spec(self, column: Column) -> Any:
        return tf.TensorSpec([None], DTYPES[column.type])

    def build_columns(self, inputs: Mapping[str, Tensor], *, labels: bool) -> dict[str, Columns]:
        built = {} if labels else self._tokens(inputs)
        return {
            name: [(FeatureSpec(name, "bytes", None), tokens.values, tokens.row_lengths())]
            for name, tokens in built.items()
        }

    def transform_fn(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {name: tokens.to_sparse() for name, tokens in self._tokens(inputs).items()}

    def _tokens(self, inputs: Mapping[str, Tensor]) -> dict[str, Any]:
        trace = Trace(tf, inputs, Statistics(), _no_table)
        return {str(index): each.maker.make(trace, trace.text(each.column)) for index, each in enumerate(self._made)}

    @property
    def kept(self) -> Sequence[Any]:
        return ()


def _no_table(key: TableKey) -> NoReturn:
    raise ValueError(f"expected tokens that are made without a table, received {key}; there are no statistics yet")
