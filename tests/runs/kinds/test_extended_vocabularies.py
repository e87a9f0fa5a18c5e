"""Vocabularies that keep the ids of an earlier run, and append new tokens."""

import re
import shutil
from pathlib import Path

import pytest
import tensorflow as tf
from rich.console import Console

from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.inspect.run_tables import print_run, read_manifest
from shardmill.pipelines.run_folder.earlier_vocabularies import take_earlier
from shardmill.schemas.errors import ConfigError, DataError
from shardmill.transforms.features.registry import parse_features
from tests.support.kinds import schema_of
from tests.support.runs import read_split, run_toml
from tests.support.verified import checks

TOML = """
[input]
files = "{name}.csv"
[features]
city = {{ kind = "vocabulary", reserved_tokens = ["<none>"], missing = "own_id", top_k = 5{extend} }}
words = {{ kind = "tokens", column = "text", max_tokens = 2, file_format = "tfrecord_gzip"{extend} }}
full = {{ kind = "one_hot", column = "city", top_k = 2, file_format = "tfrecord_gzip"{extend} }}
"*" = {{ kind = "vocabulary", reserved_tokens = ["<none>"]{extend} }}
[output]
shards = 1
shuffle = false
"""
FIRST = "city,text,other\nb,x y,1\nb,x,2\na,z,2\n"
# d comes three times, c twice, and e and f once; b is there, and a isn't.
SECOND = "city,text,other\nd,w x,3\nd,w,3\nd,,3\nc,x,2\nc,x,2\n" + "e,x,2\nf,x,2\nb,x,2\nb,x,2\nb,x,2\nb,x,2\n,x,2\n"


def _vocabulary(folder: Path, name: str) -> list[str]:
    path = folder / "transform_fn" / "assets" / name
    records = path.with_name(f"{name}.tfrecord.gz")
    if path.exists():
        assert not records.exists()
        return path.read_text().splitlines()
    return [token.decode() for token in tf.data.TFRecordDataset(str(records), "GZIP").as_numpy_iterator()]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A run, and one that extends it."""
    folder = tmp_path_factory.mktemp("months")
    made = []
    for name, csv, extend in (("first", FIRST, ""), ("second", SECOND, ', extend = "first"')):
        (folder / f"{name}.csv").write_text(csv)
        made.append(run_toml(folder, TOML.format(name=name, extend=extend), name=name))
    return made[0], made[1]


def test_ids_are_kept_and_new_tokens_follow_by_rank(folders: tuple[Path, Path]) -> None:
    """`top_k` bounds all that aren't reserved; a vocabulary that is full, or larger, stays as it is."""
    first, second = folders
    assert _vocabulary(first, "city") == ["<none>", "b", "a"]
    assert _vocabulary(second, "city") == ["<none>", "b", "a", "d", "c", "f"]
    assert _vocabulary(second, "words") == ["x", "z", "y", "w"]
    assert _vocabulary(second, "full") == ["b", "a"]
    assert _vocabulary(second, "other") == ["<none>", "2", "1", "3"]


def test_rows_have_these_ids(folders: tuple[Path, Path]) -> None:
    """In the shards, and in serving, which gives the same bits."""
    rows = read_split(folders[1])
    # d d d c c e f b b b b, and a missing one
    assert rows["city"].tolist() == [3, 3, 3, 4, 4, -1, 5, 1, 1, 1, 1, 6]
    assert rows["full"].sum(axis=0).tolist() == [4, 0]
    assert [check.problems for check in checks(str(folders[1])).values() if check.problems] == []


def test_tf_transform_reads_files_of_both_formats(folders: tuple[Path, Path]) -> None:
    """By name, their tokens and sizes; a file of records is known by its name."""
    tft = pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")
    output = tft.TFTransformOutput(str(folders[1]))
    for name, size in (("city", 6), ("words", 4), ("full", 2)):
        assert [token.decode() for token in output.vocabulary_by_name(name)] == _vocabulary(folders[1], name)
        assert output.vocabulary_size_by_name(name) == size
    assert output.vocabulary_file_by_name("words").endswith("/words.tfrecord.gz")


def test_tensorflow_serves_files_of_both_formats(folders: tuple[Path, Path]) -> None:
    """Its Python loads them as its C library does."""
    serve = tf.saved_model.load(str(folders[1] / "transform_fn")).signatures["serving_default"]
    made = serve(city=tf.constant(["b"]), text=tf.constant(["w x"]), other=tf.constant([2], tf.int64))
    assert made["words"].numpy().tolist() == [[5, 2]]
    assert made["full"].numpy().tolist() == [[1, 0]]
    assert made["city"].numpy().tolist() == [1]


