"""Lists of elements with weights."""

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from shardmill.pipelines.apply import Application, apply
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.inspect.run_tables import read_manifest
from shardmill.schemas.errors import ConfigError
from shardmill.transforms.features.registry import parse_features
from tests.support.kinds import run, schema_of
from tests.support.runs import read_rejected, run_toml
from tests.support.verified import checks

S = schema_of(list="bytes")
CELLS = ["b:0.5, a : 2,b:-1e1", None, "", "c", "a:b:3,\N{GRINNING FACE}:1"]


def made(folder: Path, serve: list[str | None] | None = None, **parameters: Any) -> tuple[Any, Any]:
    """The outputs of the kind: ids and weights."""
    served = None if serve is None else {"list": serve}
    table = {"x": {"kind": "weighted", "column": "list", "delimiter": ",", **parameters}}
    found = run(table, S, {"list": CELLS}, folder, served)
    return found["x"], found["x_weights"]


def test_ids_and_weights(tmp_path: Path) -> None:
    """An element ends at its last colon, and without one it has the weight 1. The vocabulary is of elements without weights."""
    ids, weights = made(tmp_path)
    assert (tmp_path / "assets" / "x").read_text() == "b\n\N{GRINNING FACE}\nc\na:b\na\n"
    assert ids == [[2, 6, 2], [], [], [4], [5, 3]]
    assert weights == [[0.5, 2, -10], [], [], [1], [3, 1]]


def test_padding_weighs_nothing(tmp_path: Path) -> None:
    """Both are cut and padded alike."""
    ids, weights = made(tmp_path, max_length=2, top_k=1)
    assert ids.tolist() == [[2, 1], [0, 0], [0, 0], [1, 0], [1, 1]]
    assert weights.tolist() == [[0.5, 2], [0, 0], [0, 0], [1, 0], [3, 1]]


def test_hash_buckets_and_a_text_for_missing_cells(tmp_path: Path) -> None:
    """Buckets are of the element without its weight."""
    ids, weights = made(tmp_path, num_buckets=50, missing="z;4", weight_delimiter=";")
    assert weights[1] == [4]
    assert ids[1] == (tf.strings.to_hash_bucket_fast(["z"], 50).numpy() + 2).tolist()


def test_a_served_graph_takes_weights_that_are_no_numbers(tmp_path: Path) -> None:
    """It can't reject the row: they are 0."""
    assert made(tmp_path, ["b:x,b:,b:nan,b:1 2,b:4"])[1] == [[0, 0, 0, 0, 4]]


@pytest.mark.parametrize("mark", ["", "::", ",", "5", "-", " "])
def test_what_may_not_separate_a_weight(mark: str) -> None:
    """It would be in the weight or in the delimiter."""
    with pytest.raises(ConfigError) as caught:
        parse_features({"x": {"kind": "weighted", "column": "list", "delimiter": ",", "weight_delimiter": mark}}, S)
    assert str(caught.value) == (
        "[features] x: expected `weight_delimiter` to be one character that is neither in `delimiter` nor in a number, "
        f"received {mark!r}"
    )


def test_missing_cells_have_no_id_of_their_own() -> None:
    """Its weight would be a guess."""
    with pytest.raises(
        ConfigError, match=r'expected `missing` to be a token or "reject" for `weighted`, received .own_id.'
    ):
        parse_features({"x": {"kind": "weighted", "column": "list", "delimiter": ",", "missing": "own_id"}}, S)


@pytest.mark.usefixtures("shared_tracer")
def test_rows_whose_lists_are_refused(tmp_path: Path) -> None:
    """A bad weight or number rejects its row with the reason; `verify` and `apply` read rows so again, lists of varying length included."""
    cells = [("a:1;b", "1|2"), ("a:x", "3"), ("b:2", "3|y"), ("", ""), ("c:.5", " 4 | 5e1")]
    (tmp_path / "rows.csv").write_text("likes,sizes\n" + "".join(f'"{a}","{b}"\n' for a, b in cells))
    toml = """
        [input]
        files = "rows.csv"
        max_bad_fraction = 1.0
        [features]
        likes = { kind = "weighted", delimiter = ";" }
        sizes = { kind = "sequence", delimiter = "|", elements = "float32" }
        first = { kind = "sequence", column = "sizes", delimiter = "|", elements = "float32", max_length = 1 }
        [output]
        shards = 1
        shuffle = false
        """
    folder = run_toml(tmp_path, toml)
    assert read_manifest(str(folder))["columns"]["lists"] == {
        "likes": [{"delimiter": ";", "elements": "weighted", "weight_delimiter": ":"}],
        "sizes": [{"delimiter": "|", "elements": "float32", "weight_delimiter": ""}],
    }
    rejected = [
        (3, "likes", "expected a list of texts with their weights, found 'a:x' in it"),
        (4, "sizes", "expected a list of numbers, found 'y' in it"),
    ]
    applied = tmp_path / "applied"
    application = Application(str(folder), (str(tmp_path / "rows.csv"),))
    apply(application, str(applied), overwrite=False, engine=Engine(), progress=Progress(quiet=True))
    for made_by in (folder, applied):
        assert [(each["line"], each["column"], each["reason"]) for each in read_rejected(made_by)] == rejected
        assert [check.problems for check in checks(made_by).values() if check.problems] == []
    (shard,) = folder.glob("train-*")
    spec = {
        **{name: tf.io.RaggedFeature(tf.int64 if name == "likes" else tf.float32) for name in ("likes", "sizes")},
        "likes_weights": tf.io.RaggedFeature(tf.float32),
        "first": tf.io.FixedLenFeature([1], tf.float32),
    }
    rows = next(iter(tf.data.TFRecordDataset(str(shard), "GZIP").batch(9)))
    parsed = {
        name: value.numpy().tolist() if name == "first" else value.to_list()
        for name, value in tf.io.parse_example(rows, spec).items()
    }
    assert parsed == {
        "likes": [[4, 3], [], [2]],
        "likes_weights": [[1, 1], [], [0.5]],
        "sizes": [[1, 2], [], [4, 50]],
        "first": [[1], [0], [4]],
    }


@pytest.mark.usefixtures("shared_tracer")
def test_a_derived_list(tmp_path: Path) -> None:
    """Cells are checked where they are read, and a derived column has none."""
    (tmp_path / "mine.py").write_text("def derive(inputs):\n    return {'other': inputs['likes']}\n")
    (tmp_path / "rows.csv").write_text("likes\na:1\n")
    toml = """
        derive = "mine.py:derive"
        [input]
        files = "rows.csv"
        [features]
        x = { kind = "weighted", column = "other", delimiter = ";" }
        """
    with pytest.raises(
        ConfigError, match="expected a column of the data, whose cells that aren't lists of numbers reject"
    ):
        run_toml(tmp_path, toml)
