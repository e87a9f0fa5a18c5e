"""The folds of training rows.

A feature that is computed from labels leaves out the fold of the row that it is for, so that no row
sees its own label.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.schemas.arrow import from_numpy
from shardmill.schemas.schema import FOLD
from shardmill.schemas.splitmix import GAMMA, finalize
from shardmill.transforms.csv.blocks import Block
from shardmill.transforms.csv.selection import SplitKey
from shardmill.transforms.runtime.fingerprint import fingerprint

FoldBy = Literal["key", "line"]
_HASHES = (1 << 63) - 1


@dataclass(frozen=True)
class FoldRule:
    """The rule that assigns rows to folds.

    Attributes:
        by: What is hashed: `"key"`, the row's key, whose rows then share a fold; or `"line"`, the
            number of the row's first line in its file.
        seed: Changes which rows share a fold.
        columns: The key's columns, which blocks have. Empty where it is the split key.
    """

    by: FoldBy
    seed: int
    columns: tuple[str, ...] = ()

    def folded(self, block: Block, train: npt.NDArray[np.bool_]) -> Block:
        """The block with a column `FOLD`.

        It is int64, a hash of at least 0; a feature's fold is its remainder. Outside of `train` it
        is -1.

        Args:
            block: A block with its rows' origin, or their key.
            train: bool [rows], which rows are in `train`.
        """
        folds = np.where(train, self._hashes(block), np.int64(-1))
        columns = block.columns
        return replace(
            block,
            columns=pa.RecordBatch.from_arrays(
                [*columns.columns, from_numpy(folds)], schema=columns.schema.append(pa.field(FOLD, pa.int64()))
            ),
        )

    def _hashes(self, block: Block) -> npt.NDArray[np.int64]:
        if self.columns:
            texts = {name: block.columns.column(name).cast(pa.string()) for name in self.columns}
            found = fingerprint(SplitKey(self.columns).join(texts, block.rows), _HASHES)
        elif self.by == "key":
            assert block.key is not None  # the selection asks for it
            found = fingerprint(block.key, _HASHES)
        else:
            assert block.origin is not None or not block.rows
            found = np.zeros(0, np.int64) if block.origin is None else block.origin.lines
        states = found.astype(np.uint64) + np.uint64(self.seed % 2**64) * GAMMA
        return (finalize(states) >> np.uint64(1)).astype(np.int64)
