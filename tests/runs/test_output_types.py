"""Every type and shape of output of declared features parses by the emitted schema, which TensorFlow's tools read alike."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from tests.support.runs import read_split
from tests.support.serving.small_run import ROWS, SmallRun, small_run

pytestmark = pytest.mark.usefixtures("shared_tracer")

TYPES: dict[str, tuple[list[int], tf.DType]] = {
    "weight": ([], tf.float32),
    "weight_missing": ([], tf.int64),
    "größe cm": ([], tf.float32),
    "weight_bucket": ([], tf.int64),
    "count": ([], tf.int64),
    "hour": ([], tf.int64),
    "city": ([], tf.int64),
    "city_hot": ([4], tf.float32),
    "places": ([2], tf.int64),
    "trip": ([], tf.int64),
    "price": ([], tf.float32),
    "grade": ([], tf.string),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    """A run with outputs of every type and shape."""
    return small_run(tmp_path_factory.mktemp("run"))


@pytest.fixture
def schema(run: SmallRun) -> schema_pb2.Schema:
    """The emitted schema of the outputs."""
    path = run.folder / "transformed_metadata" / "schema.pbtxt"
    return text_format.Parse(path.read_text(encoding="utf-8"), schema_pb2.Schema())


def _wanted() -> dict[str, tf.io.FixedLenFeature]:
    return {name: tf.io.FixedLenFeature(shape, dtype) for name, (shape, dtype) in TYPES.items()}


def test_every_output_parses_by_its_type(run: SmallRun) -> None:
    """`tf.io.parse_example` reads each output from the shard in its type and shape: what serving gives, and the labels."""
    records = list(tf.data.TFRecordDataset([str(path) for path in run.folder.glob("train-*")], "GZIP"))
    parsed = {name: tensor.numpy() for name, tensor in tf.io.parse_example(records, _wanted()).items()}
    assert {name: values.shape for name, values in parsed.items()} == {
        name: (ROWS, *shape) for name, (shape, _) in TYPES.items()
    }
    answers = run.answers()
    assert parsed.keys() - answers.keys() == {"price", "grade"}
    for name, values in answers.items():
        assert parsed[name].tobytes() == values.tobytes(), name
    assert parsed["price"].tolist() == run.cells["price"].to_numpy(np.float32).tolist()
    assert parsed["grade"].tolist() == [cell.encode() for cell in run.cells["grade"]]


def test_the_emitted_schema_gives_the_same(run: SmallRun) -> None:
    """A parser made from the emitted schema reads the same types and shapes."""
    assert {name: (values.shape, values.dtype) for name, values in read_split(run.folder).items()} == {
        name: ((ROWS, *shape), dtype.as_numpy_dtype) for name, (shape, dtype) in TYPES.items()
    }


def test_tf_transform_reads_the_specs(run: SmallRun) -> None:
    """`TFTransformOutput.transformed_feature_spec()` gives those types and shapes."""
    tft = pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")
    assert tft.TFTransformOutput(str(run.folder)).transformed_feature_spec() == _wanted()


def test_tfx_reads_the_specs(schema: schema_pb2.Schema) -> None:
    """TFX's shared library, by whose rules its other components read a schema, makes the same parser of it."""
    representations: Any = pytest.importorskip(
        "tfx_bsl.tfxio.tensor_representation_util", reason="TF Transform isn't installed: not on Python 3.10"
    )
    types = {feature.name: feature.type for feature in schema.feature}
    assert {
        name: representations.CreateTfExampleParserConfig(tensor, types[name])
        for name, tensor in representations.InferTensorRepresentationsFromSchema(schema).items()
    } == _wanted()
