"""Rows left out on purpose: by a condition or a sample, counted apart from rejected ones."""

import numpy as np
import pyarrow as pa

from shardmill.schemas.schema import Column
from shardmill.transforms.csv.selection import Selection, SplitKey
from shardmill.transforms.filtering.condition_parser import parse_condition
from shardmill.transforms.filtering.row_filter import RowFilter, RowSample
from shardmill.transforms.rows.splits import SplitRule
from tests.support.csv.csv_blocks import FLOAT, INT, read, rejects, select


def test_rows_left_out_are_neither_good_nor_bad() -> None:
    """Their other cells don't matter; a row is rejected whose own cell in the condition is bad, or that is bad as a whole."""
    row_filter = RowFilter(parse_condition("n > 1"), (Column("n", INT),))
    selection = Selection(select(x=FLOAT).columns, names=("n", "x"), required=frozenset({"x"}), filter=row_filter)
    found = read(b"n,x\n1,1\n2,2\n0,bad\n1,\n3,bad\nm,7\n,8\n1,2,3\n5,5\n", selection)
    (block,) = found
    assert block.columns.to_pydict() == {"x": [2.0, 5.0]}
    assert block.filtered == {"where": 4}
    assert [(each.line, each.column) for each in rejects(found)] == [(6, "x"), (7, "n"), (9, None)]
    assert (block.read, block.rows) == (9, 2)


def test_a_block_without_good_rows_is_counted() -> None:
    """Rows of a block that leaves out all are still told."""
    selection = Selection((), names=("n",), filter=RowFilter(parse_condition("n > 1"), (Column("n", INT),)))
    (block,) = read(b"n\n1\n0\n", selection)
    assert (block.rows, block.filtered, block.read) == (0, {"where": 2}, 2)


def test_a_sample_keeps_its_share_of_keys() -> None:
    """By the key's text, whatever other rows there are; another seed keeps others."""
    keys = pa.array([f"key {number // 2}" for number in range(40_000)])
    sample = RowSample(0.25, SplitKey(("k",)))
    kept = sample.kept({"k": keys}, len(keys))
    assert abs(kept.mean() - 0.25) < 0.01
    assert (kept[::2] == kept[1::2]).all()
    assert (sample.kept({"k": keys[100:]}, len(keys) - 100) == kept[100:]).all()
    other = RowSample(0.25, SplitKey(("k",)), seed=1).kept({"k": keys}, len(keys))
    assert abs((kept & other).mean() - 0.0625) < 0.01
    assert RowSample(1, SplitKey(("k",))).kept({"k": keys}, len(keys)).all()


def test_a_sample_is_independent_of_the_split() -> None:
    """The kept rows of a key's sample have the splits' shares, though both hash the same key."""
    keys = pa.array([str(number) for number in range(20_000)])
    kept = RowSample(0.5, SplitKey(("k",))).kept({"k": keys}, len(keys))
    splits = SplitRule.of_fractions({"train": 0.5, "eval": 0.5}).assign(len(keys), None, keys)
    assert abs(np.mean(splits[kept]) - 0.5) < 0.02


def test_a_row_counts_for_the_first_setting_that_leaves_it_out() -> None:
    """The condition comes before the sample; rejected rows are no part of either."""
    names = ("n", "x")
    row_filter = RowFilter(parse_condition("n < 500"), (Column("n", INT),), RowSample(0.5, SplitKey(names)))
    data = b"n,x\n" + b"".join(b"%d,%s\n" % (number, b"bad" if number % 10 == 0 else b"1") for number in range(1000))
    found = read(data, Selection(select(x=FLOAT).columns, names=names, filter=row_filter))
    filtered = {key: sum(block.filtered[key] for block in found) for key in ("where", "sample")}
    assert filtered["where"] == 500
    assert len(rejects(found)) == 50
    assert 180 < filtered["sample"] < 270
    assert sum(block.rows for block in found) == 450 - filtered["sample"]
