"""A remote file is read in ranges that grow, and not beyond where reading ends."""

import os
import random

import pytest

from shardmill.transforms.stores.ranges import RangeReader

DATA = random.Random(7).randbytes(9_000_000)


class _Fetch:
    """Gives ranges of the data, and notes them."""

    def __init__(self) -> None:
        self.ranges: list[tuple[int, int]] = []

    def __call__(self, start: int, stop: int) -> bytes:
        self.ranges.append((start, stop))
        return DATA[start:stop]


def test_ranges_follow_on_each_other_and_end_at_the_stop() -> None:
    """Read piece by piece, each byte is fetched once, in ranges of up to 4 MiB, and none after the stop."""
    fetch = _Fetch()
    reader = RangeReader(fetch, len(DATA), 1000, 8_500_000)
    pieces = []
    while reader.tell() < 8_500_000:
        pieces.append(reader.read(min(50_000, 8_500_000 - reader.tell())))
    assert b"".join(pieces) == DATA[1000:8_500_000]
    assert [start for start, _ in fetch.ranges[1:]] == [stop for _, stop in fetch.ranges[:-1]]
    assert fetch.ranges[-1][1] == 8_500_000
    assert max(stop - start for start, stop in fetch.ranges) == 4 << 20
    assert len(fetch.ranges) == 8


def test_reading_is_as_of_any_file() -> None:
    """Seeking, reading past the stop, into a buffer, lines, and beyond the end do what they do in a local file."""
    reader = RangeReader(_Fetch(), len(DATA), 0, 10)
    assert reader.read(20) == DATA[:20]
    assert reader.seek(-5, os.SEEK_END) == len(DATA) - 5
    assert reader.read() == DATA[-5:]
    assert reader.read(1) == reader.read() == b""
    assert reader.seek(3) == reader.tell() == 3
    assert reader.readline() == DATA[3 : DATA.index(b"\n", 3) + 1]
    buffer = bytearray(100)
    reader.seek(0)
    assert reader.readinto(buffer) == 100
    assert buffer == DATA[:100]


def test_reading_goes_back_and_away() -> None:
    """A little before what was fetched last is fetched anew; after a leap the ranges are small again, and none goes beyond the file."""
    fetch = _Fetch()
    reader = RangeReader(fetch, len(DATA), 0, len(DATA) + 1000)
    for start in range(0, 3_000_000, 50_000):
        reader.seek(start)
        assert reader.read(50_000) == DATA[start : start + 50_000]
    reader.seek(5_000_000)
    assert reader.read(10) == DATA[5_000_000:5_000_010]
    reader.seek(4_999_990)
    assert reader.read(0) == b""
    assert reader.read(5) == DATA[4_999_990:4_999_995]
    assert [stop - start for start, stop in fetch.ranges[-2:]] == [64 << 10, 64 << 10]
    reader.seek(len(DATA) - 3)
    assert reader.read(1) == DATA[-3:-2]
    assert fetch.ranges[-1][1] == len(DATA)
    reader.seek(10, os.SEEK_END)
    assert reader.read() == b""
    assert reader.seek(-len(DATA) - 20, os.SEEK_END) == 0


def test_a_file_that_became_shorter_is_an_error() -> None:
    """Nothing is read of a file that has changed since it was opened."""
    with pytest.raises(OSError, match="it ends before byte 9,000,001, so it has changed"):
        RangeReader(_Fetch(), len(DATA) + 1).read()
