"""What paths hold, as JSON."""

import gzip
import json
from pathlib import Path

import pytest

from shardmill.pipelines.describe.describe_path import as_json
from shardmill.schemas.errors import DataError
from tests.pipelines.cli.test_commands import call_here
from tests.pipelines.inspect.test_inspect import RECORD, write_run
from tests.support.framing import frame


def test_a_run_is_told_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Manifest, features, vocabularies and statistics."""
    status, out, _ = call_here(monkeypatch, capsys, "inspect", str(write_run(tmp_path / "run")), "--json")
    found = json.loads(out)
    assert (status, found["kind"]) == (0, "run")
    assert found["manifest"]["splits"]["train"]["rows"] == 90
    assert found["features"]["feature"][0]["name"] == "dep_delay"
    assert found["vocabularies"] == [
        {"name": "carrier", "file": "transform_fn/assets/carrier", "tokens": 3, "first": "UA"}
    ]
    assert found["statistics"]["datasets"][0]["features"][0]["num_stats"]["mean"] == 12.5


def test_files_of_a_run_are_told(tmp_path: Path) -> None:
    """Each with its kind."""
    run = write_run(tmp_path / "run")
    assert json.loads(as_json(str(run / "manifest.json"), 5))["manifest"]["rows"]["read"] == 101
    schema = json.loads(as_json(str(run / "transformed_metadata" / "schema.pbtxt"), 5))
    assert schema["schema"]["feature"][1]["int_domain"]["max"] == "16"
    statistics = json.loads(as_json(str(run / "pre_transform_feature_stats" / "FeatureStats.pb"), 5))
    assert (statistics["kind"], statistics["statistics"]["datasets"][0]["num_examples"]) == ("statistics", "90")
    vocabulary = json.loads(as_json(str(run / "transform_fn" / "assets" / "carrier"), 2))
    assert vocabulary == {"kind": "vocabulary", "tokens": 3, "first": ["UA", "B6"]}


def test_a_terminal_has_nothing_to_obey_in_json(tmp_path: Path) -> None:
    """Control characters, C1's too, and marks of direction are escaped, which JSON reads as the same text."""
    rows = tmp_path / "rows.csv"
    rows.write_text("a,b\n\x9b31mred,\u202etxt.exe\n\u2028x,\u00e9\n", "utf-8")
    text = as_json(str(rows), 5)
    assert not {"\x9b", "\u202e", "\u2028"} & set(text)
    assert "\u00e9" in text
    assert [list(row.values()) for row in json.loads(text)["rows"]] == [
        ["\x9b31mred", "\u202etxt.exe"],
        ["\u2028x", "\u00e9"],
    ]


def test_records_have_all_their_values(tmp_path: Path) -> None:
    """Bytes that aren't UTF-8 are escaped."""
    path = tmp_path / "train.tfrecord"
    path.write_bytes(frame(RECORD) * 3)
    (first, second) = json.loads(as_json(str(path), 2))["records"]
    assert first == second
    assert (first["carrier"], first["tags"], first["empty"]) == ([5, -1], ["UA", "\\xff"], [])
    path.write_bytes(frame(b"\xff\xff\xff"))
    with pytest.raises(DataError, match=r"record 0: it isn't a tf\.train\.Example"):
        as_json(str(path), 1)


def test_csv_rejected_rows_and_configurations_are_told(tmp_path: Path) -> None:
    """Control characters are JSON's escapes."""
    (tmp_path / "a.csv").write_text("n;t\n1;\x1b[31m\n2;b\n3;c\n")
    found = json.loads(as_json(str(tmp_path / "a.csv"), 2))
    assert (found["delimiter"], found["columns"]) == (";", ["n", "t"])
    assert found["rows"] == [{"n": "1", "t": "\x1b[31m"}, {"n": "2", "t": "b"}]
    assert "\x1b" not in as_json(str(tmp_path / "a.csv"), 2)
    rejected = {"file": "a.csv", "line": 2, "column": None, "reason": "bad", "row": "x"}
    (tmp_path / "rejected.jsonl.gz").write_bytes(gzip.compress(json.dumps(rejected).encode() + b"\n"))
    assert json.loads(as_json(str(tmp_path / "rejected.jsonl.gz"), 5)) == {
        "kind": "rejected",
        "rejected": 1,
        "rows": [rejected],
    }
    (tmp_path / "p.toml").write_text('[input]\nfiles = "a.csv"\n')
    assert json.loads(as_json(str(tmp_path / "p.toml"), 5))["configuration"] == {"input": {"files": "a.csv"}}


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    """As `inspect` does without `--json`."""
    with pytest.raises(DataError, match=r"no file or folder at '.*absent'; check the path"):
        as_json(str(tmp_path / "absent"), 5)
    with pytest.raises(DataError, match=r"isn't a run: it has no manifest\.json"):
        as_json(str(tmp_path), 5)
