"""The report of a run that is about to be published."""

import logging
from pathlib import Path

import pytest

from shardmill.pipelines.report import write_report as module
from shardmill.pipelines.report.column_warnings import Warned
from shardmill.pipelines.report.write_report import write_report


def test_a_page_that_cant_be_made_costs_no_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, with what was wrong, and nothing is written."""
    with caplog.at_level(logging.WARNING):
        assert write_report(str(tmp_path), "out/run") == []
    assert "report.html: expected a report of the run, received DataError" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_the_page_has_the_name_of_the_output(
    hostile_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A work folder has another one."""
    names: list[str] = []
    warned = [Warned(90, "it is constant", "so"), Warned(45, "it is repaired", "so")]
    monkeypatch.setattr(module, "report_page", lambda _, name: (names.append(name) or "page", warned))
    work = tmp_path / "work"
    work.symlink_to(hostile_run)
    before = (hostile_run / "report.html").read_bytes()
    assert write_report(str(work), "out/flights") == ["it is constant"]
    assert names == ["out/flights"]
    assert (hostile_run / "report.html").read_text() == "page"
    (hostile_run / "report.html").write_bytes(before)
