"""A cluster's processes are started once, found again, and ended with all that they have started; nobody else's are."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.clusters.machines import processes
from tests.clusters.machines.cluster import find, start
from tests.clusters.machines.flink import Flink
from tests.clusters.machines.processes import ClusterError

SLEEP = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(60)"]
# Starts a process in a session of its own, says its number, and ends: an orphan.
ORPHAN = [
    sys.executable,
    "-c",
    f"import subprocess; print(subprocess.Popen({SLEEP!r}, stdout=subprocess.DEVNULL, start_new_session=True).pid)",
]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A cluster's folder."""
    yield tmp_path / "cluster"
    processes.stop(tmp_path / "cluster")


def _wait_for_log(name: str, folder: Path) -> str:
    deadline = time.monotonic() + 20
    while not (text := processes.log_file(name, folder).read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return text


def test_starting_twice_is_starting_once(folder: Path) -> None:
    """What runs already is left as it is, and found again by its name."""
    number = processes.start("one", SLEEP, folder)
    assert processes.start("one", SLEEP, folder) == number
    assert processes.find("one", folder) == number
    assert processes.find("other", folder) is None


def test_a_process_is_found_from_its_start_on(folder: Path) -> None:
    """One whose program is still being loaded isn't taken for one that has ended, nor one that becomes another program."""
    for _ in range(20):
        processes.start("one", ["env", *SLEEP], folder)
        for _ in range(20):
            processes.check("one", folder)
        processes.stop(folder)


def test_a_process_can_be_stopped_from_its_start_on(folder: Path) -> None:
    """One whose program is still being loaded is ended, too."""
    for _ in range(20):
        number = processes.start("one", SLEEP, folder)
        processes.stop(folder)
        assert not psutil.pid_exists(number) or psutil.Process(number).status() == psutil.STATUS_ZOMBIE


def test_stopping_ends_orphans_too(folder: Path) -> None:
    """A process whose parent has ended still belongs to the cluster that the parent belonged to; to stop again does no harm."""
    processes.start("parent", ORPHAN, folder)
    orphan = psutil.Process(int(_wait_for_log("parent", folder)))
    assert orphan.is_running()
    processes.stop(folder)
    assert not orphan.is_running()
    processes.stop(folder)


def test_stopping_leaves_others_alone(folder: Path, tmp_path: Path) -> None:
    """Neither another cluster's process is ended, nor one that has got the number of one of ours that has ended."""
    with subprocess.Popen(SLEEP, stdout=subprocess.DEVNULL) as foreign:
        other = processes.start("one", SLEEP, tmp_path / "other")
        processes.start("one", SLEEP, folder)
        processes.stop(folder)
        (folder / "one.pid").write_text(f"{foreign.pid}\n")
        assert processes.find("one", folder) is None
        processes.stop(folder)
        assert foreign.poll() is None
        assert processes.find("one", tmp_path / "other") == other
        processes.stop(tmp_path / "other")
        foreign.kill()


def test_what_ends_too_early_is_told_with_its_log(folder: Path) -> None:
    """Waiting for a port of a process that has ended shows what it has said last."""
    processes.start("one", [sys.executable, "-c", "print('no luck today')"], folder)
    (port,) = processes.free_ports(1)
    with pytest.raises(ClusterError, match=r"(?s)one: has ended.*no luck today"):
        processes.wait_for_port("one", folder, port)


def test_a_taken_port_is_told_before_anything_starts(folder: Path) -> None:
    """A cluster isn't started where another program listens at one of its ports, and isn't taken for started."""
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ClusterError, match=f"job-server: another program has port {port}; stop it, or choose"):
            start(Flink, folder, *processes.free_ports(1), port)
    assert find(Flink, folder) is None
