"""What an engine's failures become: one message each. The engine is Prism, with workers of other kinds than the job expects."""

import os
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shardmill.pipelines.engines.endpoints import unreachable
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.engines.failure import explain_failure
from shardmill.schemas.errors import DataError, EngineError
from tests.clusters.machines import golang
from tests.pipelines.cli.test_commands import call
from tests.pipelines.engines.test_choose import nobody  # noqa: F401  (a fixture)
from tests.support.needs import needs

_FLINK = Engine("flink", ())
_PROCESSES = Engine(
    "flink", ("--environment_type=PROCESS", '--environment_config={"command": "/opt/x/shardmill-worker"}')
)
_NO_FILE = "Pipeline job-1 failed in state FAILED: java.io.IOException: error=2, No such file or directory"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "ModuleNotFoundError: No module named 'shardmill' [while running 'A']",
            "the workers of flink don't have shardmill: .*--sdk_container_image",
        ),
        (
            'java.io.IOException: Cannot run program "/opt/x/shardmill-worker": error=2, No such file or directory',
            r"the workers of flink can't start '/opt/x/shardmill-worker' \(No such file or directory\); install shardmill there",
        ),
        (
            "fork/exec /opt/x/shardmill-worker: permission denied",
            r"the workers of flink can't start '/opt/x/shardmill-worker' \(permission denied\)",
        ),
        (
            (
                "java.io.IOException: Received exit code 125 for command 'docker run -d --network=host some/image:1 --id=14-4 "
                "--provision_endpoint=localhost:44551'. stderr: docker: Cannot connect to the Docker daemon."
            ),
            "the workers of flink can't start a container of 'some/image:1': docker: Cannot connect to the Docker daemon.\nCheck that",
        ),
        (
            "java.lang.IllegalStateException: Process died with exit code 1",
            "a worker process of flink exited with status 1 before it could work.*SHARDMILL_BOOT",
        ),
        (
            "java.util.concurrent.TimeoutException: Waited 3 minutes (plus 109 nanoseconds delay) for SettableFuture@3[status=PENDING]",
            "a worker of flink was started, but took no work within 3 minutes; see the log.*TaskManager's",
        ),
        (
            "Unable to fetch remote prism binary at x://y: <urlopen error [Errno -2] no name>",
            r"Prism isn't installed, and Beam can't download it \(<urlopen error \[Errno -2\] no name>\).*\n  go install",
        ),
        (
            '<_MultiThreadedRendezvous of RPC:\n\tstatus = StatusCode.UNAVAILABLE\n\tdetails = "Socket closed"\n>',
            "the connection to flink was lost: Socket closed; its job server has stopped.*cancel it on flink's own page",
        ),
        ("Pipeline job-1 failed in state CANCELLED: unknown error", "the job was cancelled on flink, and nothing was"),
        (
            "Pipeline job-1 failed in state FAILED: org.apache.flink.runtime.client.JobCancellationException: Job was cancelled.",
            "the job was cancelled on flink, and nothing was",
        ),
        (
            "Traceback ...\n  File x\nValueError: a is 3\n",
            "the job failed on flink: ValueError: a is 3\nNothing was published",
        ),
        (
            (
                "Pipeline job-1 failed in state FAILED: org.apache.flink.JobExecutionException: Job execution failed.\n\tat a\n"
                "Caused by: java.lang.OutOfMemoryError: Java heap space\n\tat b\n\t... 2 more\n"
            ),
            "the job failed on flink: java.lang.OutOfMemoryError: Java heap space\nNothing was published",
        ),
        (
            r"""failed with status 400: {"errors":["a.b.RestHandlerException: x.\n\tat c\nCaused by: a.SomeException: No y.\n\tat d"]}""",
            "the job failed on flink: a.SomeException: No y.\nNothing was published",
        ),
        ("Pipeline job-1 failed in state FAILED: something else", "the job failed on flink: something else"),
        ("", "the job failed on flink: \nNothing was published"),
    ],
)
def test_an_engines_text_becomes_a_message(text: str, message: str) -> None:
    """Missing packages and commands, a job that was cancelled, and what isn't known are told apart."""
    found = explain_failure(RuntimeError(text), _FLINK)
    assert isinstance(found, EngineError)
    assert found.exit_status == 1
    with pytest.raises(EngineError, match=message):
        raise found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Service failed to start up with error 0", "exited at once, with status 0: usually it isn't Prism"),
        ("[Errno 8] Exec format error: '/opt/it'", r"can't be run \(Exec format error\): usually it isn't Prism"),
    ],
)
def test_what_isnt_prism_is_named(text: str, message: str) -> None:
    """A program that ends or can't be run, and where Prism comes from; of Java nothing is said."""
    for options, program in (
        ((), "that Beam has downloaded"),
        (("--prism_location=/opt/it",), "at --prism_location='/opt/it'"),
    ):
        if options or "Service" in text:
            with pytest.raises(EngineError, match=rf"^the program {program} {message}.*\n  go install .*\n.*=FILE$"):
                raise _explained(text, Engine("prism", options))
    with pytest.raises(EngineError, match=r"the job failed on prism: \[Errno 2\] No such file or directory: 'other'"):
        raise _explained("[Errno 2] No such file or directory: 'other'", Engine("prism", ("--prism_location=/opt/it",)))


