"""A Spark cluster on this machine: a standalone master, a worker of two cores, and Beam's job server, which is the driver of each job."""

import json
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from tests.clusters import golang, maven, processes, pypi
from tests.clusters.processes import ClusterError

MASTER = "master"
WORKER = "worker"
JOB_SERVER = "job-server"

_POM = Path(__file__).resolve().parent / "spark" / "pom.xml"
_DOWNLOADS = Path(__file__).resolve().parents[2] / ".clusters"
_PACKAGE = "pyspark==3.5.7"
# What a job doesn't use, half of the bytes: Beam sends all of the driver's jars to the executors.
_LEFT_OUT = (
    *(
        "HikariCP",
        "arrow",
        "breeze",
        "cats",
        "datanucleus",
        "derby",
        "hive",
        "kubernetes",
        "mesos",
        "orc",
        "parquet",
        "rocksdbjni",
    ),
    *(
        "scala-compiler",
        "spark-graphx",
        "spark-hive",
        "spark-kubernetes",
        "spark-mesos",
        "spark-mllib",
        "spark-repl",
        "spark-yarn",
    ),
    *("spire", "tink", "zookeeper"),
)
# What Spark reaches into, which Java 17 keeps to itself.
_OPENED = (
    *(
        "java.lang",
        "java.lang.invoke",
        "java.lang.reflect",
        "java.io",
        "java.net",
        "java.nio",
        "java.util",
        "java.util.concurrent",
    ),
    *(
        "java.util.concurrent.atomic",
        "sun.nio.ch",
        "sun.nio.cs",
        "sun.security.action",
        "sun.util.calendar",
        "jdk.internal.ref",
    ),
)
# On few cores and for short jobs, the compiler that starts at once.
_QUICK = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_JAVA = ("java", *_QUICK, *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED))
_START_SECONDS = 60


