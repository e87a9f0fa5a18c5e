"""The main job as a whole: what it writes, that it is always the same, and what stops it."""

import gzip
import itertools
import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from shardmill.pipelines import run as run_module
from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.job.interruption import terminable
from shardmill.schemas.errors import ConfigError, DataError, OutputError
from shardmill.schemas.feature_stats import read_statistics
from tests.pipelines.cli.test_commands import INTERRUPTIBLE
from tests.support.runs import (
    files_of,
    pipeline_result,
    read_rejected,
    read_split,
    run,
    run_toml,
    sorted_rows,
    unpublished,
)

pytestmark = pytest.mark.usefixtures("shared_tracer")

ROWS = 3000
FEATURES = """
[features]
age = { kind = "z_score", missing = "median", indicator = true }
city = { kind = "vocabulary", num_oov_buckets = 1 }
age_bucket = { kind = "bucketize", column = "age", num_buckets = 4 }
price = "label"
"""
SPLIT = '\n[split]\ntrain = 0.8\neval = 0.2\nkey = ["id"]\n'


def _write_csv(path: Path, rows: range, *, bad: bool = False) -> None:
    """Rows that are functions of their number: quoted newlines, missing values and (if `bad`) a bad row in every 500."""
    draw = random.Random(7)
    draws = [(draw.gauss(40, 12), draw.choice(["Oslo", "New\nYork", 'La "Paz"', "München", ""])) for _ in range(ROWS)]
    lines = ["id,age,city,price\n"]
    for row in rows:
        age, city = draws[row]
        cell = "" if row % 17 == 0 else f"{age:.3f}"
        if bad and row % 500 == 250:
            cell = "unknown"
        quoted = '"' + city.replace('"', '""') + '"'
        lines.append(f"{row // 3},{cell},{quoted},{row / 7:.4f}\n")
    path.write_text("".join(lines), encoding="utf-8", newline="")


def _cut(folder: Path, pieces: int, *, bad: bool = False) -> str:
    """The same rows in so many files, in order."""
    folder.mkdir()
    cuts = np.linspace(0, ROWS, pieces + 1).astype(int).tolist()
    for number, (start, stop) in enumerate(itertools.pairwise(cuts)):
        _write_csv(folder / f"data-{number:03d}.csv", range(start, stop), bad=bad)
    return f'[input]\nfiles = ["{folder}/data-*.csv"]\n'


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same rows, some of them bad, run with 1 and 2 workers, and cut into 1, 3 and 50 files."""
    folder = tmp_path_factory.mktemp("runs")
    done = {}
    for pieces in (1, 3, 50):
        toml = _cut(folder / f"in-{pieces}", pieces, bad=True) + SPLIT + FEATURES + "\n[output]\nshards = 3\n"
        done[f"{pieces} files"] = run_toml(folder, toml, name=f"files-{pieces}")
    done["1 worker"] = run_toml(folder, toml, name="one-worker", workers=1)
    done["again"] = run_toml(folder, toml, name="again")
    done["DirectRunner"] = run_toml(folder, toml, name="direct", beam_args=["--runner=DirectRunner"])
    return done


def test_the_number_of_workers_changes_no_byte(runs: dict[str, Path]) -> None:
    """1 and 2 workers write the same bytes in every file: shards, schemas, statistics, rejected rows, manifest."""
    assert files_of(runs["1 worker"]) == files_of(runs["50 files"])
    assert files_of(runs["again"]) == files_of(runs["50 files"])


def test_beams_own_runner_option_changes_no_byte(runs: dict[str, Path]) -> None:
    """`--runner=DirectRunner`, as Beam's users type it, gives the same bytes as the engine that is named by default."""
    assert files_of(runs["DirectRunner"]) == files_of(runs["50 files"])


def test_the_cut_into_files_changes_no_row(runs: dict[str, Path]) -> None:
    """The same rows in 1, 3 and 50 files give the same rows in every split, to the bit."""
    for split in ("train", "eval"):
        whole = sorted_rows(read_split(runs["1 files"], split))
        for name in ("3 files", "50 files"):
            assert sorted_rows(read_split(runs[name], split)) == whole


