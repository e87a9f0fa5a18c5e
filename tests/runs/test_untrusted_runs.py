"""A run's folder may be a stranger's, and may change while it is read: what is used of it is what its manifest lists, or nothing."""

import ast
import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shardmill.pipelines import apply as apply_module
from shardmill.pipelines.apply import Application
from shardmill.pipelines.console.plain_console import PlainConsole
from shardmill.pipelines.console.printable import printable
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.inspect.code import code_for
from shardmill.pipelines.inspect.inspect import inspect_path
from shardmill.pipelines.job.run_job import RunResult
from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.pipelines.run_folder.holding import check_not_source, copy_held
from shardmill.pipelines.run_folder.manifest import _held
from shardmill.pipelines.verify import verify as verify_module
from shardmill.pipelines.verify.recorded import check_sums
from shardmill.pipelines.verify.rederive import Counted, ShardAssignment
from shardmill.pipelines.verify.verify import verify
from shardmill.schemas.errors import ConfigError, DataError, OutputError, ShardmillError
from shardmill.transforms.rows.counts import Rejections, UnitCount
from shardmill.transforms.runtime.graph_names import read_names
from tests.support.runs import run_toml

pytestmark = pytest.mark.usefixtures("shared_tracer")

TOML = """
[input]
files = "{data}"
[split]
train = 0.5
eval = 0.5
key = ["id"]
[features]
age = "z_score"
city = {{ kind = "vocabulary", num_oov_buckets = 1 }}
price = "label"
[output]
shards = 1
"""
# Files of a run that are read as what describes it.
NAMES = "transform_fn/assets.extra/shardmill.json"
DESCRIPTIONS = ("manifest.json", "transformed_metadata/asset_map", NAMES)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an input and two runs of it that differ in a vocabulary."""
    folder = tmp_path_factory.mktemp("untrusted")
    for name, cities in (("run", ("Oslo", "Rome")), ("other", ("Rome", "Bonn"))):
        rows = [f"{row},{row % 50},{cities[row % 3 % 2]},{row / 7}" for row in range(40)]
        (folder / f"{name}.csv").write_text("\n".join(["id,age,city,price", *rows, ""]))
        run_toml(folder, TOML.format(data=folder / f"{name}.csv"), name=name)
    return folder


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy of the run, to change."""
    return Path(shutil.copytree(finished / "run", tmp_path / "run"))


def apply(run: Path | str, data: Path, output: Path | str, *, overwrite: bool = False) -> RunResult:
    """Applies a run to a file."""
    application = Application(str(run), (str(data),))
    return apply_module.apply(
        application, str(output), overwrite=overwrite, engine=Engine(workers=1), progress=Progress(quiet=True)
    )


def show(run: Path) -> str:
    """What `inspect` prints of a run."""
    console = PlainConsole(width=200, record=True, file=io.StringIO())
    inspect_path(str(run), 3, console)
    return console.export_text()


def replace(run: Path, other: Path) -> None:
    """Puts another run into the place of a run."""
    shutil.rmtree(run)
    shutil.copytree(other, run)


# What takes the place of a value. Great numbers, paths that lead away, other shapes.
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**9, 2**63, -1, 1e400, float("nan"), 0.5, 1e300]),
    st.sampled_from(["", "../x", "/etc/passwd", "s3://x/y", "\x1b[2J", "\ud800", "\0", "train", "x" * 300]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The keys that lead to every value in JSON, but the whole."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [each for key, child in items for each in ((*path, key), *places(child, (*path, key)))]


def mutated(value: Any, data: st.DataObject) -> Any:
    """JSON with one to three values replaced, removed or added."""
    for _ in range(data.draw(st.integers(1, 3))):
        found = places(value)
        if not found:
            return data.draw(ODD)
        *path, last = data.draw(st.sampled_from(found))
        table = value
        for key in path:
            table = table[key]
        change = data.draw(st.sampled_from(["replace", "remove", "add"]))
        if change == "replace":
            table[last] = data.draw(ODD)
        elif change == "remove":
            del table[last]
        elif isinstance(table, dict):
            table[data.draw(st.text(max_size=5))] = data.draw(ODD)
        else:
            table.append(data.draw(ODD))
    return value


def message_of(look: Callable[[], object]) -> str | None:
    """The message that something ends in; None: it works."""
    try:
        look()
    except ShardmillError as error:
        return printable(str(error))
    return None


def use(run: Path) -> None:
    """All that is made of what describes a run, but for the graph's work: it works, or ends in one line."""
    looks = (
        lambda: show(run),
        lambda: compile(code_for(str(run)), "code", "exec"),
        lambda: read_names(f"{run}/transform_fn"),
        lambda: plan(FinishedRun.load(str(run))),
    )
    messages = [message for look in looks if (message := message_of(look)) is not None]
    assert [message for message in messages if len(message.splitlines()) != 1] == []


def plan(found: FinishedRun) -> None:
    """What `apply` and `verify` make of a manifest before they read rows."""
    _ = found.inputs, found.reading(None), found.shard_rule, found.level, found.shards
    check_sums(found)
    names = found.split_rule.names
    counted = Counted([], [UnitCount(0, "x", tuple(1 for _ in names), 0)], Rejections())
    for split in names:
        ShardAssignment.of(found, counted).assign(split, 0, 10)


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_a_mutated_description_ends_in_a_message_or_works(finished: Path, tmp_path: Path, name: str) -> None:
    """Whatever JSON stands there: one message of ours, or all works; and the code that is printed is Python."""
    run = Path(shutil.copytree(finished / "run", tmp_path / "run"))
    whole = (run / name).read_text()

    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data: st.DataObject) -> None:
        (run / name).write_text(json.dumps(mutated(json.loads(whole), data)))
        use(run)

    check()


