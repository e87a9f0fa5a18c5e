"""Read: from files to units, and from units to blocks.

Units are record-aligned byte ranges, which workers process independently.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import apache_beam as beam
from apache_beam import pvalue

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv import held
from shardmill.transforms.csv.blocks import Block, examine, read_blocks
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.csv.units import (
    UNIT_BYTES,
    FileRange,
    InputFile,
    RangeScan,
    Unit,
    file_ranges,
    plan_units,
    scan_range,
    wide_unit_bytes,
)
from shardmill.transforms.files import files
from shardmill.transforms.files.checksums import NO_BYTES
from shardmill.transforms.records.skipped import Skipped
from shardmill.transforms.rows.counts import UnitCount
from shardmill.transforms.workers import metrics


@dataclass(eq=False)
class PlanUnits(beam.PTransform):  # type: ignore[misc]
    """Cuts files into units at record boundaries, quoted newlines included.

    Files larger than a unit are scanned once, in parallel, for quotes and newlines. The units
    depend on the files alone.

    Expects a PCollection of one element, whatever it is, on which reading begins, and outputs one
    of `Unit`.

    Attributes:
        inputs: The files, in order.
        dialect: Their dialect.
        selection: The columns that will be read, with which the headers of files that are cut are
            compared.
        unit_bytes: The approximate size of a unit, in bytes; of a wide table's it is larger.
    """

    inputs: Sequence[InputFile]
    dialect: Dialect
    selection: Selection
    unit_bytes: int = UNIT_BYTES

    def expand(self, start: beam.PCollection[Any]) -> beam.PCollection[Unit]:
        unit_bytes = wide_unit_bytes(self.unit_bytes, len(self.selection.names))
        scans = (
            start
            | "ListRanges" >> beam.FlatMap(_ranges, list(self.inputs), self.dialect, unit_bytes)
            | "SpreadRanges" >> beam.Reshuffle()
            | "ScanRange" >> beam.Map(self.scan, self.dialect, self.selection)
        )  # RangeScan
        return (
            start
            | "PlanUnits" >> beam.FlatMap(self.plan, pvalue.AsList(scans), list(self.inputs), self.dialect, unit_bytes)
            | "SpreadUnits" >> beam.Reshuffle()
        )

    @staticmethod
    def scan(file_range: FileRange, dialect: Dialect, selection: Selection) -> RangeScan:
        """Scans a range."""
        where = f"{file_range.path!r} from byte {file_range.start} to {file_range.stop}"
        with metrics.working("scan", where) as work:
            data = held.read_range(file_range)
            work.add(0, file_range.stop - file_range.start)
            return examine(scan_range(data, file_range, dialect), data, file_range, dialect, selection)

    @staticmethod
    def plan(_: Any, scans: list[RangeScan], inputs: list[InputFile], dialect: Dialect, unit_bytes: int) -> list[Unit]:
        """Cuts the files, once all ranges have been scanned."""
        return plan_units(inputs, scans, dialect, unit_bytes)


def _ranges(_: Any, inputs: list[InputFile], dialect: Dialect, unit_bytes: int) -> list[FileRange]:
    return file_ranges(inputs, dialect, unit_bytes)


@dataclass(eq=False)
class TakeUnits(beam.PTransform):  # type: ignore[misc]
    """Takes the units that an earlier job planned and read.

    A worker loads them, since a pipeline's description must not grow with the input.

    Expects a PCollection of one element, whatever it is, and outputs one of `Unit`.

    Attributes:
        path: The file in which `save_units` has saved them.
    """

    path: str

    def expand(self, start: beam.PCollection[Any]) -> beam.PCollection[Unit]:
        return start | "LoadUnits" >> beam.FlatMap(_load_units, self.path) | "SpreadUnits" >> beam.Reshuffle()


@dataclass(frozen=True)
class ReadUnit:
    """A unit that a pass has read.

    Attributes:
        unit: The unit, with the checksum of its bytes.
        lines: The physical lines that end in it. None means that it couldn't be read.
    """

    unit: Unit
    lines: int | None


def settle(read: Iterable[ReadUnit]) -> tuple[list[Unit], list[int]] | None:
    """Numbers the first lines of units that have been read.

    Args:
        read: All units, in any order.

    Returns:
        The units in order, as `plan_units` makes them; and for each the lines above it that the
        pass didn't know of. None means that guesses are wrong, or that there were none.
    """
    units: list[Unit] = []
    above: list[int] = []
    line = 1
    for each in sorted(read, key=lambda each: each.unit.index):
        unit = each.unit
        if each.lines is None:
            return None
        line = line if units and units[-1].file == unit.file else 1
        units.append(replace(unit, first_line=line, header=unit.header if unit.start else None))
        above.append(line - unit.first_line)
        line += each.lines
    return (units, above) if units else None


def save_units(units: Iterable[Unit], path: str, folder: str) -> None:
    """Saves all units of a job for `TakeUnits`.

    Args:
        units: The units, in any order, with the checksums of what was read.
        path: The file to write.
        folder: A folder for a temporary file.
    """
    with files.replacing(path, folder) as stream:
        pickle.dump(sorted(units, key=lambda unit: unit.index), stream)


def _load_units(_: Any, path: str) -> list[Unit]:
    with files.opened(path) as stream:
        units: list[Unit] = pickle.load(stream)
    return units


@dataclass(eq=False)
class HoldUnits(beam.PTransform):  # type: ignore[misc]
    """Gives units the checksums and hashes that a pass found.

    Later passes compare the units' bytes with these.

    Expects a PCollection of units and outputs one of the same units.

    Attributes:
        counts: The counts of the pass, one for each unit.
    """

    counts: beam.PCollection[UnitCount]

    def expand(self, units: beam.PCollection[Unit]) -> beam.PCollection[Unit]:
        keyed = units | "KeyUnits" >> beam.Map(_keyed)  # (unit's index, unit)
        counts = self.counts | "KeyCounts" >> beam.Map(_keyed_count)  # (unit's index, its count)
        return (
            (keyed, counts)
            | beam.Flatten()
            | "JoinCounts" >> beam.GroupByKey()  # (unit's index, [unit, its count])
            | "HoldUnit" >> beam.MapTuple(_held)
        )


def _keyed(unit: Unit) -> tuple[int, Unit | UnitCount]:
    return unit.index, unit


def _keyed_count(count: UnitCount) -> tuple[int, Unit | UnitCount]:
    return count.unit, count


def _held(_: int, found: Iterable[Unit | UnitCount]) -> Unit:
    unit, count = sorted(found, key=lambda each: isinstance(each, UnitCount))
    assert isinstance(unit, Unit)
    assert isinstance(count, UnitCount)
    return replace(unit, checksum=count.checksum, sha256=count.sha256)


def units_of(
    inputs: Sequence[InputFile],
    dialect: Dialect,
    selection: Selection,
    each: Callable[[Callable[[FileRange], RangeScan], Iterable[FileRange]], Iterable[RangeScan]],
) -> list[Unit]:
    """The units that `PlanUnits` makes, without a pipeline.

    Args:
        inputs: The files, in order.
        dialect: Their dialect.
        selection: The columns that will be read.
        each: Applies a function to many, as `map` and an executor's `map` do.

    Raises:
        DataError: A file can't be read, has a header that doesn't fit, or ends inside a quoted
            cell.
    """
    unit_bytes = wide_unit_bytes(UNIT_BYTES, len(selection.names))
    scans = each(
        lambda file_range: PlanUnits.scan(file_range, dialect, selection), file_ranges(inputs, dialect, unit_bytes)
    )
    return plan_units(inputs, scans, dialect, unit_bytes)


class Blocks:
    """The blocks of a unit, in order, to iterate once.

    Attributes:
        checksum: The checksum of all the unit's bytes, once the last block has been read.
        skipped: The lines that are no rows, in the blocks read so far and above them.
    """

    def __init__(
        self, unit: Unit, dialect: Dialect, selection: Selection, change: Callable[[Block], Block] | None = None
    ) -> None:
        """Reads nothing yet.

        Args:
            unit: The unit.
            dialect: Its file's dialect.
            selection: The columns to convert.
            change: Applied to each block; it raises a `DataError` where a block can't be used. None
                means that blocks stay unchanged.
        """
        self.checksum = NO_BYTES
        self.skipped = Skipped()
        self._unit = unit
        self._dialect = dialect
        self._selection = selection
        self._change = change

    def __iter__(self) -> Iterator[Block]:
        """Reads the blocks.

        Raises:
            DataError: The file can't be read, isn't as the dialect says, or isn't what an earlier
                pass read.
        """
        unit = self._unit
        with files.opened(unit.location or unit.path, unit.start, unit.stop, name=unit.path) as stream:
            read = held.HeldBytes(stream, unit)
            try:
                for block in read_blocks(read, unit, self._dialect, self._selection, self.skipped):
                    yield block if self._change is None else self._change(block)
            except DataError:
                # Where the file has changed, that is what must be said.
                read.check_unchanged()
                raise
            self.checksum = read.finish()
