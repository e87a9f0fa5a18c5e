"""`apply`: new rows through a finished run's graph give what that run gives for the same rows; labels may be missing."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shardmill.pipelines import apply as apply_module
from shardmill.pipelines.apply import Application
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.inspect.inspect import inspect_path
from shardmill.pipelines.job.run_job import RunResult
from shardmill.schemas.errors import ConfigError, DataError, OutputError
from shardmill.schemas.feature_stats import read_statistics
from shardmill.transforms.tfrecord.decode import decode_example
from tests.pipelines.cli.test_commands import call_here
from tests.support.locations import ROOT
from tests.support.runs import read_split, run_toml
from tests.support.stores.remote_files import SCHEME
from tests.support.verified import FEATURES, SPLIT, problems, records_of, write_input

pytestmark = pytest.mark.usefixtures("shared_tracer")

GUIDE = ROOT / "docs" / "verify-and-apply.md"
HEADER = "id,age,city,kind,price,notes\n"


def apply(
    run: str | Path,
    files: Sequence[str | Path],
    output: str | Path,
    *,
    split: str | None = None,
    overwrite: bool = False,
) -> RunResult:
    """Applies a run's graph to files."""
    application = Application(str(run), tuple(map(str, files)), split)
    return apply_module.apply(
        application, str(output), overwrite=overwrite, engine=Engine(workers=2), progress=Progress(quiet=True)
    )


def shards(run: Path) -> dict[str, bytes]:
    """The bytes of a run's shards and rejected rows."""
    return {
        str(path.relative_to(run)): path.read_bytes()
        for path in sorted(run.rglob("*"))
        if ".tfrecord" in path.name or path.parent.name == "rejected"
    }


