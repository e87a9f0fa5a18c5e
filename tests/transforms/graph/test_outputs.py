"""Outputs of varying length and sparse ones, from a kind to an Example and to TF Transform."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

from shardmill.schemas.features import FeatureSpec, sparse_specs
from shardmill.schemas.schema import Schema
from shardmill.schemas.schema_pbtxt import format_schema
from shardmill.transforms.functions.canonical import row_lengths_key
from shardmill.transforms.graph.build import build_graph
from shardmill.transforms.graph.derived_column import DeclaredGraph
from shardmill.transforms.kinds.base import Kind, Tensor, Trace
from shardmill.transforms.runtime.session import load_session
from shardmill.transforms.statistics.requests import Statistics
from shardmill.transforms.tfrecord.encode import ExampleEncoder
from tests.support.kinds import batch_of, dense, schema_of

tft = pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")

SCHEMA = schema_of(text="bytes", topic="bytes!")
ROWS = {"text": ["b a", None, "c", "a b a"], "topic": ["x y", "z", "z z", "x"]}
WORDS: list[list[bytes]] = [[b"b", b"a"], [], [b"c"], [b"a", b"b", b"a"]]
SIZE = 4


@dataclass(frozen=True, kw_only=True)
class Words(Kind):
    """The words of a cell."""

    kind = "words"

    def _outputs(self, _schema: Schema, _statistics: Statistics) -> tuple[FeatureSpec, ...]:
        return (FeatureSpec(self.name, "bytes", None),)

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        return {self.name: trace.tf.strings.split(trace.text(self.columns[0]))}


@dataclass(frozen=True, kw_only=True)
class Topics(Words):
    """The same, as a label."""

    is_label = True


@dataclass(frozen=True, kw_only=True)
class Lengths(Kind):
    """A sparse row: at each word's position the position's number plus 0.5."""

    kind = "lengths"

    def _outputs(self, _schema: Schema, _statistics: Statistics) -> tuple[FeatureSpec, ...]:
        return sparse_specs(self.name, "float32", SIZE)

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        words = trace.tf.strings.split(trace.text(self.columns[0])).to_sparse()
        values = trace.tf.cast(words.indices[:, 1], trace.tf.float32) + 0.5
        rows = trace.tf.shape(trace.text(self.columns[0]), trace.tf.int64)[0]
        return {self.name: trace.tf.SparseTensor(words.indices, values, [rows, SIZE])}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder."""
    folder = tmp_path_factory.mktemp("run")
    kinds = (
        Words(name="words", columns=("text",), indicator=True),
        Lengths(name="lengths", columns=("text",)),
        Topics(name="topics", columns=("topic",)),
    )
    (folder / "metadata").mkdir()
    (folder / "metadata" / "schema.pbtxt").write_text(format_schema(SCHEMA), encoding="utf-8")
    build_graph(DeclaredGraph(kinds, SCHEMA, Statistics()), str(folder))
    return folder


def _examples(run: Path) -> tf.Tensor:
    session = load_session(str(run / "transform_fn"))
    made = session.run(batch_of(SCHEMA, ROWS))
    return tf.constant(ExampleEncoder(session.outputs).encode(made, len(WORDS)).to_pylist())


def test_an_example_holds_each_row_as_long_as_it_is(run: Path) -> None:
    """TF Transform's feature spec reads the Examples: VarLen, and a sparse feature of its size."""
    spec = tft.TFTransformOutput(str(run)).transformed_feature_spec()
    assert spec == {
        "words": tf.io.VarLenFeature(tf.string),
        "words_missing": tf.io.FixedLenFeature([], tf.int64),
        "lengths": tf.io.SparseFeature(
            ["lengths$sparse_indices_0"], "lengths$sparse_values", tf.float32, [SIZE], already_sorted=True
        ),
        "topics": tf.io.VarLenFeature(tf.string),
    }
    parsed = tf.io.parse_example(_examples(run), spec)
    assert tf.RaggedTensor.from_sparse(parsed["words"]).to_list() == WORDS
    assert tf.RaggedTensor.from_sparse(parsed["topics"]).to_list() == [[b"x", b"y"], [b"z"], [b"z", b"z"], [b"x"]]
    assert parsed["words_missing"].numpy().tolist() == [0, 1, 0, 0]
    expected = [[0.5, 1.5, 0, 0], [0, 0, 0, 0], [0.5, 0, 0, 0], [0.5, 1.5, 2.5, 0]]
    assert tf.sparse.to_dense(parsed["lengths"]).numpy().tolist() == expected


def test_tf_transform_makes_what_the_examples_hold(run: Path) -> None:
    """`transform_raw_features` gives the tensors that parsing gives, all of them sparse."""
    output = tft.TFTransformOutput(str(run))
    parsed = tf.io.parse_example(_examples(run), output.transformed_feature_spec())
    raw = {
        "text": tf.sparse.from_dense(dense(SCHEMA, ROWS)["text"][:, None]),
        "topic": dense(SCHEMA, ROWS)["topic"],
    }
    made = output.transform_raw_features(raw)
    assert made.keys() == parsed.keys()
    for name in ("words", "lengths", "topics"):
        for part in ("indices", "values", "dense_shape"):
            assert np.array_equal(getattr(made[name], part), getattr(parsed[name], part)), (name, part)


def test_a_served_feature_of_varying_length_has_its_rows_lengths(run: Path) -> None:
    """As those of functions: all rows' values, and beside them how many each row has."""
    loaded = tf.saved_model.load(str(run / "transform_fn"))
    served: dict[str, Any] = loaded.signatures["serving_default"](text=tf.constant(["b a", "", "c", "a b a"]))
    assert sorted(served) == sorted(
        ["words", "lengths$sparse_indices_0", "lengths$sparse_values", "words_missing"]
        + [row_lengths_key(name) for name in ("words", "lengths$sparse_indices_0", "lengths$sparse_values")]
    )
    lengths = served[row_lengths_key("words")]
    assert tf.RaggedTensor.from_row_lengths(served["words"], lengths).to_list() == WORDS


def test_no_row_has_a_value(run: Path) -> None:
    """A batch whose rows are all empty is one."""
    session = load_session(str(run / "transform_fn"))
    made = session.run(batch_of(SCHEMA, {"text": [None, None], "topic": ["x", "y"]}))
    assert isinstance(made["words"], pa.Array)
    assert made["words"].to_pylist() == [[], []]
    assert made["lengths$sparse_values"].to_pylist() == [[], []]
