"""A run of groups of rows: read by TensorFlow, it has what pandas groups."""

import json
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.inspect.code import code_for
from shardmill.pipelines.inspect.inspect import inspect_path
from shardmill.pipelines.verify.verify import verify
from shardmill.schemas.errors import ConfigError, DataError
from shardmill.transforms.grouping import partitions, row_files
from tests.support.printed import execute
from tests.support.runs import run_toml

pytestmark = pytest.mark.usefixtures("shared_tracer")

TOML = """
[input]
files = ["visits-*.csv"]
max_bad_fraction = 0.1
[split]
train = 0.7
eval = 0.3
[sequence]
group_by = ["user"]
order_by = "time"
context = ["age", "user_id"]
max_length = 12
on_too_long = "truncate"
[features]
age = "z_score"
user_id = { kind = "hash", column = "user", num_buckets = 1000000 }
price = "numeric"
item = { kind = "one_hot", missing = "" }
bought = "label"
[output]
format = "sequence_example"
shards = 2
"""


def rows_of(seed: int, count: int) -> pd.DataFrame:
    """Visits in no order; a few have no user or no time."""
    random.seed(seed)
    users = [f"u{random.randrange(60)}" for _ in range(count)]
    frame = pd.DataFrame({"user": users, "time": [random.randrange(50) for _ in users]})
    frame["price"] = [round(random.random() * 100, 2) for _ in users]
    frame["item"] = [random.choice("abc") for _ in users]
    frame["age"] = frame["user"].str[1:].astype(int) + 20
    frame["bought"] = [random.randrange(2) for _ in users]
    frame["user"] = frame["user"].where(frame.index % 97 != 5, None)
    frame["time"] = frame["time"].astype("Int64").where(frame.index % 89 != 7, None)
    return frame


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two files, whose groups cross both, in many small files and partitions."""
    folder = tmp_path_factory.mktemp("sequences")
    for index in range(2):
        rows_of(index, 400).to_csv(folder / f"visits-{index}.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_files, "_FILE_BYTES", 4000)
        patch.setattr(row_files, "_SECTION_BYTES", 500)
        patch.setattr(partitions, "_PARTITION_BYTES", 3000)
        run_toml(folder, TOML)
    return folder


def read(run: Path, split: str) -> dict[int, dict[str, Any]]:
    """The records of a split as TensorFlow reads them, by the hash of the user."""
    found = {}
    for path in sorted(run.glob(f"{split}-*.tfrecord.gz")):
        for record in tf.data.TFRecordDataset(str(path), "GZIP"):
            context, lists = tf.io.parse_single_sequence_example(
                record,
                {"age": tf.io.FixedLenFeature([], tf.float32), "user_id": tf.io.FixedLenFeature([], tf.int64)},
                {
                    "price": tf.io.FixedLenSequenceFeature([], tf.float32),
                    "item": tf.io.FixedLenSequenceFeature([3], tf.float32),
                    "bought": tf.io.FixedLenSequenceFeature([], tf.int64),
                },
            )
            features = {name: value.numpy() for name, value in {**context, **lists}.items()}
            assert int(features["user_id"]) not in found
            found[int(features["user_id"])] = features
    return found


def test_records_are_what_pandas_groups(folder: Path) -> None:
    """A record a user: in its split, rows by time and then as read, across files; statistics of train's rows alone."""
    run = folder / "run"
    frame = pd.concat([rows_of(index, 400) for index in range(2)], ignore_index=True).dropna()
    buckets = tf.strings.to_hash_bucket_fast(frame["user"].to_numpy(str), 1_000_000).numpy()
    frame["split"] = np.where(buckets < 700_000, "train", "eval")
    train = frame[frame["split"] == "train"]["age"].to_numpy(np.float64)
    groups = {split: dict(list(part.groupby("user"))) for split, part in frame.groupby("split")}
    assert any(len(group) > 12 for group in groups["train"].values())
    for split in ("train", "eval"):
        records = read(run, split)
        assert len(records) == len(groups[split])
        for user, group in groups[split].items():
            ordered = group.sort_values("time", kind="stable")[:12]
            record = records[int(tf.strings.to_hash_bucket_fast(user, 1_000_000))]
            np.testing.assert_allclose(
                record["age"], (ordered["age"].iloc[0] - train.mean()) / train.std(), rtol=1e-5, atol=1e-6
            )
            np.testing.assert_array_equal(record["price"], ordered["price"].to_numpy(np.float32))
            np.testing.assert_array_equal(record["bought"], ordered["bought"])
            _, codes = np.unique(record["item"].argmax(axis=1), return_inverse=True)
            pairs = set(zip(codes.tolist(), ordered["item"], strict=True))
            assert len(pairs) == ordered["item"].nunique()


