"""Runs that leave rows out: every row is accounted for, by `verify` too, and statistics come from the rest."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from shardmill.schemas.errors import ConfigError, DataError
from tests.pipelines.cli.test_commands import call_here
from tests.pipelines.test_apply import apply
from tests.support.runs import read_split, run_toml
from tests.support.verified import checks, problems

pytestmark = pytest.mark.usefixtures("shared_tracer")

_ROWS = 400
_INPUT = '[input]\nfiles = "*.csv"\nmax_bad_fraction = 0.5\n'
_FEATURES = '[features]\nx = "numeric"\nz = { kind = "z_score", column = "x" }\ny = "label"\n[output]\nshards = 2\n'
_FILTERED = f"""{_INPUT}
[rows]
where = "city in ('Oslo', 'Rome') and y is not missing"
sample = {{ fraction = 0.5, key = ["id"], seed = 3 }}
[split]
train = 0.5
eval = 0.5
key = ["id"]
{_FEATURES}"""


def _csv(rows: int = _ROWS) -> str:
    """Rows in three cities, some without a label, some of those left out with a bad cell."""
    lines = [
        f"{row // 2},{['Oslo', 'Rome', 'Bern'][row % 3]},{'bad' if row % 12 == 5 else row},{'' if row % 5 == 0 else row % 2}"
        for row in range(rows)
    ]
    return "id,city,x,y\n" + "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def filtered(tmp_path_factory: pytest.TempPathFactory, shared_tracer: None) -> Path:
    """A run of a sample of the rows in two cities that have a label."""
    folder = tmp_path_factory.mktemp("filtered")
    (folder / "a.csv").write_text(_csv())
    return run_toml(folder, _FILTERED)


def _kept(run: Path) -> dict[str, list[float]]:
    return {split: sorted(read_split(run, split)["x"].tolist()) for split in ("train", "eval")}


def test_every_row_is_accounted_for(filtered: Path) -> None:
    """Rows without a label or in another city count as left out, not as bad; `verify` finds them all."""
    manifest = json.loads((filtered / "manifest.json").read_text())
    rows, left_out = manifest["rows"], manifest["filtered"]
    assert rows["read"] == rows["written"] + rows["rejected"] + rows["filtered"] == _ROWS
    excluded = [row for row in range(_ROWS) if row % 3 == 2 or row % 5 == 0]
    assert left_out["where"] == len(excluded)
    assert rows["filtered"] == sum(left_out.values())
    good = _ROWS - left_out["where"]
    assert rows["rejected"] == 0
    assert 0.35 * good < left_out["sample"] < 0.65 * good
    kept = {int(x) for each in _kept(filtered).values() for x in each}
    assert len(kept) == rows["written"]
    assert not kept & set(excluded)
    found = checks(filtered)
    assert not any(check.problems for check in found.values())
    assert found["input"].facts.endswith(f" {_ROWS} rows, 0 rejected, {rows['filtered']} filtered")


def test_an_edited_account_is_noticed(filtered: Path, tmp_path: Path) -> None:
    """`verify` tells sums that don't add up, and other numbers of rows left out than the input gives."""
    copy = tmp_path / "run"
    shutil.copytree(filtered, copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    where, total = manifest["filtered"]["where"], manifest["rows"]["filtered"]
    manifest["filtered"]["where"] = where + 1
    (copy / "manifest.json").write_text(json.dumps(manifest))
    assert problems(copy) == {
        "manifest": (f"rows.filtered is {total}, but the sum of filtered is {total + 1}",),
        "input": (f"{where} rows are left out by [rows] where; in the run it was {where + 1}",),
    }


def test_rows_of_a_sampled_key_stay_together(filtered: Path) -> None:
    """Of each id all rows are kept that `where` leaves in, or none, and the splits are those of the whole."""
    good = {row for row in range(_ROWS) if row % 3 != 2 and row % 5}
    splits = {split: {int(x) for x in values} for split, values in _kept(filtered).items()}
    kept = set.union(*splits.values())
    assert kept == {row for row in good if row // 2 in {each // 2 for each in kept}}
    assert not {row // 2 for row in splits["train"]} & {row // 2 for row in splits["eval"]}
    assert all(0.3 * len(kept) < len(rows) for rows in splits.values())


def test_statistics_come_from_kept_rows_of_train(filtered: Path) -> None:
    """The z-score of the train split has mean 0 and standard deviation 1."""
    scaled = read_split(filtered, "train")["z"]
    assert np.mean(scaled) == pytest.approx(0, abs=1e-6)
    assert np.std(scaled) == pytest.approx(1, abs=1e-6)


def test_summary_and_inspect_tell_rows_left_out(
    filtered: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By setting."""
    manifest = json.loads((filtered / "manifest.json").read_text())
    _, out, _ = call_here(monkeypatch, capsys, "inspect", str(filtered))
    rows = manifest["rows"]
    assert f"{_ROWS} rows read = {rows['written']} written + 0 rejected + {rows['filtered']} filtered\n" in out
    assert f"  filtered {manifest['filtered']['where']}: [rows] where\n" in out


def test_a_dry_run_tells_what_leaves_rows_out(
    filtered: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a run the condition and the sample, of `apply` what it would use of them."""
    monkeypatch.chdir(filtered.parent)
    _, out, _ = call_here(monkeypatch, capsys, "run", "run.toml", "--output", "dry", "--dry-run")
    assert "rows: where city in ('Oslo', 'Rome') and y is not missing; a sample of 0.5, rows that agree in 'id'" in out
    _, out, _ = call_here(monkeypatch, capsys, "apply", "run", "--input", "a.csv", "--output", "dry", "--dry-run")
    assert "rows:" not in out


def test_new_rows_are_neither_sampled_nor_left_out_for_want_of_a_label(filtered: Path, tmp_path: Path) -> None:
    """`apply` takes all rows where the condition names a label; `verify` knows."""
    (tmp_path / "new.csv").write_text("id,city,x\n1,Oslo,1\n2,Bern,2\n3,Oslo,bad\n")
    applied = apply(filtered, [tmp_path / "new.csv"], tmp_path / "out", split="new")
    assert applied.manifest["rows"] == {"read": 3, "written": 2, "rejected": 1}
    assert problems(tmp_path / "out") == {}


def test_new_rows_must_meet_the_condition(tmp_path: Path) -> None:
    """Where it names no label; without any row that meets it there is an error that says so."""
    (tmp_path / "a.csv").write_text(_csv(30))
    toml = f"{_INPUT}[rows]\nwhere = \"city == 'Oslo' and y in (0, 1)\"\n{_FEATURES}"
    run = run_toml(tmp_path, toml.replace(" and y in (0, 1)", "").replace('y = "label"', 'y = "numeric"'))
    (tmp_path / "new.txt").write_text("id,city,x,y\n1,Oslo,1,0\n2,Bern,2,0\n")
    applied = apply(run, [tmp_path / "new.txt"], tmp_path / "out")
    assert applied.manifest["rows"] == {"read": 2, "written": 1, "rejected": 0, "filtered": 1}
    assert problems(tmp_path / "out") == {}
    with pytest.raises(DataError, match=r"\[rows\] leaves out all good rows of the input \(30 by where\): .*a.csv"):
        run_toml(tmp_path, toml.replace("'Oslo'", "'oslo'"), name="none")
    for text, expected in (
        (
            "town == 'Oslo'",
            "rows.where: there is no column 'town' (character 1); the columns are 'id', 'city', 'x', 'y'",
        ),
        ("city > 3", "rows.where: column 'city' (character 1) holds text: expected text, such as 'a', to compare"),
    ):
        with pytest.raises(ConfigError, match=re.escape(expected)):
            run_toml(tmp_path, re.sub(r'where = ".*"', f'where = "{text}"', toml), name="wrong")
