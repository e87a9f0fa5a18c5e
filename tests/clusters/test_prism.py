"""The job on Prism, Beam's portable engine, a process of its own: the cheapest engine that hands out work as a cluster does."""

import json
import shutil
import subprocess
import uuid
from pathlib import Path

import psutil
import pytest

from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.demo.demo import prepare
from shardmill.pipelines.init.init import init
from tests.clusters.compare import check_close, differences
from tests.clusters.machines import golang
from tests.pipelines.cli.test_commands import call
from tests.support.locations import ROOT
from tests.support.needs import needs
from tests.support.runs import run

pytestmark = pytest.mark.usefixtures("shared_tracer")

FUNCTIONS = ROOT / "examples" / "preprocessing_fn"


@pytest.fixture(scope="module")
def location() -> str:
    """Beam's option that says where Prism is."""
    needs("go")
    return f"--prism_location={golang.prism()}"


def _run_there(config: Path, location: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Runs a configuration into the folder `prism` beside it."""
    return call("run", str(config), f"--output={config.parent / 'prism'}", "--engine=prism", location, *more)


def _differences(config: Path, location: str) -> list[str]:
    """The files in which a run on Prism differs from one in this process."""
    done = _run_there(config, location)
    assert done.returncode == 0, done.stderr
    run(config, config.parent / "local")
    return differences(config.parent / "local", config.parent / "prism")


def test_flights_are_the_same_bytes(location: str, tmp_path: Path) -> None:
    """The flights job, with rejected rows, vocabularies and three splits, leaves the same bytes in every file as the local engine."""
    assert _differences(prepare(tmp_path), location) == []
    assert json.loads((tmp_path / "prism" / "manifest.json").read_text())["rows"]["rejected"] == 9430


def test_several_files_are_the_same_bytes(location: str, shared_data: Path, tmp_path: Path) -> None:
    """The census, in two files that can't be cut, leaves the same bytes in every file as the local engine."""
    init([str(shared_data / "census_income" / "adult.*.gz")], str(tmp_path / "census.toml"), Progress(quiet=True))
    assert _differences(tmp_path / "census.toml", location) == []
    assert len(json.loads((tmp_path / "prism" / "manifest.json").read_text())["input"]) == 2


def test_a_function_makes_the_same_rows(location: str, shared_data: Path, tmp_path: Path) -> None:
    """A TF Transform function, which takes passes of its own, makes what it makes on the local engine."""
    pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")
    sources = [*FUNCTIONS.glob("census.*"), *(shared_data / "census_income").glob("adult.*.gz")]
    for source in sources:
        shutil.copy(source, tmp_path)
    _differences(tmp_path / "census.toml", location)
    check_close(tmp_path / "local", tmp_path / "prism")


def test_a_second_run_with_a_cache_analyzes_nothing_anew(
    location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers keep what they find where the next run's workers take it: its bytes are a local run's. No process is left."""
    mark = str(uuid.uuid4())
    monkeypatch.setenv("SHARDMILL_TEST_RUN", mark)
    for number in range(3):
        rows = "".join(f"{row * number}.5,city {row % 7}\n" for row in range(100))
        (tmp_path / f"{number}.csv").write_text(f"x,city\n{rows}")
    plain = '[input]\nfiles = ["*.csv"]\n[features]\nx = "robust"\ncity = "vocabulary"\n'
    (tmp_path / "plain.toml").write_text(plain)
    (tmp_path / "cached.toml").write_text(f'{plain}[analysis]\ncache = "cache"\n')
    kept = []
    for name in ("first", "second"):
        done = call("run", str(tmp_path / "cached.toml"), f"--output={tmp_path / name}", "--engine=prism", location)
        assert done.returncode == 0, done.stderr
        kept.append(json.loads((tmp_path / name / "manifest.json").read_text())["metrics"].get("rows-kept", 0))
    assert kept == [0, 300]
    assert _processes_of(mark) == []
    run(tmp_path / "plain.toml", tmp_path / "local")
    assert differences(tmp_path / "local", tmp_path / "second") == []


def test_a_bad_row_ends_the_job_and_prism(location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that must not be there: the user reads one message, nothing is published, and no process is left."""
    mark = str(uuid.uuid4())
    monkeypatch.setenv("SHARDMILL_TEST_RUN", mark)
    done = _run_there(prepare(tmp_path), location, "--quiet", "--set=input.on_bad_row='fail'")
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert "column 'arr_delay': missing value in a column that must have one" in first
    assert second == """[input] on_bad_row is "fail"; "reject" keeps such rows aside"""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["flights.csv", "flights.pbtxt", "flights.toml"]
    assert _processes_of(mark) == []


def _processes_of(mark: str) -> list[str]:
    """The processes that have a mark in their environment, as what they have started has."""
    return [process.name() for process in psutil.process_iter() if _is_marked(process, mark)]


def _is_marked(process: psutil.Process, mark: str) -> bool:
    try:
        return process.environ().get("SHARDMILL_TEST_RUN") == mark and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        # It has ended, or is another user's.
        return False
