"""SplitMix64 is the published generator."""

import numpy as np

from shardmill.schemas.splitmix import splitmix64


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
