"""How rows are read once there is a graph."""

from dataclasses import replace

from shardmill.pipelines.job.graph_sources import DeclaredFeatures
from shardmill.schemas.schema import Schema
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.reading import Reading
from shardmill.transforms.rows.folds import FoldRule
from shardmill.transforms.rows.splits import SplitRule
from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.runtime.row_graph import DERIVE, RowGraph
from shardmill.transforms.trace import Features
from tests.support.csv.csv_blocks import select_columns

FEATURES = DeclaredFeatures(Features((), Schema(())))
READING = Reading(dialect=Dialect(), selection=select_columns(()), split_rule=SplitRule(("train",)))


def test_images_are_decoded_once_where_rows_are_written() -> None:
    """The check before the analysis is a graph of its own; then the whole graph checks rows, and what it makes is written."""
    before = replace(READING, row_graph=RowGraph(Graph("/work/parts/check"), declared=True))
    again = FEATURES.read_again(before, "/work").row_graph
    assert again is not None
    assert again.declared
    assert again.makes(Graph("/work/transform_fn"))


def test_other_rows_are_read_as_before() -> None:
    """Derived columns are made by the function's own graph, and without any check there is none."""
    derived = replace(READING, row_graph=RowGraph(Graph("/work/derive"), DERIVE, derives=True))
    assert FEATURES.read_again(derived, "/work") == derived
    assert FEATURES.read_again(READING, "/work") == READING


def test_rows_have_their_folds_where_the_whole_graph_checks_them() -> None:
    """What it makes then is what is written; the check before the analysis needs none."""
    check = RowGraph(Graph("/work/parts/check"), declared=True)
    again = FEATURES.read_again(replace(READING, row_graph=check, fold_rule=FoldRule("line", 0)), "/work").row_graph
    assert again is not None
    assert (check.folded, again.folded) == (False, True)
    assert again.makes(Graph("/work/transform_fn"))
