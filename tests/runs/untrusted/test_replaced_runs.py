"""A run that changes or goes while it is read, and one that its own application would replace: nothing is made of two runs."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.pipelines.run_folder.holding import check_not_source
from shardmill.pipelines.run_folder.manifest import _held
from shardmill.pipelines.verify import verify as verify_module
from shardmill.pipelines.verify.verify import verify
from shardmill.schemas.errors import ConfigError, DataError, OutputError
from tests.runs.untrusted.untrusted import apply, replace

pytestmark = pytest.mark.usefixtures("shared_tracer")


def test_a_run_that_is_replaced_meanwhile_is_not_applied(
    finished: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never the configuration of one and the graph of another."""
    load = FinishedRun.load

    def load_and_replace(folder: str) -> FinishedRun:
        found = load(folder)
        replace(run, finished / "other")
        return found

    monkeypatch.setattr(FinishedRun, "load", load_and_replace)
    with pytest.raises(DataError, match=r"run' isn't what its manifest says: .*another run has replaced it meanwhile"):
        apply(run, finished / "run.csv", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_run_that_is_replaced_meanwhile_is_not_verified(
    finished: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was found by then is of two runs; so is what is found of a run whose graph changes, or that goes."""
    count = verify_module._count

    def changing(change: Callable[[], object]) -> None:
        def count_and_change(*args: Any) -> Any:
            change()
            return count(*args)

        monkeypatch.setattr(verify_module, "_count", count_and_change)

    changing(lambda: (run / "transform_fn" / "assets" / "city").write_text("Bonn\nOslo\n"))
    with pytest.raises(DataError, match=r"run' isn't what its manifest says: 'transform_fn/assets/city' "):
        verify(str(run), None, 1, Progress(quiet=True))
    replace(run, finished / "run")
    changing(lambda: replace(run, finished / "other"))
    with pytest.raises(
        DataError, match=r"run' isn't what its manifest says: manifest\.json isn't the one that was read at first"
    ):
        verify(str(run), None, 1, Progress(quiet=True))
    replace(run, finished / "run")
    changing(lambda: shutil.rmtree(run))
    with pytest.raises(
        DataError, match=r"run' isn't what its manifest says: manifest\.json isn't the one that was read at first"
    ):
        verify(str(run), None, 1, Progress(quiet=True))


def test_a_graph_that_changes_while_it_is_applied_publishes_nothing() -> None:
    """What the work folder holds at the end is what was put there."""
    entry = {"file": "transform_fn/assets/city", "bytes": 1, "sha256": "a" * 64}
    assert _held([entry], {"transform_fn/assets/city": "a" * 64}) == [entry]  # type: ignore[list-item]
    for held in ({"transform_fn/assets/city": "b" * 64}, {"transform_fn/assets/town": "a" * 64}):
        with pytest.raises(DataError, match=r"changed while it was used, so nothing is published"):
            _held([entry], held)  # type: ignore[list-item]


@pytest.mark.parametrize(
    "spelling", ["{run}", "{run}/", "run", "./run", "sub/../run", "link", "{run}/inner", "{run}/.."]
)
def test_a_run_is_not_replaced_by_its_own_application(
    finished: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    """However the output is spelled; nor is anything written into the run, or the run below the output."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "link").symlink_to(run)
    before = sorted(path for path in tmp_path.rglob("*"))
    with pytest.raises(
        OutputError, match=r"--output: expected a folder apart from the run's, .*; choose another output"
    ):
        apply("run", finished / "run.csv", spelling.format(run=run), overwrite=True)
    assert sorted(path for path in tmp_path.rglob("*")) == before


def test_other_spellings_of_remote_folders_are_known(run: Path, finished: Path) -> None:
    """In a store too; a `file://` address, another spelling of the same folder, is no output at all."""
    for output in ("s3://bucket/a/run", "s3://bucket/a/run/", "S3://bucket/a//run", "s3://bucket/a/./run/x"):
        with pytest.raises(OutputError, match="expected a folder apart from the run's"):
            check_not_source("s3://bucket/a/run", output)
    check_not_source("s3://bucket/a/run", "s3://bucket/a/run-2")
    check_not_source("s3://bucket/a/run", "gs://bucket/a/run")
    with pytest.raises(ConfigError, match="can't use 'file://"):
        apply(run, finished / "run.csv", f"file://{run}", overwrite=True)
