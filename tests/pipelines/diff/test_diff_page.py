"""The page of two runs' differences."""

import json
import re
from pathlib import Path

import pytest

from tests.pipelines.cli.test_commands import call_here


def test_the_page_has_all_kinds_of_differences(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Settings, rows with their change, vocabularies, and columns with both statistics, the farthest first."""
    monkeypatch.chdir(folder)
    status, out, _ = call_here(monkeypatch, capsys, "diff", "run-a", "run-b", "--output", "diff.html")
    assert (status, out.splitlines()[-1]) == (1, "The page is diff.html")
    page = (folder / "diff.html").read_text("utf-8")
    words = " ".join(re.sub("<[^>]*>", " ", page.partition("</style>")[2]).split())
    assert "run-a → run-b" in words
    assert "From 40 to 31 rows read, from 40 to 30 written, from 0 to 1 rejected." in words
    assert "output.shards 1 2 +100 %" in words
    assert "written 40 30 −25.0 %" in words
    assert "expected 2 columns none 1" in words
    assert "pay 2 1 coin 1 cash 0" in words
    columns = json.loads(re.findall('id="data">(.*?)</script>', page)[0])["columns"]
    assert columns[0]["name"] == "pay"
    before, after = columns[0]["splits"]["train"]
    assert (before["top"], after["top"]) == ([["card", 14], ["cash", 26]][::-1], [["coin", 20], ["card", 10]])
    fare = next(each for each in columns if each["name"] == "fare")["splits"]["train"]
    assert [each["mean"] for each in fare] == [19.5, 14.5]


def test_ids_have_no_mean(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A vocabulary's ids are numbers of which a mean says nothing."""
    monkeypatch.chdir(folder)
    call_here(monkeypatch, capsys, "diff", "run-a", "run-b", "-q", "-o", "ids.html")
    page = Path("ids.html").read_text("utf-8")
    columns = json.loads(re.findall('id="data">(.*?)</script>', page)[0])["columns"]
    means = {each["name"]: "mean" in each["splits"]["train"][0] for each in columns}
    assert means == {"fare": True, "pay": False}


def test_equal_runs_have_a_page_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says that nothing differs; with --json nothing but JSON is printed."""
    monkeypatch.chdir(folder)
    status, out, _ = call_here(monkeypatch, capsys, "diff", "run-a", "run-a", "--json", "-o", "same.html")
    assert status == 0
    assert json.loads(out)["statistics"] == []
    assert "Nothing differs between the two runs" in Path("same.html").read_text("utf-8")


def test_another_file_isnt_replaced(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unless --overwrite says so."""
    monkeypatch.chdir(folder)
    Path("notes.txt").write_text("mine")
    status, _, err = call_here(monkeypatch, capsys, "diff", "run-a", "run-b", "-o", "notes.txt")
    assert status == 1
    assert "expected a new file or a page of shardmill, received 'notes.txt'" in err
    assert call_here(monkeypatch, capsys, "diff", "run-a", "run-a", "-o", "notes.txt", "--overwrite", "-q")[0] == 0
