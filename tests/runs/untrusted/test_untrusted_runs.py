"""A run's folder may be a stranger's: what is used of it is what its manifest lists, or nothing."""

import ast
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.inspect.code import code_for
from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.pipelines.run_folder.holding import copy_held
from shardmill.pipelines.verify.verify import verify
from shardmill.schemas.errors import DataError, ShardmillError
from tests.runs.untrusted.untrusted import NAMES, apply, show

pytestmark = pytest.mark.usefixtures("shared_tracer")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda found: found["config"]["output"].update(shards=10**9),
            r"splits\.train\.shards: expected 1,000,000,000 shards, as",
        ),
        (
            lambda found: found["config"]["output"].update(shards=None),
            r"config\.output: expected one of shards, rows_per_shard and",
        ),
        (
            lambda found: found["config"]["input"].update(max_bad_fraction="x"),
            r"max_bad_fraction: expected a number, received 'x'",
        ),
        (
            lambda found: found["config"]["input"]["dialect"].update(delimiter=";;"),
            r"delimiter: expected one ASCII character",
        ),
        (lambda found: found["config"]["input"]["dialect"].update(odd=1), r"dialect\.odd: unknown key"),
        (
            lambda found: found["config"]["split"].update(key=["town"]),
            r"split\.key: expected columns of .*, received 'town'",
        ),
        (
            lambda found: found["columns"].update(read=["town"]),
            r"columns\.read: expected columns of .*, received 'town'",
        ),
        (
            lambda found: found["splits"].pop("eval"),
            r"splits: expected the splits of config, .*, received \[\"train\"\]",
        ),
        (lambda found: found["files"][0].update(file="../x"), r"files\[0\]\.file: expected a path inside the folder"),
        (lambda found: found["input"][0].update(path="a\0b"), r"input\[0\]\.path: expected a path, received 'a\\x00b'"),
        (
            lambda found: found.update(files=[]),
            r"isn't what its manifest says: the SHA-256 of 'metadata/schema\.pbtxt'",
        ),
    ],
)
def test_the_manifest_is_bounded(run: Path, change: Callable[[Any], object], message: str) -> None:
    """Counts by what is there, paths by the folder, names by the schema; `apply` and `verify` say so at once."""
    manifest = json.loads((run / "manifest.json").read_text())
    change(manifest)
    (run / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DataError, match=message):
        apply(run, run.parent / "none.csv", run.parent / "out")
    with pytest.raises(DataError, match=message):
        verify(str(run), None, 1, Progress(quiet=True))


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: Path(path).symlink_to("/etc/passwd")])
@pytest.mark.parametrize(
    "name", ["manifest.json", "metadata/schema.pbtxt", "transform_fn/assets/city", "transformed_metadata/asset_map"]
)
def test_only_files_of_its_own_are_taken(
    finished: Path, run: Path, name: str, make: Callable[[Path], None], tmp_path: Path
) -> None:
    """A link isn't followed and a FIFO not waited for, by `apply`, `inspect` and `verify`; nothing comes out."""
    (run / name).unlink()
    make(run / name)
    message = rf"{name}': expected a file of the run's own, received a (FIFO|link)"
    with pytest.raises(DataError, match=message):
        apply(run, finished / "run.csv", tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]
    if name != "metadata/schema.pbtxt":
        with pytest.raises(DataError, match=message):
            show(run)
    if name in ("manifest.json", "metadata/schema.pbtxt"):
        with pytest.raises(DataError, match=message):
            verify(str(run), None, 1, Progress(quiet=True))
    else:
        problems = {check.name: check.problems for check in verify(str(run), None, 1, Progress(quiet=True))}
        assert f"{name}': expected a file of the run's own" in problems["files"][0]
        assert bool(problems["rows"]) is name.startswith("transform_fn")


def test_a_shard_that_is_no_file_is_not_read(run: Path) -> None:
    """`verify` says so, and doesn't wait."""
    name = "train-00000-of-00001.tfrecord.gz"
    (run / name).unlink()
    os.mkfifo(run / name)
    problems = {check.name: check.problems for check in verify(str(run), None, 1, Progress(quiet=True))}
    for check in ("files", "shards"):
        assert f"{name}': expected a file of the run's own, received a FIFO" in problems[check][0]


