"""CRC32C of many records at once, masked as in TFRecord.

A CRC is linear over GF(2): the CRC of a record is the CRC of the record with some bytes zeroed,
exclusive-or one term for each of these bytes. A term depends on the byte's value and its distance
from the record's end. So for records of equal length that differ in a few bytes, the CRCs come from
table look-ups by NumPy, without a call for each record and without the GIL.
"""

from collections.abc import Iterable

import google_crc32c
import numpy as np
import numpy.typing as npt

from shardmill.transforms.files.checksums import POLYNOMIAL

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


def _byte_terms() -> npt.NDArray[np.uint32]:
    terms = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        terms = (terms >> np.uint32(1)) ^ ((terms & np.uint32(1)) * np.uint32(POLYNOMIAL))
    return terms


class Terms:
    """The CRC terms of each byte value at each distance.

    Distances are from a record's end; the table grows as larger ones are asked for.
    """

    def __init__(self) -> None:
        """Starts with the terms of a record's last byte."""
        self._table = _byte_terms()[None, :]

    def reach(self, distance: int) -> npt.NDArray[np.uint32]:
        """The table of terms, up to a distance at least.

        It is uint32 [more than distance, 256]: the term of byte b with d bytes after it is at [d,
        b].
        """
        table = self._table
        if len(table) <= distance:
            # Twice as many, so that growing costs little. Threads that race build the same table.
            rows = list(table)
            last = rows[-1]
            for _ in range(len(rows), 2 * distance + 1):
                last = (last >> np.uint32(8)) ^ rows[0][last & np.uint32(255)]
                rows.append(last)
            self._table = table = np.stack(rows)
        return table


TERMS = Terms()
