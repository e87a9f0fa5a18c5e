"""What a Flink cluster's faults do to a job: a lost TaskManager nothing, a lost JobManager and a bad row end it with one message."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from shardmill.schemas.errors import DataError
from tests.clusters.compare import differences
from tests.clusters.jobs import Local, on_flink, run_on
from tests.clusters.machines.flink import JOB_MANAGER, TASK_MANAGERS, Flink
from tests.clusters.workers import HeldWorkers
from tests.pipelines.cli.test_commands import call

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("shared_tracer")]

_SECONDS = 180


@pytest.fixture
def cluster(flink: Flink) -> Iterator[Flink]:
    """The cluster; what a test has killed of it is started again."""
    yield flink
    flink.start()


@pytest.mark.parametrize(
    ("step", "files"),
    [
        ("shardmill.transforms.analyze", "*/data-*.csv"),
        ("shardmill.transforms.trace", "*/parts/shardmill-graph-*/*"),
        ("shardmill.transforms.transform", "*/parts/part-*"),
        ("shardmill.transforms.write", "*/parts/train-*"),
    ],
    ids=["analysis", "trace", "transform", "writing"],
)
def test_a_killed_task_manager_costs_time_only(
    cluster: Flink, million: Local, tmp_path: Path, step: str, files: str
) -> None:
    """Its work is done again by the other: every byte as in the local run, and nothing else is left beside it."""
    output = tmp_path / "out"
    before = cluster.jobs()
    with ThreadPoolExecutor(1) as pool, HeldWorkers(tmp_path / "workers", step, files) as workers:
        run = pool.submit(run_on, on_flink(cluster, workers.options), million.config, output)
        wait(run, workers.pids)
        _kill(cluster, _starter(cluster, workers.pids()[0]))
        workers.release()
        manifest = run.result(_SECONDS).manifest
    (name,) = cluster.jobs() - before
    assert cluster.ask(f"/jobs/{name}")["state"] == "FINISHED"
    assert cluster.ask(f"/jobs/{name}/exceptions")["exceptionHistory"]["entries"] != []
    assert manifest["rows"]["written"] == manifest["rows"]["read"]
    assert differences(million.run, output) == []
    assert sorted(os.listdir(tmp_path)) == ["out", "workers"]


def _starter(cluster: Flink, worker: int) -> str:
    """The TaskManager that has started a worker."""
    above = {process.pid for process in psutil.Process(worker).parents()}
    return next(name for name in TASK_MANAGERS if cluster.pid(name) in above)


def wait(run: Future[Any], found: Callable[[], Any]) -> Any:
    """Waits for something that is true while a run goes on."""
    deadline = time.monotonic() + _SECONDS
    while not (value := found()):
        assert not run.done(), f"the job ended before: {run.exception()}"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return value


def _kill(cluster: Flink, name: str) -> None:
    pid = cluster.pid(name)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def test_a_bad_row_ends_the_job(cluster: Flink, million: Local, tmp_path: Path) -> None:
    """With on_bad_row "fail" the message is the local run's, and Flink tries only as often as its configuration says: four times more."""
    data = tmp_path / "bad.csv"
    lines = (million.config.parent / "data-00000-of-00004.csv").read_text().splitlines()[:50]
    data.write_text("\n".join([*lines, "one cell"]) + "\n")
    settings = [f'input.files=["{data}"]', 'input.on_bad_row="fail"']
    before = cluster.jobs()
    with pytest.raises(DataError, match=r'bad.csv.*line 51(?s:.)*on_bad_row is "fail"') as raised:
        run_on(on_flink(cluster), million.config, tmp_path / "out", settings)
    (name,) = cluster.jobs() - before
    assert "Traceback" not in str(raised.value)
    assert os.listdir(tmp_path) == ["bad.csv"]
    assert cluster.ask(f"/jobs/{name}")["state"] == "FAILED"
    restarts = [line for line in cluster.log(JOB_MANAGER).splitlines() if name in line and "to RESTARTING" in line]
    assert len(restarts) == 4


def test_a_killed_job_manager_ends_the_run_with_one_message(cluster: Flink, million: Local, tmp_path: Path) -> None:
    """The command fails, says that the job failed on Flink, and leaves nothing."""
    before = cluster.jobs()
    with ThreadPoolExecutor(1) as pool:
        output = f"--output={tmp_path / 'out'}"
        run = pool.submit(call, "run", str(million.config), output, "--engine=flink", "--quiet", *cluster.options)
        wait(run, lambda: cluster.jobs() - before)
        _kill(cluster, JOB_MANAGER)
        done = run.result()
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: the job failed on flink: ")
    assert "Traceback" not in done.stderr
    assert os.listdir(tmp_path) == []
