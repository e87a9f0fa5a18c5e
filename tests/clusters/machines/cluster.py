"""What the clusters of this machine have in common: a folder of their own, ports, processes that are started once and found again."""

import json
import shutil
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from tests.clusters.machines import processes
from tests.clusters.machines.processes import ClusterError
from tests.support.locations import ROOT

DOWNLOADS = ROOT / ".clusters"
JOB_SERVER = "job-server"
START_SECONDS = 60

# What Flink, Spark and Beam reach into, which Java 17 keeps to itself.
_OPENED = (
    *(
        "java.lang",
        "java.lang.invoke",
        "java.lang.reflect",
        "java.io",
        "java.net",
        "java.nio",
        "java.time",
        "java.text",
    ),
    *("java.util", "java.util.concurrent", "java.util.concurrent.atomic", "sun.nio.ch", "sun.nio.cs", "sun.net.util"),
    *("sun.security.action", "sun.util.calendar", "jdk.internal.ref"),
)
# On few cores and for short jobs, the compiler that starts at once.
QUICK = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
JAVA = (
    "java",
    *QUICK,
    *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED),
    "--add-exports=java.base/sun.net.util=ALL-UNNAMED",
)

_Kind = TypeVar("_Kind", bound="Cluster")


@dataclass(frozen=True)
class Cluster(ABC):
    """A cluster: one process that others register at, those others, and Beam's job server.

    Attributes:
        engine: Its name for `--engine`.
        leader: The process that others register at.
        members: Those others.
        folder: Its own: logs, and what it keeps on disk.
        page_port: Where the leader's pages answer.
        job_port: Where Beam's job server answers.
        internal_port: Where the leader answers the others.
    """

    engine: ClassVar[str]
    leader: ClassVar[str]
    members: ClassVar[tuple[str, ...]]

    folder: Path
    page_port: int
    job_port: int
    internal_port: int

    @property
    def page(self) -> str:
        """The leader's pages."""
        return f"http://localhost:{self.page_port}"

    @property
    def endpoint(self) -> str:
        """Beam's `--job_endpoint`."""
        return f"localhost:{self.job_port}"

    @property
    def options(self) -> list[str]:
        """Beam's options for a job, besides `--engine`."""
        return [f"--job_endpoint={self.endpoint}"]

    @property
    def names(self) -> tuple[str, ...]:
        """Its processes."""
        return self.leader, *self.members, JOB_SERVER

    def pid(self, name: str) -> int | None:
        """The number of a process; None where it doesn't run."""
        return processes.find(name, self.folder)

    def log(self, name: str) -> str:
        """What a process has logged so far."""
        return processes.log_file(name, self.folder).read_text(errors="replace")

    def ask(self, path: str) -> Any:
        """What the leader answers as JSON."""
        with urllib.request.urlopen(f"{self.page}{path}", timeout=30) as answer:
            return json.load(answer)

    def start(self) -> None:
        """Starts what doesn't run, and waits until all of it answers."""
        for name, port in ((self.leader, self.page_port), (JOB_SERVER, self.job_port)):
            if self.pid(name) is None and processes.answers(port):
                raise ClusterError(f"{name}: another program has port {port}; stop it, or choose another port")
        if missing := [program for program in ("java", "mvn", "go") if shutil.which(program) is None]:
            raise ClusterError(f"not installed here: {', '.join(missing)}")
        self.temporary.mkdir(parents=True, exist_ok=True)
        _ports_file(self.folder).write_text(json.dumps(astuple(self)[1:]))
        self._start_processes()
        self._wait_for_members()
        processes.wait_for_port(JOB_SERVER, self.folder, self.job_port, START_SECONDS)

    @property
    def temporary(self) -> Path:
        """The folder of its processes' temporary files."""
        return self.folder / "tmp"

    @abstractmethod
    def _start_processes(self) -> None:
        """Starts each process that doesn't run."""

    @abstractmethod
    def _registered(self) -> Sequence[Any]:
        """The members that the leader knows."""

    def _wait_for_members(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while len(self._known()) < len(self.members):
            for name in (self.leader, *self.members):
                processes.check(name, self.folder)
            if time.monotonic() > deadline:
                raise ClusterError(f"{', '.join(self.members)}: not registered; the logs are in {self.folder}")
            time.sleep(0.1)

    def _known(self) -> Sequence[Any]:
        try:
            return self._registered()
        except (urllib.error.URLError, ConnectionError):
            # Its port is open before it answers.
            return ()


def find(kind: type[_Kind], folder: Path) -> _Kind | None:
    """The cluster that was started in a folder; None where there is none."""
    file = _ports_file(folder)
    return kind(folder, *json.loads(file.read_text())) if file.exists() else None


def start(kind: type[_Kind], folder: Path, page_port: int, job_port: int) -> _Kind:
    """Starts a cluster, or what is missing of one that was started in the same folder before.

    Args:
        kind: Which.
        folder: The cluster's own.
        page_port: As for `Cluster`, of a new one.
        job_port: As for `Cluster`, of a new one.
    """
    cluster = find(kind, folder)
    if cluster is None:
        shutil.rmtree(folder, ignore_errors=True)
        cluster = kind(folder, page_port, job_port, *processes.free_ports(1))
    cluster.start()
    return cluster


def stop(folder: Path) -> None:
    """Ends a cluster and the workers that it has started; its logs stay."""
    processes.stop(folder)
    _ports_file(folder).unlink(missing_ok=True)
    shutil.rmtree(folder / "tmp", ignore_errors=True)


def _ports_file(folder: Path) -> Path:
    return folder / "ports.json"
