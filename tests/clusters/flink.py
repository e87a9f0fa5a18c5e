"""A Flink cluster on this machine: one JobManager, two TaskManagers of two slots each, and Beam's job server."""

import json
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clusters import golang, maven, processes
from tests.clusters.processes import ClusterError
from tests.clusters.pypi import unpack_jars

JOB_MANAGER = "jobmanager"
TASK_MANAGERS = ("taskmanager-1", "taskmanager-2")
JOB_SERVER = "job-server"

_SETTINGS = Path(__file__).resolve().parent / "flink"
_DOWNLOADS = Path(__file__).resolve().parents[2] / ".clusters"
# The newest of Flink for which Beam's job server is whole on every mirror of Maven Central.
_LIBRARIES = "apache-flink-libraries==1.16.3"
_JARS = ("flink-dist-", "flink-shaded-zookeeper-", "log4j-")
# What Flink 1.16 and Beam reach into, which Java 17 keeps to itself.
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
    *("java.util", "java.util.concurrent", "java.util.concurrent.atomic", "sun.nio.ch", "sun.nio.cs"),
    *("sun.security.action", "sun.util.calendar", "sun.net.util", "jdk.internal.ref"),
)
_JAVA = (
    "java",
    *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED),
    "--add-exports=java.base/sun.net.util=ALL-UNNAMED",
    # On few cores and for short jobs, the compiler that starts at once.
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
)
_START_SECONDS = 60


