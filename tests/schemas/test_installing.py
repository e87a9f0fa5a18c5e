"""The command that installs what is missing."""

import json
import shlex
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from shardmill.schemas import installing
from shardmill.schemas.installing import install_command
from tests.support.locations import ROOT


class _Distribution:
    def __init__(self, direct_url: dict[str, Any] | None) -> None:
        self._direct_url = direct_url

    def read_text(self, name: str) -> str | None:
        assert name == "direct_url.json"
        return None if self._direct_url is None else json.dumps(self._direct_url)


def advised(monkeypatch: pytest.MonkeyPatch, direct_url: dict[str, Any] | None, extra: str | None = "tft") -> list[str]:
    """What is advised to be installed, for a distribution that is from there."""
    monkeypatch.setattr(metadata, "distribution", lambda name: _Distribution(direct_url))
    python, *command = shlex.split(install_command(extra))
    assert python == sys.executable
    assert command[:3] == ["-m", "pip", "install"]
    return command[3:]


def test_an_editable_folder_stays_editable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As make installs a clone; its path may have spaces."""
    clone = tmp_path / "my clone"
    clone.mkdir()
    url = {"url": clone.as_uri(), "dir_info": {"editable": True}}
    assert advised(monkeypatch, url) == ["--editable", f"{clone}[tft]"]
    assert advised(monkeypatch, url, None) == ["--editable", str(clone)]


def test_a_copy_of_a_folder_stays_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As `pip install .` makes it, while the folder is there."""
    url = {"url": tmp_path.as_uri(), "dir_info": {}}
    assert advised(monkeypatch, url) == [f"{tmp_path}[tft]"]
    url["url"] = (tmp_path / "gone").as_uri()
    assert advised(monkeypatch, url) == ["shardmill[tft]"]


def test_other_sources_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A wheel, a repository, an index."""
    wheel = tmp_path / "shardmill-0.1.0-py3-none-any.whl"
    wheel.touch()
    assert advised(monkeypatch, {"url": wheel.as_uri(), "archive_info": {}}) == [f"shardmill[tft] @ {wheel.as_uri()}"]
    url = {"url": "https://host/shardmill.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}
    assert advised(monkeypatch, url) == ["shardmill[tft] @ git+https://host/shardmill.git@abc"]
    assert advised(monkeypatch, None) == ["shardmill[tft]"]


def test_sources_that_are_not_installed_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are run where they lie: that folder can be installed."""

    def absent(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", absent)
    root = ROOT
    if not (root / "pyproject.toml").exists() or root != installing._ROOT:
        pytest.skip("the tests run apart from the sources")
    assert shlex.split(install_command("s3"))[-2:] == ["--editable", f"{root}[s3]"]
