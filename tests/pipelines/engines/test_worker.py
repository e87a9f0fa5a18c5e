"""`shardmill-worker`: how a worker process starts on a cluster's machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shardmill.pipelines.engines import worker
from shardmill.transforms.files.makers import machine

_SHOW = """#!/bin/sh
echo "$@"; pwd; echo "$TMPDIR"; echo "$RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT"; command -v python; touch pipeline_options.json
"""


def start(boot: Path | None, temporary: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the console script's function in a process of its own."""
    environment = {**os.environ, "TMPDIR": str(temporary), "SHARDMILL_BOOT": str(boot)}
    code = "from shardmill.pipelines.engines.worker import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def boot(tmp_path: Path) -> Path:
    """A program in the place of Beam's, which says how it was started."""
    program = tmp_path / "boot"
    program.write_text(_SHOW)
    program.chmod(0o755)
    return program


def test_boot_gets_the_arguments_and_this_environment(boot: Path, tmp_path: Path) -> None:
    """Beam's arguments go on, without Prism's quotes; the interpreter is this one, nothing is installed, boot writes in its own folder."""
    done = start(boot, tmp_path, "--id='1'", "--provision_endpoint=host:1")
    arguments, folder, temporary, default_environment, python = done.stdout.splitlines()
    assert arguments == f"--id=1 --provision_endpoint=host:1 --semi_persist_dir={folder}"
    assert Path(folder).parent == tmp_path
    assert (Path(folder) / "pipeline_options.json").exists()
    assert temporary == folder
    assert default_environment == "1"
    assert Path(python).parent == Path(sys.executable).parent


def test_folders_of_workers_that_ended_are_removed(boot: Path, tmp_path: Path) -> None:
    """A worker tidies up after those that are gone, not after the living."""
    start(boot, tmp_path)
    living = tmp_path / f"shardmill-worker-{machine()}-{os.getpid()}-0123abcd"
    living.mkdir()
    start(boot, tmp_path)
    left = set(tmp_path.glob("shardmill-worker-*"))
    assert living in left
    assert len(left) == 2


def test_a_machine_without_boot_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without Beam's boot program the worker ends at once, and says what to do."""
    monkeypatch.setattr(worker.shutil, "which", lambda _: None)
    with pytest.raises(SystemExit) as ended:
        worker.main()
    assert "set SHARDMILL_BOOT to its path" in str(ended.value.code)


def test_boot_may_lie_beside_the_interpreter(tmp_path: Path, boot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`beam-boot` beside the interpreter is found, and what SHARDMILL_BOOT names comes first."""
    beside = tmp_path / "beam-boot"
    beside.write_text(_SHOW)
    beside.chmod(0o755)
    monkeypatch.delenv("SHARDMILL_BOOT", raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert worker.find_boot() == str(beside)
    monkeypatch.setenv("SHARDMILL_BOOT", str(boot))
    assert worker.find_boot() == str(boot)


def test_boot_may_lie_on_the_path(tmp_path: Path, boot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`beam-boot` on the PATH is found where nothing else says where it is."""
    boot.rename(tmp_path / "beam-boot")
    monkeypatch.delenv("SHARDMILL_BOOT", raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "elsewhere" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert worker.find_boot() == str(tmp_path / "beam-boot")
