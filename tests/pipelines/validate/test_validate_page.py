"""The commands of docs/validate.md, run as a reader would."""

import re
from pathlib import Path

import pytest

from tests.pipelines.cli.test_commands import call_here
from tests.support.locations import ROOT
from tests.support.runs import run_toml

PAGE = ROOT / "docs" / "validate.md"
CONFIG = """
[input]
files = "{}.csv"
[features]
fare = "z_score"
payment = {{ kind = "vocabulary", num_oov_buckets = 1 }}
[output]
shards = 1
"""


@pytest.fixture(scope="module")
def page() -> str:
    """The page's text."""
    if not PAGE.exists():
        pytest.skip("the tests run apart from the repository")
    return PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(page: str, tmp_path_factory: pytest.TempPathFactory, shared_tracer: None) -> Path:
    """A folder with all that the page's commands name."""
    root = tmp_path_factory.mktemp("page")
    said, rows = re.search(r"```\n(feature.*?)```", page, re.DOTALL), re.search(r"```csv\n(.*?)```", page, re.DOTALL)
    assert said
    assert rows
    (root / "rides.pbtxt").write_text(said[1])
    (root / "new").mkdir()
    for name in ("new.csv", "new/a.csv"):
        (root / name).write_text(rows[1])
    (root / "out").mkdir()
    for day, share in (("monday", 3), ("tuesday", 2)):
        paid = "".join(f"{row},{'card' if row % share else 'cash'}\n" for row in range(12))
        (root / "out" / f"{day}.csv").write_text(f"fare,payment\n{paid}")
        run_toml(root / "out", CONFIG.format(day), name=day)
    return root


def test_the_example_prints_what_the_page_shows(
    page: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table at 80 columns, and the code that reads the file of anomalies."""
    example = page.partition("## An example")[2]
    shown = re.search(r"```console\n\$ shardmill (.*?)\n(.*?)```", example, re.DOTALL)
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert shown
    assert code
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "80")
    status, out, _ = call_here(monkeypatch, capsys, *shown[1].split(), "--output", "anomalies.pbtxt")
    assert (status, out) == (1, shown[2])
    exec(code[1], {})
    assert capsys.readouterr().out == "['city', 'fare', 'payment', 'seats']\n"


def test_every_command_of_the_page_works(
    page: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each finds what there is to find, which is no error."""
    monkeypatch.chdir(folder)
    commands = re.findall(r"^\$ shardmill (.*)$", page, re.MULTILINE)
    assert len(commands) >= 4
    for command in commands:
        status, out, err = call_here(monkeypatch, capsys, *command.replace("'", "").split())
        assert (status, "error" in err) == (1, False), (command, err)
        assert out
