"""Folders that go when the process ends."""

import subprocess
import sys
from pathlib import Path

import pytest

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
