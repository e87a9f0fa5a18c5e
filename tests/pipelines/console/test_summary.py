"""What a finished run says."""

import io
import shlex
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from shardmill.pipelines.console.summary import format_bytes, print_summary

MANIFEST: dict[str, Any] = {
    "rows": {"read": 1010, "written": 1000, "rejected": 10},
    "splits": {
        "train": {"rows": 900, "bytes": 3072, "shards": [{"bytes": 2048}, {"bytes": 1024}]},
        "eval": {"rows": 100, "bytes": 500, "shards": [{"bytes": 500}]},
    },
    "rejected": {
        "rows": 10,
        "reasons": {f"column [{n}]: bad": n for n in range(1, 8)},
        "files": [{"file": "rejected/rejected.jsonl.gz"}],
    },
    "config": {"output": {"compression": "gzip"}},
}


def summary(manifest: dict[str, Any], seconds: dict[str, float], folder: str = "out/run/") -> str:
    """The text of a summary."""
    out = io.StringIO()
    print_summary(folder, manifest, seconds, Console(file=out, width=200, soft_wrap=True))
    return out.getvalue()


def test_the_summary_accounts_for_all_rows() -> None:
    """Splits, the sum of rows, the most frequent reasons, times, places and next steps are stated."""
    text = summary(MANIFEST, {"analyze": 1.5, "transform": 2.0, "total": 5.05})
    cells = [[cell.strip() for cell in line.strip("│ ").split("│")] for line in text.splitlines()]
    assert ["train", "900", "2", "3.0 KiB"] in cells
    assert ["eval", "100", "1", "500 B"] in cells
    assert "1,010 rows read = 1,000 written + 10 rejected" in text
    assert text.index("rejected 7: column [7]: bad") < text.index("rejected 6: column [6]: bad")
    assert "rejected 2:" not in text
    assert "... and 2 more reasons" in text
    assert "in out/run/rejected/rejected.jsonl.gz" in text
    assert "5.0 s, 200 rows/s (analyze 1.5 s, transform 2.0 s)" in text
    assert text.splitlines()[-3:] == [
        "  shardmill inspect out/run/                     what is in it",
        "  shardmill inspect --code out/run/ > train.py   code that trains on it, and serves",
        "  shardmill verify out/run/                      checks it, bit for bit",
    ]


def test_files_without_rows_are_named_as_they_were_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On one line; paths are relative to the current folder where the configuration's are."""
    monkeypatch.chdir(tmp_path)
    paths = {f"{tmp_path}/in/{number}.csv": number % 2 for number in range(14)}
    found = {"input": [{"path": path, "rows": rows} for path, rows in paths.items()]}
    relative = "".join(f"'in/{number}.csv', " for number in range(0, 10, 2)).removesuffix(", ")
    absolute = relative.replace("in/", f"{tmp_path}/in/")
    for files, shown in ((["in/*"], relative), ({"train": ["in/*"]}, relative), ([f"{tmp_path}/in/*"], absolute)):
        text = summary(MANIFEST | found | {"config": {"input": {"files": files}}}, {})
        assert f"  no rows in {shown} and 2 more\n" in text


def test_an_applied_run_is_not_advised_to_train() -> None:
    """Nor to change settings, which `apply` hasn't."""
    found = {"not_finite": {"columns": {"x": 2}}}
    text = summary(MANIFEST | found | {"applied": {"manifest_sha256": "0"}}, {})
    assert [line.split("  ")[1] for line in text.splitlines() if line.startswith("  shardmill")] == [
        "shardmill inspect out/run/",
        "shardmill verify out/run/",
    ]
    assert "  column 'x': 2 infinite cells, kept\n" in text
    assert "[input]" not in text


def test_commands_are_as_a_shell_takes_them() -> None:
    """A folder's name that a shell would take apart is quoted in the commands."""
    text = summary(MANIFEST, {}, "my out/it's")
    assert "The run is in my out/it's. Next:" in text
    commands = [shlex.split(line) for line in text.splitlines() if line.startswith("  shardmill")]
    assert [command[3 if "--code" in command else 2] for command in commands] == ["my out/it's"] * 3


