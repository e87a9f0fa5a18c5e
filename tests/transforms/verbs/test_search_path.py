"""Where Python looks for modules."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shardmill.transforms.workers.search_path import current_folder_last, guard_process, start_code


@pytest.mark.parametrize("spelling", ["", ".", "./.", "{here}", "{here}/", "../{name}"])
def test_the_current_folder_is_looked_at_last(spelling: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However it is spelled; the order of the others stays."""
    monkeypatch.chdir(tmp_path)
    given = spelling.format(here=tmp_path, name=tmp_path.name)
    assert current_folder_last(["/a", given, "/b"]) == ["/a", "/b", str(tmp_path)]


def test_a_path_without_it_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder isn't added."""
    monkeypatch.chdir(tmp_path)
    assert current_folder_last(["/a", "other"]) == ["/a", "other"]


def test_a_current_folder_that_is_gone_is_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What starts from it is left out."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert current_folder_last(["", "relative", "/a"]) == ["/a"]


def test_a_guarded_process_starts_guarded_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it starts is told by the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    monkeypatch.setenv("PYTHONPATH", f".{os.pathsep}/a")
    monkeypatch.setenv("PYTHONSAFEPATH", "")
    guard_process()
    assert "" not in sys.path
    assert sys.path[-1] == str(tmp_path)
    assert os.environ["PYTHONPATH"] == f"/a{os.pathsep}{tmp_path}"
    assert os.environ["PYTHONSAFEPATH"] == "1"


def test_a_process_of_ours_runs_nothing_of_the_current_folder(tmp_path: Path) -> None:
    """Files called as our packages, as the standard library's modules or as what we need are passed over."""
    for name in ("pipelines", "schemas", "transforms", "logging", "tensorflow"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(9)\n")
    code = start_code("shardmill.transforms.files.temporary", "remove_folders")
    done = subprocess.run([sys.executable, "-c", f"{code}; import logging"], cwd=tmp_path, timeout=120, check=False)
    assert done.returncode == 0
