"""Headers with empty names and with one name twice, from the CSV to the shards, to `verify`, `apply` and serving."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from shardmill.pipelines.apply import Application, apply
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.console.summary import print_summary
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.verify.verify import verify
from shardmill.schemas.errors import DataError
from tests.support.runs import read_split, run_toml

FEATURES = """[features]
column_1 = "numeric"
x = "numeric"
x_2 = "numeric"
y = "vocabulary"
[output]
shards = 1
shuffle = false
"""


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory, shared_tracer: None) -> Path:
    """A run of three files: two with one header, the third with another order of the columns."""
    folder = tmp_path_factory.mktemp("names")
    (folder / "a.csv").write_text(",x,x,y\n0,1,2,a\n")
    (folder / "b.csv").write_text(",x,x,y\n1,3,4,b\n")
    (folder / "c.csv").write_text(",y,x,x\n2,b,5,6\n")
    return run_toml(folder, '[input]\nfiles = "*.csv"\n' + FEATURES)


def test_columns_have_the_repaired_names(run_dir: Path) -> None:
    """Values are where they belong, and `verify` finds them with the manifest alone."""
    found = read_split(run_dir)
    assert {name: found[name].tolist() for name in ("column_1", "x", "x_2", "y")} == {
        "column_1": [0, 1, 2],
        "x": [1, 3, 5],
        "x_2": [2, 4, 6],
        "y": [1, 0, 0],
    }
    checks = verify(str(run_dir), None, 1, Progress(quiet=True))
    assert [check.name for check in checks if check.problems] == []


def test_the_manifest_and_the_summary_tell_each_header_once(run_dir: Path) -> None:
    """With the first file that has it, and what the header calls the columns."""
    manifest = json.loads((run_dir / "manifest.json").read_text())
    folder = run_dir.parent
    unnamed, second = {"position": 1, "name": "", "column": "column_1"}, {"name": "x", "column": "x_2"}
    assert manifest["columns"]["renamed"] == [
        {"file": f"{folder}/a.csv", "columns": [unnamed, {"position": 3, **second}]},
        {"file": f"{folder}/c.csv", "columns": [unnamed, {"position": 4, **second}]},
    ]
    out = io.StringIO()
    print_summary(str(run_dir), manifest, {}, Console(file=out, width=500, soft_wrap=True))
    assert [line for line in out.getvalue().splitlines() if "renamed" in line] == [
        f"  renamed 'column_1', 'x_2': in the header of '{folder}/{name}.csv' column 1 has no name; column {at} is another 'x'"
        for name, at in (("a", 3), ("c", 4))
    ]


def test_new_files_are_read_alike(run_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`apply` repairs names as the run did, and its manifest tells so, with the file's path as it was given."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "new.csv").write_text(",y,x,x\n7,a,8,9\n")
    out = tmp_path / "out"
    application = Application(str(run_dir), ("new.csv",))
    apply(application, str(out), overwrite=False, engine=Engine(), progress=Progress(quiet=True))
    assert read_split(out)["x_2"].tolist() == [9]
    (renamed,) = json.loads((out / "manifest.json").read_text())["columns"]["renamed"]
    assert renamed["file"] == "new.csv"


def test_serving_takes_the_repaired_names(run_dir: Path) -> None:
    """The signature's inputs are the columns."""
    import tensorflow as tf

    serving = tf.saved_model.load(str(run_dir / "transform_fn")).signatures["serving_default"]
    assert sorted(serving.structured_input_signature[1]) == ["column_1", "x", "x_2", "y"]


def test_a_run_may_refuse_such_headers(tmp_path: Path) -> None:
    """With strict names, before anything is written."""
    (tmp_path / "a.csv").write_text(",x\n0,1\n")
    with pytest.raises(DataError, match=r"a\.csv' has no name for column 1 of 2; give each column its own name"):
        run_toml(
            tmp_path, '[input]\nfiles = "*.csv"\nheader_names = "strict"\n[features]\nx = "numeric"\n', name="strict"
        )
    assert not (tmp_path / "strict").exists()
