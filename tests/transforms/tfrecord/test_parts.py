"""A part file holds each destination's records as one gzip member, whatever was spilled when."""

import gzip
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from shardmill.schemas.errors import DataError
from shardmill.transforms import write as write_module
from shardmill.transforms.tfrecord.parts import FrameBuffer, PartSegment, PartWriter
from shardmill.transforms.write import _assemble, _Piece
from tests.support.framing import frame

Blocks = Sequence[tuple[str, int, list[bytes]]]


def blocks(count: int = 6, rows: int = 300, shards: int = 4) -> list[tuple[str, int, list[bytes]]]:
    """Frames of random records for the shards of two splits, several times each."""
    random = np.random.default_rng(5)
    made = []
    for block in range(count):
        places = random.integers(0, shards, rows)
        frames = [frame(b"%d-%d-" % (block, row) + random.bytes(40)) for row in range(rows)]
        for shard in np.unique(places).tolist():
            mine = [each for each, place in zip(frames, places.tolist(), strict=True) if place == shard]
            made.append(("train" if block % 3 else "eval", shard, mine))
    return made


def write(parts: Blocks, level: int | None = 3, buffer_bytes: int = 64 << 20) -> tuple[list[PartSegment], bytes]:
    """Writes blocks to one part; returns its index and its bytes."""
    stream = io.BytesIO()
    writer = PartWriter(stream, level, FrameBuffer(buffer_bytes))
    for split, shard, frames in parts:
        writer.add(split, shard, len(frames), memoryview(b"".join(frames)))
    return writer.close(), stream.getvalue()


def content(segment: PartSegment, part: bytes) -> bytes:
    """A segment's bytes: its pieces joined."""
    return b"".join(part[offset : offset + length] for offset, length in segment.pieces)


def expected(parts: Blocks, split: str, shard: int) -> list[bytes]:
    """A destination's frames in the input's order."""
    return [each for name, place, frames in parts if (name, place) == (split, shard) for each in frames]


@pytest.mark.parametrize("level", [None, 0, 1, 2, 3])
def test_each_destination_has_its_records_in_order(level: int | None) -> None:
    """A segment's content is its destination's frames, in the input's order; the index counts them."""
    parts = blocks()
    segments, part = write(parts, level)
    assert [(segment.split, segment.shard) for segment in segments] == [
        (split, shard) for split in ("eval", "train") for shard in range(4)
    ]
    for segment in segments:
        frames = expected(parts, segment.split, segment.shard)
        data = content(segment, part)
        assert (data if level is None else gzip.decompress(data)) == b"".join(frames)
        assert segment.rows == len(frames)
        assert segment.payload == sum(map(len, frames))
        assert segment.length == len(data)


def test_segments_stand_one_after_the_other() -> None:
    """Without spilling each destination is one piece, in the order of split and shard, with nothing between."""
    segments, part = write(blocks())
    assert all(len(segment.pieces) == 1 for segment in segments)
    place = 0
    for segment in segments:
        assert segment.pieces[0][0] == place
        place += segment.length
    assert place == len(part)


@pytest.mark.parametrize("level", [None, 3])
@pytest.mark.parametrize("buffer_bytes", [0, 1000, 20_000])
def test_spilling_changes_no_byte(level: int | None, buffer_bytes: int) -> None:
    """A destination's bytes are the same however often what is in memory was written: the member is cut, not restarted."""
    parts = blocks(rows=3000)
    whole, whole_part = write(parts, level)
    spilled, spilled_part = write(parts, level, buffer_bytes)
    assert any(len(segment.pieces) > 1 for segment in spilled)
    for one, other in zip(whole, spilled, strict=True):
        assert content(one, whole_part) == content(other, spilled_part)
        assert (one.split, one.shard, one.rows, one.payload) == (other.split, other.shard, other.rows, other.payload)
    assert len(whole_part) == len(spilled_part)


def test_memory_is_bounded() -> None:
    """What isn't written yet stays below the bound after each addition."""
    stream = io.BytesIO()
    writer = PartWriter(stream, None, FrameBuffer(50_000))
    total = 0
    for split, shard, frames in blocks(20):
        writer.add(split, shard, len(frames), b"".join(frames))
        total += sum(map(len, frames))
        assert total - len(stream.getvalue()) <= 50_000
    writer.close()
    assert len(stream.getvalue()) == total


def test_members_join_to_a_shard() -> None:
    """The members of several parts, joined, are one gzip file."""
    parts = blocks()
    joined = b""
    for half in (parts[:3], parts[3:]):
        segments, part = write(half)
        joined += b"".join(
            content(segment, part) for segment in segments if (segment.split, segment.shard) == ("train", 2)
        )
    assert gzip.decompress(joined) == b"".join(expected(parts, "train", 2))


def test_nothing_added() -> None:
    """A part without rows is empty."""
    assert write([]) == ([], b"")


@pytest.mark.parametrize("room", [1, 3, 1 << 20])
def test_a_shard_is_its_pieces_in_the_order_of_units(
    tmp_path: Path, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is copied at a time, a shard has the bytes of its pieces, and they are those of its checksum."""
    monkeypatch.setattr(write_module, "_COPY_BYTES", room)
    (tmp_path / "one").write_bytes(b"abcdefgh")
    (tmp_path / "two").write_bytes(b"01234567")
    pieces = [
        _Piece(1, str(tmp_path / "two"), PartSegment("train", 0, 2, 4, ((1, 4),))),
        _Piece(0, str(tmp_path / "one"), PartSegment("train", 0, 1, 5, ((0, 2), (4, 3)))),
    ]
    shard = _assemble((("train", 0, 1), pieces), str(tmp_path), str(tmp_path), compressed=False)
    assert (tmp_path / shard.file).read_bytes() == b"abefg1234"
    assert (shard.rows, shard.bytes, shard.sha256) == (3, 9, hashlib.sha256(b"abefg1234").hexdigest())


@pytest.mark.parametrize(("content", "reason"), [(None, "No such file or directory"), (b"abc", "it ends early")])
def test_a_part_that_cant_be_read_is_named(tmp_path: Path, content: bytes | None, reason: str) -> None:
    """What fails is the part that is read, not the shard that is written."""
    part = tmp_path / "part"
    if content is not None:
        part.write_bytes(content)
    pieces = [_Piece(0, str(part), PartSegment("train", 0, 1, 4, ((0, 4),)))]
    with pytest.raises(DataError, match=f"can't read '{part}': {reason}"):
        _assemble((("train", 0, 1), pieces), str(tmp_path), str(tmp_path), compressed=False)


def test_memory_is_used_again() -> None:
    """Frames in a buffer's memory are written before it is used again, by the same part or the next; larger ones get theirs."""
    buffer = FrameBuffer(100)
    for _ in range(2):
        stream = io.BytesIO()
        writer = PartWriter(stream, None, buffer)
        for block in range(9):
            room = writer.room(150 if block == 5 else 40)
            room[:] = block
            writer.add("train", 0, 1, room[:30].data)
            writer.add("train", 1, 1, room[30:40].data)
            assert len(stream.getvalue()) >= 40 * block - 80
        segments = writer.close()
        part = stream.getvalue()
        assert content(segments[0], part) == b"".join(bytes([block]) * 30 for block in range(9))
        assert content(segments[1], part) == b"".join(bytes([block]) * 10 for block in range(9))
