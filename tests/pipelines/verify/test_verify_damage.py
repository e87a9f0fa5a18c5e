"""What `verify` finds in a damaged run or input; each test makes the damage that it finds."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import google_crc32c
import pytest

from shardmill.schemas.errors import DataError
from shardmill.transforms.tfrecord import frames as frames_module
from tests.support.framing import frames
from tests.support.verified import (
    Damaged,
    problems,
    records_of,
)

pytestmark = pytest.mark.usefixtures("shared_tracer")


def test_a_flipped_byte_is_found(damaged: Damaged) -> None:
    """A bit of a compressed shard that flips is found by its checksum and by reading it."""
    path = damaged.run / "train-00001-of-00003.tfrecord.gz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    found = damaged.problems()
    assert found["files"][0].startswith("'train-00001-of-00003.tfrecord.gz' differs from what was written")
    assert str(path) in found["shards"][0]


def test_a_flipped_bit_of_a_record_is_found(damage: Callable[[Path], Damaged], plain: Path) -> None:
    """In a shard that isn't compressed the record's own checksum tells, and names the record."""
    damaged = damage(plain)
    path = damaged.run / "train-00002-of-00006.tfrecord"
    frames = [len(record) + 16 for record in records_of(path)]
    data = bytearray(path.read_bytes())
    data[sum(frames[:200]) + 30] ^= 1
    path.write_bytes(data)
    assert "record 200: its checksum differs" in damaged.problems()["shards"][0]


def test_swapped_shards_are_found(damaged: Damaged) -> None:
    """Two shards that changed places are found, also where the manifest says the same."""
    names = [damaged.run / f"train-0000{index}-of-00003.tfrecord.gz" for index in (0, 1)]
    contents = [path.read_bytes() for path in names]
    for path, content in zip(names, reversed(contents), strict=True):
        path.write_bytes(content)
    assert set(damaged.problems()) == {"files", "shards", "rows"}
    manifest = damaged.manifest
    for index, path in enumerate(names):
        damaged.list_shard(manifest, index, len(records_of(path)))
    damaged.write(manifest)
    found = damaged.problems()
    assert set(found) == {"rows"}
    assert f"{damaged.data}/a.csv, line " in found["rows"][0]
    assert "2 of 6 shards differ. The input hasn't changed since the run, so the run's files have" in found["rows"][0]


def test_a_dropped_record_is_found(damaged: Damaged) -> None:
    """A record that is gone is found, also where the manifest counts one less; the next one stands in its place."""
    path = damaged.run / "train-00002-of-00003.tfrecord.gz"
    kept = records_of(path)
    dropped = kept.pop(100)
    path.write_bytes(gzip.compress(frames(kept)))
    manifest = damaged.manifest
    damaged.list_shard(manifest, 2)
    damaged.write(manifest)
    found = damaged.problems()
    assert set(found) == {"shards", "rows"}
    assert f"{path.name!r} has {len(kept):,} records; the manifest says {len(kept) + 1:,}" in found["shards"][0]
    assert "(train-00002-of-00003.tfrecord.gz, record 100)" in found["rows"][0]
    damaged.list_shard(manifest, 2, len(kept))
    manifest["rows"]["written"] -= 1
    damaged.write(manifest)
    found = damaged.problems()
    assert set(found) == {"manifest", "rows"}
    assert "rows.read is 2,300, but rows.written + rows.rejected is 2,299" in found["manifest"]
    assert "record 100)" in found["rows"][0]
    assert dropped not in kept


def test_shards_are_read_in_pieces(
    damage: Callable[[Path], Damaged], plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a shard is read in many blocks of a few records, the same is found at the same place."""
    monkeypatch.setattr(frames_module, "_CHUNK_BYTES", 1000)
    assert problems(plain / "run") == problems(plain / "run", 500) == {}
    damaged = damage(plain)
    path = damaged.run / "train-00003-of-00006.tfrecord"
    kept = records_of(path)
    kept[300], kept[301] = kept[301], kept[300]
    path.write_bytes(frames(kept))
    (problem,) = damaged.problems()["rows"]
    assert "(train-00003-of-00006.tfrecord, record 300) and " in problem


