"""Fixtures for all tests: where the real data is, and a tracing process that runs share."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from shardmill.transforms.graph import process
from tests.support.locations import ROOT
from tests.support.needs import needs

if TYPE_CHECKING:
    from tests.clusters.jobs import Local
    from tests.clusters.machines.flink import Flink


# How long a case takes tells about the machine: a busy one fails nothing.
settings.register_profile("shardmill", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shardmill")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the project; a test that needs it skips where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the public data sets of docs/testing.md, which no clone has, aren't in {folder}")
    return folder


@pytest.fixture(scope="session")
def shared_tracer() -> Iterator[None]:
    """Keeps one tracing process for all runs of the main job in this session: each would import TensorFlow anew."""
    with process.shared():
        yield


@pytest.fixture(scope="session")
def flink(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Flink]":
    """A Flink cluster of this session's own: it leaves a developer's alone."""
    needs("java", "mvn", "go")
    from tests.clusters.machines import processes
    from tests.clusters.machines.cluster import start, stop
    from tests.clusters.machines.flink import Flink

    folder = tmp_path_factory.mktemp("flink")
    try:
        yield start(Flink, folder, *processes.free_ports(2))
    finally:
        stop(folder)


@pytest.fixture(scope="session")
def million(tmp_path_factory: pytest.TempPathFactory) -> "Local":
    """A million rows in four files, and what the local engine makes of them, in 3 times 16 shards."""
    from tests.clusters.jobs import run_million

    return run_million(tmp_path_factory.mktemp("million"))
