"""What make runs is there."""

import re
from pathlib import Path

import pytest

from tests.support.locations import ROOT


@pytest.fixture(scope="module")
def quick() -> list[str]:
    """The names that `make test-quick` runs."""
    if not (ROOT / "Makefile").exists():
        pytest.skip("the tests run apart from the repository")
    found = re.search(r"^QUICK := (.*?[^\\])\n", (ROOT / "Makefile").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert found
    return found[1].replace("\\\n", " ").split()


def files(quick: list[str]) -> list[Path]:
    """The test files of the names; a name that ends with a slash is a folder's."""
    tests = ROOT / "tests"
    return [
        path
        for name in quick
        for path in (sorted((tests / name).glob("test_*.py")) if name[-1] == "/" else [tests / name])
    ]


def test_the_quick_tests_are_there(quick: list[str]) -> None:
    """Each name is a file's or a folder's, once, in order."""
    assert quick == sorted(set(quick))
    assert [name for name in quick if not (ROOT / "tests" / name).exists()] == []


def test_the_quick_tests_need_nothing_but_python(quick: list[str]) -> None:
    """None of them runs the main job, traces a graph, or starts a cluster, a compiler or Java."""
    heavy = r"(?m)^ *import tensorflow\b|^ +run_toml|^def .*shared_tracer|^from tests\.clusters|^ +needs\(\""
    texts = {path: path.read_text("utf-8") for path in files(quick)}
    assert {path.name: found[0] for path, text in texts.items() if (found := re.search(heavy, text))} == {}
