"""Tables of token counts, cut by hash or by size.

Tokens whose hashes fall together are merged by themselves, and none of the others is needed.
"""

import itertools
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import from_numpy, to_numpy
from shardmill.transforms.distributions.joint_tokens import without_facts
from shardmill.transforms.kernel.described_columns import columns_of
from shardmill.transforms.kernel.library import kernel

# First bits of a hash that tables are cut by, at most.
MOST_BITS = 10
# Bytes of a token's offset and count in a table.
_ROW_BYTES = 12
_WORD = np.uint64
_WORD_BITS = 64


def bits_for(size: int, piece: int) -> int:
    """The bits that cut counts into pieces of bounded size.

    Args:
        size: Bytes of the counts.
        piece: The most bytes of a piece, on average; larger ones are met beyond `MOST_BITS`.
    """
    return min((max(size - 1, 0) // piece).bit_length(), MOST_BITS)


def partition_counts(table: pa.Table, bits: int) -> list[pa.Table]:
    """Cuts a table by a hash of the token.

    The hash is the same on every machine and in every run. Of a joint token it is that of the
    token.

    Args:
        table: A table of counts.
        bits: The number of the hash's first bits that matter, 0 to `MOST_BITS`.

    Returns:
        2**bits slices of one table, some perhaps empty; each token is in the one whose index its
        hash begins with.
    """
    if not bits:
        return [table]
    parts = _partitions(table, bits)
    order = np.argsort(parts, kind="stable")  # 16-bit numbers are sorted by radix
    bounds = np.searchsorted(parts[order], np.arange((1 << bits) + 1))
    ordered = table.take(from_numpy(order))
    return [ordered.slice(start, stop - start) for start, stop in itertools.pairwise(bounds.tolist())]


def one_partition(table: pa.Table, bits: int, index: int) -> pa.Table:
    """One of the tables that `partition_counts` cuts.

    Args:
        table: A table of counts.
        bits: See `partition_counts`.
        index: The index of the partition.
    """
    return table.take(from_numpy(np.flatnonzero(_partitions(table, bits) == index))) if bits else table


def slices(table: pa.Table, size: int) -> Iterator[pa.Table]:
    """Cuts a table into consecutive slices of bounded size.

    Args:
        table: A table of counts.
        size: The most bytes of a slice. A token isn't cut, so a slice's last one may exceed that.
    """
    if table.num_rows:
        sizes = to_numpy(pc.binary_length(table["token"])).astype(np.int64) + _ROW_BYTES
        cuts = np.flatnonzero(np.diff(np.cumsum(sizes) // size)) + 1
        for start, stop in itertools.pairwise([0, *cuts.tolist(), table.num_rows]):
            yield table.slice(start, stop - start)


def _partitions(table: pa.Table, bits: int) -> npt.NDArray[np.uint16]:
    return (token_hashes(without_facts(table["token"])) >> _WORD(_WORD_BITS - bits)).astype(np.uint16)


def token_hashes(tokens: pa.ChunkedArray) -> npt.NDArray[np.uint64]:
    """A hash of each token, uint64.

    It is the same on every machine and in every run.

    Args:
        tokens: binary or large_binary.
    """
    hashes = np.empty(len(tokens), _WORD)
    start = 0
    for chunk in tokens.chunks:
        columns, octets = columns_of([chunk], len(chunk)), chunk.buffers()[2]
        kernel().kernel_hash_texts(columns.table, octets, len(chunk), hashes[start:])
        start += len(chunk)
    return hashes
