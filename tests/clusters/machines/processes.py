"""Long-running processes of a cluster: started once, found again, and ended with all that they have started.

A cluster is a folder. Each process has a file there with its number and one with its log, and the folder's name in its
environment, where whatever it starts inherits it: so nothing else is ever ended, and no orphan is left.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

_MARK = "SHARDMILL_TEST_CLUSTER"
_LOG_TAIL = 2_000
_EXEC_SECONDS = 10


class ClusterError(RuntimeError):
    """A cluster can't be had: what is missing or went wrong."""


def start(name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> int:
    """Starts a process of a cluster unless it runs already; its output is added to `NAME.log`.

    Args:
        name: What it is called in the cluster.
        command: The program and its arguments.
        folder: The cluster's folder; made where it doesn't exist.
        environment: Variables besides this process's own.

    Returns:
        Its process number.
    """
    running = find(name, folder)
    if running is not None:
        return running
    program = shutil.which(command[0])
    if program is None:
        raise ClusterError(f"{name}: not installed here: {command[0]}")
    folder.mkdir(parents=True, exist_ok=True)
    variables = {**os.environ, **(environment or {}), _MARK: str(folder.resolve())}
    log = os.open(log_file(name, folder), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        files = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            *((os.POSIX_SPAWN_DUP2, log, to) for to in (1, 2)),
        ]
        # In a session of its own: Ctrl-C in the terminal isn't meant for it.
        number = os.posix_spawn(program, list(command), variables, file_actions=files, setsid=True)
    finally:
        os.close(log)
    _number_file(name, folder).write_text(f"{number}\n")
    return number


def find(name: str, folder: Path) -> int | None:
    """The number of a process of a cluster; None where it doesn't run."""
    try:
        number = int(_number_file(name, folder).read_text())
    except FileNotFoundError:
        return None
    return number if _belongs(number, folder, _EXEC_SECONDS) else None


def stop(folder: Path, seconds: float = 10) -> None:
    """Ends all processes of a cluster and what they have started; killed if they aren't gone in time."""
    for file in folder.glob("*.pid"):
        # One that is just being started isn't known as ours before.
        find(file.stem, folder)
    ours = _ours(folder)
    for process in ours:
        _signal(process.terminate)
    psutil.wait_procs(ours, timeout=seconds)
    # One that was being started meanwhile is marked, too.
    left = _ours(folder)
    for process in left:
        _signal(process.kill)
    psutil.wait_procs(left, timeout=seconds)
    for file in folder.glob("*.pid"):
        file.unlink()


def log_file(name: str, folder: Path) -> Path:
    """Where a process's output goes."""
    return folder / f"{name}.log"


def wait_for_port(name: str, folder: Path, port: int, seconds: float = 60) -> None:
    """Waits until a process of a cluster answers at a port of this machine."""
    deadline = time.monotonic() + seconds
    while not answers(port):
        check(name, folder)
        if time.monotonic() > deadline:
            raise ClusterError(f"{name}: no answer at port {port} within {seconds:.0f} s\n{_tail(name, folder)}")
        time.sleep(0.1)
    check(name, folder)


def check(name: str, folder: Path) -> None:
    """Raises an error with the log's end if a process of a cluster doesn't run any more."""
    if find(name, folder) is None:
        raise ClusterError(f"{name}: has ended\n{_tail(name, folder)}")


def answers(port: int) -> bool:
    """Whether something listens at a port of this machine."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("localhost", port)) == 0


def free_ports(count: int) -> list[int]:
    """Ports of this machine at which nothing listens now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("localhost", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Runs a command to its end, for at most ten minutes, and returns what it printed."""
    if shutil.which(command[0]) is None:
        raise ClusterError(f"not installed here: {command[0]}")
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    if done.returncode:
        raise ClusterError(f"failed: {' '.join(command)}\n{(done.stdout + done.stderr)[-_LOG_TAIL:]}")
    return done.stdout


def _number_file(name: str, folder: Path) -> Path:
    return folder / f"{name}.pid"


def _ours(folder: Path) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if _belongs(process.pid, folder)]


def _belongs(number: int, folder: Path, seconds: float = 0) -> bool:
    """Whether a process is marked as the cluster's; one that shows no environment yet is given some seconds.

    The kernel shows none while a program takes another's place: for longer, the busier the machine is.
    """
    deadline = time.monotonic() + seconds
    try:
        process = psutil.Process(number)
        while not (variables := process.environ()) and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.005)
    except psutil.Error:
        # It has ended, or is another user's.
        return False
    return variables.get(_MARK) == str(folder.resolve())


def _signal(send: Callable[[], None]) -> None:
    try:
        send()
    except psutil.NoSuchProcess:
        return


def _tail(name: str, folder: Path) -> str:
    log = log_file(name, folder)
    return f"{log}:\n{log.read_text(errors='replace')[-_LOG_TAIL:]}" if log.exists() else f"{log}: no log"
