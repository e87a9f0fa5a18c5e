"""SplitMix64 is the published generator."""

import numpy as np

from shardmill.schemas.splitmix import GAMMA, finalize


def test_splitmix64_is_the_published_generator() -> None:
    """Mixing the i-th state, i steps from 0, gives output i of the reference generator (Vigna's splitmix64.c)."""
    expected = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert finalize(np.arange(1, 4, dtype=np.uint64) * GAMMA).tolist() == expected
