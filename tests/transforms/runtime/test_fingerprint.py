"""Fingerprints are TensorFlow's; splitmix64 is the published generator."""

import numpy as np
import pyarrow as pa
import pytest

from shardmill.transforms.runtime.fingerprint import fingerprint, splitmix64

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
    with pytest.raises(ValueError, match="num_buckets must be at least 1, not 0"):
        fingerprint(pa.array(["a"]), 0)


def test_splitmix64_is_the_published_generator() -> None:
    """Index i gives output i+1 of the reference generator (Vigna's splitmix64.c), here started from state 0."""
    # First outputs of splitmix64.c from state 0; seed 0 mixes to state 0.
    expected = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert splitmix64(np.arange(3, dtype=np.uint64), 0).tolist() == expected


def test_splitmix64_depends_on_the_seed() -> None:
    """Another seed gives other hashes; any integer is one."""
    values = np.arange(1000, dtype=np.uint64)
    seeds = [0, 1, 2, -1, 2**70 + 5]
    assert len({splitmix64(values, seed).tobytes() for seed in seeds}) == len(seeds)
    assert splitmix64(values, 2**64 + 3).tobytes() == splitmix64(values, 3).tobytes()


def test_splitmix64_spreads_evenly() -> None:
    """Consecutive indexes fall evenly into shards: each of 8 gets 12.5% within 4 standard deviations."""
    shards = splitmix64(np.arange(100_000, dtype=np.uint64), 7) % np.uint64(8)
    counts = np.bincount(shards.astype(np.int64), minlength=8)
    assert np.abs(counts - 12_500).max() < 4 * np.sqrt(100_000 / 8 * 7 / 8)
