"""The proof of a unit: a hash of its content."""

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from shardmill.transforms.csv.held import HeldBytes
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.files import files
from shardmill.transforms.files.checksums import Checksum

_READ_BYTES = 1 << 20


@dataclass(frozen=True)
class UnitContent:
    """The hash and the checksum of a unit's stored bytes.

    A CRC shows that bytes have changed by accident; only the hash tells any bytes from any others.

    Attributes:
        sha256: The SHA-256.
        checksum: The CRC32C, which every pass over the unit compares with its own.
    """

    sha256: bytes
    checksum: Checksum

    def repeating(self, records: npt.NDArray[np.int64]) -> "UnitContent":
        """The content of a unit whose given records are repeats.

        Args:
            records: The indices of these records in the unit, ascending, int64.
        """
        digest = hashlib.sha256(self.sha256 + records.astype("<i8").tobytes())
        return replace(self, sha256=digest.digest())


def read_content(unit: Unit) -> UnitContent:
    """Reads a unit's bytes, without looking at them.

    Raises:
        DataError: The file can't be read, or isn't what an earlier pass read.
    """
    digest = hashlib.sha256()
    room = memoryview(bytearray(_READ_BYTES))
    with files.opened(unit.location or unit.path, unit.start, unit.stop, name=unit.path) as stream:
        held = HeldBytes(stream, unit)
        while count := held.readinto(room):
            digest.update(room[:count])
        return UnitContent(digest.digest(), held.finish())
