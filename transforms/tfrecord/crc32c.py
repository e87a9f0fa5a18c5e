"""CRC32C of many records at once, masked as in TFRecord."""

from collections.abc import Iterable

import google_crc32c
import numpy as np
import numpy.typing as npt

# The constant that is added to mask a CRC.
_MASK_DELTA = 0xA282EAD8


def mask(crcs: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Masks CRCs as TFRecord does.

    A CRC is rotated right by 15 bits, plus a constant (tensorflow/core/lib/hash/crc32c.h).
    """
    return ((crcs >> np.uint32(15)) | (crcs << np.uint32(17))) + np.uint32(_MASK_DELTA)


def crcs_of(records: Iterable[bytes], count: int) -> npt.NDArray[np.uint32]:
    """The CRC32C of each record."""
    # One C call for each record, no bytecode: `map` and `fromiter` loop in C.
    return np.fromiter(map(google_crc32c.value, records), dtype=np.uint32, count=count)
