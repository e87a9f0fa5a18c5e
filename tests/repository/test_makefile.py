"""What make runs is there."""

import re

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


def test_the_quick_tests_are_there(quick: list[str]) -> None:
    """Each name is a file's, once, in order."""
    assert quick == sorted(set(quick))
    assert [name for name in quick if not (ROOT / "tests" / f"test_{name}.py").exists()] == []


def test_the_quick_tests_need_nothing_but_python(quick: list[str]) -> None:
    """None of them runs the main job, traces a graph, or starts a cluster, a compiler or Java."""
    heavy = r"(?m)^ *import tensorflow\b|^ +run_toml|^def .*shared_tracer|^from tests\.clusters|^ +needs\(\""
    texts = {name: (ROOT / "tests" / f"test_{name}.py").read_text("utf-8") for name in quick}
    assert {name: found[0] for name, text in texts.items() if (found := re.search(heavy, text))} == {}
