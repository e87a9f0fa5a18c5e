"""A Spark cluster on this machine: a standalone master, a worker of two cores, and Beam's job server, which is the driver of each job."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.clusters.machines import golang, maven, processes, pypi
from tests.clusters.machines.cluster import DOWNLOADS, JAVA, JOB_SERVER, QUICK, START_SECONDS, Cluster

MASTER = "master"
WORKER = "worker"

_POM = Path(__file__).resolve().parent / "spark" / "pom.xml"
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


class Spark(Cluster):
    """The cluster."""

    engine = "spark"
    leader = MASTER
    members = (WORKER,)

    @property
    def _master_url(self) -> str:
        return f"spark://localhost:{self.internal_port}"

    def task_ends(self) -> list[str]:
        """How each task of the last job ended, as Spark's event log has it: `Success`, or why not."""
        *_, log = sorted(self._events().iterdir(), key=lambda path: path.stat().st_mtime)
        events = map(json.loads, log.read_text().splitlines())
        return [event["Task End Reason"]["Reason"] for event in events if event["Event"] == "SparkListenerTaskEnd"]

    def _start_processes(self) -> None:
        jars, server, _ = install()
        self._events().mkdir(parents=True, exist_ok=True)
        self._start_java(MASTER, [jars], ["-Xmx256m"], self._master())
        processes.wait_for_port(MASTER, self.folder, self.internal_port, START_SECONDS)
        self._start_java(WORKER, [jars], ["-Xmx256m"], self._worker())
        self._start_java(JOB_SERVER, [server, jars], self._driver_settings(), self._job_server())

    def _registered(self) -> Sequence[Any]:
        return list(self.ask("/json/")["workers"])

    def _start_java(self, name: str, jars: Sequence[Path], settings: Sequence[str], program: Sequence[str]) -> None:
        path = ":".join(f"{jar}/*" if jar.is_dir() else str(jar) for jar in jars)
        environment = {
            # The executors start Python workers, which find Beam's boot program by this variable.
            "SHARDMILL_BOOT": golang.boot(),
            "TMPDIR": str(self.temporary),
            "SPARK_HOME": str(DOWNLOADS / "spark"),
            "SPARK_SCALA_VERSION": "2.12",
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOCAL_DIRS": str(self.temporary),
        }
        command = [*JAVA, f"-Djava.io.tmpdir={self.temporary}", *settings, "-cp", path, *program]
        processes.start(name, command, self.folder, environment)

    def _master(self) -> list[str]:
        where = ["--host=localhost", f"--port={self.internal_port}", f"--webui-port={self.page_port}"]
        return ["org.apache.spark.deploy.master.Master", *_apart(where)]

    def _worker(self) -> list[str]:
        what = [
            "--cores=2",
            "--memory=1g",
            f"--work-dir={self.temporary / 'work'}",
            "--host=localhost",
            "--webui-port=0",
        ]
        return ["org.apache.spark.deploy.worker.Worker", *_apart(what), self._master_url]

    def _driver_settings(self) -> list[str]:
        settings = {
            "spark.driver.host": "localhost",
            "spark.executor.memory": "1g",
            "spark.executor.extraJavaOptions": " ".join(QUICK),
            # It would copy each jar once more, for other executors on this machine.
            "spark.files.useFetchCache": "false",
            "spark.eventLog.enabled": "true",
            "spark.eventLog.dir": self._events(),
        }
        return ["-Xmx1g", *(f"-D{name}={value}" for name, value in settings.items())]

    def _job_server(self) -> list[str]:
        ports = [f"--job-port={self.job_port}", "--artifact-port=0", "--expansion-port=0"]
        where = [f"--spark-master-url={self._master_url}", f"--artifacts-dir={self.temporary / 'artifacts'}"]
        return ["org.apache.beam.runners.spark.SparkJobServerDriver", *where, *ports]

    def _events(self) -> Path:
        return self.folder / "events"


def install() -> tuple[Path, Path, str]:
    """Fetches what a cluster is made of, once.

    Returns:
        The folder of Spark's jars, Beam's job server, Beam's boot program.
    """
    jars = maven.once(DOWNLOADS / "spark", f"{_PACKAGE} {_LEFT_OUT}", _download) / "jars"
    return jars, maven.shade(_POM, DOWNLOADS / "spark-job-server"), golang.boot()


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
