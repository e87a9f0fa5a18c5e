"""SplitMix64, which spreads integers over all 64-bit integers.

Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
"""

import numpy as np
import numpy.typing as npt

GAMMA = np.uint64(0x9E3779B97F4A7C15)


def splitmix64(values: npt.NDArray[np.uint64], seed: int) -> npt.NDArray[np.uint64]:
    """Hashes integers as SplitMix64 mixes its states.

    The hashes spread over all 64-bit integers. For a fixed seed the function is a bijection:
    distinct values have distinct hashes.

    Args:
        values: uint64 of any shape.
        seed: Any integer; taken modulo 2**64.

    Returns:
        uint64 of the same shape: for a value i, the (i+1)th output of the generator whose first
        state is the mixed seed.
    """
    start = finalize(np.array([seed % 2**64], dtype=np.uint64))
    return finalize(start + (values.astype(np.uint64) + np.uint64(1)) * GAMMA)


def finalize(states: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Mixes the bits of each state.

    This is the generator's last step; it is a bijection.

    Args:
        states: uint64 of any shape.

    Returns:
        uint64 of the same shape.
    """
    states = (states ^ (states >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    states = (states ^ (states >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: npt.NDArray[np.uint64] = states ^ (states >> np.uint64(31))
    return mixed