def test_every_row_is_accounted_for(runs: dict[str, Path]) -> None:
    """Rows read are rows written and rejected, in the manifest and on disk."""
    manifest = json.loads((runs["3 files"] / "manifest.json").read_text())
    written = {split: len(read_split(runs["3 files"], split)["age"]) for split in ("train", "eval")}
    assert manifest["rows"] == {"read": ROWS, "written": sum(written.values()), "rejected": 6}
    assert {split: facts["rows"] for split, facts in manifest["splits"].items()} == written
    assert sum(found["rows"] for found in manifest["input"]) == ROWS


def test_rejected_rows_say_where_and_why(runs: dict[str, Path]) -> None:
    """Each rejected row is on disk with its file, line, column, reason, and as it stood."""
    rejected = read_rejected(runs["1 files"])
    assert len(rejected) == 6
    text = Path(rejected[0]["file"]).read_text(encoding="utf-8")
    first = rejected[0]
    assert (first["column"], first["reason"]) == ("age", "expected a number, found 'unknown'")
    start = text[: text.index(first["row"])]
    assert first["line"] == start.count("\n") + 1
    assert first["row"].startswith("83,unknown,")


def test_equal_keys_share_a_split(runs: dict[str, Path]) -> None:
    """Rows with the same key are all in train or all in eval: three rows share an id, so no price triple is torn."""
    train = {round(price * 7 / 3) for price in read_split(runs["1 files"], "train")["price"].tolist()}
    found = [round(price * 7) // 3 for price in read_split(runs["1 files"], "eval")["price"].tolist()]
    kept = [round(price * 7) // 3 for price in read_split(runs["1 files"], "train")["price"].tolist()]
    assert train
    assert not set(found) & set(kept)


def test_statistics_come_from_train_alone(runs: dict[str, Path]) -> None:
    """The z-scores of the train split have mean 0 and deviation 1 (where present); the statistics file counts its rows."""
    train = read_split(runs["1 files"], "train")
    present = train["age"][train["age_missing"] == 0]
    assert present.mean() == pytest.approx(0, abs=1e-6)
    assert present.std() == pytest.approx(1, abs=1e-6)
    dataset = read_statistics(str(runs["1 files"] / "pre_transform_feature_stats")).datasets[0]
    assert (dataset.name, dataset.num_examples) == ("train", len(train["age"]))


def test_output_statistics_are_of_every_split(runs: dict[str, Path]) -> None:
    """The statistics of the outputs are those of the shards, split by split."""
    for dataset in read_statistics(str(runs["1 files"] / "post_transform_feature_stats")).datasets:
        rows = read_split(runs["1 files"], dataset.name)
        found = {feature.path.step[0]: feature.num_stats for feature in dataset.features}
        assert found["age"].mean == pytest.approx(rows["age"].astype(np.float64).mean(), abs=1e-12)
        assert found["city"].max == rows["city"].max()


def test_input_order_can_be_kept(tmp_path: Path) -> None:
    """Without shuffling, reading shard after shard gives the input's order, and shards are even."""
    toml = _cut(tmp_path / "in", 3) + FEATURES + "\n[output]\nshards = 4\nshuffle = false\n"
    prices = read_split(run_toml(tmp_path, toml))["price"]
    np.testing.assert_array_equal(prices, np.array([round(row / 7, 4) for row in range(ROWS)], np.float32))
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert [shard["rows"] for shard in manifest["splits"]["train"]["shards"]] == [750] * 4


@pytest.mark.parametrize(("setting", "shards"), [("rows_per_shard = 1000", 3), ("bytes_per_shard = 100_000", 3)])
def test_shards_can_be_sized(tmp_path: Path, setting: str, shards: int) -> None:
    """Shards can be asked for by rows, or by bytes before compression."""
    run_toml(tmp_path, _cut(tmp_path / "in", 1) + FEATURES + f"\n[output]\n{setting}\n")
    found = len(list((tmp_path / "run").glob("train-*")))
    assert found == pytest.approx(shards, abs=1)
    assert found > 1


def test_shards_can_be_uncompressed(tmp_path: Path) -> None:
    """With compression "none" shards are plain TFRecords."""
    run_toml(tmp_path, _cut(tmp_path / "in", 1) + FEATURES + '\n[output]\nshards = 2\ncompression = "none"\n')
    assert len(read_split(tmp_path / "run")["age"]) == ROWS
    assert (tmp_path / "run" / "train-00000-of-00002.tfrecord").exists()


def test_more_shards_than_rows_leaves_empty_ones(tmp_path: Path) -> None:
    """A shard without rows is a readable file all the same."""
    (tmp_path / "a.csv").write_text("x\n1\n2\n")
    run_toml(tmp_path, f'[input]\nfiles = ["{tmp_path}/a.csv"]\n[features]\nx = "z_score"\n[output]\nshards = 5\n')
    assert sorted(read_split(tmp_path / "run")["x"].tolist()) == [-1.0, 1.0]
    records = [gzip.decompress(path.read_bytes()) for path in (tmp_path / "run").glob("train-*")]
    assert records.count(b"") >= 3


def test_files_can_be_splits(tmp_path: Path) -> None:
    """Files given by split are that split, and statistics come from `train`."""
    (tmp_path / "a.csv").write_text("x\n1\n3\n")
    (tmp_path / "b.csv").write_text("x\n5\n")
    files = f'files = {{ train = ["{tmp_path}/a.csv"], eval = ["{tmp_path}/b.csv"] }}'
    run_toml(tmp_path, f'[input]\n{files}\n[features]\nx = "z_score"\n[output]\nshards = 1\n')
    assert read_split(tmp_path / "run", "eval")["x"].tolist() == [3.0]


def test_a_big_file_is_split_inside(tmp_path: Path) -> None:
    """One file cut into many units, quoted newlines at the seams, gives the bytes of one unit where shards aren't compressed."""
    output = '[output]\nshards = 2\nshuffle = false\ncompression = "none"\n'
    config = tmp_path / "run.toml"
    config.write_text(_cut(tmp_path / "in", 1, bad=True) + FEATURES + "\n" + output)
    pipeline_result(config, tmp_path / "whole")
    pipeline_result(config, tmp_path / "cut", unit_bytes=4096)
    whole = unpublished(tmp_path / "whole")
    assert {"train-00001-of-00002.tfrecord", "rejected/rejected.jsonl"} <= whole.keys()
    assert unpublished(tmp_path / "cut") == whole


def test_the_result_has_the_seconds_of_each_phase(tmp_path: Path) -> None:
    """A run tells how long each phase took; the manifest doesn't, since equal runs have equal manifests."""
    (tmp_path / "p.toml").write_text(_cut(tmp_path / "in", 1) + FEATURES)
    result = run(tmp_path / "p.toml", tmp_path / "run")
    assert {"analyze", "trace", "transform", "total"} <= set(result.seconds)
    assert "seconds" not in result.manifest


def _assert_fails(tmp_path: Path, error: type[Exception], match: str, toml: str) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(error, match=match):
        run_toml(tmp_path, toml)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "run.toml") == before


def test_too_many_bad_rows_stop_the_run(tmp_path: Path) -> None:
    """More bad rows than max_bad_fraction end the run with the first few shown, and nothing is left."""
    (tmp_path / "a.csv").write_text("x,y\n1,2\n3\n4,5\n6,7,8\n")
    toml = f'[input]\nfiles = ["{tmp_path}/a.csv"]\n[features]\nx = "z_score"\n'
    _assert_fails(
        tmp_path, DataError, r"(?s)2 of 4 rows are bad.*a\.csv, line 3: expected 2 columns, found 1: '3'", toml
    )


def test_the_first_bad_row_can_stop_the_run(tmp_path: Path) -> None:
    """With on_bad_row = "fail" the first bad row is the error."""
    (tmp_path / "a.csv").write_text("x,y\n1,2\n3\n")
    toml = f'[input]\nfiles = ["{tmp_path}/a.csv"]\non_bad_row = "fail"\n[features]\nx = "z_score"\n'
    _assert_fails(
        tmp_path, DataError, r'(?s)a\.csv, line 3: expected 2 columns, found 1: \'3\'.*on_bad_row is "fail"', toml
    )


def test_what_the_engine_said_is_kept(tmp_path: Path) -> None:
    """Behind the message about a worker's failure stands the engine's text, which `--debug` shows."""
    (tmp_path / "a.csv").write_text("x,y\n1,2\n3\n")
    toml = f'[input]\nfiles = ["{tmp_path}/a.csv"]\non_bad_row = "fail"\n[features]\nx = "z_score"\n'
    with pytest.raises(DataError) as caught:
        run_toml(tmp_path, toml)
    assert "Traceback (most recent call last)" in str(caught.value.__cause__)


def test_a_header_alone_is_no_input(tmp_path: Path) -> None:
    """A file without rows is an error."""
    (tmp_path / "a.csv").write_text("x,y\n")
    schema = tmp_path / "s.pbtxt"
    schema.write_text('feature { name: "x" type: FLOAT }\nfeature { name: "y" type: FLOAT }\n')
    toml = f'[input]\nfiles = ["{tmp_path}/a.csv"]\nschema = "{schema}"\n[features]\nx = "z_score"\n'
    _assert_fails(tmp_path, DataError, r"the input has no good rows: '.*a\.csv'", toml)


def test_an_unknown_split_key_is_an_error(tmp_path: Path) -> None:
    """A split key that is no column is named."""
    toml = _cut(tmp_path / "in", 1) + FEATURES + '[split]\ntrain = 0.5\neval = 0.5\nkey = ["user"]\n'
    _assert_fails(tmp_path, ConfigError, r"split\.key: there is no column 'user'", toml)


def test_a_full_disk_is_one_message(tmp_path: Path) -> None:
    """When the output's file system fills up the run says so, and leaves nothing there."""
    if os.geteuid() != 0:
        pytest.skip("a small file system can be mounted by root only")
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(small)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small file system can't be mounted here")
    try:
        (tmp_path / "p.toml").write_text(_cut(tmp_path / "in", 1) + FEATURES)
        with pytest.raises(OutputError, match=r"can't write .*No space left on device"):
            run(tmp_path / "p.toml", small / "run")
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_input_in_the_output_folder_is_not_replaced(tmp_path: Path) -> None:
    """A finished run that has got input in its folder stays as it is, `--overwrite` or not."""
    toml = _cut(tmp_path / "in", 1) + FEATURES
    folder = run_toml(tmp_path, toml)
    (tmp_path / "in" / "data-000.csv").rename(folder / "data-000.csv")
    config = tmp_path / "again.toml"
    config.write_text(toml.replace(f"{tmp_path}/in", str(folder)))
    before = files_of(folder)
    with pytest.raises(OutputError, match=r"the input '.*/run/data-000\.csv' is in the output folder '.*/run'"):
        run_module.run(
            load_config(str(config), output=str(folder)), overwrite=True, engine=Engine(), progress=Progress(quiet=True)
        )
    assert files_of(folder) == before


def test_a_link_to_the_output_stays_a_link(tmp_path: Path) -> None:
    """What it leads to, maybe on another disk, becomes the run."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "disk")
    run_toml(tmp_path, _cut(tmp_path / "in", 1) + FEATURES)
    assert (tmp_path / "run").is_symlink()
    assert (tmp_path / "disk" / "_SUCCESS").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["disk", "in", "run", "run.toml"]


def test_an_ignored_hangup_is_ignored() -> None:
    """Under nohup a terminal that goes ends no run; otherwise it does."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with terminable():
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        with pytest.raises(KeyboardInterrupt), terminable():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    ("when", "number"),
    [
        ("", signal.SIGINT),
        ("/parts/shardmill-graph-*", signal.SIGINT),
        ("/transform_fn", signal.SIGHUP),
        ("/train-*", signal.SIGINT),
    ],
)
def test_interrupting_leaves_nothing(tmp_path: Path, when: str, number: signal.Signals) -> None:
    """Ctrl-C, or a terminal that goes, ends the command at once with status 130 and one line, and nothing is left of what it wrote."""
    (tmp_path / "p.toml").write_text(_cut(tmp_path / "in", 1) + FEATURES)
    (tmp_path / "tmp").mkdir()
    command = [*INTERRUPTIBLE, "run", "p.toml", "--output", "out", "--set", "output.shards=500", "--quiet"]
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), "TMPDIR": str(tmp_path / "tmp")}
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=environment)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(f"out.incomplete-*{when}")):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == "interrupted: nothing was published\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "p.toml", "tmp"]
    assert list((tmp_path / "tmp").iterdir()) == []