def test_a_clean_run_mentions_no_rejected_file() -> None:
    """Without rejected rows there is nothing to look at."""
    text = summary(MANIFEST | {"rejected": {"rows": 0, "reasons": {}, "files": []}}, {})
    assert "rejected.jsonl" not in text


def test_sizes_are_in_the_unit_that_suits() -> None:
    """Sizes are given in bytes or binary multiples."""
    assert [format_bytes(size) for size in (0, 1023, 1536, 5 << 20, 3 << 30)] == [
        "0 B",
        "1023 B",
        "1.5 KiB",
        "5.0 MiB",
        "3.0 GiB",
    ]


def test_rounded_identifiers_are_named() -> None:
    """Columns of floats with whole numbers that float32 can't hold, and what to do; `apply` has no schema to change."""
    found = {**MANIFEST, "rounded": {"a": 1, "tract": 1203}}
    assert (
        "  column 'tract': 1,203 whole numbers are rounded to float32; if they are identifiers, make its type INT or BYTES in the schema\n"
        in summary(found, {})
    )
    assert "  column 'a': 1 whole number is rounded to float32\n" in summary({**found, "applied": {}}, {})
    assert "float32" not in summary(MANIFEST, {})
    many = summary({**MANIFEST, "rounded": {f"c{n}": 2 for n in range(8)}}, {})
    assert (many.count("float32"), "more columns" in summary(found, {})) == (5, False)
    assert "  column 'c4': 2 whole" in many
    assert "  ... and 3 more columns\n" in many


def test_what_no_model_learns_from_is_named() -> None:
    """Columns with infinite cells, and what was made of these; features with infinite values and NaN."""
    found = {
        "columns": {"a": 1, "b": 2000, "c": 3},
        "nan": {"x": 4},
        "infinite": {"x": 5, "a": 1},
    }
    columns = {"b": {"infinite": "missing"}, "c": {"infinite": "reject"}, "a": {"infinite": None}}
    settings = {"input": {"infinite": "keep", "columns": columns}}
    text = summary({**MANIFEST, "not_finite": found, "config": settings}, {})
    assert (
        "  column 'a': 1 infinite cell, kept; statistics leave them out. `[input] infinite = \"missing\"` makes them"
        in text
    )
    assert "  column 'b': 2,000 infinite cells, taken as missing\n" in text
    assert "  column 'c': 3 infinite cells: their rows are rejected\n" in text
    assert "  feature 'a': 1 infinite values, from which a model learns nothing\n" in text
    assert "  feature 'x': 5 infinite and 4 NaN values, from which a model learns nothing\n" in text


def test_skipped_lines_are_told_where_there_are_some() -> None:
    """Comments and lines at the top are; blank lines are nobody's loss."""
    assert "skipped" not in summary(MANIFEST | {"skipped": {"blank": 4}}, {})
    assert "  skipped 1 line at the top and 1 comment line\n" in summary(
        MANIFEST | {"skipped": {"above": 1, "comments": 1}}, {}
    )
    assert "  skipped 1,234 comment lines\n" in summary(MANIFEST | {"skipped": {"comments": 1234, "blank": 4}}, {})


def test_grave_warnings_are_told() -> None:
    """The gravest ones, and where to read what they mean; without any, nothing."""
    out = io.StringIO()
    titles = [f"Feature {number} is constant" for number in range(7)]
    print_summary("out/run/", MANIFEST, {}, Console(file=out, width=200, soft_wrap=True), titles)
    text = out.getvalue()
    assert [line for line in text.splitlines() if line.startswith("grave: ")] == [
        f"grave: {each}" for each in titles[:5]
    ]
    assert "  2 more, and what that means, in out/run/report.html\n" in text
    assert "report.html" not in summary(MANIFEST, {})