def test_every_row_is_accounted_for(folder: Path) -> None:
    """Rows read = written + rejected + dropped, each as pandas counts them; shards hold records."""
    manifest = json.loads((folder / "run" / "manifest.json").read_text())
    frame = pd.concat([rows_of(index, 400) for index in range(2)])
    good = frame.dropna()
    sizes = good.groupby("user").size()
    written = int(sizes.clip(upper=12).sum())
    assert manifest["rows"] == {"read": 800, "written": written, "rejected": 800 - len(good)}
    assert manifest["groups"]["dropped"] == {"after max_length": len(good) - written}
    assert manifest["groups"]["records"] == len(sizes) == sum(each["rows"] for each in manifest["splits"].values())
    assert sum(manifest["groups"]["rows"].values()) == written


def test_a_run_of_groups_is_verified(folder: Path, tmp_path: Path) -> None:
    """`verify` makes all groups again, in other partitions than the run; a changed shard is told with its feature."""
    found = verify(str(folder / "run"), None, 2, Progress(quiet=True))
    assert [check.problems for check in found] == [()] * 5
    records = json.loads((folder / "run" / "manifest.json").read_text())["groups"]["records"]
    assert found[-1].facts == f"{records} of {records} groups of rows made again and compared"
    changed = tmp_path / "visits-0.csv"
    rows_of(0, 400).assign(price=1234.5).to_csv(changed, index=False)
    shutil.copy(folder / "visits-1.csv", tmp_path)
    problems = verify(str(folder / "run"), None, 2, Progress(quiet=True), [f"{tmp_path}/*.csv"])[-1].problems
    assert "feature 'price' is [" in problems[0]
    assert "1234.5" in problems[0]


def test_printed_code_reads_a_run_of_groups(folder: Path, tmp_path: Path) -> None:
    """Its reader gives the features, filled up to the longest group, and each group's length."""
    names = execute(code_for(str(folder / "run")), tmp_path)
    records = read(folder / "run", "eval")
    seen = 0
    for features, steps in names["dataset"]("eval", 8):
        assert features["item"].shape[1:] == (steps.numpy().max(), 3)
        for at, count in enumerate(steps.numpy()):
            record = records[int(features["user_id"][at])]
            np.testing.assert_array_equal(features["price"][at][:count], record["price"])
            seen += 1
    assert seen == len(records)


def test_a_shard_of_groups_is_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`inspect` shows what a record has once and its lists; the run's summary counts rows and records."""
    inspect_path(str(next((folder / "run").glob("train-00000*"))), 1)
    assert "price" in (out := capsys.readouterr().out)
    assert "user_id" in out
    inspect_path(str(folder / "run"))
    # A line breaks where the folder's path has made it too long.
    out = " ".join(capsys.readouterr().out.split())
    assert "dropped after max_length; groups of rows in" in out


def test_groups_that_are_no_such_end_the_run(folder: Path, tmp_path: Path) -> None:
    """A context that varies in a group is told with the group and both values, and an unknown feature with the known ones."""
    shutil.copy(folder / "visits-0.csv", tmp_path / "visits-0.csv")
    with pytest.raises(DataError, match=r"the group of user 'u\d+': expected one value of feature 'price' in all rows"):
        run_toml(tmp_path, TOML.replace('"age", ', '"age", "price", '))
    with pytest.raises(DataError, match=r"\[sequence\] context: there is no feature 'agee'; did you mean 'age'"):
        run_toml(tmp_path, TOML.replace('context = ["age"', 'context = ["agee"'))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            'format = "sequence_example"',
            "",
            r'sequence: is for \[output\] format = "sequence_example"; set it, or remove',
        ),
        ("shards = 2", "rows_per_shard = 9", "output: expected shards with format = "),
        ("shards = 2", "shards = 2\nshuffle = false", "output: shuffle = false can't keep the input's order of groups"),
        ('group_by = ["user"]', "", r"sequence: expected group_by, the columns whose rows become one record"),
        (
            'group_by = ["user"]',
            'group_by = ["usr"]',
            r"sequence\.group_by: there is no column 'usr'; did you mean 'user'",
        ),
        (
            'group_by = ["user"]',
            'group_by = ["price"]',
            r"group_by: expected columns of type BYTES or INT, received 'price'",
        ),
        ('order_by = "time"', 'order_by = "tim"', r"sequence\.order_by: there is no column 'tim'; did you mean 'time'"),
        (
            "eval = 0.3",
            'eval = 0.3\nkey = ["item"]',
            r"split\.key: expected columns of \[sequence\] group_by, since a group",
        ),
        ("eval = 0.3", 'eval = 0.3\nstratify = "item"', r"split\.stratify: expected columns of \[sequence\] group_by"),
    ],
)
def test_settings_that_do_not_fit_are_told(folder: Path, before: str, after: str, message: str) -> None:
    """Before any row is read for features, the message says what is wrong and what to do."""
    with pytest.raises(ConfigError, match=message):
        run_toml(folder, TOML.replace(before, after), name="wrong")
