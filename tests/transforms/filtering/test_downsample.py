"""Fewer rows of some values in `train`, with weights that make up for it."""

import numpy as np
import pyarrow as pa
import pytest

from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.csv.selection import SplitKey
from shardmill.transforms.filtering.downsample import Downsample, values_of
from shardmill.transforms.rows.splits import SplitRule

_ROWS = 40_000
_SPLITS = SplitRule.of_fractions({"train": 0.75, "eval": 0.25})
_KEYS = pa.array([f"row {number // 2}" for number in range(_ROWS)])
_LABELS = pa.array([None if number % 10 == 9 else number % 10 // 3 for number in range(_ROWS)], pa.int64())


def _downsample(column: Column, keep: dict[str, float], seed: int = 0) -> Downsample:
    return Downsample(column, keep, SplitKey(("k",)), seed, _SPLITS, "weight")


def test_only_train_loses_rows_and_their_weights_make_up_for_it() -> None:
    """Of each value about its share is kept, equal keys together; other values, splits and missing values lose none."""
    found = _downsample(Column("y", ColumnType.INT), {"0": 0.25, "77": 0.1, "2": 0.5}).split_factors(
        {"y": _LABELS}, {"k": _KEYS}, _KEYS, None
    )
    left_out, factors, counts = found
    train = _SPLITS.assign(_ROWS, None, _KEYS) == 0
    labels = _LABELS.fill_null(9).to_numpy()
    assert not left_out[~train].any()
    assert not left_out[np.isin(labels, (1, 9))].any()
    assert counts == {"0": (labels == 0).sum(), "2": (labels == 2).sum()}
    for label, share in ((0, 0.25), (2, 0.5)):
        mine = train & (labels == label)
        assert abs(np.mean(~left_out[mine]) - share) < 0.02
        assert set(factors[mine].tolist()) == {1 / share}
        assert factors[mine & ~left_out].sum() == pytest.approx(mine.sum(), rel=0.05)
    assert set(factors[~train | np.isin(labels, (1, 9))].tolist()) == {1.0}
    pairs = (labels[::2] == labels[1::2]) & (train[::2] == train[1::2])
    assert (left_out[::2] == left_out[1::2])[pairs].all()


def test_another_seed_keeps_other_rows() -> None:
    """Independently of each other."""
    column = Column("y", ColumnType.INT)
    first, second = (
        _downsample(column, {"0": 0.25}, seed).split_factors({"y": _LABELS}, {"k": _KEYS}, _KEYS, None)[0]
        for seed in (0, 1)
    )
    mine = (_SPLITS.assign(_ROWS, None, _KEYS) == 0) & (_LABELS.fill_null(9).to_numpy() == 0)
    assert abs(np.mean(~first[mine] & ~second[mine]) - 0.0625) < 0.015


@pytest.mark.parametrize(
    ("kind", "texts", "expected"),
    [
        (ColumnType.BYTES, ["0", "no "], ["0", "no "]),
        (ColumnType.INT, ["-3", "7"], [-3, 7]),
        (ColumnType.FLOAT, ["0.1", "7"], [np.float32(0.1), 7.0]),
    ],
)
def test_values_are_those_of_the_column(kind: ColumnType, texts: list[str], expected: list[object]) -> None:
    """Text as it stands; numbers as the column's cells are read."""
    assert values_of(dict.fromkeys(texts, 0.5), Column("y", kind)).to_pylist() == expected


@pytest.mark.parametrize(
    ("kind", "texts", "expected"),
    [
        (ColumnType.INT, ["no"], "expected a whole number, as column 'y' is INT, received 'no'; write a value of the"),
        (ColumnType.INT, [str(2**63)], "expected a whole number, as column 'y' is INT, received '9223372036854775808'"),
        (ColumnType.FLOAT, ["a"], "expected a number, as column 'y' is FLOAT, received 'a'"),
        (ColumnType.FLOAT, ["1", "1.0"], "expected different values, received '1', '1.0'; remove all but one"),
    ],
)
def test_other_values_are_refused(kind: ColumnType, texts: list[str], expected: str) -> None:
    """With what the column holds."""
    with pytest.raises(ValueError, match=expected):
        values_of(dict.fromkeys(texts, 0.5), Column("y", kind))
