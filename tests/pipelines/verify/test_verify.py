"""`verify` compares a run, its input and its graph: what holds, samples, what it refuses, and the command."""

import json
from pathlib import Path

import google_crc32c
import pytest

from shardmill.schemas.errors import DataError
from tests.pipelines.cli.test_commands import call_here
from tests.support.runs import run_toml
from tests.support.verified import FEATURES, NAMES, Damaged, checks, problems

pytestmark = pytest.mark.usefixtures("shared_tracer")


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
