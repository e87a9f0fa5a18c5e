"""Commands that start workers of this very Python with something of a test's own in them, and workers that wait in the middle of a step."""

import os
import sys
from pathlib import Path

from typing_extensions import Self

from tests.clusters.machines import golang

# Looked at by each Python that is started with its folder on the path; another file of this name is hidden by it.
_AT_START = "sitecustomize.py"
# The second time that a step is about to do something with such a file: so one is made, or read, already.
_HOLD = """
import fnmatch, os, pathlib, sys, time

met = []

def works():
    frame = sys._getframe()
    while frame is not None and frame.f_globals.get("__name__") != {step!r}:
        frame = frame.f_back
    return frame is not None

def hold(event, arguments):
    if any(isinstance(each, (str, os.PathLike)) and fnmatch.fnmatch(os.fspath(each), {files!r}) for each in arguments) and works():
        met.append(event)
        if len(met) > 1:
            here = pathlib.Path({folder!r})
            (here / "held" / str(os.getpid())).touch()
            while not (here / "go").exists():
                time.sleep(0.02)

sys.addaudithook(hold)
"""


def script(path: Path, *lines: str) -> Path:
    """A program of the shell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


def become_worker(folder: Path, before: str = "") -> str:
    """The line of a script that becomes a worker of this very Python, after some of its own code."""
    script(folder / "worker.py").write_text(
        f"import sys\n{before}\nfrom shardmill.pipelines.engines.worker import main\nmain()\n"
    )
    path = os.pathsep.join(path for path in sys.path if path)
    return f"PYTHONPATH='{path}' exec '{sys.executable}' '{folder}/worker.py' \"$@\""


def with_modules(folder: Path) -> Path:
    """A command of workers whose Python finds what is in a folder before all else."""
    boot = script(folder / "boot", f"PYTHONPATH='{folder}':\"$PYTHONPATH\" exec '{golang.boot()}' \"$@\"")
    return script(folder / "command", f"export SHARDMILL_BOOT='{boot}'", become_worker(folder))


def started_by(command: Path) -> list[str]:
    """Beam's options for workers that a command starts."""
    return ["--environment_type=PROCESS", f'--environment_config={{"command": "{command}"}}']


class HeldWorkers:
    """Workers that wait in the middle of a step, until they may go on: so a test can do its worst at a moment of its choice."""

    def __init__(self, folder: Path, step: str, files: str) -> None:
        """Prepares their command.

        Args:
            folder: A folder of its own, made here.
            step: The module of the step.
            files: Paths, as `fnmatch` has them. A worker that in this step is about to open, make or rename one of them waits, but for
                the first time.
        """
        self._folder = folder
        self._held = folder / "held"
        self._held.mkdir(parents=True)
        (folder / _AT_START).write_text(_HOLD.format(step=step, files=files, folder=str(folder)))
        self.options = started_by(with_modules(folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def pids(self) -> list[int]:
        """The numbers of those that wait, or did."""
        return [int(name) for name in os.listdir(self._held)]

    def release(self) -> None:
        """Lets all go on, and wait no more."""
        (self._folder / "go").touch()
