"""What has changed since a run was finished, as `--resume` compares it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.diff.changed_since import changed_since
from shardmill.pipelines.job import plan
from shardmill.pipelines.job.run_job import RESUME
from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.schemas.errors import OutputError
from tests.support.runs import run

TOML = """
[input]
files = "in/*.csv"
schema = "schema.pbtxt"
[features]
fare = "z_score"
pay = { kind = "vocabulary", file = "words.txt" }
[output]
shards = 1
"""
SCHEMA = "".join(
    f'feature {{ name: "{name}" type: {kind} presence {{ min_fraction: 1 }} }}\n'
    for name, kind in (("fare", "INT"), ("pay", "BYTES"))
)
Change = Callable[[Path], object]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, shared_tracer: None) -> Path:
    """A folder with a finished run, and all that it was made of."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "in").mkdir()
    for name in "ab":
        (folder / "in" / f"{name}.csv").write_text("fare,pay\n1,cash\n2,card\n")
    (folder / "schema.pbtxt").write_text(SCHEMA)
    (folder / "words.txt").write_text("cash\ncard\n")
    (folder / "p.toml").write_text(TOML)
    run(folder / "p.toml", folder / "run", resume=True)
    return folder


@pytest.fixture
def restored(finished: Path, tmp_path: Path) -> Iterator[Path]:
    """The same folder, which is put back afterwards."""
    shutil.copytree(finished, tmp_path / "before")
    yield finished
    shutil.rmtree(finished)
    shutil.copytree(tmp_path / "before", finished)


def test_a_finished_run_is_its_own_result(finished: Path) -> None:
    """Nothing is written; what a killed run left beside it is removed."""
    before = {path: path.stat().st_mtime_ns for path in (finished / "run").rglob("*")}
    (finished / f"run{RESUME}").mkdir()
    result = run(finished / "p.toml", finished / "run", resume=True)
    assert result.was_finished
    assert result.manifest["rows"]["written"] == 4
    assert {path: path.stat().st_mtime_ns for path in (finished / "run").rglob("*")} == before
    assert not (finished / f"run{RESUME}").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda at: at.joinpath("p.toml").write_text(f"{TOML}seed = 7\n"), "output.seed was 0 and is 7"),
        (lambda at: at.joinpath("schema.pbtxt").write_text(SCHEMA + "\n"), "what input.schema names has changed"),
        (lambda at: at.joinpath("words.txt").write_text("card\n"), "what features.pay.file names has changed"),
        (lambda at: at.joinpath("in/b.csv").unlink(), "the input '.*/in/b.csv' is missing"),
        (lambda at: at.joinpath("in/c.csv").write_text("fare,pay\n"), "the input '.*/in/c.csv' is new"),
        (lambda at: at.joinpath("in/a.csv").write_text("fare,pay\n1,cash\n"), "the input '.*/in/a.csv' has changed"),
        (
            lambda at: at.joinpath("in/b.csv").write_text("fare,pay\n1,cash\n3,card\n"),
            "the input '.*/in/b.csv' has changed",
        ),
    ],
)
def test_what_differs_is_said(change: Change, said: str, restored: Path) -> None:
    """A file counts by its bytes, even where its size is the same."""
    change(restored)
    message = f"--resume: '.*/run' holds a finished run, and this one would be another: {said}; choose another --output"
    with pytest.raises(OutputError, match=message):
        run(restored / "p.toml", restored / "run", resume=True)


def test_other_versions_are_named(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of packages that decide a run's bytes."""
    monkeypatch.setattr(plan, "version", lambda _: "9")
    config, made = load_config(str(finished / "p.toml")), FinishedRun.load(str(finished / "run"))
    found = list(changed_since(made, config, Progress(quiet=True)))
    assert found[0] == f"the version of shardmill was {made.manifest['versions']['shardmill']!r} and is '9'"
    assert len(found) == len(made.manifest["versions"])


def test_an_applied_run_is_not_repeated(finished: Path) -> None:
    """`run` doesn't make what `apply` has written."""
    config, made = load_config(str(finished / "p.toml")), FinishedRun.load(str(finished / "run"))
    applied = replace(made, manifest={**made.manifest, "applied": {"manifest_sha256": "ab" * 32}})
    assert list(changed_since(applied, config, Progress(quiet=True))) == ["it was written by `shardmill apply`"]
