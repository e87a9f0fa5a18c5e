"""`--resume`: a run that is killed at any moment goes on, and no byte of what it publishes tells."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from shardmill.pipelines import run as run_module
from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.job.run_job import RESUME
from shardmill.schemas.errors import ConfigError
from tests.support.runs import files_of

# At how many random moments a run is killed: SHARDMILL_KILLS=100 takes some ten minutes.
KILLS = int(os.environ.get("SHARDMILL_KILLS", "0"))
# The command line, with units so small that files are scanned. It kills itself and all that it has started in a phase, once there are
# so many part files.
COMMAND = """
import glob, os, signal
from shardmill.transforms.csv import units
units.UNIT_BYTES = 1 << 19
from shardmill.transforms.workers import phases
count = phases.add
def add(phase, rows, size):
    count(phase, rows, size)
    killed_in, parts = os.environ["SHARDMILL_TEST_KILL"].split(":")
    if phase == killed_in and len(glob.glob("out.incomplete-resume/part-*-rows")) >= int(parts):
        os.killpg(0, signal.SIGKILL)
phases.add = add
from shardmill.pipelines.cli.commands import main
main()
"""
RESUMING = ("--output", "out", "--resume")
FILES = 6
ROWS = 40_000
TOML = """
[input]
files = ["in/*.csv"]
max_bad_fraction = 0.1
[split]
train = 0.8
eval = 0.2
[features]
x = {kind = "z_score", missing = "mean"}
bucket = {kind = "bucketize", column = "x", num_buckets = 5}
city = {kind = "vocabulary", num_oov_buckets = 1}
y = "label"
[output]
shards = 3
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six files, each of which is a part by itself, and their run without an interruption."""
    folder = tmp_path_factory.mktemp("killed")
    (folder / "in").mkdir()
    (folder / "tmp").mkdir()
    draw = random.Random(3)
    for number in range(FILES):
        rows = [
            f"{'bad' if row % 5000 == 99 else f'{draw.gauss(0, 1):.7f}'},city {draw.randrange(3000)},{draw.random()}\n"
            for row in range(ROWS)
        ]
        (folder / "in" / f"{number}.csv").write_text("x,city,y\n" + "".join(rows))
    (folder / "p.toml").write_text(TOML)
    (folder / f"whole{RESUME}").mkdir()
    assert _start(folder, "--output=whole").wait(600) == 0, (folder / "log").read_text()
    return folder


def _start(folder: Path, *options: str, kill: str = ":0") -> subprocess.Popen[bytes]:
    """Starts the run, which kills itself in a phase, once there are so many part files."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.getcwd(),
        "TMPDIR": str(folder / "tmp"),
        "SHARDMILL_TEST_KILL": kill,
    }
    command = [sys.executable, "-c", COMMAND, "run", str(folder / "p.toml"), *options]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=environment, start_new_session=True)


def _kill_in(folder: Path, *phases: str, parts: int = 0) -> None:
    """Starts the run once for each phase, in which it kills itself."""
    for phase in phases:
        process = _start(folder, *RESUMING, kill=f"{phase}:{parts}")
        assert process.wait(600) == -signal.SIGKILL, f"{phase}: {(folder / 'log').read_text()}"
        assert not (folder / "out").exists()


def _kill_when(folder: Path, reached: Callable[[float], bool]) -> str:
    """Starts the run, kills it and all that it has started at a moment, and tells the phase that it was in."""
    process, started = _start(folder, *RESUMING), time.monotonic()
    while process.poll() is None and not reached(time.monotonic() - started):
        time.sleep(0.002)
    with_all = os.getpgid(process.pid) if process.poll() is None else None
    if with_all is not None:
        os.killpg(with_all, signal.SIGKILL)
    assert process.wait(600) in (0, -signal.SIGKILL), (folder / "log").read_text()
    phases = re.findall(r"^\d+:\d\d (\w+)", (folder / "log").read_text(), re.MULTILINE)
    return "over" if process.returncode == 0 else phases[-1] if phases else "before"


def _parts(folder: Path) -> dict[str, int]:
    """The part files of a stopped run, and when each was written."""
    return {path.name: path.stat().st_mtime_ns for path in folder.glob(f"out{RESUME}/part-*-rows")}


def _check(folder: Path) -> dict[str, int]:
    """Compares what is published with the uninterrupted run, removes it, and returns its metrics."""
    assert files_of(folder / "out") == files_of(folder / "whole")
    metrics: dict[str, int] = json.loads((folder / "out" / "manifest.json").read_text())["metrics"]
    shutil.rmtree(folder / "out")
    return metrics


def test_a_run_that_is_killed_goes_on(folder: Path) -> None:
    """Killed when each of its phases begins, and amid the transform, it does nothing twice, and leaves nothing but the output."""
    _kill_in(folder, "scan", "infer", "analyze", "trace", "transform")
    _kill_in(folder, "transform", parts=4)
    written = _parts(folder)
    assert len(written) >= 4
    _kill_in(folder, "write", "publish")
    # A part counts once its entry is there, too; of two, one may lack it.
    assert len(written.items() - _parts(folder).items()) <= 2
    assert _kill_when(folder, lambda _: False) == "over"
    assert _start(folder, *RESUMING).wait(600) == 0
    assert "out is already finished" in (folder / "log").read_text()
    metrics = _check(folder)
    assert (metrics["rows-kept"], metrics["rows-resumed"]) == (FILES * ROWS, FILES * (ROWS - 8))
    assert sorted(path.name for path in folder.iterdir()) == ["in", "log", "p.toml", "tmp", "whole"]


@pytest.mark.skipif(not KILLS, reason="SHARDMILL_KILLS doesn't say at how many random moments to kill a run")
def test_a_run_goes_on_wherever_it_is_killed(folder: Path) -> None:
    """At random moments it goes on, too; it says in which phases they were."""
    started = time.monotonic()
    assert _kill_when(folder, lambda _: False) == "over"
    spent = time.monotonic() - started
    _check(folder)
    draw, seen = random.Random(), Counter[str]()
    for _ in range(KILLS):
        moment = draw.uniform(0, spent)
        seen[_kill_when(folder, lambda elapsed, moment=moment: elapsed > moment)] += 1  # type: ignore[misc]
        if (folder / "out").exists():
            _check(folder)
    sys.stdout.write(f"killed in: {dict(seen)}\n")


def test_a_published_run_needs_no_finished_units(folder: Path) -> None:
    """Those that an earlier run left at its output are gone, though it was not told to go on from them."""
    assert (folder / "whole").exists()
    assert not (folder / f"whole{RESUME}").exists()


def test_a_cluster_is_refused_at_once(tmp_path: Path) -> None:
    """Where a stopped run's job may still be at work, the message says so, before anything is read."""
    (tmp_path / "p.toml").write_text(TOML)
    config = load_config(str(tmp_path / "p.toml"), output=str(tmp_path / "out"))
    message = "--resume: expected the local engine, received the engine 'flink', whose job .*; run without --resume"
    with pytest.raises(ConfigError, match=message):
        run_module.run(config, overwrite=False, engine=Engine("flink"), progress=Progress(quiet=True), resume=True)
