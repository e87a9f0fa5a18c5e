"""Checksums of pieces, joined and taken apart, are those of the bytes themselves."""

import google_crc32c
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.files.checksums import NO_BYTES, Checksum


@given(st.lists(st.binary(max_size=300), max_size=6))
def test_pieces_add_up(pieces: list[bytes]) -> None:
    """The sum of the pieces' checksums is that of the joined bytes, empty pieces included, and so is going on piece by piece."""
    joined = b"".join(pieces)
    whole = Checksum(google_crc32c.value(joined), len(joined))
    assert Checksum.of(joined) == Checksum.of(memoryview(joined)) == whole
    assert sum(map(Checksum.of, pieces), NO_BYTES) == whole
    found = NO_BYTES
    for piece in pieces:
        found = found.then(piece)
    assert found == whole


@given(st.integers(0, 40_000), st.integers(0, 7), st.integers(0, 2**32 - 1))
def test_long_pieces(size: int, start: int, before: int) -> None:
    """Of a long piece three parts are read at once: the checksum is the same, also after others, and at any address."""
    data = memoryview(np.random.default_rng(size).bytes(size + start))[start:]
    assert Checksum(before).then(data).crc == google_crc32c.extend(before, bytes(data))


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_a_beginning_is_taken_off(beginning: bytes, rest: bytes) -> None:
    """What is left of a checksum without its beginning's is that of the rest."""
    assert Checksum.of(beginning + rest).after(Checksum.of(beginning)) == Checksum.of(rest)


def test_sums_are_associative_over_long_pieces() -> None:
    """Pieces beyond 4 GiB add up in any order; the text is the CRC in eight digits."""
    pieces = [Checksum(0x12345678, 5 << 30), Checksum(0x0000000F, 1), Checksum(0xDEADBEEF, (9 << 40) + 3)]
    first, second, third = pieces
    assert (first + second) + third == first + (second + third)
    assert ((first + second) + third).after(first) == second + third
    assert str(second) == "0000000f"
