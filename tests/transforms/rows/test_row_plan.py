"""Where rows lie once all are counted."""

import numpy as np
import pytest

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.rows.counts import Rejections, UnitCount
from shardmill.transforms.rows.row_plan import RowPlan, check_rows, check_splits
from shardmill.transforms.rows.splits import ShardRule, SplitRule

COUNTS = [UnitCount(1, "a.csv", (5, 1), 0), UnitCount(0, "a.csv", (10, 2), 3), UnitCount(2, "b.csv", (0, 4), 0)]
SPLITS = SplitRule(("train", "eval"))


def _unit(index: int) -> Unit:
    return Unit(index=index, file=0, path="a.csv")


def test_offsets_follow_the_units() -> None:
    """A unit's first row comes after all rows of the units before it, whatever order they were counted in."""
    plan = RowPlan(COUNTS, SPLITS, ShardRule(shards=4))
    assert [plan.first(unit) for unit in range(3)] == [[0, 0], [10, 2], [15, 3]]
    assert plan.totals == {"train": 15, "eval": 7}
    assert plan.shard_counts == {"train": 4, "eval": 4}


@pytest.mark.parametrize("shards", [4, 40_000])
def test_rows_are_sorted_by_split_and_shard(shards: int) -> None:
    """Each shard's rows come together, in the input's order, splits in theirs; shards without rows aren't listed."""
    plan = RowPlan([UnitCount(0, "a.csv", (150, 80), 0)], SPLITS, ShardRule(shards=shards))
    splits = np.random.default_rng(3).permutation(np.repeat([0, 1], [120, 60]))
    order, found, rows = plan.sort(splits, [30, 20])
    assert rows.tolist() == [120, 60]
    places = np.empty(180, np.int64)
    rule = ShardRule(shards=shards)
    places[splits == 0], places[splits == 1] = rule.assign(30, 120, 150), rule.assign(20, 60, 80)
    expected = sorted(range(180), key=lambda row: (splits[row], places[row], row))
    assert order.tolist() == expected
    listed = [(split, shard) for split, shard, rows in found for _ in range(rows)]
    assert listed == [(SPLITS.names[splits[row]], places[row]) for row in expected]
    assert [each[:2] for each in found] == sorted(
        {each[:2] for each in found}, key=lambda each: (each[0] == "eval", each[1])
    )


def test_rows_that_are_read_differently_are_noticed() -> None:
    """A unit that reads differently the second time is an error that names the file and both counts."""
    plan = RowPlan(COUNTS, SPLITS, ShardRule())
    plan.check_second_pass(_unit(0), (10, 2), 3, {})
    with pytest.raises(DataError, match=r"'a\.csv': the analysis read 15 rows .* the transform 16 of the same bytes"):
        plan.check_second_pass(_unit(0), (11, 2), 3, {})
    with pytest.raises(DataError, match=r"the analysis read 15 rows .* the transform 17 of the same bytes"):
        plan.check_second_pass(_unit(0), (10, 2), 3, {"where": 2})


def test_a_split_without_rows_is_an_error() -> None:
    """A split with no rows is named, with how the rows were split."""
    with pytest.raises(
        DataError, match=r"split 'eval' has no rows: 1 rows were read and split into train 1, eval 0; give"
    ):
        check_splits([UnitCount(0, "a.csv", (1, 0), 0)], SPLITS)


def test_no_rows_at_all_is_an_error() -> None:
    """An input of headers alone, or of bad rows alone, is an error that names the files."""
    with pytest.raises(DataError, match=r"the input has no good rows: 'a\.csv' and 1 more files"):
        check_rows([UnitCount(0, "a.csv", (0, 0), 0), UnitCount(1, "b.csv", (0, 0), 0)], Rejections())
    with pytest.raises(DataError, match=r"no good rows \(3 rows were rejected\)"):
        check_rows([UnitCount(0, "a.csv", (0, 0), 3)], Rejections())


@pytest.mark.parametrize(
    ("filtered", "expected"),
    [
        ({"where": 1, "sample": 9}, "check `where`"),
        ({"dedup": 9, "sample": 1}, "raise the share of rows that `sample` keeps"),
        ({"dedup": 9, "downsample": 1}, "raise the share of rows that `downsample` keeps"),
    ],
)
def test_rows_that_are_all_left_out_are_told_with_the_setting(filtered: dict[str, int], expected: str) -> None:
    """The advice is about a setting that is there."""
    with pytest.raises(
        DataError, match=rf"\[rows\] leaves out all good rows of the input \(.*\): 'a\.csv'; {expected}"
    ):
        check_rows([UnitCount(0, "a.csv", (0,), 0, filtered=filtered)], Rejections())
