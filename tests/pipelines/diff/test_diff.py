"""`shardmill diff`, on runs."""

import json
import re
from pathlib import Path

import pytest

from tests.pipelines.cli.test_commands import call_here
from tests.pipelines.diff.conftest import CONFIG
from tests.support.runs import run_toml


def test_all_kinds_of_differences_are_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Settings, rows, rejected rows, statistics and vocabularies; the exit status is that of `diff`."""
    monkeypatch.chdir(folder)
    status, out, _ = call_here(monkeypatch, capsys, "diff", "run-a", "run-b", "--json")
    found = json.loads(out)
    assert status == 1
    assert {"key": "output.shards", "before": 1, "after": 2} in found["configuration"]
    assert {"key": "written", "before": 40, "after": 30} in found["rows"]
    assert found["rejected"] == [{"key": "expected 2 columns", "before": None, "after": 1}]
    assert found["versions"] == found["columns"] == []
    fare = next(each for each in found["statistics"] if each["column"] == "fare")
    assert (fare["split"], fare["before"]["mean"], fare["after"]["mean"]) == ("train", 19.5, 14.5)
    pay = next(each for each in found["statistics"] if each["column"] == "pay")
    assert (pay["measure"], round(pay["distance"], 2)) == ("L-infinity", 0.67)
    (vocabulary,) = found["vocabularies"]
    assert (vocabulary["first_entered"], vocabulary["first_left"], vocabulary["moved"]) == (["coin"], ["cash"], 0)


def test_both_spellings_of_a_feature_are_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A kind by itself and a table of the kind alone don't differ; of another kind only the kind differs."""
    monkeypatch.chdir(folder)
    long = CONFIG.replace('fare = "z_score"', 'fare = {{ kind = "z_score" }}')
    run_toml(folder, long.format(name="a", shards=1), name="long")
    assert call_here(monkeypatch, capsys, "diff", "run-a", "long")[0] == 0
    manifest = folder / "long" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"z_score"', '"numeric"'))
    status, out, _ = call_here(monkeypatch, capsys, "diff", "run-a", "long", "--json")
    assert status == 1
    assert json.loads(out)["configuration"] == [{"key": "features.fare.kind", "before": "z_score", "after": "numeric"}]


def test_tables_fit_80_columns(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One for each kind of differences."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "80")
    status, out, _ = call_here(monkeypatch, capsys, "diff", "run-a", "run-b")
    assert status == 1
    assert max(map(len, out.splitlines())) <= 80
    titles = re.findall(r"^([a-z ]+?) *$", out, re.MULTILINE)
    assert titles == [
        *("configuration", "rows", "rejected rows", "statistics of columns", "statistics of features", "vocabularies"),
    ]
    assert re.search(r"pay +│ 0\.6\d+ L∞", out)


def test_a_run_does_not_differ_from_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor from its copy: the exit status is 0."""
    monkeypatch.chdir(folder)
    assert call_here(monkeypatch, capsys, "diff", "run-a", "run-a")[:2] == (
        0,
        "no differences between run-a and run-a\n",
    )


def test_something_else_than_a_run_is_an_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says what is needed."""
    monkeypatch.chdir(folder)
    status, _, err = call_here(monkeypatch, capsys, "diff", "run-a", ".")
    assert status == 1
    assert "'.' isn't a run: it has no manifest.json" in err