def test_a_dropped_last_record_is_found(damage: Callable[[Path], Damaged], plain: Path) -> None:
    """A shard that ends a record early is found, and the row that must stand there is shown."""
    damaged = damage(plain)
    path = damaged.run / "train-00005-of-00006.tfrecord"
    kept = records_of(path)[:-1]
    path.write_bytes(frames(kept))
    manifest = damaged.manifest
    damaged.list_shard(manifest, 5, len(kept))
    damaged.write(manifest)
    (problem,) = damaged.problems()["rows"]
    assert "c.csv.gz, line " in problem
    assert (
        f"there is no train-00005-of-00006.tfrecord, record {len(kept)}, where this row must be; derived is age = "
        in problem
    )


def test_a_changed_digit_of_the_input_is_found(damaged: Damaged) -> None:
    """One digit of the CSV, its length the same: file, line, feature, both values, shard and record are named."""
    path = damaged.data / "a.csv"
    # In the second line of a row, after other such rows and after rejected ones.
    lines = path.read_text().split("\n")
    line = lines.index('York",a,35.1429,')
    lines[line] = 'York",a,35.1529,'
    path.write_text("\n".join(lines))
    before = damaged.manifest["input"][0]["crc32c"]
    found = damaged.problems()
    assert set(found) == {"input", "rows"}
    now = f"{google_crc32c.value(path.read_bytes()):08x}"
    assert found["input"] == (
        f"{str(path)!r} has the CRC32C {now}; the run read {before}: it has changed since the run",
    )
    (problem,) = found["rows"]
    assert problem.startswith(f"{path}, line {line}: feature 'price' is 35.1428986 as stored (")
    assert ") and 35.1529007 as derived. 1 of 6 shards differ" in problem
    assert problem.endswith(f"The input has changed since the run ({str(path)!r}), so other rows are expected")


def test_a_removed_row_of_the_input_is_found(damaged: Damaged) -> None:
    """A row less: the file's bytes and rows differ, and the rows from there on."""
    path = damaged.data / "b.csv"
    rows = path.read_text().split("\n")
    line = next(index for index, row in enumerate(rows) if row.startswith("400,"))
    path.write_text("\n".join([*rows[:line], *rows[line + 1 :]]))
    found = damaged.problems()
    assert set(found) == {"input", "rows"}
    assert "bytes; the run read" in found["input"][0]
    assert found["input"][1] == f"{str(path)!r} has 1,299 rows; the run read 1,300"
    assert f"{path}, line {line + 1}: feature " in found["rows"][0]


def test_a_row_that_became_bad_is_found(damaged: Damaged) -> None:
    """A cell that is no number any more: its row is rejected, which it wasn't in the run."""
    path = damaged.data / "a.csv"
    path.write_text(path.read_text().replace("\n0,,Oslo,a,0.0000,", "\n0,,Oslo,a,zero00,"))
    problem = damaged.problems()["input"][-1]
    assert problem == "1 rows are rejected because of 'price: expected a number'; in the run it was 0"


def test_an_edited_vocabulary_is_found(damaged: Damaged) -> None:
    """Two tokens that changed places are found by the checksum, before the graph is run; listed so, by the first row whose id changes."""
    name = "transform_fn/assets/city"
    path = damaged.run / name
    first, second, *rest = path.read_text().splitlines()
    path.write_text("\n".join([second, first, *rest, ""]))
    found = damaged.problems()
    assert set(found) == {"files", "rows"}
    assert found["files"][0].startswith(f"{name!r} differs from what was written")
    assert (
        f"can't be made again: the run {str(damaged.run)!r} isn't what its manifest says: {name!r}" in found["rows"][0]
    )
    damaged.list_file(name)
    found = damaged.problems()
    assert set(found) == {"rows"}
    assert "a.csv, line 2: feature 'city' is 1 as stored (train-0000" in found["rows"][0]
    assert ", record 0) and 0 as derived. 6 of 6 shards differ" in found["rows"][0]


