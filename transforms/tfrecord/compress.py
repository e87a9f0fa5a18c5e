"""Gzip members whose bytes depend on their content alone."""

from typing import Protocol

from isal import isal_zlib

# zlib's code for a gzip member with a window of 32 KiB, and the bytes with which one begins.
GZIP_WBITS = 31
GZIP_MAGIC = b"\x1f\x8b"
# Bytes of a member's first block: with more than 16 ISA-L's fast loop would take it, and with fewer
# than 4 it would still begin the next block. The header of a TFRecord frame has as many.
_FIRST_BYTES = 12


class Compressor(Protocol):
    """Turns bytes into one gzip member, or leaves them unchanged."""

    def compress(self, data: bytes | memoryview, /) -> bytes:
        """Takes bytes; returns the member's bytes that are ready."""

    def flush(self) -> bytes:
        """Ends the member and returns the rest of its bytes."""


class _Plain:
    def compress(self, data: bytes | memoryview, /) -> bytes:
        return bytes(data)

    def flush(self) -> bytes:
        return b""


class _FastMember:
    """A member with a first block of a few bytes.

    At the levels 1 and 2, ISA-L's fast loop for x86-64 (igzip_icf_body_h1_gr_bt.asm) hashes the
    bytes at a member's third position from a register that still holds the stream's address. Where
    that hash is by chance the one of the bytes at the first, second or third position, a match is
    found a byte earlier or later: at 1,000 addresses, 52 of 400,000 members differed. A first block
    shorter than the fast loop's margin is compressed by another loop, without this fault: none
    differed. The members are no longer for it.
    """

    def __init__(self, level: int) -> None:
        self._member = isal_zlib.compressobj(level, wbits=GZIP_WBITS)
        self._first = b""

    def compress(self, data: bytes | memoryview, /) -> bytes:
        if len(self._first) == _FIRST_BYTES:
            return self._member.compress(data)
        missing = _FIRST_BYTES - len(self._first)
        self._first += bytes(data[:missing])
        if len(self._first) < _FIRST_BYTES:
            return b""
        begun = self._member.compress(self._first) + self._member.flush(isal_zlib.Z_SYNC_FLUSH)
        return begun + self._member.compress(data[missing:])

    def flush(self) -> bytes:
        begun = self._member.compress(self._first) if len(self._first) < _FIRST_BYTES else b""
        return begun + self._member.flush()


def compressor(level: int | None) -> Compressor:
    """Makes a writer of one gzip member.

    The member has a fixed header, without time and name. Bytes passed in the same pieces give the
    same member.

    Args:
        level: ISA-L's DEFLATE level, 0 to 3. None means that bytes aren't compressed.
    """
    if level is None:
        return _Plain()
    return _FastMember(level) if level in (1, 2) else isal_zlib.compressobj(level, wbits=GZIP_WBITS)
