"""Between dense columns, TF Transform's raw features and the columns of an Example; tfx_bsl's own conversions are the oracle."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from shardmill.schemas.arrow import offsets_of
from shardmill.schemas.errors import ConfigError
from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import MISSING_INT, Column, ColumnType
from shardmill.transforms.functions.columns import from_dense, output_columns, tft_spec, to_dense
from shardmill.transforms.tfrecord.encode import ExampleEncoder

COLUMNS = (
    Column("x", ColumnType.FLOAT),
    Column("n", ColumnType.INT),
    Column("t", ColumnType.BYTES),
    Column("full", ColumnType.INT, required=True),
)
DENSE = {
    "x": np.array([1, np.nan, -0.0, np.inf], np.float32),
    "n": np.array([MISSING_INT, 0, 1, MISSING_INT], np.int64),
    "t": np.array([b"", b"a", b"", b"\xff"], object),
    "full": np.array([MISSING_INT, 1, 2, 3], np.int64),
}


def _values(rows: slice) -> dict[Column, Any]:
    dtypes = {ColumnType.FLOAT: tf.float32, ColumnType.INT: tf.int64, ColumnType.BYTES: tf.string}
    return {column: tf.constant(DENSE[column.name][rows], dtypes[column.type]) for column in COLUMNS}


@pytest.mark.parametrize("rows", [slice(0), slice(1), slice(4)])
def test_dense_columns_come_back(rows: slice) -> None:
    """As raw features and dense again: the same values; a column that must have a value is dense throughout."""
    sparse = from_dense(_values(rows))
    assert isinstance(sparse["full"], tf.Tensor)
    back = to_dense({column: sparse[column.name] for column in COLUMNS})
    for name, values in DENSE.items():
        np.testing.assert_array_equal(back[name].numpy(), values[rows], err_msg=name)


def test_a_missing_value_is_no_element() -> None:
    """NaN, -2**63 and the empty text aren't there; infinity and zero are."""
    sparse = from_dense(_values(slice(4)))
    assert sparse["x"].indices.numpy().tolist() == [[0, 0], [2, 0], [3, 0]]
    assert sparse["n"].values.numpy().tolist() == [0, 1]
    assert sparse["t"].indices.numpy().tolist() == [[1, 0], [3, 0]]
    assert sparse["t"].dense_shape.numpy().tolist() == [4, 1]


def test_a_column_without_any_value_has_no_width() -> None:
    """As TF Transform has it."""
    column = COLUMNS[1]
    assert from_dense({column: tf.constant([MISSING_INT] * 2)})["n"].dense_shape.numpy().tolist() == [2, 0]


def test_presence_decides_the_form() -> None:
    """A column that must have a value is dense, any other sparse: as TF Transform reads a schema."""
    assert tft_spec(COLUMNS[3]) == tf.TensorSpec([None], tf.int64)
    assert tft_spec(COLUMNS[2]) == tf.SparseTensorSpec([None, None], tf.string)


CUBE = np.array([[[0, 1], [2, 0]], [[0, 0], [0, 0]], [[3, 0], [0, 4]]], np.float32)
WORDS = [[b"a", b"bb"], [], [b""]]
# By name: the value, and the schema that TF Transform writes for it.
OUTPUTS: dict[str, tuple[Any, str]] = {
    "dense": (
        tf.constant([1, 2, 3], tf.int64),
        'feature { name: "o" type: INT presence { min_fraction: 1 } shape {} }',
    ),
    "matrix": (
        tf.constant(CUBE),
        'feature { name: "o" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 2 } dim { size: 2 } } }',
    ),
    "texts": (
        tf.constant([[b"a", b""], [b"c", b"d"], [b"e", b"f"]]),
        'feature { name: "o" type: BYTES presence { min_fraction: 1 } shape { dim { size: 2 } } }',
    ),
    "varying": (tf.ragged.constant(WORDS, dtype=tf.string).to_sparse(), 'feature { name: "o" type: BYTES }'),
    "none at all": (tf.sparse.from_dense(tf.zeros([3, 2])), 'feature { name: "o" type: FLOAT }'),
    "sparse cube": (
        tf.sparse.from_dense(CUBE),
        """feature { name: "o$sparse_values" type: FLOAT } feature { name: "o$sparse_indices_0" type: INT }
        feature { name: "o$sparse_indices_1" type: INT }
        sparse_feature { name: "o" index_feature { name: "o$sparse_indices_0" } index_feature { name: "o$sparse_indices_1" }
        is_sorted: true value_feature { name: "o$sparse_values" } }""",
    ),
    "ragged": (
        tf.ragged.constant(WORDS, dtype=tf.string),
        """feature { name: "o$ragged_values" type: BYTES } tensor_representation_group { key: "" value {
        tensor_representation { key: "o" value { ragged_tensor { feature_path { step: "o$ragged_values" } } } } } }""",
    ),
    "ragged twice": (
        tf.ragged.constant([[[1, 2], []], [], [[3]]], dtype=tf.int64),
        """feature { name: "o$ragged_values" type: INT } feature { name: "o$row_lengths_1" type: INT }
        tensor_representation_group { key: "" value { tensor_representation { key: "o" value { ragged_tensor {
        feature_path { step: "o$ragged_values" } partition { row_length: "o$row_lengths_1" } } } } } }""",
    ),
    "ragged vectors": (
        tf.RaggedTensor.from_row_lengths(tf.constant([[1.0, 2.0], [3.0, 4.0]]), [2, 0, 0]),
        """feature { name: "o$ragged_values" type: FLOAT } tensor_representation_group { key: "" value {
        tensor_representation { key: "o" value { ragged_tensor { feature_path { step: "o$ragged_values" }
        partition { uniform_row_length: 2 } } } } } }""",
    ),
}


