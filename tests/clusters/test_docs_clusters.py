"""The commands of docs/clusters.md, run as a reader would: on a Flink and a Spark cluster that `make` starts."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shardmill.pipelines.demo.demo import prepare
from tests.clusters.compare import differences
from tests.clusters.machines import golang
from tests.support.locations import ROOT
from tests.support.needs import needs

DOC = ROOT / "docs" / "clusters.md"
BIN = Path(sys.executable).parent

pytestmark = pytest.mark.cluster


def sections() -> dict[str, str]:
    """The document's sections by their titles."""
    if not DOC.exists():
        pytest.skip("the tests run apart from the repository")
    found = re.split(r"^## (.*)\n", DOC.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return dict(zip(found[::2], found[1::2], strict=True))


def _shell(command: str, folder: Path) -> None:
    path = os.pathsep.join((str(BIN), os.path.dirname(golang.prism()), os.environ["PATH"]))
    if command.startswith("make "):
        # With the packages that are here, whatever the environment that they are in.
        stamps = " ".join(f"-o {BIN.parent}/{name}" for name in ("dev.stamp", "bin/python", "pyproject.toml"))
        command = f"{command} -C {ROOT} VENV={BIN.parent} {stamps}"
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="module")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the flights, and what the local engine makes of them."""
    folder = tmp_path_factory.mktemp("flights")
    prepare(folder)
    _shell("shardmill run flights.toml --output local", folder)
    return folder


@pytest.fixture
def cluster(flights: Path) -> Iterator[Path]:
    """The same folder; whatever a test has started is stopped."""
    needs("java", "mvn", "go", "make")
    yield flights
    for name in ("flink", "spark"):
        _shell(f"make {name}-stop", flights)


@pytest.mark.parametrize("engine", ["Prism", "Flink", "Spark"])
def test_the_commands_run(cluster: Path, engine: str) -> None:
    """Each `console` command of an engine's section succeeds, in order, and the run is that of the local engine."""
    commands = re.findall(r"^\$ (.*)$", sections()[engine], re.MULTILINE)
    assert any(command.startswith("shardmill run") for command in commands)
    for command in commands:
        _shell(command, cluster)
    assert differences(cluster / "local", cluster / f"{engine.lower()}-run") == []


def test_the_other_commands_say_what_they_need() -> None:
    """What CI can't run is in blocks of another kind, after words that say whose cluster, engine or account it takes."""
    text = DOC.read_text(encoding="utf-8") if DOC.exists() else ""
    before = re.findall(r"\n\n((?:(?!\n\n).)*?)\n\n```sh\n", text, re.DOTALL)
    assert len(before) == text.count("```sh\n")
    assert [
        words for words in before if not re.search(r"[Yy]our cluster|of yours|container engine|account", words)
    ] == []
