"""What a Flink cluster can't do ends the run with one message, and nothing is left: workers that aren't fit, jobs that are ended."""

import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clusters.jobs import Local
from tests.clusters.machines.cluster import JOB_SERVER
from tests.clusters.machines.flink import Flink
from tests.clusters.test_flink_faults import wait
from tests.clusters.workers import HeldWorkers, become_worker, script, started_by, with_modules
from tests.pipelines.cli.test_commands import call
from tests.pipelines.engines.test_failure import claim_version, hide_shardmill
from tests.support.needs import leave

pytestmark = pytest.mark.cluster

_SECONDS = 60
# As many jobs as the cluster has room for.
_SLOTS = 4
_TOML = '[input]\nfiles = ["{folder}/data.csv"]\n[features]\na = "z_score"\n'


@dataclass(frozen=True)
class Refused:
    """A run that failed.

    Attributes:
        folder: Where its output would be.
        command: What was to start its workers.
        done: Its process, which ended within two minutes: for a worker that can't load a stage Flink waits longer than that.
    """

    folder: Path
    command: Path
    done: subprocess.CompletedProcess[str]

    def check(self, *message: str) -> None:
        """Asserts that there is one message, with all of these in it, and nothing else."""
        assert self.done.returncode == 1, self.done.stderr
        assert self.done.stdout == ""
        assert self.done.stderr.startswith("error: ")
        assert self.done.stderr.count("\n") <= 2, self.done.stderr
        assert [part for part in message if part not in self.done.stderr] == [], self.done.stderr
        assert sorted(os.listdir(self.folder)) == ["data.csv", "p.toml"]


def _without_shardmill(folder: Path, _: Path) -> Path:
    command = with_modules(folder)
    hide_shardmill(folder)
    return command


def _of_another_version(folder: Path, _: Path) -> Path:
    claim_version(folder, "shardmill", "99.0")
    return with_modules(folder)


def _elsewhere(folder: Path, output: Path) -> Path:
    """As on another machine: where the output is to be, it has a folder of its own."""
    inner = script(folder / "inner", f"mount -t tmpfs none '{output}' || exit 9", become_worker(folder))
    return script(folder / "command", f"exec unshare --mount '{inner}' \"$@\"")


def _without_boot(folder: Path, _: Path) -> Path:
    nowhere = f"sys.executable = '{folder}/python'"
    return script(
        folder / "command", "unset SHARDMILL_BOOT", "export PATH=/usr/bin:/bin", become_worker(folder, nowhere)
    )


def _without_command(folder: Path, _: Path) -> Path:
    return folder / "no-command"


# The one that takes longest first: Flink looks at a worker that is being started every five seconds, and tries five times.
_COMMANDS: Mapping[str, Callable[[Path, Path], Path]] = {
    "without boot": _without_boot,
    "without shardmill": _without_shardmill,
    "of another version": _of_another_version,
    "elsewhere": _elsewhere,
    "without command": _without_command,
}


@pytest.fixture(scope="module")
def refused(flink: Flink, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Refused]]:
    """Runs that Flink's workers can't do, several at a time: most of what each takes is Flink's waiting before it tries again."""
    folder = tmp_path_factory.mktemp("refusals")
    names = {name: name.replace(" ", "-") for name in _COMMANDS if name != "elsewhere" or _can_hide(folder)}
    with ThreadPoolExecutor(_SLOTS) as pool:
        runs = {name: pool.submit(_run, flink, folder / place, _COMMANDS[name]) for name, place in names.items()}

        def of(name: str) -> Refused:
            if name not in runs:
                leave("hiding a folder from a worker needs `unshare`, and the right to mount")
            return runs[name].result()

        yield of


def _can_hide(folder: Path) -> bool:
    """Whether a process may be given another view of the file system."""
    tried = script(folder / "try" / "hide", f"exec unshare --mount mount -t tmpfs none '{folder}'")
    return subprocess.run([tried], capture_output=True, check=False).returncode == 0


def _run(flink: Flink, folder: Path, make: Callable[[Path, Path], Path]) -> Refused:
    output = folder / "output"
    output.mkdir(parents=True)
    command = make(folder / "worker", output)
    (output / "data.csv").write_text("a\n1\n2\n")
    (output / "p.toml").write_text(_TOML.format(folder=output))
    done = call(
        *("run", f"{output}/p.toml", f"--output={output}/run", "--engine=flink", "--quiet"),
        *(f"--job_endpoint={flink.endpoint}", "--parallelism=1"),
        *started_by(command),
    )
    return Refused(output, command, done)