def _examples(value: Any, *, as_feature: bool) -> list[bytes]:
    """An output's Examples, by the encoder that writes the shards."""
    columns = output_columns("o", value, {"o"} if as_feature else ())
    features = [FeatureSpec(spec.name, spec.dtype, spec.shape) for spec, _, _ in columns]
    arrays = {}
    for spec, values, lengths in columns:
        flat = pa.array(values.numpy().reshape(-1), pa.binary()) if spec.dtype == "bytes" else values.numpy()
        arrays[spec.name] = (
            flat
            if lengths is None
            else pa.LargeListArray.from_arrays(pa.array(offsets_of(lengths.numpy())), pa.array(flat))
        )
    encoded = ExampleEncoder(features).encode(arrays, 3)
    return [record.as_py() for record in encoded]


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_is_written_as_tfx_writes_it(name: str) -> None:
    """The Examples of our columns parse, and are equal to tfx_bsl's for the same tensor and schema: empty rows too."""
    pytest.importorskip("tfx_bsl", reason="TF Transform isn't installed: not on Python 3.10")
    from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder
    from tfx_bsl.tfxio.tensor_to_arrow import TensorsToRecordBatchConverter

    value, text = OUTPUTS[name]
    schema = text_format.Parse(text, schema_pb2.Schema())
    options = TensorsToRecordBatchConverter.Options(
        "{tensor_name}$sparse_values",
        "{tensor_name}$sparse_indices_{index}",
        frozenset({"o"} if schema.sparse_feature else ()),
    )
    # Batches may be of any size: of a tensor's own shape, the first dimension isn't known.
    batch = TensorsToRecordBatchConverter({"o": _unbatched(value)}, options).convert({"o": value})
    theirs = RecordBatchToExamplesEncoder(schema).encode(batch)
    ours = _examples(value, as_feature=bool(schema.sparse_feature))
    # The map of features has no order in tfx_bsl's bytes; what has no values may be a feature without or none.
    assert [_features(example) for example in ours] == [_features(example) for example in theirs]


def _unbatched(value: Any) -> Any:
    shape = [None, *value.shape[1:]]
    if isinstance(value, tf.SparseTensor):
        return tf.SparseTensorSpec([None] * len(shape) if len(shape) == 2 else shape, value.dtype)
    if isinstance(value, tf.RaggedTensor):
        return tf.type_spec_from_value(value)
    return tf.TensorSpec(shape, value.dtype)


def _features(example: bytes) -> dict[str, Any]:
    features = tf.train.Example.FromString(example).features.feature
    lists = {
        name: getattr(feature, feature.WhichOneof("kind") or "float_list").value for name, feature in features.items()
    }
    return {name: list(values) for name, values in lists.items() if values}


def test_a_sparse_output_may_be_in_any_order() -> None:
    """Its values are written row by row, by their place in the row; TF Transform refuses such a tensor."""
    value = tf.SparseTensor([[2, 0], [0, 1], [0, 0]], [3.0, 2.0, 1.0], [3, 2])
    assert [_features(example) for example in _examples(value, as_feature=False)] == [{"o": [1, 2]}, {}, {"o": [3]}]


@pytest.mark.parametrize("shape", [[], [None, None], None])
def test_a_dense_output_of_unknown_size_is_refused(shape: Any) -> None:
    """It couldn't be parsed: there is no feature for it."""

    def build(values: Any) -> Any:
        output_columns("o", tf.compat.v1.placeholder_with_default(values, shape), ())

    with pytest.raises(
        ConfigError, match=r"output 'o': expected the shape \[batch\] or \[batch, n, ...\] with known sizes, received"
    ):
        tf.function(build).get_concrete_function(tf.TensorSpec(None, tf.float32))
