"""Read: from files to units, record-aligned byte ranges that workers process independently."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import apache_beam as beam
from apache_beam import pvalue

from transforms import files, tally
from transforms.blocks import Block, Selection, read_blocks
from transforms.dialect import Dialect
from transforms.records import UNIT_BYTES, FileRange, InputFile, RangeScan, Unit, file_ranges, plan_units, scan_range


class PlanUnits(beam.PTransform):  # type: ignore[misc]
    """Cuts files into units at record boundaries, quoted newlines included.

    Files larger than a unit are scanned once, in parallel, for quotes and newlines. The units depend on the files alone.
    """

    def __init__(self, inputs: Sequence[InputFile], dialect: Dialect, unit_bytes: int = UNIT_BYTES) -> None:
        """Stores what to read.

        Args:
            inputs: The files, in order.
            dialect: Their spelling.
            unit_bytes: A unit's size, about.
        """
        super().__init__()
        self._inputs = list(inputs)
        self._dialect = dialect
        self._unit_bytes = unit_bytes

    def expand(self, pbegin: pvalue.PBegin) -> beam.PCollection[Unit]:
        ranges = file_ranges(self._inputs, self._dialect, self._unit_bytes)
        scans = (
            pbegin
            | "ListRanges" >> beam.Create(ranges)
            | "SpreadRanges" >> beam.Reshuffle()
            | "ScanRange" >> beam.Map(_scan, self._dialect)
        )  # RangeScan
        return (
            pbegin
            | "ListFiles" >> beam.Create([self._inputs])
            | "PlanUnits" >> beam.FlatMap(_plan, pvalue.AsList(scans), self._dialect, self._unit_bytes)
            | "SpreadUnits" >> beam.Reshuffle()
        )


def _scan(file_range: FileRange, dialect: Dialect) -> RangeScan:
    data = files.read_range(file_range.path, file_range.read_start, file_range.stop)
    tally.add("scan", 0, file_range.stop - file_range.start)
    return scan_range(data, file_range, dialect)


def _plan(inputs: list[InputFile], scans: list[RangeScan], dialect: Dialect, unit_bytes: int) -> list[Unit]:
    return plan_units(inputs, scans, dialect, unit_bytes)


def units_of(
    inputs: Sequence[InputFile],
    dialect: Dialect,
    each: Callable[[Callable[[FileRange], RangeScan], Iterable[FileRange]], Iterable[RangeScan]],
) -> list[Unit]:
    """The units that `PlanUnits` makes, without a pipeline.

    Args:
        inputs: The files, in order.
        dialect: Their spelling.
        each: Applies a function to many, as `map` and an executor's `map` do.

    Raises:
        DataError: A file can't be read, or ends inside a quoted cell.
    """
    scans = each(lambda file_range: _scan(file_range, dialect), file_ranges(inputs, dialect))
    return plan_units(inputs, scans, dialect)


def blocks(unit: Unit, dialect: Dialect, selection: Selection) -> Iterator[Block]:
    """Reads a unit, block by block.

    Args:
        unit: The unit.
        dialect: Its file's spelling.
        selection: The columns to convert.

    Raises:
        DataError: The file can't be read, or not as the dialect says.
    """
    with files.reading(unit.path), files.open_at(unit.path, unit.start) as stream:
        yield from read_blocks(stream, unit, dialect, selection)
