"""Runs that use the first row of each key: others are left out or rejected, and accounted for."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.pipelines.cli.test_commands import call_here
from tests.pipelines.test_apply import apply
from tests.support.runs import files_of, pipeline_result, read_rejected, read_split, run_toml, unpublished
from tests.support.verified import problems

pytestmark = pytest.mark.usefixtures("shared_tracer")

_INPUT = '[input]\nfiles = "*.csv"\nmax_bad_fraction = 0.9\n'
_FEATURES = '[features]\nx = "numeric"\nz = { kind = "z_score", column = "x" }\ny = "label"\n[output]\nshards = 2\n'
_DROPPED = f"""{_INPUT}
[rows]
where = "city != 'Bern'"
dedup = ["id", "city"]
[split]
train = 0.5
eval = 0.5
key = ["id"]
{_FEATURES}"""


def _rows(start: int, stop: int) -> list[str]:
    """Rows of 40 keys, the first of some of them bad, or in a city that is left out."""
    return [
        f"{row % 40},{['Oslo', 'Bern'][row % 40 == 3 and row < 40]},{'bad' if row == 7 else row},{row % 2}"
        for row in range(start, stop)
    ]


def _write(folder: Path) -> None:
    """Two files, whose keys repeat within and between them; a quoted cell spans lines."""
    header = "id,city,x,y\n"
    (folder / "a.csv").write_text(header + "\n".join(_rows(0, 90)) + '\n"40","Oslo\nFjord",90,0\n')
    (folder / "b.csv").write_text(header + "\n".join(_rows(91, 200)) + '\n40,"Oslo\nFjord",200,0\n')


# The rows that are first of their key: 47 and 43 after a bad row and one in Bern.
_FIRST = sorted({row for row in range(40) if row not in (3, 7)} | {43, 47, 90})


@pytest.fixture(scope="module")
def dropped(tmp_path_factory: pytest.TempPathFactory, shared_tracer: None) -> Path:
    """A run that leaves repeated rows out."""
    folder = tmp_path_factory.mktemp("dedup")
    _write(folder)
    return run_toml(folder, _DROPPED)


def _kept(run: Path, *splits: str) -> list[int]:
    return sorted(int(x) for split in splits for x in read_split(run, split)["x"])


def test_the_first_good_row_of_each_key_is_used(dropped: Path) -> None:
    """Rows that are bad or left out by the condition don't count as first; all are accounted for, and `verify` agrees."""
    assert _kept(dropped, "train", "eval") == _FIRST
    manifest = json.loads((dropped / "manifest.json").read_text())
    assert manifest["rows"] == {"read": 201, "written": len(_FIRST), "rejected": 1, "filtered": 200 - len(_FIRST)}
    assert manifest["filtered"] == {"dedup": 199 - len(_FIRST), "where": 1}
    assert manifest["config"]["rows"]["dedup"] == {"key": ["id", "city"], "on_duplicate": "drop"}
    assert problems(dropped) == {}


def test_statistics_come_from_the_rows_that_are_used(dropped: Path) -> None:
    """The z-score of the train split has mean 0 and standard deviation 1."""
    scaled = read_split(dropped, "train")["z"]
    assert np.mean(scaled) == pytest.approx(0, abs=1e-6)
    assert np.std(scaled) == pytest.approx(1, abs=1e-6)


def test_other_workers_and_units_give_the_same_bytes(dropped: Path, tmp_path: Path) -> None:
    """Though the first row of a key is then found by another worker."""
    other = run_toml(dropped.parent, _DROPPED, name="other", workers=1)
    assert files_of(other) == files_of(dropped)
    config = tmp_path / "run.toml"
    config.write_text(_DROPPED.replace('"*.csv"', f'"{dropped.parent}/*.csv"'))
    pipeline_result(config, tmp_path / "work", unit_bytes=300)
    shards = {name: data for name, data in unpublished(tmp_path / "work").items() if name.endswith(".gz")}
    assert shards == {name: data for name, data in files_of(dropped).items() if name in shards}
    assert len(shards) == 5


def test_repeated_rows_may_be_rejected(dropped: Path) -> None:
    """With their line, the key's column and the reason; `dedup = true` compares whole rows."""
    toml = _DROPPED.replace('dedup = ["id", "city"]', 'dedup = ["id"]\non_duplicate = "reject"')
    run = run_toml(dropped.parent, toml, name="rejected")
    assert _kept(run, "train", "eval") == _FIRST
    rejected = [each for each in read_rejected(run) if each["column"] == "id"]
    assert {each["reason"] for each in rejected} == {"expected 'id' that no earlier row has, found the same again"}
    assert [each["line"] for each in rejected if each["file"].endswith("a.csv")][:2] == [42, 43]
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["rows"] == {"read": 201, "written": 41, "rejected": 159, "filtered": 1}
    assert problems(run) == {}
    whole = run_toml(dropped.parent, _DROPPED.replace('["id", "city"]', "true"), name="whole")
    assert json.loads((whole / "manifest.json").read_text())["filtered"] == {"where": 1}


def test_new_rows_are_all_written(dropped: Path, tmp_path: Path) -> None:
    """In `apply`: whoever asks for predictions wants one for each row."""
    (tmp_path / "new.csv").write_text("id,city,x,y\n1,Oslo,1,0\n1,Oslo,1,0\n")
    applied = apply(dropped, [tmp_path / "new.csv"], tmp_path / "out", split="new")
    assert applied.manifest["rows"] == {"read": 2, "written": 2, "rejected": 0}
    assert problems(tmp_path / "out") == {}


def test_a_dry_run_tells_which_rows_are_used(
    dropped: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the key."""
    monkeypatch.chdir(dropped.parent)
    _, out, _ = call_here(monkeypatch, capsys, "run", "run.toml", "--output", "dry", "--dry-run")
    assert "rows: where city != 'Bern'; the first of those that agree in 'id', 'city', others left out" in out
