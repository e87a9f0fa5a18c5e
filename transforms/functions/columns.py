"""Converts between dense columns, TF Transform's features, and Example columns.

Dense columns are those that signatures take, raw features those that a TF Transform function takes,
and Example columns those of a `tf.train.Example`.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import tensorflow as tf

from shardmill.schemas.errors import ConfigError
from shardmill.schemas.features import Dtype, FeatureSpec
from shardmill.schemas.schema import MISSING_INT, Column, ColumnType
from shardmill.transforms.kinds.base import Tensor

# The TensorFlow dtype of each column type.
DTYPES = {ColumnType.INT: tf.int64, ColumnType.FLOAT: tf.float32, ColumnType.BYTES: tf.string}
# The value that represents a missing one in a dense column.
MISSING = {ColumnType.INT: MISSING_INT, ColumnType.FLOAT: float("nan"), ColumnType.BYTES: b""}
_NAMES: dict[Any, Dtype] = {tf.int64: "int64", tf.float32: "float32", tf.string: "bytes"}
# The rank of a tensor with a batch and one more dimension.
_MATRIX = 2

# The Example columns of one output. Each has its spec, its values, and, if it is of varying length,
# its rows' lengths.
Columns = list[tuple[FeatureSpec, Tensor, Tensor | None]]


def tft_spec(column: Column) -> Any:
    """The type spec of a raw feature in TF Transform.

    A column that may be missing is a sparse tensor.
    """
    dtype = DTYPES[column.type]
    return tf.TensorSpec([None], dtype) if column.required else tf.SparseTensorSpec([None, None], dtype)


def to_dense(values: Mapping[Column, Any]) -> dict[str, Tensor]:
    """Converts raw features to dense tensors, by name.

    Missing values become those of `MISSING`.
    """
    raw = tf.raw_ops
    missing = {kind: tf.constant(value, DTYPES[kind]) for kind, value in MISSING.items()}
    first, one, all_rows, one_column = (tf.constant(value) for value in ([0], [1], [0, 0], [-1, 1]))
    dense: dict[str, Tensor] = {}
    for column, value in values.items():
        dense[column.name] = value
        if isinstance(value, tf.SparseTensor):
            dense[column.name] = raw.SparseToDense(
                sparse_indices=raw.Slice(input=value.indices, begin=all_rows, size=one_column),
                output_shape=raw.Slice(input=value.dense_shape, begin=first, size=one),
                sparse_values=value.values,
                default_value=missing[column.type],
                validate_indices=False,
            )
            dense[column.name].set_shape([None])
    return dense


def from_dense(values: Mapping[Column, Tensor]) -> dict[str, Any]:
    """Converts dense columns to TF Transform's raw features, by name.

    A column that may be missing becomes a sparse tensor of its present values.
    """
    features: dict[str, Any] = {}
    for column, value in values.items():
        features[column.name] = value if column.required else _sparse(column, value)
    return features


def _sparse(column: Column, values: Tensor) -> Any:
    if column.type is ColumnType.FLOAT:
        present = tf.logical_not(tf.math.is_nan(values))
    else:
        present = tf.not_equal(values, tf.constant(MISSING[column.type], values.dtype))
    rows = tf.where(present)
    size = tf.shape(values, tf.int64)[0]
    # As in TF Transform, there is no second column where no row has a value.
    width = tf.minimum(tf.shape(rows, tf.int64)[0], 1)
    return tf.SparseTensor(
        tf.concat([rows, tf.zeros_like(rows)], 1), tf.boolean_mask(values, present), tf.stack([size, width])
    )


def output_columns(name: str, value: Any, sparse_features: Collection[str]) -> Columns:
    """The columns of an output in an Example.

    They are named as in TF Transform.

    A dense tensor is one column. A sparse tensor of rank 2 is one column of varying length
    (`tf.io.VarLenFeature`); others are one column of values and one of indices for each dimension
    but the batch's (`tf.io.SparseFeature`). A ragged tensor is one column of values and one of
    lengths for each ragged dimension but the batch's (`tf.io.RaggedFeature`).

    Args:
        name: The output's name.
        value: A Tensor [batch, ...], SparseTensor or RaggedTensor of float32, int64 or string.
        sparse_features: The outputs that are sparse features in the schema, whatever their rank.

    Raises:
        ConfigError: A dense tensor has an unknown dimension besides the batch's, or none at all.
    """
    if isinstance(value, tf.SparseTensor):
        ordered = tf.sparse.reorder(value)
        return list(sparse_columns(name, ordered, as_feature=name in sparse_features))
    if isinstance(value, tf.RaggedTensor):
        return list(_ragged_columns(name, value))
    check_shape(name, value)
    return [(FeatureSpec(name, _NAMES[value.dtype], tuple(value.shape[1:])), value, None)]


def check_shape(name: str, value: Any) -> None:
    """Checks that a dense output's dimensions are known.

    The first one must be the batch's, whose size needn't be known.

    Raises:
        ConfigError: A dimension isn't known, or there is none.
    """
    if isinstance(value, tf.Tensor) and (not value.shape.rank or None in value.shape[1:]):
        raise ConfigError(
            f"output {name!r}: expected the shape [batch] or [batch, n, ...] with known sizes, received {value.shape}; tf.reshape gives "
            "it one, or tf.sparse.from_dense makes it a feature of varying length"
        )


def sparse_columns(name: str, value: Any, *, as_feature: bool) -> Iterator[tuple[FeatureSpec, Tensor, Tensor | None]]:
    """The columns of a sparse tensor: see `output_columns`.

    Args:
        name: The output's name.
        value: A SparseTensor, its indices in order.
        as_feature: Whether one of rank 2 has a column of indices, too.
    """
    rows = value.indices[:, 0]
    lengths = tf.math.unsorted_segment_sum(tf.ones_like(rows), rows, value.dense_shape[0])
    dtype = _NAMES[value.dtype]
    if value.shape.rank == _MATRIX and not as_feature:
        yield FeatureSpec(name, dtype, None), value.values, lengths
        return
    yield FeatureSpec(f"{name}$sparse_values", dtype, None), value.values, lengths
    for dimension in range(1, value.shape.rank):
        indices = FeatureSpec(f"{name}$sparse_indices_{dimension - 1}", "int64", None)
        yield indices, value.indices[:, dimension], lengths


def _ragged_columns(name: str, value: Any) -> Iterator[tuple[FeatureSpec, Tensor, Tensor | None]]:
    splits = tf.cast(value.row_splits, tf.int64)
    inner, number = value.values, 1
    while isinstance(inner, tf.RaggedTensor):
        if inner.uniform_row_length is None:
            lengths = tf.cast(inner.row_lengths(), tf.int64)
            yield FeatureSpec(f"{name}$row_lengths_{number}", "int64", None), lengths, _differences(splits)
            number += 1
        splits = tf.gather(tf.cast(inner.row_splits, tf.int64), splits)
        inner = inner.values
    each = tf.size(inner[:1], tf.int64) if inner.shape.rank > 1 else 1
    values = tf.reshape(inner, [-1])
    yield FeatureSpec(f"{name}$ragged_values", _NAMES[value.dtype], None), values, _differences(splits) * each


def _differences(splits: Tensor) -> Tensor:
    return splits[1:] - splits[:-1]
