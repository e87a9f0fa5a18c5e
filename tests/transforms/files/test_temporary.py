"""Folders that go when the process ends."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from shardmill.transforms.files.makers import machine
from shardmill.transforms.files.temporary import remove_left

MAKE = "from shardmill.transforms.files.temporary import temporary_folder; print(temporary_folder('x'));"


@pytest.mark.parametrize(
    "end", ["", "from shardmill.pipelines.cli.commands import _leave; _leave(0)"], ids=["regular", "at once"]
)
def test_folders_go_with_the_process(tmp_path: Path, end: str) -> None:
    """A folder is there while the process is, however this ends by itself."""
    look = "import os, tempfile; print(os.listdir(tempfile.gettempdir()));"
    done = subprocess.run(
        [sys.executable, "-c", MAKE + look + end],
        env={"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    folder, there = done.stdout.splitlines()
    assert there == str([Path(folder).name])
    assert Path(folder).name.startswith("shardmill-x-")
    assert list(tmp_path.iterdir()) == []


def test_folders_of_killed_processes_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed process left goes; what a live one, another machine, another program or a link has made stays."""
    kill = f"import os; os.kill(os.getpid(), {signal.SIGKILL:d})"
    done = subprocess.run([sys.executable, "-c", MAKE + kill], env={"TMPDIR": str(tmp_path)}, check=False)
    assert done.returncode == -signal.SIGKILL
    left = [path.name for path in tmp_path.iterdir()]
    assert len(left) == 1
    here, dead = machine(), 2**22 + 1
    others = {
        f"shardmill-x-{here}-{os.getppid()}-0123abcd",
        f"shardmill-x-{here}-4242-{dead}-0123abcd",
        f"shardmill-x-{dead}",
        f"another-x-{here}-{dead}-0123abcd",
    }
    for name in others:
        (tmp_path / name).mkdir()
    link = tmp_path / f"shardmill-x-{here}-{dead}-linked00"
    link.symlink_to(tmp_path / f"another-x-{here}-{dead}-0123abcd")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    remove_left()
    assert {path.name for path in tmp_path.iterdir()} == others | {link.name}


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None, reason="only root may make a namespace, by unshare"
)
def test_containers_on_a_machine_are_told_apart() -> None:
    """Numbers of processes mean something in one container only, so what another one's live processes made is left."""
    code = "from shardmill.transforms.files.makers import machine; print(machine())"
    command = ["unshare", "--pid", "--fork", sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip().startswith(f"{socket.gethostname()}.")
    assert done.stdout.strip() != machine()
