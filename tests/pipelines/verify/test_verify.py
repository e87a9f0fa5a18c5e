"""`verify` finds what differs between a run, its input and its graph; each test makes the damage that it finds."""

import gzip
import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import google_crc32c
import pyarrow as pa
import pytest

from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.verify.recorded import Check
from shardmill.pipelines.verify.verify import verify
from shardmill.schemas.errors import DataError
from shardmill.transforms.tfrecord import frames as frames_module
from shardmill.transforms.tfrecord.frames import frame, read_records
from tests.pipelines.cli.test_commands import call_here
from tests.support.runs import run_toml

pytestmark = pytest.mark.usefixtures("shared_tracer")

NAMES = ["manifest", "files", "input", "shards", "rows"]
FEATURES = """
[features]
age = { kind = "z_score", missing = "median", indicator = true }
city = { kind = "vocabulary", num_oov_buckets = 1 }
kinds = { kind = "one_hot", column = "kind" }
price = "label"
"""
SPLIT = '[split]\ntrain = 0.8\neval = 0.2\nkey = ["id"]\n'
# Wide enough that a file is more than one block of rows.
PADDING = "." * 5000


def write_rows(path: Path, rows: range, *, padding: str = "") -> None:
    """Rows that are functions of their number: quoted newlines, missing cells, and one bad row in 100."""
    lines = ["id,age,city,kind,price,notes\n"]
    for row in rows:
        age = "unknown" if row % 100 == 50 else "" if row % 17 == 0 else f"{20 + row % 61}.5"
        city = ["Oslo", '"New\nYork"', "München", ""][row % 7 % 4]
        lines.append(f"{row // 3},{age},{city},{'abc'[row % 3]},{row / 7:.4f},{padding}\n")
    text = "".join(lines).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)


def write_input(folder: Path) -> str:
    """Three files, one of several blocks; the configuration's line that names them."""
    folder.mkdir(parents=True)
    write_rows(folder / "a.csv", range(700))
    write_rows(folder / "b.csv", range(700, 2000), padding=PADDING)
    write_rows(folder / "c.csv.gz", range(2000, 2300))
    return f'[input]\nfiles = ["{folder}/*.csv*"]\nmax_bad_fraction = 0.1\n'


@dataclass(frozen=True)
class Damaged:
    """A copy of a run and of its input, to damage."""

    run: Path
    data: Path

    @property
    def manifest(self) -> dict[str, Any]:
        """Its manifest."""
        found: dict[str, Any] = json.loads((self.run / "manifest.json").read_text())
        return found

    def write(self, manifest: dict[str, Any]) -> None:
        """Replaces its manifest."""
        (self.run / "manifest.json").write_text(json.dumps(manifest))

    def list_shard(self, manifest: dict[str, Any], index: int, records: int | None = None) -> None:
        """Puts a train shard's bytes, checksum and (if given) records into a manifest, and the sums."""
        train = manifest["splits"]["train"]
        shard = train["shards"][index]
        data = (self.run / shard["file"]).read_bytes()
        shard |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        if records is not None:
            shard["rows"] = records
        for key in ("bytes", "rows"):
            train[key] = sum(each[key] for each in train["shards"])

    def list_file(self, name: str) -> None:
        """Puts a file's bytes and checksum, as they are now, into the manifest."""
        data = (self.run / name).read_bytes()
        manifest = self.manifest
        entry = next(entry for entry in manifest["files"] if entry["file"] == name)
        entry |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        self.write(manifest)

    def problems(self, sample: int | None = None) -> dict[str, tuple[str, ...]]:
        """What `verify` says is wrong, by check."""
        return problems(self.run, sample)


def checks(run: str | Path, sample: int | None = None) -> dict[str, Check]:
    """All checks of a run, by name."""
    found = {check.name: check for check in verify(str(run), sample, 2, Progress(quiet=True))}
    assert list(found) == NAMES
    return found


def problems(run: str | Path, sample: int | None = None) -> dict[str, tuple[str, ...]]:
    """What is wrong with a run, by check; checks that find nothing are left out."""
    return {name: check.problems for name, check in checks(run, sample).items() if check.problems}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of three shards and two splits, with rejected rows, and its input."""
    folder = tmp_path_factory.mktemp("verify")
    run_toml(folder, write_input(folder / "data") + FEATURES + SPLIT + "[output]\nshards = 3\nseed = 5\n")
    return folder


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same rows in the input's order, in one split, not compressed, at most 400 a shard."""
    folder = tmp_path_factory.mktemp("plain")
    output = '[output]\nrows_per_shard = 400\nshuffle = false\ncompression = "none"\n'
    run_toml(folder, write_input(folder / "data") + FEATURES + output)
    return folder


