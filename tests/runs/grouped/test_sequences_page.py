"""The examples of docs/sequences.md, run as a reader would."""

import re
import shutil
from pathlib import Path

import pytest

from shardmill.pipelines.inspect.code import code_for
from tests.support.locations import ROOT
from tests.support.printed import execute
from tests.support.runs import run_toml
from tests.support.verified import checks

PAGE = ROOT / "docs" / "sequences.md"


def _blocks(language: str) -> list[str]:
    """The page's code blocks in a language."""
    if not PAGE.exists():
        pytest.skip("the tests run apart from the repository")
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.usefixtures("shared_tracer")
def test_the_pages_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each configuration runs on its rows and is verified; what reads them in the page does so."""
    pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")
    (visits, sentences), (of_visits, of_sentences) = _blocks("csv"), _blocks("toml")
    lists_of_lists, layers, specs = _blocks("python")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "visits.csv").write_text(visits)
    folder = run_toml(tmp_path, of_visits)
    assert [check.problems for check in checks(folder).values() if check.problems] == []
    names = execute(code_for(str(folder)) + layers + specs, tmp_path)
    assert tuple(names["state"].shape) == (len(names["steps"]), 8)
    assert {*names["context_spec"], *names["lists_spec"]} == {"age", "page", "seconds", "bought"}
    shutil.rmtree(folder)
    (tmp_path / "sentences.csv").write_text(sentences)
    run_toml(tmp_path, of_sentences)
    names = execute(f"import tensorflow as tf\n{lists_of_lists}", tmp_path)
    lengths = [document.row_lengths().numpy().tolist() for document in names["lists"]["words"]]
    assert sorted(lengths) == [[2], [3, 4]]
    assert sorted(map(len, names["context"]["topics"].to_list())) == [1, 2]
