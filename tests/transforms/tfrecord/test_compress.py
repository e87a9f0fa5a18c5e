"""Tests of gzip members."""

import gzip
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.tfrecord.compress import compressor


def member(level: int, *pieces: bytes) -> bytes:
    """A whole member."""
    writer = compressor(level)
    return b"".join([*map(writer.compress, pieces), writer.flush()])


@pytest.mark.parametrize("level", [0, 1, 2, 3])
@given(st.binary(max_size=200), st.lists(st.integers(0, 200)))
def test_a_member_holds_what_went_in(level: int, data: bytes, cuts: list[int]) -> None:
    """In whatever pieces it comes, empty ones included; there is no time in the header."""
    ends = [0, *sorted(cuts), len(data)]
    found = member(level, *(data[start:stop] for start, stop in pairwise(ends)))
    assert gzip.decompress(found) == data
    assert found[:8] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00"


@pytest.mark.parametrize("level", [1, 2])
def test_a_member_does_not_depend_on_where_its_state_lies(level: int) -> None:
    """At 200 addresses, with 255 contents that begin with a run of bytes: ISA-L alone gives some 6 other members."""
    rest = np.random.default_rng(level).integers(0, 40, 200, np.uint8).tobytes()
    for byte in range(1, 256):
        content = (b"." + bytes([byte]) * 7 + rest) * 2
        writers = [compressor(level) for _ in range(200)]
        assert len({writer.compress(content) + writer.flush() for writer in writers}) == 1
