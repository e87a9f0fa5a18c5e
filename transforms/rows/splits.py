"""Which split and which shard a row goes to.

Both are functions of the row alone (its key; its index in its split), never of workers or of how the input is cut into files.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.schemas.run_folder import TRAIN
from shardmill.schemas.splitmix import splitmix64
from shardmill.transforms.runtime.fingerprint import fingerprint

# A split's share is kept to one part in this many.
_BUCKETS = 1_000_000


@dataclass(frozen=True)
class SplitRule:
    """How rows are split.

    Attributes:
        names: The splits, in order.
        bounds: For a split by hash, the upper bucket (exclusive) of each split; None: whole files belong to a split.
    """

    names: tuple[str, ...] = (TRAIN,)
    bounds: tuple[int, ...] | None = None

    @classmethod
    def of_fractions(cls, fractions: Mapping[str, float]) -> "SplitRule":
        """A split by hash of the key.

        Args:
            fractions: Each split's share of the keys; they sum to 1.
        """
        bounds = np.round(np.cumsum(list(fractions.values())) * _BUCKETS).astype(int)
        return cls(tuple(fractions), (*bounds[:-1].tolist(), _BUCKETS))

    def assign(self, rows: int, file_split: str | None, key: pa.Array | None) -> npt.NDArray[np.int64]:
        """The index in `names` of each row's split.

        A key's bucket is its FarmHash64 fingerprint modulo 1,000,000 (`tf.strings.to_hash_bucket_fast`), so that a key stays in
        its split when rows come or go.

        Args:
            rows: The number of rows.
            file_split: The split of the file that the rows are from, where files are assigned to splits.
            key: Each row's key text, for a split by hash.
        """
        if self.bounds is None:
            return np.full(rows, self.names.index(file_split) if file_split else 0, dtype=np.int64)
        assert key is not None  # the selection asks for a key wherever there are bounds
        return np.searchsorted(np.asarray(self.bounds), fingerprint(key, _BUCKETS), side="right").astype(np.int64)


@dataclass(frozen=True)
class ShardRule:
    """How a split's rows are spread over its shards.

    Attributes:
        shards: Shards per split; None where another attribute says how many.
        rows_per_shard: At most so many rows a shard, about.
        bytes_per_shard: At most so many bytes of records a shard, about, before compression; `of_row_bytes` turns it into rows.
        shuffle: Spread by a hash of (seed, row index); False: contiguous ranges in the input's order.
        seed: Changes which rows share a shard.
    """

    shards: int | None = 8
    rows_per_shard: int | None = None
    bytes_per_shard: int | None = None
    shuffle: bool = True
    seed: int = 0

    def of_row_bytes(self, row_bytes: float) -> "ShardRule":
        """The rule in rows.

        Args:
            row_bytes: The mean bytes of a row's record.
        """
        assert self.bytes_per_shard is not None
        return replace(self, rows_per_shard=max(1, round(self.bytes_per_shard / row_bytes)), bytes_per_shard=None)

    def count(self, rows: int) -> int:
        """The number of shards for a split of so many rows, at least 1."""
        if self.shards is not None:
            return self.shards
        assert self.rows_per_shard is not None
        return max(1, -(-rows // self.rows_per_shard))

    def assign(self, first: int, rows: int, total: int) -> npt.NDArray[np.int64]:
        """The shard of each of `rows` consecutive rows of a split.

        Args:
            first: The first row's index in its split, over all files in order.
            rows: The number of rows.
            total: The split's number of rows.
        """
        index = np.arange(first, first + rows, dtype=np.uint64)
        shards = self.count(total)
        if self.shuffle:
            return (splitmix64(index, self.seed) % np.uint64(shards)).astype(np.int64)
        return (index * np.uint64(shards) // np.uint64(max(total, 1))).astype(np.int64)
