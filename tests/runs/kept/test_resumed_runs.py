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
from tests.pipelines.cli.test_commands import INTERRUPTIBLE
from tests.support.runs import files_of, run

# At how many random moments a run is killed: SHARDMILL_KILLS=100 takes some ten minutes.
KILLS = int(os.environ.get("SHARDMILL_KILLS", "2"))
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
    run(folder / "p.toml", folder / "whole")
    return folder


def _start(folder: Path) -> subprocess.Popen[bytes]:
    command = [*INTERRUPTIBLE, "run", str(folder / "p.toml"), "--output", "out", "--resume"]
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), "TMPDIR": str(folder / "tmp")}
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=environment, start_new_session=True)


def _kill_when(folder: Path, reached: Callable[[float], bool]) -> str:
    """Starts the run, kills it and all that it has started at a moment, and tells the phase that it was in."""
    process, started = _start(folder), time.monotonic()
    while process.poll() is None and not reached(time.monotonic() - started):
        time.sleep(0.002)
    with_all = os.getpgid(process.pid) if process.poll() is None else None
    if with_all is not None:
        os.killpg(with_all, signal.SIGKILL)
    assert process.wait(60) in (0, -signal.SIGKILL), (folder / "log").read_text()
    phases = re.findall(r"^\d+:\d\d (\w+)", (folder / "log").read_text(), re.MULTILINE)
    return "over" if process.returncode == 0 else phases[-1] if phases else "before"


def _parts(folder: Path) -> int:
    return len(list(folder.glob(f"out{RESUME}/part-*-rows")))


def _check(folder: Path) -> dict[str, int]:
    """Compares what is published with the uninterrupted run, removes it, and returns its metrics."""
    assert files_of(folder / "out") == files_of(folder / "whole")
    metrics: dict[str, int] = json.loads((folder / "out" / "manifest.json").read_text())["metrics"]
    shutil.rmtree(folder / "out")
    return metrics


def test_a_run_that_is_killed_goes_on(folder: Path) -> None:
    """Killed in the transform and at random moments, it goes on, does nothing again, and leaves nothing but the output."""
    started = time.monotonic()
    assert _kill_when(folder, lambda _: _parts(folder) >= 2) != "over"
    spent, written = time.monotonic() - started, _parts(folder)
    assert not (folder / "out").exists()
    draw, seen, published = random.Random(), Counter[str](), []
    for _ in range(KILLS):
        moment = draw.uniform(0, 1.2 * spent)
        seen[_kill_when(folder, lambda elapsed, moment=moment: elapsed > moment)] += 1  # type: ignore[misc]
        if (folder / "out").exists():
            published.append(_check(folder))
    sys.stdout.write(f"killed in: {dict(seen)}\n")
    assert _kill_when(folder, lambda _: False) == "over"
    published.append(_check(folder))
    assert published[0]["rows-kept"] == FILES * ROWS
    # A part counts once its entry is there, too; of two, one may lack it.
    assert published[0]["rows-resumed"] >= (written - 2) * (ROWS - 8)
    assert sorted(path.name for path in folder.iterdir()) == ["in", "log", "p.toml", "tmp", "whole"]


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
