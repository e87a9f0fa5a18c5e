"""Two runs, made once for all the tests here, and a copy to change."""

import shutil
from pathlib import Path

import pytest

from tests.runs.untrusted.untrusted import TOML
from tests.support.runs import run_toml


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, shared_tracer: None) -> Path:
    """A folder with an input and two runs of it that differ in a vocabulary."""
    folder = tmp_path_factory.mktemp("untrusted")
    for name, cities in (("run", ("Oslo", "Rome")), ("other", ("Rome", "Bonn"))):
        rows = [f"{row},{row % 50},{cities[row % 3 % 2]},{row / 7}" for row in range(40)]
        (folder / f"{name}.csv").write_text("\n".join(["id,age,city,price", *rows, ""]))
        run_toml(folder, TOML.format(data=folder / f"{name}.csv"), name=name)
    return folder


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy of the run, to change."""
    return Path(shutil.copytree(finished / "run", tmp_path / "run"))
