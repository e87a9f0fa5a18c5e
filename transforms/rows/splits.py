"""The split and the shard of a row.

The split depends on the row's key or time alone (or on its file), the shard on its index in the
split: neither depends on workers, nor on how the input is cut into files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.schemas.arrow import to_numpy
from shardmill.schemas.run_folder import TRAIN
from shardmill.schemas.splitmix import GAMMA, finalize
from shardmill.transforms.kernel.library import kernel
from shardmill.transforms.runtime.fingerprint import fingerprint

# Hash buckets over which splits are spread: a split's fraction is exact to one in a million.
BUCKETS = 1_000_000
# Spread in native/rows/shards.h.
_SPREAD = np.dtype(
    [(name, np.int64) for name in ("next", "start", "total", "shards")]
    + [("seed", np.uint64), ("hashed", np.int64), ("scratch", np.uint64, 4)]
)


class SortedRows(NamedTuple):
    """The rows of a block by split and shard.

    Attributes:
        order: int64 [rows], the rows in the order of their shards, and of the input within one.
        stops: int64 [shards of all splits], the end of each shard in `order`.
        rows: int64 [splits], the number of rows of each split.
    """

    order: npt.NDArray[np.int64]
    stops: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]


@dataclass(frozen=True)
class SplitRule:
    """The rule that assigns rows to splits.

    Attributes:
        names: The splits, in order.
        bounds: The end (exclusive) of each split: a bucket of hashes of keys for a split by hash;
            for one by time a time, of all but the last. None means that whole files belong to a
            split.
        ranges: The split of each range that `bounds` end. None means one after the other.
    """

    names: tuple[str, ...] = (TRAIN,)
    bounds: tuple[float, ...] | None = None
    ranges: tuple[int, ...] | None = None

    @classmethod
    def of_fractions(cls, fractions: Mapping[str, float]) -> "SplitRule":
        """A rule that splits by a hash of the key.

        Args:
            fractions: Each split's fraction of the keys; they sum to 1.
        """
        bounds = np.round(np.cumsum(list(fractions.values())) * BUCKETS).astype(int)
        return cls(tuple(fractions), (*bounds[:-1].tolist(), BUCKETS))

    @classmethod
    def of_fold(cls, fold: int, folds: int) -> "SplitRule":
        """A rule that evaluates one fold of the keys.

        Args:
            fold: The fold that is `eval`, from 0; all others are `train`.
            folds: Their number.
        """
        return cls((TRAIN, "eval"), (fold * BUCKETS // folds, (fold + 1) * BUCKETS // folds, BUCKETS), (0, 1, 0))

    def assign(self, rows: int, file_split: str | None, key: pa.Array | None) -> npt.NDArray[np.int64]:
        """Assigns each row to a split.

        A key's bucket is its FarmHash64 fingerprint modulo 1,000,000
        (`tf.strings.to_hash_bucket_fast`), so that a key stays in its split when rows come or go.

        Args:
            rows: The number of rows.
            file_split: The split of the rows' file, where files are assigned to splits.
            key: Each row's key text for a split by hash; else its bucket, or its time.

        Returns:
            int64 [rows], the index in `names` of each row's split.
        """
        if self.bounds is None:
            return np.full(rows, self.names.index(file_split) if file_split else 0, dtype=np.int64)
        assert key is not None  # the selection asks for a key wherever there are bounds
        found = fingerprint(key, BUCKETS) if pa.types.is_string(key.type) else to_numpy(key)
        ranges = np.searchsorted(np.asarray(self.bounds), found, side="right").astype(np.int64)
        return ranges if self.ranges is None else np.asarray(self.ranges, np.int64)[ranges]


@dataclass(frozen=True)
class ShardRule:
    """The rule that spreads a split's rows over its shards.

    Attributes:
        shards: Shards per split. None means that another attribute decides their number.
        rows_per_shard: The most rows of a shard, approximately.
        bytes_per_shard: The most bytes of a shard's records before compression, approximately;
            `of_row_bytes` turns it into rows.
        shuffle: Whether rows are spread by a hash of (seed, row index); otherwise a shard holds a
            contiguous range in the input's order.
        seed: Changes which rows share a shard.
    """

    shards: int | None = 8
    rows_per_shard: int | None = None
    bytes_per_shard: int | None = None
    shuffle: bool = True
    seed: int = 0

    def of_row_bytes(self, row_bytes: float) -> "ShardRule":
        """The same rule, as rows per shard.

        Args:
            row_bytes: The mean bytes of a row's record.
        """
        assert self.bytes_per_shard is not None
        return replace(self, rows_per_shard=max(1, round(self.bytes_per_shard / row_bytes)), bytes_per_shard=None)

    def count(self, rows: int) -> int:
        """The number of a split's shards, at least 1.

        `rows` is the split's number of rows.
        """
        if self.shards is not None:
            return self.shards
        assert self.rows_per_shard is not None
        return max(1, -(-rows // self.rows_per_shard))

    def assign(self, first: int, rows: int, total: int) -> npt.NDArray[np.int64]:
        """Assigns consecutive rows of a split to shards.

        Rows beyond the total are in the last shard if rows aren't shuffled.

        Args:
            first: The first row's index in its split, over all files in order.
            rows: The number of rows.
            total: The split's number of rows.

        Returns:
            int64 [rows], the shard of each row.
        """
        shards = np.empty(rows, np.int64)
        kernel().kernel_assign_shards(self._spreads([first], [total]), rows, shards)
        return shards

    def assign_keys(self, hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """Assigns groups of rows to shards, by their keys.

        Args:
            hashes: The hash of each group's key, uint64.

        Returns:
            int64, the shard of each group.
        """
        assert self.shards is not None  # the configuration asks for it where there are groups
        states = hashes + np.uint64(self.seed) * GAMMA
        return (finalize(states) % np.uint64(self.shards)).astype(np.int64)

    def sort(self, splits: npt.NDArray[np.int64], first: Sequence[int], totals: Sequence[int]) -> SortedRows:
        """Sorts a block's rows by split and shard.

        Args:
            splits: The split of each row, by its index.
            first: By split, the index in it of the block's first row there.
            totals: Each split's number of rows.
        """
        spreads = self._spreads(first, totals)
        shards, order = np.empty((2, len(splits)), np.int64)
        stops = np.zeros(spreads["shards"].sum(), np.int64)
        kernel().kernel_sort_rows(splits, len(splits), spreads, len(spreads), shards, order, stops)
        return SortedRows(order, stops, spreads["next"] - np.array(first, np.int64))

    def _spreads(self, first: Sequence[int], totals: Sequence[int]) -> npt.NDArray[np.void]:
        spreads = np.zeros(len(totals), _SPREAD)
        spreads["next"] = first
        spreads["total"] = np.maximum(totals, 1)
        spreads["shards"] = [self.count(total) for total in totals]
        spreads["start"] = np.cumsum(spreads["shards"]) - spreads["shards"]
        spreads["seed"] = self.seed % 2**64
        spreads["hashed"] = self.shuffle
        return spreads
