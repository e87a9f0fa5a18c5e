"""The example of docs/windows.md, run as a reader would."""

import json
import re
from pathlib import Path

import pytest

from shardmill.pipelines.inspect.code import code_for
from tests.support.locations import ROOT
from tests.support.printed import execute
from tests.support.runs import read_split, run_toml
from tests.support.verified import checks

PAGE = ROOT / "docs" / "windows.md"


def _blocks(language: str) -> list[str]:
    """The page's code blocks in a language."""
    if not PAGE.exists():
        pytest.skip("the tests run apart from the repository")
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.usefixtures("shared_tracer")
def test_the_pages_example_runs(tmp_path: Path) -> None:
    """The configuration gives the windows that the page tells, and is verified; the printed reader feeds the page's model."""
    (tmp_path / "weather.csv").write_text(_blocks("csv")[0])
    folder = run_toml(tmp_path, _blocks("toml")[0])
    assert [check.problems for check in checks(folder).values() if check.problems] == []
    assert sorted(read_split(folder, "train")["tomorrow"]) == [7.5, 9.0, 17.5, 18.0]
    assert sorted(read_split(folder, "eval")["tomorrow"]) == [12.0, 16.5]
    assert json.loads((folder / "manifest.json").read_text())["groups"]["dropped"] == {}
    names = execute("".join([code_for(str(folder)), *_blocks("python")]), tmp_path)
    assert names["tomorrow"].shape == (1, 1)
