"""What `shardmill init` is asked for: labels, a split, settings."""

import os
from pathlib import Path

import pytest

from shardmill.pipelines.config.load import SECTIONS
from shardmill.pipelines.survey.starter_request import StarterRequest, parse_request, path_beside
from shardmill.schemas.errors import ConfigError

COLUMNS = ("id", "price", "pixel_1", "pixel_2")


@pytest.mark.parametrize(
    ("split", "fractions"),
    [
        ("0.8,0.1,0.1", {"train": 0.8, "eval": 0.1, "test": 0.1}),
        (".9, .1", {"train": 0.9, "eval": 0.1}),
        ("train=0.7,dev=0.3", {"train": 0.7, "dev": 0.3}),
        ("a=0.333,b=0.333,train=0.333", {"a": 0.333, "b": 0.333, "train": 0.333}),
        ("train=1", {"train": 1.0}),
    ],
)
def test_a_split_is_fractions_with_names_or_without(split: str, fractions: dict[str, float]) -> None:
    """Two are train and eval, three have a test split, too."""
    assert parse_request((), split, (), "p.toml").table("split") == fractions


@pytest.mark.parametrize(
    ("split", "problem"),
    [
        ("0.8,0.1", "expected fractions that sum to 1, found a sum of 0.9"),
        ("1", "expected two or three fractions, or names with them"),
        ("0.4,0.3,0.2,0.1", "expected two or three fractions, or names with them"),
        ("80,10,10", "expected fractions above 0 and up to 1, found '80'"),
        ("0.9,-0.1", "expected fractions above 0 and up to 1, found '-0.1'"),
        ("a=0.5,b=0.5", "expected a split 'train', which the statistics come from"),
        ("train=0.5,train=0.5", "expected names of letters, digits and _, each once, found 'train'"),
        ("train=0.5,0.5", "expected names of letters, digits and _, each once, found '0.5'"),
        ("train=0.5,key=0.5", "expected names of letters, digits and _, each once, found 'key'"),
        ("", "expected two or three fractions, or names with them"),
    ],
)
def test_a_split_that_is_none_is_an_error(split: str, problem: str) -> None:
    """The message says what to write."""
    with pytest.raises(ConfigError) as caught:
        parse_request((), split, (), "p.toml")
    assert str(caught.value) == (
        f"--split: {problem}, received {split!r}; write --split 0.8,0.1,0.1 (train, eval, test), 0.9,0.1 (train, eval) or train=0.7,dev=0.3"
    )


def test_settings_are_those_of_run() -> None:
    """The dialect's fields among them are known in looking at the data; the last of equal ones counts."""
    settings = [
        "input.encoding=latin-1",
        "input.on_bad_row=fail",
        "output.shards=2",
        "output.shards=3",
        "split.train=0.5",
    ]
    request = parse_request(["y"], "0.9,0.1", [*settings, "split.eval=0.5"], "p.toml")
    assert request.dialect == {"encoding": "iso8859-1"}
    assert request.tables == {
        "input": {"encoding": "latin-1", "on_bad_row": "fail"},
        "output": {"shards": 3},
        "split": {"train": 0.5, "eval": 0.5},
    }


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (["input.encodin=latin-1"], "--set input.encodin: unknown key; did you mean 'encoding'?"),
        (["input.encoding=latin-99"], "--set input.encoding: expected a text encoding"),
        (["input.columns=['a']"], "--set input.columns: names the columns of files without a header"),
        (["input=x"], "--set input: expected a table, received 'x'"),
        (["output.shards=0"], "--set output.shards: expected a whole number of at least 1"),
        (["features.x=zscore"], "--set: [features] x: unknown kind 'zscore'"),
        (["split.train=0.5"], "--set: split: expected fractions that sum to 1"),
        (["split.key=['y']"], "--set: split: expected a split 'train'"),
        (
            ["featrues.x=z_score"],
            f"--set featrues: expected a setting of {', '.join(SECTIONS)}; did you mean 'features'?",
        ),
        (
            ["derive=f.py:f"],
            f"--set derive: expected a setting of {', '.join(SECTIONS)}",
        ),
        (["input.files=a.csv"], "--set input.files: the arguments say which files; remove this setting"),
        (["input.schema=a.pbtxt"], "--set input.schema: init writes the schema itself; remove this setting"),
        (["features.y=z_score"], "--label 'y': --set features.y declares it, too; remove one of them"),
        (["shards"], "--set: expected key=value with a dotted key"),
    ],
)
def test_settings_are_checked_before_the_data_is_read(settings: list[str], expected: str) -> None:
    """As in a configuration; and those that `init` itself writes are refused."""
    with pytest.raises(ConfigError) as caught:
        parse_request(["y"], None, settings, "p.toml")
    assert str(caught.value).startswith(expected)