@dataclass(frozen=True)
class Flink:
    """A cluster.

    Attributes:
        folder: Its own: logs, and what it keeps on disk.
        rest_port: Where Flink's REST interface and its pages answer.
        job_port: Where Beam's job server answers.
        internal_port: Where the JobManager and the TaskManagers meet.
    """

    folder: Path
    rest_port: int
    job_port: int
    internal_port: int

    @property
    def endpoint(self) -> str:
        """Beam's `--job_endpoint`."""
        return f"localhost:{self.job_port}"

    @property
    def master(self) -> str:
        """Beam's `--flink_master`."""
        return f"localhost:{self.rest_port}"

    @property
    def options(self) -> list[str]:
        """Beam's options for a job that uses both TaskManagers, besides `--engine flink`."""
        return [f"--job_endpoint={self.endpoint}", f"--parallelism={len(TASK_MANAGERS)}"]

    def jobs(self) -> set[str]:
        """The names that Flink has given to the jobs it has seen."""
        return {job["id"] for job in self.ask("/jobs")["jobs"]}

    def ask(self, path: str) -> Any:
        """What Flink's REST interface answers."""
        with urllib.request.urlopen(f"http://{self.master}{path}", timeout=30) as answer:
            return json.load(answer)

    def log(self, name: str) -> str:
        """What a process has logged so far."""
        return processes.log_file(name, self.folder).read_text(errors="replace")

    def pid(self, name: str) -> int | None:
        """The number of a process; None where it doesn't run."""
        return processes.find(name, self.folder)

    def start(self) -> None:
        """Starts what doesn't run, and waits until all of it answers."""
        for name, port in ((JOB_MANAGER, self.rest_port), (JOB_SERVER, self.job_port)):
            if self.pid(name) is None and processes.answers(port):
                raise ClusterError(f"{name}: another program has port {port}; stop it, or choose another port")
        if missing := [program for program in ("java", "mvn", "go") if shutil.which(program) is None]:
            raise ClusterError(f"not installed here: {', '.join(missing)}")
        self.folder.mkdir(parents=True, exist_ok=True)
        _ports_file(self.folder).write_text(json.dumps([self.rest_port, self.job_port, self.internal_port]))
        flink, beam, boot = install()
        # The TaskManagers start Python workers, which find Beam's boot program by this variable.
        environment = {"SHARDMILL_BOOT": boot, "TMPDIR": str(self._temporary())}
        # With Beam beside Flink, not in each job's own class loader, Python workers may live from one stage to the next.
        jars = f"{flink}:{beam}"
        self._start_java(JOB_MANAGER, jars, ["-Xmx400m"], self._job_manager(), environment)
        for name in TASK_MANAGERS:
            self._start_java(
                name,
                jars,
                ["-Xmx512m", "-XX:MaxMetaspaceSize=256m", "-XX:MaxDirectMemorySize=768m"],
                self._task_manager(),
                environment,
            )
        self._start_java(JOB_SERVER, str(beam), ["-Xmx512m"], self._job_server(), environment)
        processes.wait_for_port(JOB_MANAGER, self.folder, self.rest_port, _START_SECONDS)
        self._wait_for_task_managers()
        processes.wait_for_port(JOB_SERVER, self.folder, self.job_port, _START_SECONDS)

    def _start_java(
        self,
        name: str,
        jars: str,
        limits: Sequence[str],
        program: Sequence[str],
        environment: dict[str, str],
    ) -> None:
        settings = {
            "java.io.tmpdir": self._temporary(),
            "log4j.configurationFile": _SETTINGS / "log4j2.properties",
            # The job server logs by another library.
            "org.slf4j.simpleLogger.showDateTime": "true",
            "org.slf4j.simpleLogger.dateTimeFormat": "HH:mm:ss,SSS",
        }
        properties = [f"-D{name}={value}" for name, value in settings.items()]
        command = [*_JAVA, *limits, *properties, "-cp", jars, *program]
        processes.start(name, command, self.folder, environment)

    def _temporary(self) -> Path:
        folder = self.folder / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _common(self) -> list[str]:
        settings = {
            "jobmanager.rpc.port": self.internal_port,
            "rest.port": self.rest_port,
            "rest.bind-port": self.rest_port,
            "io.tmp.dirs": self._temporary(),
        }
        return ["--configDir", str(_SETTINGS), *(f"-D{name}={value}" for name, value in settings.items())]

    def _job_manager(self) -> list[str]:
        return ["org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint", *self._common()]

    def _task_manager(self) -> list[str]:
        return ["org.apache.flink.runtime.taskexecutor.TaskManagerRunner", *self._common()]

    def _job_server(self) -> list[str]:
        ports = [f"--job-port={self.job_port}", "--artifact-port=0", "--expansion-port=0"]
        where = [f"--flink-master={self.master}", f"--flink-conf-dir={_SETTINGS}"]
        where.append(f"--artifacts-dir={self._temporary() / 'artifacts'}")
        return ["org.apache.beam.runners.flink.FlinkJobServerDriver", *where, *ports]

    def _wait_for_task_managers(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while len(self._task_managers()) < len(TASK_MANAGERS):
            for name in (JOB_MANAGER, *TASK_MANAGERS):
                processes.check(name, self.folder)
            if time.monotonic() > deadline:
                raise ClusterError(f"the TaskManagers don't register; their logs are in {self.folder}")
            time.sleep(0.1)

    def _task_managers(self) -> list[Any]:
        try:
            found: list[Any] = self.ask("/taskmanagers")["taskmanagers"]
        except (urllib.error.URLError, ConnectionError):
            # Its port is open before it answers.
            return []
        return found


def install() -> tuple[str, Path, str]:
    """Fetches what a cluster is made of, once.

    Returns:
        Flink's class path, Beam's job server, Beam's boot program.
    """
    flink = maven.once(
        _DOWNLOADS / "flink", f"{_LIBRARIES} {_JARS}", lambda made: unpack_jars(_LIBRARIES, made, _is_wanted)
    )
    return f"{flink}/*", maven.shade(_SETTINGS / "pom.xml", _DOWNLOADS / "flink-job-server"), golang.boot()


def start(folder: Path, rest_port: int, job_port: int) -> Flink:
    """Starts a cluster, or what is missing of one that was started in the same folder before.

    Args:
        folder: The cluster's own.
        rest_port: As for `Flink`, of a new one.
        job_port: As for `Flink`, of a new one.
    """
    cluster = find(folder)
    if cluster is None:
        shutil.rmtree(folder, ignore_errors=True)
        cluster = Flink(folder, rest_port, job_port, *processes.free_ports(1))
    cluster.start()
    return cluster


def find(folder: Path) -> Flink | None:
    """The cluster that was started in a folder; None where there is none."""
    file = _ports_file(folder)
    return Flink(folder, *json.loads(file.read_text())) if file.exists() else None


def stop(folder: Path) -> None:
    """Ends a cluster and the workers that it has started; its logs stay."""
    processes.stop(folder)
    _ports_file(folder).unlink(missing_ok=True)
    shutil.rmtree(folder / "tmp", ignore_errors=True)


def _ports_file(folder: Path) -> Path:
    return folder / "ports.json"


def _is_wanted(path: Path) -> bool:
    return path.parent.match("deps/lib") and path.name.startswith(_JARS)
