"""Tables of token counts, cut to travel between workers.

They are cut by a hash of the token, so that each part is merged by itself, and into chunks of
bounded size.
"""

import itertools

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import binary_edges, binary_octets, from_numpy, to_numpy
from shardmill.schemas.splitmix import finalize

# Bytes of a chunk of a table that travels between workers: bounds the elements that Beam pickles.
CHUNK_BYTES = 16 << 20
# Bytes of a token's offset and count in a table.
_ROW_BYTES = 12
# First bytes of a token that are hashed, with its length: a cell of 100 MB must not cost more than
# others.
_HASHED = 256
# Bytes of tokens hashed at a time: bounds the temporary arrays.
_HASH_BYTES = 1 << 20
_WORD = np.uint64


def partition_counts(table: pa.Table, partitions: int) -> list[pa.Table]:
    """Cuts a table by a hash of the token.

    The hash is the same on every machine and in every run.

    Args:
        table: A table of counts.
        partitions: The number of parts.

    Returns:
        The parts, some perhaps empty; each token is in one of them.
    """
    if partitions == 1:
        return [table]
    part = (_hashes(table["token"]) % _WORD(partitions)).astype(np.int64)
    order = np.argsort(part, kind="stable")
    bounds = np.searchsorted(part[order], np.arange(partitions + 1))
    return [table.take(from_numpy(order[start:stop])) for start, stop in itertools.pairwise(bounds)]


def chunk_counts(table: pa.Table, chunk_bytes: int = CHUNK_BYTES) -> list[pa.Table]:
    """Cuts a table into consecutive chunks of bounded size.

    Args:
        table: A table of counts.
        chunk_bytes: The most bytes of a pickled chunk. A token isn't cut, so a chunk's last one may
            exceed that.

    Returns:
        The chunks; none for a table without rows.
    """
    if table.nbytes <= chunk_bytes:
        return [table] if table.num_rows else []
    sizes = to_numpy(pc.binary_length(table["token"])).astype(np.int64) + _ROW_BYTES
    index = np.cumsum(sizes) // chunk_bytes
    cuts = [0, *(np.flatnonzero(np.diff(index)) + 1).tolist(), table.num_rows]
    # A copy: a slice would be pickled with the whole table that it is a slice of.
    return [table.take(from_numpy(np.arange(start, stop))) for start, stop in itertools.pairwise(cuts)]


def _hashes(tokens: pa.ChunkedArray) -> npt.NDArray[np.uint64]:
    """A 64-bit hash of each token's length and first bytes.

    It mixes the sum of each byte i times an odd factor for i.
    """
    parts = [_hashes_of(chunk) for chunk in tokens.chunks if len(chunk)]
    return np.concatenate(parts) if parts else np.zeros(0, _WORD)


def _hashes_of(tokens: pa.Array) -> npt.NDArray[np.uint64]:
    edges, octets = binary_edges(tokens), binary_octets(tokens)
    lengths = np.minimum(np.diff(edges), _HASHED)
    factors = finalize(np.arange(_HASHED, dtype=_WORD)) | _WORD(1)
    sums = np.zeros(len(tokens), _WORD)
    ends = np.cumsum(lengths)
    start = 0
    while start < len(tokens):
        done = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + _HASH_BYTES, side="right")))
        sums[start:stop] = _sums(octets, edges[start:stop], lengths[start:stop], factors)
        start = stop
    return finalize(sums ^ finalize(np.diff(edges).astype(_WORD)))


def _sums(
    octets: npt.NDArray[np.uint8],
    starts: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.int64],
    factors: npt.NDArray[np.uint64],
) -> npt.NDArray[np.uint64]:
    ends = np.cumsum(lengths)
    position = np.arange(int(ends[-1])) - np.repeat(ends - lengths, lengths)
    products = octets[np.repeat(starts, lengths) + position].astype(_WORD) * factors[position]
    running = np.concatenate([np.zeros(1, _WORD), np.cumsum(products, dtype=_WORD)])  # modulo 2**64
    sums: npt.NDArray[np.uint64] = running[ends] - running[ends - lengths]
    return sums
