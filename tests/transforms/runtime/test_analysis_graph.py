"""The graph that makes tokens and numbers for an analysis, of Arrow's columns."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import tensorflow as tf

from shardmill.transforms.graph.made_values import trace_made
from shardmill.transforms.kinds.numeric.arithmetic import Arithmetic
from shardmill.transforms.kinds.text.token_rules import CharacterRule, TextRule
from shardmill.transforms.runtime.analysis_graph import AnalysisGraph
from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.statistics.requests import MadeTokens
from tests.support.kinds import schema_of

SCHEMA = schema_of(text="bytes", number="int", unused="float")
MADE = (
    MadeTokens("text", TextRule(lower=True)),
    MadeTokens("text", TextRule(delimiter="|", ngrams=(1, 2))),
    MadeTokens("number", TextRule()),
    MadeTokens("text", CharacterRule(lower=True)),
)


def test_tokens_of_each_row(tmp_path: Path) -> None:
    """Rows are kept apart, missing ones have none, numbers have their text; and no rows are none."""
    trace_made(MADE, SCHEMA, str(tmp_path / "graph"))
    graph = AnalysisGraph(Graph(str(tmp_path / "graph")), MADE)
    texts = ["A|\N{LATIN CAPITAL LETTER E WITH ACUTE} b", None, "c|d"]
    rows = pa.record_batch({"text": pa.array(texts), "number": pa.array([None, -1, 20], pa.int64())})
    found = [graph.make(rows)[each].to_pylist() for each in MADE]
    lower = "\N{LATIN SMALL LETTER E WITH ACUTE}".encode()
    assert found == [
        [[b"a|" + lower, b"b"], [], [b"c|d"]],
        [[b"A", texts[0][2:].encode(), texts[0].replace("|", " ").encode()], [], [b"c", b"d", b"c d"]],
        [[], [b"-1"], [b"20"]],
        [[b"a", b"|", lower, b" ", b"b"], [], [b"c", b"|", b"d"]],
    ]
    assert graph.make(rows.slice(0, 0)) == {}


def test_numbers_of_each_row(tmp_path: Path) -> None:
    """They are float32 in one array beside the tokens, NaN where a cell is missing."""
    half = Arithmetic(name="", columns=("number",), expression="number / 2")
    made = (MADE[0], half)
    trace_made(made, SCHEMA, str(tmp_path / "graph"))
    rows = pa.record_batch({"text": pa.array(["a", None]), "number": pa.array([None, 3], pa.int64())})
    found = AnalysisGraph(Graph(str(tmp_path / "graph")), made).make(rows)
    assert found[MADE[0]].to_pylist() == [[b"a"], []]
    assert found[half].dtype == np.float32
    np.testing.assert_array_equal(found[half], [np.nan, 1.5])


def test_its_bytes_dont_depend_on_what_was_traced_before(tmp_path: Path) -> None:
    """What is kept for later runs is named after them."""
    for disabled in (False, True):
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": disabled})
        trace_made(MADE[:1], SCHEMA, str(tmp_path / str(disabled)))
    assert len({(tmp_path / str(each) / "saved_model.pb").read_bytes() for each in (False, True)}) == 1
