"""The job on Spark: a standalone master, its worker and executor, and Python workers, each a process of its own."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from shardmill.pipelines.demo.demo import prepare
from tests.clusters.compare import differences
from tests.clusters.jobs import run_flights
from tests.clusters.machines import processes
from tests.clusters.machines.cluster import start, stop
from tests.clusters.machines.spark import Spark
from tests.pipelines.cli.test_commands import call
from tests.support.needs import needs

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    """A cluster of the tests' own."""
    needs("java", "mvn", "go")
    folder = tmp_path_factory.mktemp("spark")
    try:
        yield start(Spark, folder, *processes.free_ports(2))
    finally:
        stop(folder)


def test_flights_are_the_same_bytes_and_no_task_is_lost(cluster: Spark, tmp_path: Path) -> None:
    """The flights job leaves the same bytes in every file as the local engine, and each of Spark's tasks succeeds at its first attempt."""
    local = run_flights(tmp_path)
    done = call("run", str(local.config), f"--output={tmp_path / 'spark'}", "--engine=spark", *cluster.options)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "spark" / "manifest.json").read_text())["rows"]["rejected"] == 9430
    assert differences(local.run, tmp_path / "spark") == []
    assert set(cluster.task_ends()) == {"Success"}


def test_a_bad_row_ends_the_job_with_one_message(cluster: Spark, tmp_path: Path) -> None:
    """A row that must not be there fails Spark's task as often as Spark tries; the user reads one message, and nothing is published."""
    config = prepare(tmp_path)
    done = call(
        *("run", str(config), f"--output={tmp_path / 'out'}", "--quiet", "--set=input.on_bad_row='fail'"),
        "--engine=spark",
        *cluster.options,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "column 'arr_delay': missing value in a column that must have one" in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["flights.csv", "flights.pbtxt", "flights.toml"]
