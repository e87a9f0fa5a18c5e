"""The keys of rows in files, cut by a hash.

A key is its 127 bits of two hashes, so that a file doesn't grow with the texts, and two keys of a
billion are taken for one with a probability of some 10**-20.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.transforms.grouping.partitions import Partition
from shardmill.transforms.grouping.row_files import HASH, HashedWriter, RowFile
from shardmill.transforms.runtime.fingerprint import fingerprint
from shardmill.transforms.statistics.partition import token_hashes

_OTHER = "other"
_MOST = 2**63 - 1


class KeyWriter(HashedWriter):
    """Writes keys to files, a bounded number at a time."""

    @property
    def held(self) -> pa.Table | None:
        """The keys that no file has yet; None without any."""
        return pa.concat_tables(self._held) if self._held else None

    def add_keys(self, keys: pa.Array, values: Mapping[str, npt.NDArray[np.int64]]) -> Iterator[RowFile]:
        """Adds the keys of some rows.

        Args:
            keys: The keys' texts.
            values: What is said of each, int64, by name.

        Yields:
            A file, once there are enough for one.

        Raises:
            OutputError: The file can't be written.
        """
        hashes = token_hashes(pa.chunked_array([keys.cast(pa.large_binary())]))
        yield from self.add(pa.table({HASH: hashes, _OTHER: fingerprint(keys, _MOST), **values}))


def sorted_keys(
    key_files: Sequence[RowFile], partition: Partition, names: Sequence[str]
) -> tuple[npt.NDArray[np.bool_], dict[str, npt.NDArray[np.int64]]]:
    """Reads the keys of a partition, equal ones together.

    Args:
        key_files: All files.
        partition: The partition.
        names: The names of the values, by which equal keys are ordered, in this order.

    Returns:
        bool: whether a key is that before it; and the values, int64, by name.

    Raises:
        DataError: A file can't be read.
    """
    found = [table for each in key_files for table in each.read(partition.bits, partition.index)]
    if not found:
        return np.zeros(0, np.bool_), {name: np.zeros(0, np.int64) for name in names}
    table = pa.concat_tables(found)
    columns = {name: table[name].to_numpy() for name in (HASH, _OTHER, *names)}
    order = np.lexsort([columns[name] for name in reversed((HASH, _OTHER, *names))])
    hashes, others = columns[HASH][order], columns[_OTHER][order]
    same = np.zeros(len(order), np.bool_)
    same[1:] = (hashes[1:] == hashes[:-1]) & (others[1:] == others[:-1])
    return same, {name: columns[name][order] for name in names}
