"""Each unit's rows that repeat an earlier one, in files.

A file has those of a hash partition of the keys, of all units, so that no process holds more than a
partition's. Each begins with where the records of each unit are in it.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from shardmill.transforms.csv.selection import SplitKey
from shardmill.transforms.files import files
from shardmill.transforms.grouping.partitions import Partition
from shardmill.transforms.grouping.row_files import RowFile
from shardmill.transforms.repeats.key_files import sorted_keys

UNIT, RECORD = "unit", "record"
_LIST = "repeats.json"
_WORD = 8
# Columns of a key that a message names.
_NAMED = 4


@dataclass(frozen=True)
class Repeats:
    """Which rows repeat the key of an earlier row.

    Attributes:
        key: The columns of the key.
        folder: The folder of the files that say so, and of the keys before; another one makes no
            difference to the rows.
        rejects: Whether such rows are rejected; else they are left out.
    """

    key: SplitKey
    folder: str = field(compare=False)
    rejects: bool

    @property
    def fault(self) -> tuple[str | None, str]:
        """The column and the reason to reject such a row."""
        count = len(self.key.columns)
        names = " and ".join(map(repr, self.key.columns)) if count <= _NAMED else f"cells in {count:,} columns"
        column = self.key.columns[0] if count == 1 else None
        return column, f"expected {names} that no earlier row has, found the same again"

    def records(self, unit: int) -> npt.NDArray[np.int64]:
        """A unit's records that repeat an earlier row, ascending.

        Args:
            unit: The unit's index.

        Raises:
            DataError: A file can't be read.
        """
        found = [_read(path, units, unit) for path, units in _listed(files.join(self.folder, _LIST)) if unit < units]
        return np.sort(np.concatenate([np.zeros(0, np.int64), *found]))


def write_repeats(key_files: Sequence[RowFile], partition: Partition, folder: str) -> tuple[str, int] | None:
    """Finds the repeated rows of a partition and writes them.

    Args:
        key_files: The keys of all units, with `UNIT` and `RECORD`.
        partition: The partition.
        folder: The folder to write to.

    Returns:
        The file, and the number of units in it. None means that no row is repeated.

    Raises:
        DataError: A file can't be read.
        OutputError: The file can't be written.
    """
    same, values = sorted_keys(key_files, partition, (UNIT, RECORD))
    if not same.any():
        return None
    units, records = values[UNIT][same], values[RECORD][same]
    order = np.lexsort((records, units))
    count = int(units.max()) + 1
    edges = np.searchsorted(units[order], np.arange(count + 1))
    # An engine may make several attempts at the same work, and take any of them.
    path = files.join(folder, f"repeats-{uuid.uuid4().hex}")
    with files.created(path) as stream:
        stream.write(edges.astype("<i8").tobytes() + records[order].astype("<i8").tobytes())
    return path, count


def save_list(written: Sequence[tuple[str, int]], folder: str) -> None:
    """Writes the list of files, once all are there.

    Args:
        written: The results of `write_repeats`.
        folder: Their folder.
    """
    with files.replacing(files.join(folder, _LIST), folder) as stream:
        stream.write(json.dumps(sorted(written)).encode())


def _listed(path: str) -> list[tuple[str, int]]:
    with files.opened(path) as stream:
        return [(file, units) for file, units in json.loads(stream.read())]


def _read(path: str, units: int, unit: int) -> npt.NDArray[np.int64]:
    start, stop = _numbers(path, unit, unit + 2).tolist()
    first = units + 1
    return _numbers(path, first + start, first + stop) if start < stop else np.zeros(0, np.int64)


def _numbers(path: str, start: int, stop: int) -> npt.NDArray[np.int64]:
    with files.opened(path, start * _WORD, stop * _WORD, size=stop * _WORD) as stream:
        data = stream.read((stop - start) * _WORD)
    return np.frombuffer(data, "<i8").astype(np.int64)