@pytest.mark.parametrize(
    ("labels", "settings", "expected"),
    [
        (["pric"], [], "--label: there is no column 'pric'; did you mean 'price'?"),
        (["zzz"], [], "--label: there is no column 'zzz'; the columns are id, price, pixel_1, pixel_2"),
        ([], ['split.key=["idd"]', "split.train=1"], "--set split.key: there is no column 'idd'; did you mean 'id'?"),
        ([], ["features.prise=z_score"], "--set features: there is no column 'prise'; did you mean 'price'?"),
        ([], ["features.'n*'=z_score"], "--set: [features] n*: the pattern matches no column"),
    ],
)
def test_columns_that_are_not_there_are_errors(labels: list[str], settings: list[str], expected: str) -> None:
    """The nearest one is named."""
    with pytest.raises(ConfigError) as caught:
        parse_request(labels, None, settings, "p.toml").for_columns(COLUMNS)
    assert str(caught.value).startswith(expected)


def test_a_pattern_stands_for_columns() -> None:
    """Those that are no label and not the split's key."""
    request = parse_request(["price"], "0.9,0.1", ["features.'*'=min_max", "split.key=['id']"], "p.toml")
    assert request.for_columns(COLUMNS).table("features") == {"pixel_1": "min_max", "pixel_2": "min_max"}


def test_settings_make_labels_too() -> None:
    """Under the column's name or another."""
    request = parse_request(["a"], None, ["features.b=label", "features.c={kind='label', column='d'}"], "p.toml")
    assert request.label_columns == {"a": "a", "b": "b", "d": "c"}
    assert StarterRequest().label_columns == {}


def test_paths_are_named_from_the_configurations_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the command line they are relative to the current folder."""
    monkeypatch.chdir(tmp_path)
    settings = ["output.dir=out/x", "features.c={kind='vocabulary', file='words.txt'}"]
    request = parse_request((), None, settings, "conf/p.toml")
    assert request.table("output") == {"dir": os.path.join("..", "out", "x")}
    assert request.table("features")["c"]["file"] == os.path.join("..", "words.txt")
    assert path_beside("s3://bucket/x", "conf/p.toml") == "s3://bucket/x"
    assert path_beside("/data/x", "conf/p.toml") == "/data/x"
    assert path_beside("x", "p.toml") == "x"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["sequence.group_by=['idd']"], "--set sequence.group_by: there is no column 'idd'; did you mean 'id'"),
        (
            ["sequence.group_by=['id']", "sequence.order_by=prize"],
            "--set sequence.order_by: there is no column 'prize'",
        ),
    ],
)
def test_groups_are_by_columns_that_there_are(settings: list[str], message: str) -> None:
    """As for labels and splits, the nearest column is named, before a file is written."""
    request = parse_request((), None, [*settings, "output.format=sequence_example"], "p.toml")
    with pytest.raises(ConfigError, match=message):
        request.for_columns(COLUMNS)


def test_windows_are_over_columns_that_there_are() -> None:
    """Their order and their groups are checked likewise."""
    request = StarterRequest(tables={"window": {"size": 2, "order_by": "prize"}})
    with pytest.raises(ConfigError, match=r"--set window\.order_by: there is no column 'prize'; did you mean 'price'"):
        request.for_columns(COLUMNS)