def test_a_vocabulary_elsewhere_is_not_shown(run: Path, tmp_path: Path) -> None:
    """`asset_map` names files of the graph's assets only."""
    (tmp_path / "secret").write_text("secret\n")
    for path in ("../../../secret", str(tmp_path / "secret")):
        (run / "transformed_metadata" / "asset_map").write_text(json.dumps({"city": path}))
        with pytest.raises(
            DataError, match=r"asset_map' isn't as shardmill wrote it: city: expected a path inside the folder"
        ):
            show(run)


def test_names_do_nothing_where_they_are_shown(run: Path) -> None:
    """A feature's name that is markup, a terminal's command or Python is shown, and stands in the code, as text."""
    odd = '"); print("run") #\\n[/red]\x1b[2J\u202e'
    for name in ("transformed_metadata/schema.pbtxt", NAMES, "manifest.json"):
        text = (run / name).read_text()
        escapes = (
            json.dumps(odd)[1:-1]
            if name != "transformed_metadata/schema.pbtxt"
            else odd.encode().decode("latin-1").translate({ord('"'): '\\"', ord("\\"): "\\\\", 0x1B: "\\033"})
        )
        (run / name).write_text(
            text.replace('"age"', f'"{escapes}"'), encoding="latin-1" if name.endswith("pbtxt") else "utf-8"
        )
    assert r'"); print("run") #\n[/red]\u001b[2J\u202e' in show(run)
    code = code_for(str(run))
    assert not set("\x1b\u202e") & set(code)
    assert odd in {node.value for node in ast_strings(code)}


def ast_strings(code: str) -> list[Any]:
    """The texts of some Python."""
    return [
        node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def test_an_edited_vocabulary_is_not_applied(finished: Path, run: Path, tmp_path: Path) -> None:
    """A graph that isn't the one that the manifest lists makes nothing."""
    vocabulary = run / "transform_fn" / "assets" / "city"
    vocabulary.write_text("\n".join(reversed(vocabulary.read_text().splitlines())) + "\n")
    with pytest.raises(
        DataError, match=r"run' isn't what its manifest says: 'transform_fn/assets/city' differs from what"
    ):
        apply(run, finished / "run.csv", tmp_path / "out")
    vocabulary.unlink()
    with pytest.raises(DataError, match=r"run' isn't what its manifest says: 'transform_fn/assets/city' is missing"):
        apply(run, finished / "run.csv", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", [NAMES, "transform_fn/saved_model.pb"])
def test_messages_of_a_graph_name_the_run(finished: Path, run: Path, tmp_path: Path, name: str) -> None:
    """Not the copy that is used: that of a graph that is listed as it is, but is none."""
    (run / name).write_bytes(b"{}")
    manifest = json.loads((run / "manifest.json").read_text())
    for entry in manifest["files"]:
        if entry["file"] == name:
            entry |= {"bytes": 2, "sha256": hashlib.sha256(b"{}").hexdigest()}
    (run / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ShardmillError, match=rf"'{run}/transform_fn"):
        apply(run, finished / "run.csv", tmp_path / "out")
    problems = {check.name: check.problems for check in verify(str(run), None, 1, Progress(quiet=True))}
    assert f"'{run}/transform_fn" in problems["rows"][0]


def test_only_what_is_listed_is_applied(finished: Path, run: Path, tmp_path: Path) -> None:
    """Of the graph's folder nothing else is copied, and without a graph in the list there is none."""
    (run / "transform_fn" / "saved_model.pbtxt").write_text("stray")
    copied = copy_held(FinishedRun.load(str(run)), ["transform_fn"], str(tmp_path / "copy"))
    assert {
        str(path.relative_to(tmp_path / "copy")) for path in (tmp_path / "copy").rglob("*") if path.is_file()
    } == set(copied)
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["files"] = [entry for entry in manifest["files"] if entry["file"] != "transform_fn/saved_model.pb"]
    (run / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DataError, match=r"it lists no 'transform_fn/saved_model\.pb'"):
        apply(run, finished / "run.csv", tmp_path / "out")