def test_a_program_that_isnt_prism_is_started_in_vain(tmp_path: Path) -> None:
    """`doctor` names a program that ends at once, and a file that is none."""
    (tmp_path / "prism").write_text("none")
    for program, message in (
        ("/bin/true", "exited at once, with status 0"),
        (tmp_path / "prism", "can't be run (Exec"),
    ):
        done = call("doctor", "--engine=prism", f"--prism_location={program}", f"--output={tmp_path}/out")
        assert done.returncode == 1
        said = done.stdout.partition("Not ready: ")[2]
        assert f"the program at --prism_location='{program}' {message}" in " ".join(said.split())
    assert os.listdir(tmp_path) == ["prism"]


def test_a_command_that_flink_doesnt_name_is_the_jobs() -> None:
    """Flink's client sends the root of Java's error alone, which has a reason and no command: a process's, or Docker's."""
    with pytest.raises(EngineError, match=r"can't start '/opt/x/shardmill-worker' \(No such file or directory\)"):
        raise _explained(_NO_FILE, _PROCESSES)
    for name in ("--environment_option", "--environment_options"):
        variables = ("--environment_option", "process_variables=KEY=SESAME")
        by_option = Engine("flink", ("--environment_type=PROCESS", *variables, f"{name}=process_command=/opt/y"))
        with pytest.raises(EngineError, match=r"can't start '/opt/y'"):
            raise _explained(_NO_FILE, by_option)
    with pytest.raises(EngineError, match=r"can't start containers: there is no command `docker` \(No such file"):
        raise _explained(_NO_FILE, _FLINK)


def _explained(text: str, engine: Engine) -> Exception:
    found = explain_failure(RuntimeError(text), engine)
    assert found is not None
    return found


def test_a_workers_own_error_is_found_in_javas_text() -> None:
    """A traceback within Java's: our error is what counts, without Java's frames."""
    text = (
        "org.apache.flink.runtime.JobException: Recovery is suppressed\nCaused by: java.lang.RuntimeException: Error received from "
        "SDK harness for instruction 3: Traceback (most recent call last):\n  File a\n"
        "shardmill.schemas.errors.DataError: 'a.csv', line 2: bad "
        "[while running 'AnalyzeUnit']\n\n\tat java.util.concurrent.CompletableFuture.reportGet(CompletableFuture.java:396)\n"
    )
    found = explain_failure(RuntimeError(text), _FLINK)
    assert type(found) is DataError
    assert str(found) == "'a.csv', line 2: bad"


@pytest.mark.parametrize("engine", [Engine(), Engine("DirectRunner"), _FLINK], ids=lambda engine: engine.name)
def test_an_error_of_ours_is_told_without_the_stage(engine: Engine) -> None:
    """Where the engine raises a worker's error itself, what Beam has added to it isn't told."""
    found = explain_failure(DataError("'a.csv', line 2: bad [while running 'AnalyzeUnit']"), engine)
    assert type(found) is DataError
    assert str(found) == "'a.csv', line 2: bad"


def test_a_defect_on_the_local_engine_is_none_of_these() -> None:
    """On the local engine what isn't known keeps its traceback."""
    assert explain_failure(RuntimeError("ZeroDivisionError: x"), Engine()) is None


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., str]:
    """What a run says that Flink's job server, to be started by Beam, keeps from being done."""
    (tmp_path / "a.csv").write_text("x\n1\n")
    (tmp_path / "p.toml").write_text(f'[input]\nfiles = "{tmp_path}/a.csv"\n[features]\nx = "numeric"\n')

    def run(*options: str) -> str:
        config, output = tmp_path / "p.toml", f"--output={tmp_path / 'out'}"
        done = call("run", str(config), output, "--engine=flink", "--flink_master=[local]", "--quiet", *options)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert sorted(os.listdir(tmp_path)) == ["a.csv", "p.toml"]
        return done.stderr

    return run


