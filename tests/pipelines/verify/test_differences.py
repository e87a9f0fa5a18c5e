"""The first difference is named exactly."""

import numpy as np
import pyarrow as pa

from shardmill.pipelines.verify.differences import shown_difference
from shardmill.schemas.features import FeatureSpec
from shardmill.transforms.tfrecord.encode import ExampleEncoder


def _record(text: bytes, number: float) -> bytes:
    outputs = {"text": pa.array([text]), "number": np.array([number], np.float32)}
    record: bytes = (
        ExampleEncoder([FeatureSpec("text", "bytes"), FeatureSpec("number", "float32")]).encode(outputs, 1)[0].as_py()
    )
    return record


def test_long_values_are_compared_whole() -> None:
    """Texts that differ only behind the beginning that is shown are the feature that differs."""
    stored, derived = _record(b"x" * 99 + b"a", 1), _record(b"x" * 99 + b"bb", 1)
    found = shown_difference(stored, derived, "train.tfrecord, record 0")
    beginning = f"b'{'x' * 40}'..."
    assert found == (
        f"feature 'text' is {beginning} (of length 100) as stored (train.tfrecord, record 0) and {beginning} (of length 101) as derived"
    )