@pytest.fixture
def damage(tmp_path: Path) -> Callable[[Path], Damaged]:
    """Copies a run and its input."""

    def copy(folder: Path) -> Damaged:
        shutil.copytree(folder, tmp_path / "copy")
        damaged = Damaged(tmp_path / "copy" / "run", tmp_path / "copy" / "data")
        text = (damaged.run / "manifest.json").read_text()
        (damaged.run / "manifest.json").write_text(text.replace(f"{folder}/", f"{tmp_path}/copy/"))
        return damaged

    return copy


@pytest.fixture
def damaged(damage: Callable[[Path], Damaged], finished: Path) -> Damaged:
    """A copy of the run of three shards."""
    return damage(finished)


def records_of(path: Path) -> list[bytes]:
    """A shard's records."""
    with path.open("rb") as stream:
        return [record for block in read_records(stream, str(path)) for record in block.to_pylist()]


def test_an_untouched_run_is_as_it_says(finished: Path, plain: Path) -> None:
    """Nothing is found in runs of splits, shards, blocks, files and rejected rows; all rows are compared."""
    for folder, written in ((finished, "2,277"), (plain, "2,277")):
        found = checks(folder / "run")
        assert {name: check.problems for name, check in found.items() if check.problems} == {}
        assert found["rows"].facts == f"{written} of {written} rows made again and compared"
        assert "2,300 rows, 23 rejected" in found["input"].facts


@pytest.mark.parametrize(
    ("name", "toml"),
    [
        ("by_file", 'files = {{ train = "{data}/[ab].csv", test = "{data}/c.csv.gz" }}\n{features}'),
        ("by_row", 'files = "{data}/a.csv"\n{features}[split]\ntrain = 0.5\neval = 0.5\n'),
        ("label_only", 'files = "{data}/a.csv"\n[features]\nprice = "label"\n'),
        ("by_bytes", 'files = "{data}/a.csv"\n{features}[output]\nbytes_per_shard = 10000\n'),
    ],
)
def test_runs_of_other_kinds_are_verified(finished: Path, tmp_path: Path, name: str, toml: str) -> None:
    """Files by split, splits by the whole row, a graph of labels alone, and shards by bytes are compared in full."""
    toml = "[input]\nmax_bad_fraction = 0.1\n" + toml.format(data=finished / "data", features=FEATURES)
    run = run_toml(tmp_path, toml, name=name)
    found = checks(run)
    assert {name: check.problems for name, check in found.items() if check.problems} == {}
    written = json.loads((run / "manifest.json").read_text())["rows"]["written"]
    assert found["rows"].facts.startswith(f"{written:,} of {written:,} rows")


def test_a_sample_is_compared(finished: Path) -> None:
    """So many rows are compared as were asked for; everything else is checked in full."""
    found = checks(finished / "run", 100)
    assert all(not check.problems for check in found.values())
    assert found["rows"].facts == "100 of 2,277 rows made again and compared"
    assert found["shards"].facts == "6 shards, 2,277 records"


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
    path.write_bytes(gzip.compress(b"".join(frame(pa.array(kept, pa.binary())).to_pylist())))
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
    path.write_bytes(b"".join(frame(pa.array(kept, pa.binary())).to_pylist()))
    (problem,) = damaged.problems()["rows"]
    assert "(train-00003-of-00006.tfrecord, record 300) and " in problem


def test_a_dropped_last_record_is_found(damage: Callable[[Path], Damaged], plain: Path) -> None:
    """A shard that ends a record early is found, and the row that must stand there is shown."""
    damaged = damage(plain)
    path = damaged.run / "train-00005-of-00006.tfrecord"
    kept = records_of(path)[:-1]
    path.write_bytes(b"".join(frame(pa.array(kept, pa.binary())).to_pylist()))
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
    path.write_bytes(gzip.compress(b"".join(frame(pa.array(kept, pa.binary())).to_pylist())))
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