@dataclass(frozen=True)
class Spark:
    """A cluster.

    Attributes:
        folder: Its own: logs, and what it keeps on disk.
        page_port: Where the master's page answers.
        job_port: Where Beam's job server answers.
        master_port: Where the master answers the worker and the drivers.
    """

    folder: Path
    page_port: int
    job_port: int
    master_port: int

    @property
    def page(self) -> str:
        """The master's page."""
        return f"http://localhost:{self.page_port}"

    @property
    def options(self) -> list[str]:
        """Beam's options for a job, besides `--engine spark`."""
        return [f"--job_endpoint=localhost:{self.job_port}"]

    @property
    def _master_url(self) -> str:
        return f"spark://localhost:{self.master_port}"

    def pid(self, name: str) -> int | None:
        """The number of a process; None where it doesn't run."""
        return processes.find(name, self.folder)

    def task_ends(self) -> list[str]:
        """How each task of the last job ended, as Spark's event log has it: `Success`, or why not."""
        *_, log = sorted(self._events().iterdir(), key=lambda path: path.stat().st_mtime)
        events = map(json.loads, log.read_text().splitlines())
        return [event["Task End Reason"]["Reason"] for event in events if event["Event"] == "SparkListenerTaskEnd"]

    def start(self) -> None:
        """Starts what doesn't run, and waits until all of it answers."""
        for name, port in ((MASTER, self.master_port), (JOB_SERVER, self.job_port)):
            if self.pid(name) is None and processes.answers(port):
                raise ClusterError(f"{name}: another program has port {port}; stop it, or choose another port")
        jars, server, _ = install()
        self._events().mkdir(parents=True, exist_ok=True)
        self._start_java(MASTER, [jars], ["-Xmx256m"], self._master())
        processes.wait_for_port(MASTER, self.folder, self.master_port, _START_SECONDS)
        self._start_java(WORKER, [jars], ["-Xmx256m"], self._worker())
        self._start_java(JOB_SERVER, [server, jars], self._driver_settings(), self._job_server())
        self._wait_for_worker()
        processes.wait_for_port(JOB_SERVER, self.folder, self.job_port, _START_SECONDS)

    def _start_java(self, name: str, jars: Sequence[Path], settings: Sequence[str], program: Sequence[str]) -> None:
        temporary = self.folder / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        path = ":".join(f"{jar}/*" if jar.is_dir() else str(jar) for jar in jars)
        environment = {
            # The executors start Python workers, which find Beam's boot program by this variable.
            "SHARDMILL_BOOT": golang.boot(),
            "TMPDIR": str(temporary),
            "SPARK_HOME": str(_DOWNLOADS / "spark"),
            "SPARK_SCALA_VERSION": "2.12",
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOCAL_DIRS": str(temporary),
        }
        command = [*_JAVA, f"-Djava.io.tmpdir={temporary}", *settings, "-cp", path, *program]
        processes.start(name, command, self.folder, environment)

    def _master(self) -> list[str]:
        where = ["--host=localhost", f"--port={self.master_port}", f"--webui-port={self.page_port}"]
        return ["org.apache.spark.deploy.master.Master", *_apart(where)]

    def _worker(self) -> list[str]:
        what = ["--cores=2", "--memory=1g", f"--work-dir={self.folder / 'work'}", "--host=localhost", "--webui-port=0"]
        return ["org.apache.spark.deploy.worker.Worker", *_apart(what), self._master_url]

    def _driver_settings(self) -> list[str]:
        settings = {
            "spark.driver.host": "localhost",
            "spark.executor.memory": "1g",
            "spark.executor.extraJavaOptions": " ".join(_QUICK),
            # It would copy each jar once more, for other executors on this machine.
            "spark.files.useFetchCache": "false",
            "spark.eventLog.enabled": "true",
            "spark.eventLog.dir": self._events(),
        }
        return ["-Xmx1g", *(f"-D{name}={value}" for name, value in settings.items())]

    def _job_server(self) -> list[str]:
        ports = [f"--job-port={self.job_port}", "--artifact-port=0", "--expansion-port=0"]
        where = [f"--spark-master-url={self._master_url}", f"--artifacts-dir={self.folder / 'tmp' / 'artifacts'}"]
        return ["org.apache.beam.runners.spark.SparkJobServerDriver", *where, *ports]

    def _events(self) -> Path:
        return self.folder / "events"

    def _wait_for_worker(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._workers():
            for name in (MASTER, WORKER):
                processes.check(name, self.folder)
            if time.monotonic() > deadline:
                raise ClusterError(f"Spark's worker doesn't register; the logs are in {self.folder}")
            time.sleep(0.1)

    def _workers(self) -> list[Any]:
        try:
            with urllib.request.urlopen(f"{self.page}/json/", timeout=30) as answer:
                found: list[Any] = json.load(answer)["workers"]
        except (urllib.error.URLError, ConnectionError):
            # Its port is open before it answers.
            return []
        return found


def install() -> tuple[Path, Path, str]:
    """Fetches what a cluster is made of, once.

    Returns:
        The folder of Spark's jars, Beam's job server, Beam's boot program.
    """
    jars = maven.once(_DOWNLOADS / "spark", f"{_PACKAGE} {_LEFT_OUT}", _download) / "jars"
    return jars, maven.shade(_POM, _DOWNLOADS / "spark-job-server"), golang.boot()


def start(folder: Path, page_port: int, job_port: int) -> Spark:
    """Starts a cluster, or what is missing of one that was started in the same folder before.

    Args:
        folder: The cluster's own.
        page_port: As for `Spark`, of a new one.
        job_port: As for `Spark`, of a new one.
    """
    cluster = find(folder) or Spark(folder, page_port, job_port, *processes.free_ports(1))
    folder.mkdir(parents=True, exist_ok=True)
    _ports_file(folder).write_text(json.dumps(astuple(cluster)[1:]))
    cluster.start()
    return cluster


def find(folder: Path) -> Spark | None:
    """The cluster that was started in a folder; None where there is none."""
    file = _ports_file(folder)
    return Spark(folder, *json.loads(file.read_text())) if file.exists() else None


def stop(folder: Path) -> None:
    """Ends a cluster and the workers that it has started; its logs stay."""
    processes.stop(folder)
    _ports_file(folder).unlink(missing_ok=True)
    for name in ("tmp", "work"):
        shutil.rmtree(folder / name, ignore_errors=True)


def _ports_file(folder: Path) -> Path:
    return folder / "ports.json"


def _apart(options: Sequence[str]) -> Iterator[str]:
    """Options as Spark takes them: `--name value`."""
    for option in options:
        yield from option.split("=", 1)


def _download(folder: Path) -> None:
    """Spark's own jars, from the Python package that ships them."""
    (folder / "jars").mkdir()
    pypi.unpack_jars(_PACKAGE, folder / "jars", _is_wanted)


def _is_wanted(path: Path) -> bool:
    return path.parent.match("deps/jars") and not path.name.startswith(_LEFT_OUT)
