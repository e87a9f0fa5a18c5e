"""SplitMix64's step and mixing, which spread integers over 64 bits.

Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
"""

import numpy as np
import numpy.typing as npt

GAMMA = np.uint64(0x9E3779B97F4A7C15)


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