def test_a_job_server_that_cannot_be_downloaded(refused: Callable[..., str], nobody: str) -> None:  # noqa: F811
    """What Beam would fetch, why it couldn't, and what to give instead."""
    needs("java")
    url = f"http://{nobody}/job-server.jar"
    said = refused(f"--flink_job_server_jar={url}")
    assert said.startswith(f"error: Beam can't download the job server of flink, {url} (")
    assert "Connection refused" in said
    assert "--flink_job_server_jar=FILE" in said


def test_a_job_server_that_ends_at_once(refused: Callable[..., str]) -> None:
    """It isn't waited for."""
    said = refused(f"--flink_job_server_jar={__file__}", "--job_server_java_launcher=false")
    assert said.startswith(
        "error: the job server that Beam started for flink exited at once, with status 1; run `java -jar` with"
    )


@pytest.fixture(scope="module")
def prism() -> str:
    """Beam's option that says where Prism is."""
    needs("go")
    return f"--prism_location={golang.prism()}"


@contextmanager
def worker_pool(folder: Path) -> Iterator[str]:
    """A pool of workers whose Python finds the modules and distributions in a folder before all others."""
    address = f"localhost:{_free_port()}"
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder),
        "PATH": os.pathsep.join((os.path.dirname(sys.executable), os.environ["PATH"])),
    }
    command = [
        sys.executable,
        "-m",
        "apache_beam.runners.worker.worker_pool_main",
        f"--service_port={address.rpartition(':')[2]}",
    ]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as pool:
        try:
            for _ in range(600):
                if unreachable(address) is None:
                    break
                time.sleep(0.1)
            yield address
        finally:
            pool.terminate()


def _free_port() -> int:
    import socket

    with socket.socket() as held:
        held.bind(("localhost", 0))
        return int(held.getsockname()[1])


def hide_shardmill(folder: Path) -> None:
    """Puts into a folder what keeps a Python that looks there first from finding shardmill's packages."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(
        textwrap.dedent(
            """
            import sys

            class Without:
                def find_spec(self, name, path=None, target=None):
                    if name.partition(".")[0] == "shardmill":
                        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

            sys.meta_path.insert(0, Without())
            """
        )
    )


def claim_version(folder: Path, package: str, version: str) -> None:
    """Puts into a folder what tells a Python that looks there first that a package has another version."""
    distribution = folder / f"{package}-{version}.dist-info"
    distribution.mkdir(parents=True)
    (distribution / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {package.replace('_', '-')}\nVersion: {version}\n"
    )


def fails(prism: str, pool: str, tmp_path: Path) -> str:
    """Runs a small job with the pool's workers and returns its message."""
    (tmp_path / "data.csv").write_text("a\n1\n2\n")
    (tmp_path / "p.toml").write_text(f'[input]\nfiles = ["{tmp_path}/data.csv"]\n[features]\na = "z_score"\n')
    done = call(
        *("run", f"{tmp_path}/p.toml", f"--output={tmp_path}/run", "--engine=prism", prism, "--quiet"),
        *("--environment_type=EXTERNAL", f"--environment_config={pool}"),
    )
    assert done.returncode == 1, done.stderr
    assert {path.name for path in tmp_path.iterdir()} <= {"data.csv", "p.toml", "worker"}
    return done.stderr


@pytest.mark.parametrize("package", ["apache_beam", "shardmill"])
def test_workers_of_another_version_are_refused(prism: str, tmp_path: Path, package: str) -> None:
    """A worker with another version of Beam or of shardmill ends the run before anything is read; the message names both versions."""
    claim_version(tmp_path / "worker", package, "2.60.0")
    with worker_pool(tmp_path / "worker") as pool:
        message = fails(prism, pool, tmp_path)
    assert f"{package.replace('_', '-')} 2.60.0 (the job: " in message
    assert message.count("\n") <= 2


def test_workers_without_shardmill_are_refused(prism: str, tmp_path: Path) -> None:
    """A worker that can't import shardmill's packages ends the run with a message that says so."""
    worker = tmp_path / "worker"
    hide_shardmill(worker)
    with worker_pool(worker) as pool:
        message = fails(prism, pool, tmp_path)
    shutil.rmtree(worker)
    assert "error: the workers of prism don't have shardmill:" in message
    assert "No module named 'shardmill'" in message
