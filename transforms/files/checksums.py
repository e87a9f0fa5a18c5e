"""CRC32C checksums of bytes that are read in pieces.

The pieces may be read independently and in any order: the checksum of joined pieces follows from
the checksums of the pieces.
"""

from dataclasses import dataclass
from functools import cache

import pyarrow as pa

from shardmill.transforms.kernel.library import kernel

# The polynomial of CRC-32C (Castagnoli), bits reflected: the highest bit is the polynomial 1.
_POLYNOMIAL = 0x82F63B78
_ONE = 1 << 31


@dataclass(frozen=True)
class Checksum:
    """The CRC32C and the number of some bytes.

    The checksums of adjacent pieces add up to the checksum of the whole.

    Attributes:
        crc: The CRC.
        length: The number of bytes.
    """

    crc: int = 0
    length: int = 0

    @classmethod
    def of(cls, data: bytes | memoryview) -> "Checksum":
        """The checksum of some bytes."""
        return cls().then(data)

    def then(self, data: bytes | memoryview) -> "Checksum":
        """The checksum of these bytes followed by others."""
        crc = kernel().kernel_crc32c(self.crc, pa.py_buffer(data), len(data), 0)
        return Checksum(crc, self.length + len(data))

    def __add__(self, following: "Checksum") -> "Checksum":
        """The checksum of these bytes followed by another's."""
        return Checksum(_shifted(self.crc, following.length) ^ following.crc, self.length + following.length)

    def after(self, beginning: "Checksum") -> "Checksum":
        """The checksum of these bytes without their beginning."""
        rest = self.length - beginning.length
        return Checksum(self.crc ^ _shifted(beginning.crc, rest), rest)

    def __str__(self) -> str:
        """The CRC in eight hexadecimal digits."""
        return f"{self.crc:08x}"


NO_BYTES = Checksum()


def _shifted(crc: int, count: int) -> int:
    """The contribution of a CRC when `count` bytes follow.

    It is the CRC times x to the power of 8 * count.
    """
    power = 3  # The table's entry for 2 ** 3 bits, a byte.
    while count:
        if count & 1:
            crc = _product(crc, _power(power))
        count >>= 1
        power += 1
    return crc


@cache
def _power(exponent: int) -> int:
    """The polynomial x to the power of 2 ** exponent."""
    if exponent == 0:
        return _ONE >> 1
    root = _power(exponent - 1)
    return _product(root, root)


def _product(left: int, right: int) -> int:
    """The product of two polynomials modulo the CRC's."""
    product = 0
    while left:
        if left & _ONE:
            product ^= right
        left = (left << 1) & 0xFFFFFFFF
        right = (right >> 1) ^ (_POLYNOMIAL if right & 1 else 0)
    return product