_Run = Future[subprocess.CompletedProcess[str]]


def _started(
    flink: Flink, workers: HeldWorkers, job: Local, output: Path, pool: ThreadPoolExecutor
) -> tuple[str, _Run]:
    """A job that a command of its own has begun on Flink: its name there, and the command."""
    options = [f"--output={output}", "--engine=flink", *flink.options, f"--job_name={output.parent.name}"]
    options += workers.options
    run = pool.submit(call, "run", str(job.config), "--quiet", *options)

    def named() -> str | None:
        jobs = flink.ask("/jobs/overview")["jobs"]
        return next((each["jid"] for each in jobs if each["name"] == output.parent.name), None)

    return wait(run, named), run


@contextmanager
def _cancelling(flink: Flink, name: str) -> Iterator[None]:
    """Asks for a job's end, as the button of Flink's page does; waits until it is done."""
    request = urllib.request.Request(f"http://{flink.master}/jobs/{name}?mode=cancel", method="PATCH")
    urllib.request.urlopen(request, timeout=30).close()
    yield
    deadline = time.monotonic() + _SECONDS
    while flink.ask(f"/jobs/{name}")["state"] != "CANCELED":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_workers_of_another_version(refused: Callable[[str], Refused]) -> None:
    """Both versions are named."""
    refused("of another version").check("isn't as the job that was submitted: shardmill 99.0 (the job: ", "install the")


def test_an_output_that_only_the_submitting_machine_sees(refused: Callable[[str], Refused]) -> None:
    """It is found before any data is read: the input is hidden, too, and isn't missed."""
    run = refused("elsewhere")
    run.check("doesn't see '", f"{run.folder}/run.incomplete-", "choose an --output that all machines share")


@pytest.mark.usefixtures("refused")
def test_a_job_that_is_cancelled_in_flinks_page(flink: Flink, million: Local, tmp_path: Path) -> None:
    """While rows are being written the job is cancelled: the message says so, and what workers were writing is gone.

    The longest of the other runs goes on meanwhile.
    """
    output = tmp_path / "out"
    with (
        ThreadPoolExecutor(1) as pool,
        HeldWorkers(tmp_path / "workers", "shardmill.transforms.transform", "*/parts/part-*") as workers,
    ):
        name, run = _started(flink, workers, million, output, pool)
        wait(run, workers.pids)
        with _cancelling(flink, name):
            workers.release()
        done = run.result()
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: the job was cancelled on flink, and nothing was published; run it again\n"
    assert os.listdir(tmp_path) == ["workers"]


def test_a_worker_command_that_isnt_there(refused: Callable[[str], Refused]) -> None:
    """The command is named, though Java's text lacks it."""
    run = refused("without command")
    run.check(f"the workers of flink can't start '{run.command}' (No such file or directory); install shardmill there")


def test_workers_without_shardmill(refused: Callable[[str], Refused]) -> None:
    """A machine that lacks shardmill's packages is found by the first stage, which it can load all the same."""
    refused("without shardmill").check(
        "the workers of flink don't have shardmill: No module named 'shardmill'; install"
    )


def test_a_machine_without_beams_boot_program(refused: Callable[[str], Refused]) -> None:
    """A worker that ends at once isn't waited for; the message says what it mostly lacks."""
    refused("without boot").check("a worker process of flink exited with status 1", "put it as `beam-boot` on the PATH")


def test_a_job_server_that_is_killed(flink: Flink, million: Local, tmp_path: Path) -> None:
    """The run ends at once, and says that the job may go on; once that is cancelled, as the message wants it, nothing is left."""
    output = tmp_path / "out"
    with (
        ThreadPoolExecutor(1) as pool,
        HeldWorkers(tmp_path / "workers", "shardmill.transforms.analyze", "*/data-*.csv") as workers,
    ):
        name, run = _started(flink, workers, million, output, pool)
        wait(run, workers.pids)
        pid = flink.pid(JOB_SERVER)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        try:
            done = run.result()
            assert flink.ask(f"/jobs/{name}")["state"] == "RUNNING"
            with _cancelling(flink, name):
                workers.release()
        finally:
            flink.start()
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: the connection to flink was lost: ")
    assert "the job may still be running there: cancel it on flink's own page, and run again" in done.stderr
    assert done.stderr.count("\n") == 1
    assert os.listdir(tmp_path) == ["workers"]