def rows_of(run: Path, split: str = "train") -> list[dict[str, Any]]:
    """A split's rows, by feature."""
    return [decode_example(record) for path in sorted(run.glob(f"{split}-*.tfrecord*")) for record in records_of(path)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an input, a run of it and that run applied to the same rows."""
    root = tmp_path_factory.mktemp("apply")
    run_toml(root, write_input(root / "data") + FEATURES + SPLIT + "[output]\nshards = 3\nseed = 5\n")
    apply(root / "run", [root / "data" / "*.csv*"], root / "same")
    return root


@pytest.fixture(scope="module")
def ordered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in the input's order, in one plain shard: rows are where they stand in the file."""
    root = tmp_path_factory.mktemp("ordered")
    output = '[output]\nshards = 1\nshuffle = false\ncompression = "none"\n'
    return run_toml(root, write_input(root / "data") + FEATURES + output)


def test_a_dry_run_lists_and_writes_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The files, the run's features, and the shards that would be written."""
    new = new_file(tmp_path / "new.csv")
    args = [
        "apply",
        str(folder / "run"),
        "--input",
        str(new),
        "-o",
        str(tmp_path / "out"),
        "--split",
        "test",
        "--dry-run",
    ]
    status, out, err = call_here(monkeypatch, capsys, *args)
    assert (status, err) == (0, "")
    assert sorted(tmp_path.iterdir()) == [new]
    lines = [line.split() for line in out.splitlines()]
    assert lines[1:4] == [["input:", "1", "file,", "29", "B"], [str(new), "29", "B", "test"], ["splits:", "test"]]
    assert lines[-2] == ["output:", f"{tmp_path}/out:", "3", "shards", "per", "split,", "gzip,", "level", "1"]
    config = json.loads((folder / "run" / "manifest.json").read_text())["config"]
    assert [line[0] for line in lines[lines.index(["features"]) + 1 : -2]] == list(config["features"])


_LOADED = """
import sys
from shardmill.pipelines.cli.commands import app
app(sys.argv[1:], standalone_mode=False)
print(sorted({"tensorflow", "keras", "pandas"} & set(sys.modules)))
"""


def test_a_process_that_applies_loads_no_tensorflow_in_python(ordered: Path, tmp_path: Path) -> None:
    """The graph runs in TensorFlow's library; importing its Python half would take longer than a million rows."""
    new = new_file(tmp_path / "new.csv", "1,2,a,b,3,x")
    args = ["apply", str(ordered), "--input", str(new), "-o", str(tmp_path / "out"), "--split", "test", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-c", _LOADED, *args], capture_output=True, text=True, timeout=600, check=True
    )
    assert done.stdout.splitlines() == ["[]"]
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["rows"]["read"] == 1


def new_file(path: Path, *rows: str, header: str = HEADER) -> Path:
    """A CSV file."""
    path.write_text(header + "".join(f"{row}\n" for row in rows))
    return path


def test_the_same_rows_give_the_same_bytes(folder: Path) -> None:
    """All shards of all splits, and the rejected rows, are those of the run; so are graph, schemas and statistics."""
    assert shards(folder / "same") == shards(folder / "run")
    listed = [json.loads((folder / name / "manifest.json").read_text()) for name in ("run", "same")]
    before, after = ({entry["file"]: entry["sha256"] for entry in manifest["files"]} for manifest in listed)
    assert before.keys() - after.keys() == {"pre_transform_feature_stats/FeatureStats.pb"}
    assert after.items() <= before.items()
    for key in ("rows", "splits", "rejected", "input", "versions"):
        assert listed[0][key] == listed[1][key]


def test_an_applied_run_is_a_run(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It can be verified, inspected, read by its schema and applied again; its manifest names the run that it is of."""
    assert problems(folder / "same") == {}
    inspect_path(str(folder / "same"))
    assert "transform_fn/assets/city" in capsys.readouterr().out
    for name, values in read_split(folder / "run", "eval").items():
        assert np.array_equal(values, read_split(folder / "same", "eval")[name])
    apply(folder / "same", [folder / "data" / "*.csv*"], tmp_path / "again")
    assert shards(tmp_path / "again") == shards(folder / "run")
    assert problems(tmp_path / "again") == {}
    applied = json.loads((folder / "same" / "manifest.json").read_text())["applied"]
    assert re.fullmatch(r"[0-9a-f]{64}", applied["manifest_sha256"])


def test_new_tokens_go_to_the_oov_bucket(ordered: Path, tmp_path: Path) -> None:
    """A token that the run didn't see has the id after the vocabulary's: rows are counted, nothing is analyzed."""
    new_file(tmp_path / "new.csv", "1,20,Oslo,a,1,", "2,20,Lagos,z,2,")
    result = apply(ordered, [tmp_path / "new.csv"], tmp_path / "out")
    known, unknown = rows_of(tmp_path / "out")
    vocabulary = (ordered / "transform_fn" / "assets" / "city").read_text().splitlines()
    assert known["city"] == [vocabulary.index("Oslo")]
    assert unknown["city"] == [len(vocabulary)]
    assert (sum(known["kinds"]), sum(unknown["kinds"])) == (1, 0)
    assert result.manifest["rows"] == {"read": 2, "written": 2, "rejected": 0}
    assert "count" in result.seconds
    assert "analyze" not in result.seconds


def test_missing_labels_are_left_empty(ordered: Path, tmp_path: Path) -> None:
    """A row without a label has an empty label, and is else as with one; other rows keep theirs."""
    rows = ["1,20,Oslo,a,1.5,", "2,,Oslo,b,2.5,", "3,30,München,c,3.5,"]
    new_file(tmp_path / "with.csv", *rows)
    new_file(tmp_path / "without.csv", rows[0], "2,,Oslo,b,,", rows[2])
    for name in ("with", "without"):
        apply(ordered, [tmp_path / f"{name}.csv"], tmp_path / name)
        assert problems(tmp_path / name) == {}
    whole, partial = rows_of(tmp_path / "with"), rows_of(tmp_path / "without")
    assert [row["price"] for row in whole] == [[1.5], [2.5], [3.5]]
    assert [row.pop("price") for row in partial] == [[1.5], [], [3.5]]
    assert partial == [{name: values for name, values in row.items() if name != "price"} for row in whole]
    ((statistics),) = read_statistics(
        str(tmp_path / "without" / "post_transform_feature_stats" / "FeatureStats.pb")
    ).datasets
    price = next(feature for feature in statistics.features if feature.path.step == ["price"])
    # As TFDV counts an Example's empty list.
    common = price.num_stats.common_stats
    assert (common.num_non_missing, common.min_num_values, common.tot_num_values) == (3, 0, 2)
    assert price.num_stats.mean == 2.5


def test_the_label_column_may_be_absent(folder: Path, tmp_path: Path) -> None:
    """Files without the label's column, some or all, give every other feature; in splits and shards too."""
    text = (folder / "data" / "a.csv").read_text()
    stripped = re.sub(r",[0-9.]*,$", ",", text.replace("price,", ""), flags=re.MULTILINE)
    (tmp_path / "a.csv").write_text(stripped)
    apply(folder / "run", [tmp_path / "a.csv"], tmp_path / "none")
    apply(folder / "run", [folder / "data" / "a.csv"], tmp_path / "all")
    for split in ("train", "eval"):
        rows = rows_of(tmp_path / "none", split)
        assert [row.pop("price") for row in rows] == [[]] * len(rows)
        labelled = rows_of(tmp_path / "all", split)
        assert all(len(row.pop("price")) == 1 for row in labelled)
        assert rows == labelled
    apply(folder / "run", [tmp_path / "a.csv", folder / "data" / "c.csv.gz"], tmp_path / "some")
    assert {len(row["price"]) for row in rows_of(tmp_path / "some")} == {0, 1}
    assert problems(tmp_path / "some") == problems(tmp_path / "none") == {}


def test_a_text_label_and_one_with_a_filling(tmp_path: Path) -> None:
    """A missing label of text is left empty; one that the configuration fills is filled, as in the run."""
    new_file(tmp_path / "a.csv", "1,20,Oslo,a,1,", "2,30,Oslo,b,2,", "3,40,Bergen,a,,")
    features = '[features]\nage = "z_score"\nkind = "label"\nprice = { kind = "label", missing = 0 }\n'
    run = run_toml(tmp_path, f'[input]\nfiles = "{tmp_path}/a.csv"\n{features}[output]\nshards = 1\nshuffle = false\n')
    new_file(tmp_path / "new.csv", "1,20,Oslo,,,", "2,30,Oslo,bb,2,")
    apply(run, [tmp_path / "new.csv"], tmp_path / "out")
    assert [(row["kind"], row["price"]) for row in rows_of(tmp_path / "out")] == [([], [0.0]), ([b"bb"], [2.0])]
    assert problems(tmp_path / "out") == {}


FUNCTION = """
import tensorflow as tf
import tensorflow_transform as tft

def preprocessing_fn(inputs):
    words = tf.strings.split(inputs["words"])
    return {
        "age": tft.scale_to_z_score(inputs["age"]),
        "words": tft.compute_and_apply_vocabulary(words, num_oov_buckets=1).to_sparse(),
        "texts": inputs["words"],
        "price": inputs["price"],
    }
"""


def test_a_run_of_a_preprocessing_fn(tmp_path: Path) -> None:
    """A run of TF Transform's is verified and applied like any other: lists of varying length, text, a missing label."""
    pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")
    (tmp_path / "f.py").write_text(FUNCTION)
    rows = [f"{row % 7},{' '.join('abcde'[: 1 + row % 4])},{row}" for row in range(1, 200)]
    new_file(tmp_path / "a.csv", *rows, header="age,words,price\n")
    names = (("age", "FLOAT"), ("words", "BYTES"), ("price", "FLOAT"))
    features = (f'feature {{ name: "{name}" type: {kind} presence {{ min_fraction: 1 }} }}' for name, kind in names)
    (tmp_path / "a.pbtxt").write_text("\n".join(features))
    toml = 'preprocessing_fn = "f.py:preprocessing_fn"\nlabel = "price"\n[input]\nfiles = "a.csv"\nschema = "a.pbtxt"\n'
    run = run_toml(tmp_path, toml + "[output]\nshards = 2\n")
    assert problems(run) == problems(run, 20) == {}
    apply(run, [tmp_path / "a.csv"], tmp_path / "same")
    assert shards(tmp_path / "same") == shards(run)
    new_file(tmp_path / "new.csv", "1,a zz b", "2,c", header="age,words\n")
    apply(run, [tmp_path / "new.csv"], tmp_path / "out")
    assert problems(tmp_path / "out") == {}
    assert {(len(row["words"]), len(row["texts"]), len(row["price"])) for row in rows_of(tmp_path / "out")} == {
        (3, 1, 0),
        (1, 1, 0),
    }


def test_a_label_column_that_a_feature_needs_is_needed(tmp_path: Path) -> None:
    """A column that is a label and a feature may not be absent, nor missing where it was required."""
    new_file(tmp_path / "a.csv", "1,20,Oslo,a,1,", "2,30,Oslo,b,2,")
    run = run_toml(
        tmp_path,
        f'[input]\nfiles = "{tmp_path}/a.csv"\n[features]\nage = "z_score"\ny = {{ kind = "label", column = "age" }}\n',
    )
    new_file(tmp_path / "new.csv", "1,Oslo,a,1,", header="id,city,kind,price,notes\n")
    with pytest.raises(DataError, match=r"lacks the column 'age'"):
        apply(run, [tmp_path / "new.csv"], tmp_path / "out")


def test_bad_rows_are_rejected(ordered: Path, tmp_path: Path) -> None:
    """What rejects a row in a run rejects it here, with its line; too many stop the job."""
    rows = [f"{row},20,Oslo,a,1," for row in range(30)]
    new_file(tmp_path / "new.csv", *rows[:10], "x,many,Oslo,a,1,", *rows[10:])
    result = apply(ordered, [tmp_path / "new.csv"], tmp_path / "out")
    assert result.manifest["rows"] == {"read": 31, "written": 30, "rejected": 1}
    (reject,) = map(json.loads, (tmp_path / "out" / "rejected" / "rejected.jsonl").read_text().splitlines())
    assert (reject["line"], reject["column"]) == (12, "age")
    assert problems(tmp_path / "out") == {}
    new_file(tmp_path / "bad.csv", *rows[:3], "x,many,Oslo,a,1,")
    with pytest.raises(
        DataError, match=r"1 of 4 rows are bad[\s\S]*\n`apply` reads new files as the run's were read: bring"
    ):
        apply(ordered, [tmp_path / "bad.csv"], tmp_path / "bad")
    assert not (tmp_path / "bad").exists()


def test_all_rows_may_go_to_one_split(folder: Path, tmp_path: Path) -> None:
    """`--split` names the split of all rows; it is needed where the run's files were split by hand."""
    data = folder / "data"
    apply(folder / "run", [data / "a.csv"], tmp_path / "out", split="holdout")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert {name: split["rows"] for name, split in manifest["splits"].items()} == {"holdout": 693}
    assert problems(tmp_path / "out") == {}
    by_file = run_toml(
        tmp_path,
        f'[input]\nfiles = {{ train = "{data}/a.csv", eval = "{data}/c.csv.gz" }}\nmax_bad_fraction = 0.1\n{FEATURES}',
    )
    for run in (by_file, tmp_path / "out"):
        with pytest.raises(
            ConfigError, match=r"was split by file \(.*\), so nothing says which split the new rows are"
        ):
            apply(run, [data / "a.csv"], tmp_path / "unsplit")
    apply(by_file, [data / "c.csv.gz"], tmp_path / "eval", split="eval")
    assert {name: data for name, data in shards(by_file).items() if name.startswith("eval")} == {
        name: data for name, data in shards(tmp_path / "eval").items() if name.startswith("eval")
    }
    with pytest.raises(ConfigError, match=r"--split: expected a split's name of letters, digits and _, received 'a/b'"):
        apply(by_file, [data / "a.csv"], tmp_path / "unsplit", split="a/b")


def test_few_rows_may_leave_a_split_empty(folder: Path, tmp_path: Path) -> None:
    """One new row is in one split; the other's shards are there and empty."""
    new_file(tmp_path / "new.csv", "1,20,Oslo,a,1,")
    apply(folder / "run", [tmp_path / "new.csv"], tmp_path / "out")
    assert sorted(len(rows_of(tmp_path / "out", split)) for split in ("train", "eval")) == [0, 1]
    assert len(shards(tmp_path / "out")) == 6
    assert problems(tmp_path / "out") == {}


def test_runs_may_be_on_another_file_system(folder: Path, tmp_path: Path) -> None:
    """A run that isn't on this machine is verified and applied, to an output that isn't either."""
    shutil.copytree(folder / "run", tmp_path / "run")
    run, output = f"{SCHEME}://{tmp_path}/run", f"{SCHEME}://{tmp_path}/out"
    assert problems(run) == {}
    apply(run, [f"{SCHEME}://{folder}/data/*.csv*"], output)
    # Rejected rows are there with their file's name.
    written, expected = shards(tmp_path / "out"), shards(folder / "run")
    assert written.keys() == expected.keys()
    assert {name for name in written if written[name] != expected[name]} == {"rejected/rejected.jsonl.gz"}
    assert problems(output) == {}
    (tmp_path / "out" / "train-extra").touch()
    assert problems(output) == {"files": ("'train-extra' is a shard that the manifest doesn't list",)}


def test_the_guides_commands_run(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command of the guide succeeds, in a folder with a run, its input and new files."""
    if not GUIDE.exists():
        pytest.skip("the tests run apart from the repository")
    shutil.copytree(folder / "run", tmp_path / "run")
    shutil.copytree(folder / "data", tmp_path / "moved")
    (tmp_path / "new").mkdir()
    for name in ("a", "b"):
        new_file(tmp_path / "new" / f"{name}.csv", "1,20,Oslo,a,1,", "5,20,Bergen,b,,")
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r"^\$ shardmill (.*)$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {command.split()[0] for command in commands} == {"verify", "apply"}
    for command in commands:
        assert call_here(monkeypatch, capsys, *shlex.split(command))[::2] == (0, ""), command
    assert sorted(path.name for path in tmp_path.iterdir()) == ["applied", "moved", "new", "run", "scored"]


def test_what_cannot_be_applied_is_refused(folder: Path, tmp_path: Path) -> None:
    """No run, no file, no row, another header and an output that stands there each get their message."""
    data = folder / "data" / "a.csv"
    with pytest.raises(DataError, match=r"isn't a run: it has no manifest\.json"):
        apply(tmp_path, [data], tmp_path / "out")
    with pytest.raises(DataError, match=r"no file matches .*; check the path"):
        apply(folder / "run", [tmp_path / "*.csv"], tmp_path / "out")
    new_file(tmp_path / "empty.csv")
    with pytest.raises(DataError, match=r"the input has no good rows"):
        apply(folder / "run", [tmp_path / "empty.csv"], tmp_path / "out")
    new_file(tmp_path / "other.csv", "1,20", header="id,years\n")
    with pytest.raises(DataError, match=r"other\.csv' lacks the column 'age', 'city', 'kind', 'notes'"):
        apply(folder / "run", [tmp_path / "other.csv"], tmp_path / "out")
    assert not (tmp_path / "out").exists()
    with pytest.raises(
        OutputError, match=r"holds a finished run; choose another --output, or replace it with --overwrite"
    ):
        apply(folder / "run", [data], folder / "same")


def test_the_command_ends_with_a_summary(
    ordered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`shardmill apply` takes several patterns, says what it wrote and how to go on; with `--quiet` it says nothing."""
    for name in ("a", "b"):
        new_file(tmp_path / f"{name}.csv", "1,20,Oslo,a,1,", "2,30,Oslo,b,2,")
    command = ("apply", str(ordered), "--input", f"{tmp_path}/a.csv", "--input", f"{tmp_path}/b.csv")
    output = str(tmp_path / "out")
    status, out, err = call_here(monkeypatch, capsys, *command, "--output", output, "--split", "new")
    assert (status, err) == (0, "")
    assert "4 rows read = 4 written + 0 rejected" in out
    assert f"shardmill verify {output} " in out
    assert call_here(monkeypatch, capsys, *command, "--output", output, "--overwrite", "--quiet") == (0, "", "")
    assert call_here(monkeypatch, capsys, *command, "--output", output)[0] == 1


def test_a_label_that_only_ranked_tokens_isnt_asked_for(tmp_path: Path) -> None:
    """The analysis alone read its column: new rows may lack it, and the vocabulary is what it is."""
    rows = [
        f"{city},{clicked}" for city, clicked in (("Oslo", "no"), ("Oslo", "yes"), ("Rome", "yes"), ("Rome", "yes"))
    ]
    new_file(tmp_path / "data.csv", *rows, *rows, "Oslo,", header="city,clicked\n")
    toml = f'[input]\nfiles = "{tmp_path}/data.csv"\n[output]\nshards = 1\nshuffle = false\n[features.city]\n'
    ranked = 'kind = "vocabulary"\nrank_by = "mutual_information"\nlabel = "clicked"\n'
    run = run_toml(tmp_path, toml + ranked)
    assert (run / "transform_fn" / "assets" / "city").read_text() == "Rome\nOslo\n"
    assert problems(run) == {}
    new_file(tmp_path / "new.csv", "Rome", "Oslo", header="city\n")
    apply(run, [tmp_path / "new.csv"], tmp_path / "out")
    assert [row["city"] for row in rows_of(tmp_path / "out")] == [[0], [1]]
    assert problems(tmp_path / "out") == {}
