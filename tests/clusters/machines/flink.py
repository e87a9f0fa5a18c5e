"""A Flink cluster on this machine: one JobManager, two TaskManagers of two slots each, and Beam's job server."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.clusters.machines import golang, maven, processes
from tests.clusters.machines.cluster import DOWNLOADS, JAVA, JOB_SERVER, Cluster
from tests.clusters.machines.pypi import unpack_jars

JOB_MANAGER = "jobmanager"
TASK_MANAGERS = ("taskmanager-1", "taskmanager-2")

_SETTINGS = Path(__file__).resolve().parent / "flink"
# The newest of Flink for which Beam's job server is whole on every mirror of Maven Central.
_LIBRARIES = "apache-flink-libraries==1.16.3"
_JARS = ("flink-dist-", "flink-shaded-zookeeper-", "log4j-")


class Flink(Cluster):
    """The cluster; its pages are Flink's REST interface, too."""

    engine = "flink"
    leader = JOB_MANAGER
    members = TASK_MANAGERS

    @property
    def master(self) -> str:
        """Beam's `--flink_master`."""
        return f"localhost:{self.page_port}"

    @property
    def options(self) -> list[str]:
        """Beam's options for a job that uses both TaskManagers, besides `--engine flink`."""
        return [*super().options, f"--parallelism={len(TASK_MANAGERS)}"]

    def jobs(self) -> set[str]:
        """The names that Flink has given to the jobs it has seen."""
        return {job["id"] for job in self.ask("/jobs")["jobs"]}

    def _start_processes(self) -> None:
        flink, beam, boot = install()
        # The TaskManagers start Python workers, which find Beam's boot program by this variable.
        environment = {"SHARDMILL_BOOT": boot, "TMPDIR": str(self.temporary)}
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

    def _registered(self) -> Sequence[Any]:
        return list(self.ask("/taskmanagers")["taskmanagers"])

    def _start_java(
        self,
        name: str,
        jars: str,
        limits: Sequence[str],
        program: Sequence[str],
        environment: dict[str, str],
    ) -> None:
        settings = {
            "java.io.tmpdir": self.temporary,
            "log4j.configurationFile": _SETTINGS / "log4j2.properties",
            # The job server logs by another library.
            "org.slf4j.simpleLogger.showDateTime": "true",
            "org.slf4j.simpleLogger.dateTimeFormat": "HH:mm:ss,SSS",
        }
        properties = [f"-D{name}={value}" for name, value in settings.items()]
        command = [*JAVA, *limits, *properties, "-cp", jars, *program]
        processes.start(name, command, self.folder, environment)

    def _common(self) -> list[str]:
        settings = {
            "jobmanager.rpc.port": self.internal_port,
            "rest.port": self.page_port,
            "rest.bind-port": self.page_port,
            "io.tmp.dirs": self.temporary,
        }
        return ["--configDir", str(_SETTINGS), *(f"-D{name}={value}" for name, value in settings.items())]

    def _job_manager(self) -> list[str]:
        return ["org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint", *self._common()]

    def _task_manager(self) -> list[str]:
        return ["org.apache.flink.runtime.taskexecutor.TaskManagerRunner", *self._common()]

    def _job_server(self) -> list[str]:
        ports = [f"--job-port={self.job_port}", "--artifact-port=0", "--expansion-port=0"]
        where = [f"--flink-master={self.master}", f"--flink-conf-dir={_SETTINGS}"]
        where.append(f"--artifacts-dir={self.temporary / 'artifacts'}")
        return ["org.apache.beam.runners.flink.FlinkJobServerDriver", *where, *ports]


def install() -> tuple[str, Path, str]:
    """Fetches what a cluster is made of, once.

    Returns:
        Flink's class path, Beam's job server, Beam's boot program.
    """
    flink = maven.once(
        DOWNLOADS / "flink", f"{_LIBRARIES} {_JARS}", lambda made: unpack_jars(_LIBRARIES, made, _is_wanted)
    )
    return f"{flink}/*", maven.shade(_SETTINGS / "pom.xml", DOWNLOADS / "flink-job-server"), golang.boot()


def _is_wanted(path: Path) -> bool:
    return path.parent.match("deps/lib") and path.name.startswith(_JARS)
