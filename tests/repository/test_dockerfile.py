"""The Dockerfile as it stands: a linter's view, what it pins, what pyproject.toml says of it. `python -m tests.image` builds it."""

import subprocess
import sys
from collections.abc import Mapping
from importlib import metadata
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from shardmill.pipelines.config.table import read_toml
from tests.image.dockerfile import Dockerfile, ignored, pairs, parse
from tests.support.locations import ROOT

if not (ROOT / "Dockerfile").exists():
    pytest.skip("these are checks of the project's own files", allow_module_level=True)


@pytest.fixture(scope="module")
def dockerfile() -> Dockerfile:
    """The Dockerfile, parsed."""
    return parse((ROOT / "Dockerfile").read_text())


@pytest.fixture(scope="module")
def project() -> Mapping[str, Any]:
    """What pyproject.toml says of the project."""
    return read_toml(str(ROOT / "pyproject.toml"))["project"]


@pytest.fixture(scope="module")
def pins() -> Mapping[str, str]:
    """The versions in constraints.txt."""
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    return {name.lower().replace("_", "-"): version for name, _, version in (line.partition("==") for line in lines)}


def test_the_linter_passes() -> None:
    """hadolint, with its rules for shell in RUN, has nothing to say."""
    done = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), "--failure-threshold=style", ROOT / "Dockerfile"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_images_are_pinned(dockerfile: Dockerfile, project: Mapping[str, Any]) -> None:
    """Each image from outside has a version, not `latest`; Beam's is that of the package, and Python's the same everywhere."""
    names = {stage.name for stage in dockerfile.stages}
    outside = {stage.base for stage in dockerfile.stages if stage.base not in names}
    assert all(image.rpartition(":")[2][0].isdigit() for image in outside), outside
    (python,) = (image.removeprefix("python:").partition("-")[0] for image in outside if image.startswith("python:"))
    minor = ".".join(python.split(".")[:2])
    assert SpecifierSet(project["requires-python"]).contains(python)
    assert f"apache/beam_python{minor}_sdk:{metadata.version('apache-beam')}" in outside
    assert any(f"/python{minor.replace('.', '')}-template-launcher-base:" in image for image in outside)


def test_labels_say_what_pyproject_says(dockerfile: Dockerfile, project: Mapping[str, Any]) -> None:
    """The labels' name, description, version and base are those of the package and of the stage."""
    (runtime,) = (stage for stage in dockerfile.stages if stage.name == "runtime")
    labels = pairs(" ".join(step.text for step in runtime.steps if step.name == "LABEL"), {})
    expected = {
        "title": project["name"],
        "description": project["description"],
        "version": project["version"],
        "base.name": runtime.base,
    }
    assert {name.removeprefix("org.opencontainers.image."): value for name, value in labels.items()} == expected


def test_pinned_versions_are_within_bounds(project: Mapping[str, Any], pins: Mapping[str, str]) -> None:
    """constraints.txt has a version for each package that a run may need, within its bounds."""
    extras = [project["optional-dependencies"][name] for name in ("gcp", "s3", "hdfs", "tft")]
    for requirement in map(Requirement, chain(project["dependencies"], *extras)):
        if requirement.marker is None or requirement.marker.evaluate({"python_version": "3.11"}):
            assert requirement.specifier.contains(pins[requirement.name]), requirement


def test_the_context_is_what_is_copied(dockerfile: Dockerfile) -> None:
    """What COPY names exists and isn't ignored; anything else is, and so is what Python leaves behind."""
    patterns = (ROOT / ".dockerignore").read_text()
    copies = [step.text.split()[:-1] for stage in dockerfile.stages for step in stage.steps if step.name == "COPY"]
    sources = {source for words in copies if not words[0].startswith("--from=") for source in words}
    for source in sources:
        assert (ROOT / source).exists(), source
        assert not ignored(source, patterns), source
    for left_out in (".git/config", "tests/conftest.py", ".venv/bin/python", "pipelines/__pycache__/cli.pyc", "secret"):
        assert ignored(left_out, patterns), left_out
    assert not ignored("transforms/kinds/numeric/scale.py", patterns)
    assert sources == {top.name for top in ROOT.iterdir() if not ignored(top.name, patterns)}


def test_the_last_stage_is_not_roots(dockerfile: Dockerfile) -> None:
    """Whoever names no target gets the worker's image, in which programs run as a user by number."""
    last = dockerfile.stages[-1]
    assert (last.name, [step.text for step in last.steps if step.name == "USER"]) == ("worker", ["10001"])


def test_dataflow_is_told_a_file_of_the_wheel(dockerfile: Dockerfile) -> None:
    """The file that the Flex Template's launcher runs is one that the wheel installs."""
    (stage,) = (stage for stage in dockerfile.stages if stage.name == "dataflow")
    environ = pairs(" ".join(step.text for step in stage.steps if step.name == "ENV"), {})
    installed = environ["FLEX_TEMPLATE_PYTHON_PY_FILE"].removeprefix("/usr/local/lib/python3.11/site-packages/")
    assert (ROOT / "src" / installed).is_file()


@pytest.mark.parametrize("text", ["FROM a\n", "FROM a AS b\nVOLUME /x\n"])
def test_what_is_not_known_is_an_error(text: str) -> None:
    """An instruction that the build without an engine would not execute isn't passed over."""
    with pytest.raises(ValueError, match=r"isn't known here|expected `FROM image AS name`"):
        parse(text)
