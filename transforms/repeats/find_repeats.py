"""Find repeats: rows whose key an earlier row has.

It is a pass of its own, before the analysis, which sees only the rows that stay. No key crosses a
stage: descriptions of files of their hashes do.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import apache_beam as beam
import numpy as np
from apache_beam import pvalue

from shardmill.transforms.csv.blocks import Block
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.files.checksums import Checksum
from shardmill.transforms.grouping.partitions import Partition
from shardmill.transforms.grouping.row_files import RowFile
from shardmill.transforms.repeats.key_files import KeyWriter
from shardmill.transforms.repeats.repeat_files import RECORD, UNIT, save_list, write_repeats
from shardmill.transforms.workers import metrics
from shardmill.transforms.workers.submission import CheckedDoFn

PHASE = "keys"


class UnitBlocks(Protocol):
    """The blocks of a unit, to iterate once.

    Attributes:
        checksum: The checksum of all the unit's bytes, once the last block has been read.
    """

    checksum: Checksum

    def __iter__(self) -> Iterator[Block]:
        """Reads the blocks."""


class KeyReading(Protocol):
    """Reads units as rows with the keys that may repeat."""

    def blocks(self, unit: Unit, /) -> UnitBlocks:
        """A unit's blocks."""


@dataclass(eq=False)
class FindRepeats(beam.PTransform):  # type: ignore[misc]
    """Finds the rows whose key an earlier row has.

    Expects a PCollection of units and outputs one of the same units, with the checksums of what was
    read, once the files are there by which `Repeats` knows these rows.

    Attributes:
        reading: Reads the rows and their keys.
        folder: The folder of these files.
    """

    reading: KeyReading
    folder: str

    def expand(self, units: beam.PCollection[Unit]) -> beam.PCollection[Unit]:
        read = units | "ReadKeys" >> beam.ParDo(_ReadKeys(self.reading, self.folder)).with_outputs("keys", main="units")
        key_files = pvalue.AsList(read["keys"])
        repeats = (
            units.pipeline
            | "BeginPartitions" >> beam.Create([None])
            | "ListPartitions" >> beam.FlatMap(_partitions, key_files)
            | "SpreadPartitions" >> beam.Reshuffle()
            | "FindPartition" >> beam.FlatMap(_find, key_files, self.folder)
        )  # (path, units)
        saved = (
            units.pipeline
            | "BeginList" >> beam.Create([None])
            | "SaveList" >> beam.Map(_save, pvalue.AsList(repeats), self.folder)
        )
        return read["units"] | "AwaitRepeats" >> beam.Map(_after, pvalue.AsSingleton(saved))


class _ReadKeys(CheckedDoFn):
    def __init__(self, reading: KeyReading, folder: str) -> None:
        super().__init__()
        self._reading = reading
        self._folder = folder

    def process(self, unit: Unit) -> Iterator[Any]:  # a Unit, and RowFiles
        with metrics.working(PHASE, metrics.unit_name(unit)) as work:
            held, key_files = read_keys(unit, self._reading, self._folder, work.add)
        for each in key_files:
            yield pvalue.TaggedOutput("keys", each)
        yield held


def read_keys(
    unit: Unit, reading: KeyReading, folder: str, add: Callable[[int, int], None]
) -> tuple[Unit, list[RowFile]]:
    """Writes the keys of a unit's rows to files.

    Args:
        unit: The unit.
        reading: Reads its rows.
        folder: The files' folder.
        add: Counts rows and bytes.

    Returns:
        The unit with its checksum, and the files.

    Raises:
        DataError: The unit can't be read.
        OutputError: A file can't be written.
    """
    writer = KeyWriter(folder)
    blocks = reading.blocks(unit)
    key_files: list[RowFile] = []
    for block in blocks:
        if block.rows and block.key is not None:
            records = block.records
            key_files += writer.add_keys(block.key, {UNIT: np.full(len(records), unit.index), RECORD: records})
        add(block.read, block.size)
    return replace(unit, checksum=blocks.checksum), [*key_files, *writer.close()]


def find_all(
    units: Iterable[Unit],
    reading: KeyReading,
    folder: str,
    each: Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]],
    add: Callable[[int, int], None],
) -> None:
    """Finds repeats as `FindRepeats` does, without a pipeline.

    Args:
        units: All units.
        reading: Reads their rows.
        folder: The folder of the files.
        each: Applies a function to many, as `map` and an executor's `map` do.
        add: Counts rows and bytes.

    Raises:
        DataError: A unit can't be read.
        OutputError: A file can't be written.
    """
    key_files: list[RowFile] = []
    for _, found in each(lambda unit: read_keys(unit, reading, folder, add), units):
        key_files += found
    written = list(each(lambda partition: write_repeats(key_files, partition, folder), _partitions(None, key_files)))
    save_list([found for found in written if found is not None], folder)


def _partitions(_: object, key_files: list[RowFile]) -> list[Partition]:
    return Partition.all(key_files)


def _find(partition: Partition, key_files: list[RowFile], folder: str) -> Iterator[tuple[str, int]]:
    found = write_repeats(key_files, partition, folder)
    if found is not None:
        yield found


def _save(_: object, repeats: list[tuple[str, int]], folder: str) -> None:
    save_list(repeats, folder)


def _after(unit: Unit, _: None) -> Unit:
    return unit