@pytest.mark.parametrize(
    "name",
    [
        *DESCRIPTIONS,
        "metadata/schema.pbtxt",
        "transformed_metadata/schema.pbtxt",
        "pre_transform_feature_stats/FeatureStats.pb",
        "post_transform_feature_stats/FeatureStats.pb",
    ],
)
def test_damaged_bytes_end_in_a_message_or_work(finished: Path, tmp_path: Path, name: str) -> None:
    """So do other bytes in every file that describes a run."""
    run = Path(shutil.copytree(finished / "run", tmp_path / "run"))
    whole = (run / name).read_bytes()

    @settings(max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, len(whole)), st.binary(max_size=4), st.integers(0, 4))
    def check(place: int, inserted: bytes, removed: int) -> None:
        (run / name).write_bytes(whole[:place] + inserted + whole[place + removed :])
        use(run)

    check()


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


def test_a_run_that_is_replaced_meanwhile_is_not_applied(
    finished: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never the configuration of one and the graph of another."""
    load = FinishedRun.load

    def load_and_replace(folder: str) -> FinishedRun:
        found = load(folder)
        replace(run, finished / "other")
        return found

    monkeypatch.setattr(FinishedRun, "load", load_and_replace)
    with pytest.raises(DataError, match=r"run' isn't what its manifest says: .*another run has replaced it meanwhile"):
        apply(run, finished / "run.csv", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_run_that_is_replaced_meanwhile_is_not_verified(
    finished: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was found by then is of two runs; so is what is found of a run whose graph changes, or that goes."""
    count = verify_module._count

    def changing(change: Callable[[], object]) -> None:
        def count_and_change(*args: Any) -> Any:
            change()
            return count(*args)

        monkeypatch.setattr(verify_module, "_count", count_and_change)

    changing(lambda: (run / "transform_fn" / "assets" / "city").write_text("Bonn\nOslo\n"))
    with pytest.raises(DataError, match=r"run' isn't what its manifest says: 'transform_fn/assets/city' "):
        verify(str(run), None, 1, Progress(quiet=True))
    replace(run, finished / "run")
    changing(lambda: replace(run, finished / "other"))
    with pytest.raises(
        DataError, match=r"run' isn't what its manifest says: manifest\.json isn't the one that was read at first"
    ):
        verify(str(run), None, 1, Progress(quiet=True))
    replace(run, finished / "run")
    changing(lambda: shutil.rmtree(run))
    with pytest.raises(
        DataError, match=r"run' isn't what its manifest says: manifest\.json isn't the one that was read at first"
    ):
        verify(str(run), None, 1, Progress(quiet=True))


def test_a_graph_that_changes_while_it_is_applied_publishes_nothing() -> None:
    """What the work folder holds at the end is what was put there."""
    entry = {"file": "transform_fn/assets/city", "bytes": 1, "sha256": "a" * 64}
    assert _held([entry], {"transform_fn/assets/city": "a" * 64}) == [entry]  # type: ignore[list-item]
    for held in ({"transform_fn/assets/city": "b" * 64}, {"transform_fn/assets/town": "a" * 64}):
        with pytest.raises(DataError, match=r"changed while it was used, so nothing is published"):
            _held([entry], held)  # type: ignore[list-item]


@pytest.mark.parametrize(
    "spelling", ["{run}", "{run}/", "run", "./run", "sub/../run", "link", "{run}/inner", "{run}/.."]
)
def test_a_run_is_not_replaced_by_its_own_application(
    finished: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    """However the output is spelled; nor is anything written into the run, or the run below the output."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "link").symlink_to(run)
    before = sorted(path for path in tmp_path.rglob("*"))
    with pytest.raises(
        OutputError, match=r"--output: expected a folder apart from the run's, .*; choose another output"
    ):
        apply("run", finished / "run.csv", spelling.format(run=run), overwrite=True)
    assert sorted(path for path in tmp_path.rglob("*")) == before


def test_other_spellings_of_remote_folders_are_known(run: Path, finished: Path) -> None:
    """In a store too; a `file://` address, another spelling of the same folder, is no output at all."""
    for output in ("s3://bucket/a/run", "s3://bucket/a/run/", "S3://bucket/a//run", "s3://bucket/a/./run/x"):
        with pytest.raises(OutputError, match="expected a folder apart from the run's"):
            check_not_source("s3://bucket/a/run", output)
    check_not_source("s3://bucket/a/run", "s3://bucket/a/run-2")
    check_not_source("s3://bucket/a/run", "gs://bucket/a/run")
    with pytest.raises(ConfigError, match="can't use 'file://"):
        apply(run, finished / "run.csv", f"file://{run}", overwrite=True)