def test_inspect_shows_vocabularies_of_both_formats(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Their sizes and first tokens."""
    print_run(Console(width=200), str(folders[1]))
    printed = capsys.readouterr().out
    assert re.search(r"city\W+6\W+none\W+transform_fn/assets/city\b(?!\.)", printed)
    assert re.search(r"words\W+4\W+x\W+transform_fn/assets/words\.tfrecord\.gz", printed)


def test_the_manifest_counts_them(folders: tuple[Path, Path]) -> None:
    """Tokens kept and appended, reserved ones included; a run that extends nothing says nothing."""
    assert read_manifest(str(folders[1]))["extended"] == {
        "city": {"kept": 3, "appended": 3},
        "full": {"kept": 2, "appended": 0},
        "other": {"kept": 3, "appended": 1},
        "words": {"kept": 3, "appended": 1},
    }
    assert "extended" not in read_manifest(str(folders[0]))


def _take(run: Path, folder: Path, name: str = "city", **parameters: object) -> None:
    table = {name: {"kind": "vocabulary", "column": "city", "extend": str(run), **parameters}}
    take_earlier(parse_features(table, schema_of(city="bytes")), str(folder))


@pytest.mark.parametrize(
    ("name", "reserved", "message"),
    [
        (
            "town",
            ["<none>"],
            r"town: `extend`: expected a run with a vocabulary 'town', received '.*first': it has 'city', 'full', 'other', 'w",
        ),
        (
            "city",
            [],
            r"city: `extend`: expected the `reserved_tokens` of '.*first', \['<none>'\], whose ids are kept, received \[\]",
        ),
        ("other", ["<unknown>"], r"\['<none>'\], whose ids are kept, received \['<unknown>'\]"),
    ],
)
def test_runs_that_do_not_fit(
    name: str, reserved: list[str], message: str, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    """One that lacks the vocabulary, and one with other reserved tokens."""
    with pytest.raises(ConfigError, match=message):
        _take(folders[0], tmp_path, name, reserved_tokens=reserved)


def test_a_vocabulary_that_was_changed_is_refused(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """So is a folder that is no run."""
    shutil.copytree(folders[0], tmp_path / "changed")
    (tmp_path / "changed" / "transform_fn" / "assets" / "city").write_text("<none>\nb\n")
    with pytest.raises(ConfigError, match="isn't the one that its manifest lists; get the run anew"):
        _take(tmp_path / "changed", tmp_path, reserved_tokens=["<none>"])
    with pytest.raises(DataError, match=r"isn't a run: it has no manifest\.json"):
        _take(tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {"kind": "vocabulary", "file": "x", "extend": "y"},
            "isn't counted: remove `top_k`, `frequency_threshold`, `extend`",
        ),
        (
            {"kind": "vocabulary", "file_format": "tfrecord"},
            'expected `file_format` to be "text" or "tfrecord_gzip", received \'tfrecord\'',
        ),
        ({"kind": "count", "extend": "y"}, "expected a `count` without `extend`, received 'y'"),
        ({"kind": "tf_idf", "extend": "y"}, "expected a `tf_idf` without `extend`, received 'y'"),
        (
            {"kind": "tokens", "num_buckets": 3, "extend": "y"},
            r"\(hash buckets\) or `extend` \(a vocabulary\), received both",
        ),
    ],
)
def test_parameters_that_do_not_fit(table: dict[str, object], message: str) -> None:
    """Only a vocabulary that is counted is extended, and not one whose counts are the feature."""
    with pytest.raises(ConfigError, match=message):
        parse_features({"city": table}, schema_of(city="bytes"))


def test_the_path_is_relative_to_the_configuration(tmp_path: Path) -> None:
    """As all paths in it are; an empty one is refused."""
    config = tmp_path / "run.toml"
    config.write_text(TOML.format(name="first", extend=', extend = "months/first"'))
    features = load_config(str(config), output="out").features
    assert isinstance(features["city"], dict)
    assert features["city"]["extend"] == str(tmp_path / "months" / "first")
    config.write_text(TOML.format(name="first", extend=', extend = ""'))
    with pytest.raises(ConfigError, match=r"features\.city\.extend: expected text, received ''"):
        load_config(str(config), output="out")
