"""Fingerprints are TensorFlow's."""

import numpy as np
import pyarrow as pa
import pytest

from shardmill.transforms.runtime.fingerprint import fingerprint

WORDS = ["", "a", "hello", "é", "x" * 22, "y" * 23, "z" * 24, "long" * 1000, "\0"]


@pytest.fixture(params=["c", "python"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHARDMILL_SESSION", request.param)


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("buckets", [1, 2, 1000, 1_000_000, 2**62])
def test_fingerprint_is_to_hash_bucket_fast(buckets: int) -> None:
    """Every string lands in the bucket that tf.strings.to_hash_bucket_fast gives it."""
    import tensorflow as tf

    found = fingerprint(pa.array(WORDS), buckets)
    assert found.dtype == np.int64
    assert found.tolist() == tf.strings.to_hash_bucket_fast(WORDS, buckets).numpy().tolist()


@pytest.mark.usefixtures("_way")
def test_fingerprint_of_slices_nulls_and_nothing() -> None:
    """A slice hashes its own strings, a null as the empty string, and no strings give none."""
    words = pa.array(["skip", None, "a", "b", "skip"])
    both = fingerprint(pa.array(["", "a", "b"]), 997).tolist()
    assert fingerprint(words.slice(1, 3), 997).tolist() == both
    assert fingerprint(words.cast(pa.large_binary()).slice(1, 3), 997).tolist() == both
    assert fingerprint(pa.array([], pa.string()), 997).tolist() == []


def test_fingerprint_without_buckets() -> None:
    """Less than one bucket is refused."""
    with pytest.raises(ValueError, match="num_buckets: expected at least 1, received 0"):
        fingerprint(pa.array(["a"]), 0)
