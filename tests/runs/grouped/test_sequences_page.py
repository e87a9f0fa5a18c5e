"""The example of docs/sequences.md, run as a reader would."""

import re
from pathlib import Path

import pytest

from shardmill.pipelines.inspect.code import code_for
from tests.support.locations import ROOT
from tests.support.printed import execute
from tests.support.runs import run_toml
from tests.support.verified import checks

PAGE = ROOT / "docs" / "sequences.md"


def _block(language: str) -> str:
    """The page's first code block in a language."""
    if not PAGE.exists():
        pytest.skip("the tests run apart from the repository")
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.mark.usefixtures("shared_tracer")
def test_the_pages_example_runs(tmp_path: Path) -> None:
    """The configuration runs on its rows and is verified; the printed reader feeds the page's layers."""
    (tmp_path / "visits.csv").write_text(_block("csv"))
    folder = run_toml(tmp_path, _block("toml"))
    assert [check.problems for check in checks(folder).values() if check.problems] == []
    names = execute(code_for(str(folder)) + _block("python"), tmp_path)
    assert tuple(names["state"].shape) == (len(names["steps"]), 8)
