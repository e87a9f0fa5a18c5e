"""The example of docs/validate.md, run as a reader would."""

import re
from pathlib import Path

import pytest

from tests.pipelines.cli.test_commands import call_here
from tests.support.locations import ROOT

PAGE = ROOT / "docs" / "validate.md"


def test_the_example_prints_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table at 80 columns, and the code that reads the file of anomalies."""
    if not PAGE.exists():
        pytest.skip("the tests run apart from the repository")
    page = PAGE.read_text(encoding="utf-8").partition("## An example")[2]
    said, rows = re.search(r"```\n(feature.*?)```", page, re.DOTALL), re.search(r"```csv\n(.*?)```", page, re.DOTALL)
    shown = re.search(r"```console\n\$ shardmill (.*?)\n(.*?)```", page, re.DOTALL)
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert said
    assert rows
    assert shown
    assert code
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    Path("rides.pbtxt").write_text(said[1])
    Path("new.csv").write_text(rows[1])
    status, out, _ = call_here(monkeypatch, capsys, *shown[1].split(), "--output", "anomalies.pbtxt")
    assert (status, out) == (1, shown[2])
    exec(code[1], {})
    assert capsys.readouterr().out == "['city', 'fare', 'payment', 'seats']\n"
