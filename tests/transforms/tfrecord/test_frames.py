"""Frames are TensorFlow's, and every damage to a shard is found."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.schemas.errors import DataError
from shardmill.transforms.tfrecord import frames
from shardmill.transforms.tfrecord.compress import compressor
from shardmill.transforms.tfrecord.frames import read_records
from tests.support.framing import frame, masked
from tests.support.framing import frames as framed

RECORDS = [b"", b"a", b"hello" * 100, bytes(range(256)), b"z" * 70_000]


def shard(records: list[bytes], level: int | None = None, members: int = 1) -> bytes:
    """A shard of some records, in so many gzip members (or plain)."""
    joined = b""
    for part in np.array_split(np.arange(len(records)), members):
        member = compressor(level)
        data = framed(records[index] for index in part.tolist())
        joined += member.compress(data) + member.flush()
    return joined


def read(data: bytes) -> list[bytes]:
    """All records of a shard."""
    return [record for block in read_records(io.BytesIO(data), "shard") for record in block.to_pylist()]


@pytest.mark.parametrize("level", [None, 0, 1, 2, 3])
@pytest.mark.parametrize("members", [1, 3])
def test_tensorflow_reads_shards(tmp_path: Path, level: int | None, members: int) -> None:
    """tf.data.TFRecordDataset reads what is written, several concatenated gzip members too."""
    import tensorflow as tf

    path = tmp_path / "shard"
    path.write_bytes(shard(RECORDS, level, members))
    dataset = tf.data.TFRecordDataset(str(path), compression_type="" if level is None else "GZIP")
    assert list(dataset.as_numpy_iterator()) == RECORDS


@given(st.lists(st.binary(max_size=2000)), st.sampled_from([None, 0, 2]), st.integers(1, 4), st.integers(1, 5000))
def test_read_records_gives_what_was_framed(records: list[bytes], level: int | None, members: int, chunk: int) -> None:
    """Records come back in order whatever the members and however the chunks cut them."""
    kept = frames._CHUNK_BYTES
    frames._CHUNK_BYTES = chunk
    try:
        assert read(shard(records, level, members)) == records
        assert read(shard(records)) == records
    finally:
        frames._CHUNK_BYTES = kept


def test_read_records_of_tensorflow(tmp_path: Path) -> None:
    """What TensorFlow writes, gzip or plain, is read."""
    import tensorflow as tf

    for kind in ("", "GZIP"):
        path = tmp_path / f"shard{kind}"
        with tf.io.TFRecordWriter(str(path), kind) as writer:
            for record in RECORDS:
                writer.write(record)
        assert read(path.read_bytes()) == RECORDS


def test_an_empty_shard() -> None:
    """No bytes, and a gzip member of nothing, are shards without records."""
    assert read(b"") == []
    assert read(shard([], 2)) == []


def test_flipped_record() -> None:
    """A changed byte in a record is found; the message names file and record."""
    data = bytearray(shard([b"first", b"second", b"third"]))
    data[-6] ^= 1
    with pytest.raises(
        DataError, match=r"'shard', record 2: its checksum differs, so the file is damaged; recreate it$"
    ):
        read(bytes(data))


@pytest.mark.parametrize("byte", [0, 1, 6, 7, 8, 11])
def test_flipped_length(byte: int) -> None:
    """A changed byte in a length or its checksum is found, however far off the length then points."""
    data = bytearray(shard([b"first" * 9, b"second" * 9, b"third" * 9]))
    data[len(frame(b"first" * 9)) + byte] ^= 0x81
    with pytest.raises(DataError, match="'shard', record 1: the checksum of its length differs"):
        read(bytes(data))


def test_a_record_that_no_example_fills_is_refused() -> None:
    """A length beyond protobuf's bound, its checksum good, is refused at once: nothing is held until the end of the file."""
    length = struct.pack("<Q", (1 << 31) + 1)
    header = length + masked(length)
    with pytest.raises(DataError, match=r"'shard', record 1: .* longer than 2 GiB, which no Example is"):
        read(shard([b"first"]) + header + b"x" * 100)


@pytest.mark.parametrize("lost", [1, 4, 8, 19])
def test_truncated_plain_shard(lost: int) -> None:
    """A shard that ends inside a frame, or inside a frame's header, is found."""
    data = shard([b"first", b"second"])
    with pytest.raises(DataError, match="'shard', record 1: the file ends inside it"):
        read(data[:-lost])


@pytest.mark.parametrize("lost", [1, 8, 12, 200])
def test_truncated_gzip(lost: int) -> None:
    """A shard that ends inside its last gzip member is found, though the members before are whole."""
    records = [bytes([row]) * row + np.random.default_rng(row).bytes(200) for row in range(20)]
    with pytest.raises(DataError, match=r"'shard' ends inside a gzip member, so it is truncated; recreate it$"):
        read(shard(records, 2, 2)[:-lost])


def test_damaged_gzip() -> None:
    """A gzip member whose own checksum differs, or garbage after a member, is found."""
    data = bytearray(shard(RECORDS, 2))
    data[-6] ^= 1
    with pytest.raises(DataError, match="'shard' isn't a whole gzip file"):
        read(bytes(data))
    with pytest.raises(DataError, match="'shard' isn't a whole gzip file"):
        read(shard(RECORDS, 2) + b"garbage" * 9)
    with pytest.raises(DataError, match=r"'shard' ends inside a gzip member, so it is truncated; recreate it$"):
        read(shard(RECORDS, 2) + b"bits")


def test_a_plain_shard_that_looks_like_gzip() -> None:
    """A first record of 35,615 bytes, whose length is spelled as gzip's magic bytes, doesn't make a plain shard gzip."""
    records = [bytes(0x8B1F), b"next"]
    assert shard(records)[:2] == b"\x1f\x8b"
    assert read(shard(records)) == records
