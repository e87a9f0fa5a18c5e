"""The folds of training rows."""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from shardmill.schemas.schema import FOLD
from shardmill.transforms.csv.selection import SplitKey
from shardmill.transforms.rows.folds import FoldRule
from tests.support.csv.csv_blocks import BYTES, read, select

ROWS = 2000
DATA = b"x,y\n" + b"".join(b"%d,%d\n" % (row // 4, row) for row in range(ROWS))


def _folds(rule: FoldRule, data: bytes = DATA) -> list[int]:
    found: list[int] = []
    for block in read(data, replace(select(x=BYTES), names=("x", "y"), key=SplitKey(("x",)))):
        found += rule.folded(block, np.ones(block.rows, np.bool_)).columns[FOLD].to_pylist()
    return found


def test_rows_of_a_key_share_a_fold() -> None:
    """Wherever they stand; keys are spread evenly, and anew by each seed."""
    folds = np.array(_folds(FoldRule("key", 0)))
    assert (folds >= 0).all()
    by_key = folds.reshape(-1, 4)
    assert (by_key == by_key[:, :1]).all()
    assert len(set(by_key[:, 0].tolist())) == ROWS // 4
    np.testing.assert_allclose(np.bincount(by_key[:, 0] % 5), 100, atol=30)
    header, *lines = DATA.splitlines()
    assert _folds(FoldRule("key", 0), b"\n".join([header, *lines[::-1], b""])) == folds[::-1].tolist()
    assert (np.array(_folds(FoldRule("key", 1))) % 5 != folds % 5).mean() > 0.5


def test_rows_without_a_key_have_folds_by_their_line() -> None:
    """Rows that hold the same, too, are spread over all folds."""
    folds = np.array(_folds(FoldRule("line", 0), b"x,y\n" + b"same,same\n" * ROWS))
    np.testing.assert_allclose(np.bincount(folds % 5), ROWS / 5, atol=60)
    with_gap = _folds(FoldRule("line", 0), b"x,y\n\n" + b"same,same\n" * (ROWS - 1))
    assert with_gap == folds[1:].tolist()


def test_other_splits_have_no_fold() -> None:
    """-1 says that a row is outside of training; the columns stay as they are."""
    (block,) = read(DATA[:20], replace(select(x=BYTES), names=("x", "y")))
    folded = FoldRule("line", 0).folded(block, np.arange(block.rows) % 2 == 0)
    assert [fold >= 0 for fold in folded.columns[FOLD].to_pylist()] == [row % 2 == 0 for row in range(block.rows)]
    assert folded.columns.column(0) == block.columns.column(0)
    assert folded.columns.schema.field(FOLD).type == pa.int64()
