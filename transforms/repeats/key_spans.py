"""Keys whose rows are in several splits."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import to_numpy
from shardmill.schemas.json_shapes import Count, SplitName
from shardmill.transforms.grouping.partitions import Partition
from shardmill.transforms.grouping.row_files import RowFile
from shardmill.transforms.keeping.findings import Findings
from shardmill.transforms.repeats.key_files import KeyWriter, sorted_keys

_SPLIT = "split"
# Between the cells of a key.
_SEPARATORS = "\x1f"


class SharedEntry(TypedDict):
    """The number of keys whose rows are in these splits."""

    splits: list[SplitName]
    values: Count


class SharedKeysEntry(TypedDict):
    """Keys in several splits, of which a model knows some.

    `values` counts all keys.
    """

    key: list[str]
    values: Count
    shared: list[SharedEntry]


class KeySpans:
    """Counts of keys by the splits of their rows.

    Merging is associative and commutative.

    Attributes:
        counts: The number of keys by the splits' indices, ascending.
    """

    def __init__(self) -> None:
        """Starts from nothing."""
        self.counts: Counter[tuple[int, ...]] = Counter()

    def merge(self, other: "KeySpans") -> None:
        """Adds the counts of other keys."""
        self.counts.update(other.counts)

    def entry(self, key: Sequence[str], names: Sequence[str]) -> SharedKeysEntry:
        """The counts as a manifest tells them.

        Args:
            key: The columns of the key.
            names: The splits' names.
        """
        shared: list[SharedEntry] = [
            {"splits": [names[index] for index in splits], "values": count}
            for splits, count in sorted(self.counts.items())
            if len(splits) > 1
        ]
        return {"key": list(key), "values": sum(self.counts.values()), "shared": shared}


@dataclass
class SpannedFindings(Findings):
    """Findings with the counts of keys by their splits.

    Attributes:
        spans: The counts.
    """

    spans: KeySpans = field(default_factory=KeySpans)


def write_splits(writer: KeyWriter, keys: pa.Array, splits: npt.NDArray[np.int64], number: int) -> Iterator[RowFile]:
    """Writes each key of some rows with its splits.

    Rows without a value in any of the key's columns have no key.

    Args:
        writer: The writer.
        keys: The text of each row's key.
        splits: The index of each row's split.
        number: The number of splits.

    Yields:
        A file, once there are enough keys for one.

    Raises:
        OutputError: The file can't be written.
    """
    encoded = keys.dictionary_encode()
    pairs = np.unique(to_numpy(encoded.indices).astype(np.int64) * number + splits)
    texts = encoded.dictionary.take(pa.array(pairs // number))
    filled = pc.not_equal(pc.binary_length(pc.utf8_trim(texts, _SEPARATORS)), 0)
    yield from writer.add_keys(texts.filter(filled), {_SPLIT: (pairs % number)[filled.to_numpy(zero_copy_only=False)]})


def count_spans(key_files: Sequence[RowFile], partition: Partition) -> KeySpans:
    """Counts the keys of a partition.

    Args:
        key_files: The files of `write_splits`.
        partition: The partition.

    Raises:
        DataError: A file can't be read.
    """
    same, values = sorted_keys(key_files, partition, (_SPLIT,))
    spans = KeySpans()
    if len(same):
        starts = np.flatnonzero(~same)
        masks, counts = np.unique(np.bitwise_or.reduceat(1 << values[_SPLIT], starts), return_counts=True)
        for mask, count in zip(masks.tolist(), counts.tolist(), strict=True):
            spans.counts[tuple(index for index in range(mask.bit_length()) if mask >> index & 1)] = count
    return spans
