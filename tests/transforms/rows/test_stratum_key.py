"""Shares of splits within each value of a column: exact to within a few rows, whatever the blocks."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.rows.splits import SplitRule
from shardmill.transforms.rows.stratum_key import StratumKey

RULE = SplitRule.of_fractions({"train": 0.8, "eval": 0.15, "test": 0.05})
# A part of a run of the golden ratio's multiples has its share to within so many.
_FEW = 3


def _splits(unit: int, blocks: list[list[str | None]]) -> npt.NDArray[np.int64]:
    read = StratumKey("y").begin(unit)
    found = []
    for block in blocks:
        key, faults = read({"y": pa.array(block, pa.string())}, np.ones(len(block), np.bool_))
        assert faults == {}
        found.append(RULE.assign(len(block), None, key))
    return np.concatenate(found)


@pytest.mark.parametrize("unit", [0, 1, 7])
def test_each_value_has_its_shares(unit: int) -> None:
    """Of a rare value as of a common one; a missing cell is a value, too."""
    values = [None if row % 1000 == 3 else "rare" if row % 100 == 7 else f"v{row % 3}" for row in range(20_000)]
    splits = _splits(unit, [values])
    for value in set(values):
        of_value = splits[[each == value for each in values]]
        counts = np.bincount(of_value, minlength=3)
        assert np.abs(counts - len(of_value) * np.array([0.8, 0.15, 0.05])).max() < _FEW


def test_small_files_have_the_shares_together() -> None:
    """Of a value that each unit has once, a split gets its share over all units."""
    splits = np.concatenate([_splits(unit, [["a"]]) for unit in range(2000)])
    assert np.abs(np.bincount(splits) - 2000 * np.array([0.8, 0.15, 0.05])).max() < 2 * _FEW


@given(st.lists(st.lists(st.sampled_from(["a", "b", "", None]), max_size=20), min_size=1, max_size=5))
def test_blocks_do_not_matter(blocks: list[list[str | None]]) -> None:
    """A unit's rows have the same splits however it is cut into blocks; an empty text is a missing one."""
    whole = [cell or "" for block in blocks for cell in block]
    assert _splits(3, blocks).tolist() == _splits(3, [whole]).tolist()


def test_rows_left_out_do_not_count() -> None:
    """The used rows are split as if the others weren't there."""
    kept = np.arange(100) % 3 > 0
    key, _ = StratumKey("y").begin(0)({"y": pa.array(["a"] * 100)}, kept)
    alone, _ = StratumKey("y").begin(0)({"y": pa.array(["a"] * int(kept.sum()))}, np.ones(int(kept.sum()), np.bool_))
    assert key.filter(pa.array(kept)) == alone
