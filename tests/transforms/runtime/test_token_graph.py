"""The graph that makes the tokens of an analysis, on Arrow's texts."""

from pathlib import Path

import pyarrow as pa

from shardmill.transforms.graph.made_tokens import trace_tokens
from shardmill.transforms.kinds.text.token_rules import CharacterRule, TextRule
from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.runtime.token_graph import TokenGraph
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
    trace_tokens(MADE, SCHEMA, str(tmp_path / "graph"))
    graph = TokenGraph(Graph(str(tmp_path / "graph")), MADE)
    texts = ["A|\N{LATIN CAPITAL LETTER E WITH ACUTE} b", None, "c|d"]
    rows = pa.record_batch({"text": pa.array(texts), "number": pa.array([None, -1, 20], pa.int64())})
    found = [graph.tokens(rows)[each].to_pylist() for each in MADE]
    lower = "\N{LATIN SMALL LETTER E WITH ACUTE}".encode()
    assert found == [
        [[b"a|" + lower, b"b"], [], [b"c|d"]],
        [[b"A", texts[0][2:].encode(), texts[0].replace("|", " ").encode()], [], [b"c", b"d", b"c d"]],
        [[], [b"-1"], [b"20"]],
        [[b"a", b"|", lower, b" ", b"b"], [], [b"c", b"|", b"d"]],
    ]
    assert graph.tokens(rows.slice(0, 0)) == {}