def test_what_is_no_finished_run_is_refused(tmp_path: Path, damaged: Damaged) -> None:
    """A folder without a manifest, one without `_SUCCESS`, and manifests that aren't one are named."""
    with pytest.raises(DataError, match=r"isn't a run: it has no manifest\.json"):
        problems(tmp_path)
    manifest = damaged.manifest
    damaged.write({**manifest, "format": 1})
    with pytest.raises(DataError, match=r"has format 1; this version of shardmill reads format 2"):
        damaged.problems()
    del manifest["columns"]["read"]
    damaged.write(manifest)
    with pytest.raises(
        DataError, match=r"manifest\.json' isn't as shardmill wrote it: columns: expected a key 'read', received only"
    ):
        damaged.problems()
    (damaged.run / "manifest.json").write_text("{")
    with pytest.raises(DataError, match=r"manifest\.json' isn't valid JSON: "):
        damaged.problems()
    (damaged.run / "_SUCCESS").unlink()
    with pytest.raises(DataError, match=r"isn't a finished run: it has no _SUCCESS"):
        damaged.problems()


def test_the_command_shows_what_it_found(
    damaged: Damaged, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`shardmill verify` ends with status 0 where all holds, and with 1 where anything differs, which it shows even if quiet."""
    monkeypatch.setenv("COLUMNS", "120")
    status, out, err = call_here(monkeypatch, capsys, "verify", str(damaged.run), "--sample", "100")
    assert (status, err) == (0, "")
    assert [line.split("│")[1:3] for line in out.splitlines() if "│ ok" in line] == [
        [f" {name:8} ", " ok     "] for name in NAMES
    ]
    assert call_here(monkeypatch, capsys, "verify", str(damaged.run), "--quiet", "--workers", "1") == (0, "", "")
    for index in range(7):
        (damaged.run / f"train-{index}").touch()
    status, out, err = call_here(monkeypatch, capsys, "verify", str(damaged.run), "--quiet")
    assert (status, err) == (1, "")
    assert "files: 'train-0' is a shard that the manifest doesn't list\n" in out
    assert out.endswith("files: ... and 2 more\n")


def verify_here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], run: Path, files: Path | str
) -> tuple[int, str]:
    """Verifies some rows of a run whose input is elsewhere: the exit status, and what is said."""
    status, out, err = call_here(monkeypatch, capsys, "verify", str(run), "--input", str(files), "--sample", "50")
    return status, out + err


def test_a_run_is_verified_from_another_folder_and_with_its_input_elsewhere(
    damaged: Damaged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run of relative paths has absolute ones; where the files have moved, --input says where, and their names which is which."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.csv").write_text("id,age,price\n1,2.5,3\n2,4.5,5\n")
    run = run_toml(
        tmp_path, '[input]\nfiles = "in/x.csv"\n[features]\nage = "z_score"\nprice = "label"\n', name="small"
    )
    manifest = json.loads((run / "manifest.json").read_text())
    crc = f"{google_crc32c.value((tmp_path / 'in' / 'x.csv').read_bytes()):08x}"
    assert manifest["input"] == [{"path": f"{tmp_path}/in/x.csv", "bytes": 29, "crc32c": crc, "rows": 2}]
    monkeypatch.chdir("/")
    assert problems(run) == {}
    assert checks(run)["input"].facts == "1 file, 29 B, 2 rows, 0 rejected"
    (tmp_path / "in" / "x.csv").rename(tmp_path / "renamed.csv")
    assert "is missing" in problems(run)["input"][0]
    assert verify_here(monkeypatch, capsys, run, tmp_path / "renamed.csv")[0] == 0
    (tmp_path / "wrong.csv").write_text("x,y\n1,2\n")
    status, said = verify_here(monkeypatch, capsys, run, tmp_path / "wrong.csv")
    assert status == 1
    other = "it isn't the file that the run read, or has changed since; give --input the file that the run read"
    assert f"input: '{tmp_path}/wrong.csv' has 8 bytes; the run read 29: {other}\n" in said
    assert "rows: can't be made again: the input's rows can't be read, as its own check says\n" in said
    assert "[input]" not in said
    (tmp_path / "wrong.csv").write_text("x,y\n" + "1,2\n" * 6 + "\n")
    _, said = verify_here(monkeypatch, capsys, run, tmp_path / "wrong.csv")
    assert said.count("has none of the columns") == 1
    assert "has no such settings: give --input the file that the run read\n" in said
    damaged.data.rename(tmp_path / "moved")
    assert verify_here(monkeypatch, capsys, damaged.run, f"{tmp_path}/moved/*")[0] == 0
    status, said = verify_here(monkeypatch, capsys, damaged.run, f"{tmp_path}/moved/[ab].csv")
    assert status == 1
    assert "--input: expected the 3 files that the run read, received 2" in said
    assert f"is '{damaged.data}/c.csv.gz' by its name" in said