def test_a_graph_that_does_not_load_is_found(damaged: Damaged) -> None:
    """Without a graph no row can be made again; the rest is checked."""
    (damaged.run / "transform_fn" / "saved_model.pb").write_bytes(b"junk")
    damaged.list_file("transform_fn/saved_model.pb")
    found = damaged.problems()
    assert set(found) == {"rows"}
    assert "can't be made again: can't load the transform graph" in found["rows"][0]


def test_a_missing_input_file_is_found(damaged: Damaged) -> None:
    """Without all of the input there is no saying where a row stands."""
    (damaged.data / "b.csv").unlink()
    found = damaged.problems()
    assert found == {
        "input": (
            f"{str(damaged.data / 'b.csv')!r} is missing; where the input has moved, say where it is now: --input FILES",
        ),
        "rows": ("can't be made again: an input file is missing",),
    }


def test_an_input_file_that_cannot_be_read_is_found(damaged: Damaged) -> None:
    """A damaged file's own message is shown, once."""
    path = damaged.data / "c.csv.gz"
    path.write_bytes(path.read_bytes()[:-20])
    found = damaged.problems()
    assert set(found) == {"input", "rows"}
    assert f"can't decompress {str(path)!r}" in found["input"][1]
    assert found["rows"] == ("can't be made again: the input's rows can't be read, as its own check says",)


def test_missing_and_stray_shards_are_found(damaged: Damaged) -> None:
    """A shard that is gone, and files that readers would take for shards."""
    (damaged.run / "eval-00001-of-00003.tfrecord.gz").rename(damaged.run / "train-00003-of-00003.tfrecord.gz")
    (damaged.run / "eval-old").touch()
    found = damaged.problems()
    assert found["files"] == (
        "'eval-00001-of-00003.tfrecord.gz' is missing",
        "'eval-old' is a shard that the manifest doesn't list",
        "'train-00003-of-00003.tfrecord.gz' is a shard that the manifest doesn't list",
    )
    assert "can't read" in found["shards"][0]
    assert "can't be compared: their shards can't be read" in found["rows"][0]


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (("rows", "read"), "rows.read is 2,301, but rows.written + rows.rejected is 2,300"),
        (("rows", "written"), "rows.written is 2,278, but the rows of splits is 2,277"),
        (("rejected", "rows"), "rows.rejected is 23, but rejected.rows is 24"),
        (("splits", "eval", "rows"), "but the sum of its shards is"),
        (("splits", "train", "shards", 0, "bytes"), "splits.train.bytes is"),
        (("input", 0, "rows"), "rows.read is 2,300, but the rows of input is 2,301"),
    ],
)
def test_an_edited_count_is_found(damaged: Damaged, edit: tuple[str | int, ...], expected: str) -> None:
    """A count of the manifest that is one more doesn't agree with the others."""
    manifest = damaged.manifest
    table: Any = manifest
    for key in edit[:-1]:
        table = table[key]
    table[edit[-1]] += 1
    damaged.write(manifest)
    assert any(expected in problem for problem in damaged.problems()["manifest"])


def test_a_record_that_is_no_example_is_found(damaged: Damaged) -> None:
    """A whole record of other bytes, with good checksums, is said to be none."""
    path = damaged.run / "train-00000-of-00003.tfrecord.gz"
    kept = records_of(path)
    kept[0] = b"\xff\xff"
    path.write_bytes(gzip.compress(frames(kept)))
    assert (
        "train-00000-of-00003.tfrecord.gz, record 0 isn't a tf.train.Example; derived is age = "
        in damaged.problems()["rows"][0]
    )


def test_a_damaged_schema_is_found(damaged: Damaged) -> None:
    """A schema whose bytes are no text, or whose text is no schema, is an error that names the file."""
    path = damaged.run / "metadata" / "schema.pbtxt"
    whole = path.read_bytes()
    for place, byte in ((3, 0xFF), (0, ord("}"))):
        path.write_bytes(whole[:place] + bytes([byte]) + whole[place + 1 :])
        with pytest.raises(DataError, match=r"the SHA-256 of 'metadata/schema\.pbtxt' is \w+\.\.\., not"):
            damaged.problems()
        damaged.list_file("metadata/schema.pbtxt")
        with pytest.raises(DataError, match=rf"schema isn't as shardmill wrote it: {path}: expected a "):
            damaged.problems()
