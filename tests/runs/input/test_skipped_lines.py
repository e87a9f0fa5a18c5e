"""Lines that are no rows, and records that aren't whole: counted from the CSV to the summary, to `verify` and `apply`."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from shardmill.pipelines.apply import Application, apply
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.console.summary import print_summary
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.verify.verify import verify
from tests.support.runs import read_split, run_toml

CONFIG = """[input]
files = "*.csv"
comment = "!"
skip_rows = 1
max_bad_fraction = 0.5
[features]
a = "numeric"
b = "vocabulary"
[output]
shards = 1
shuffle = false
"""
TORN = "b: text after the quote that closes a cell"


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory, shared_tracer: None) -> Path:
    """A run of two files with titles, comments, blank lines, and a quote that isn't closed; and of one of comments alone."""
    folder = tmp_path_factory.mktemp("lines")
    (folder / "a.csv").write_text('Title\n!made today\na,b\n1,2\n!bad\n\n3,4\n5,"x\n6,"y\n7,z\n')
    (folder / "b.csv").write_text('Title\r\na,b\r\n\r\n8,"!\r\n!no comment"\r\n!last', newline="")
    (folder / "c.csv").write_text("Title\n!nothing\n")
    return run_toml(folder, CONFIG)


def manifest_of(run: Path) -> dict[str, Any]:
    """A run's manifest."""
    found: dict[str, Any] = json.loads((run / "manifest.json").read_text())
    return found


def problems(run: Path) -> list[str]:
    """What `verify` finds wrong."""
    checks = verify(str(run), None, 1, Progress(quiet=True))
    return [problem for check in checks for problem in check.problems]


def test_skipped_lines_are_counted(run_dir: Path) -> None:
    """The manifest has their numbers beside those of the rows; a comment's letter inside quotes begins none."""
    manifest = manifest_of(run_dir)
    assert read_split(run_dir)["a"].tolist() == [1, 3, 7, 8]
    assert manifest["skipped"] == {"above": 3, "comments": 4, "blank": 2}
    assert manifest["rows"] == {"read": 5, "written": 4, "rejected": 1}
    assert manifest["rejected"]["reasons"] == {TORN: 1}


def test_the_summary_tells_comments_and_titles(run_dir: Path) -> None:
    """In a line after those of the rows; blank lines hide nothing."""
    out = io.StringIO()
    print_summary(str(run_dir), manifest_of(run_dir), {}, Console(file=out, width=500, soft_wrap=True))
    lines = out.getvalue().splitlines()
    at = lines.index("  skipped 3 lines at the top and 4 comment lines")
    assert "5 rows read = 4 written + 1 rejected" in lines[:at]
    assert f"  rejected 1: {TORN}" in lines[:at]


def test_verify_counts_them_again(run_dir: Path) -> None:
    """A manifest with other numbers is told from the input."""
    assert problems(run_dir) == []
    path = run_dir / "manifest.json"
    before = path.read_bytes()
    path.write_text(json.dumps(manifest_of(run_dir) | {"skipped": {"above": 3, "comments": 9}}))
    try:
        assert problems(run_dir) == [
            "4 comment lines are skipped; in the run it was 9",
            "2 blank lines are skipped; in the run it was 0",
        ]
    finally:
        path.write_bytes(before)


def test_new_files_are_counted_alike(run_dir: Path, tmp_path: Path) -> None:
    """`apply` skips what the run did, and its manifest tells how much."""
    (tmp_path / "new.csv").write_text("Title\na,b\n!no\n7,z\n")
    out = tmp_path / "out"
    application = Application(str(run_dir), (str(tmp_path / "new.csv"),))
    apply(application, str(out), overwrite=False, engine=Engine(), progress=Progress(quiet=True))
    assert manifest_of(out)["skipped"] == {"above": 1, "comments": 1}
    assert problems(out) == []
