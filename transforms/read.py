"""Read: from files to units, record-aligned byte ranges that workers process independently."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam
from apache_beam import pvalue

from transforms import files, metrics
from transforms.blocks import Block, Selection, read_blocks
from transforms.dialect import Dialect
from transforms.records import UNIT_BYTES, FileRange, InputFile, RangeScan, Unit, file_ranges, plan_units, scan_range


class PlanUnits(beam.PTransform):  # type: ignore[misc]
    """Cuts files into units at record boundaries, quoted newlines included.

    Files larger than a unit are scanned once, in parallel, for quotes and newlines. The units depend on the files alone.

    Expects a PCollection of one element, whatever it is, at which the reading begins, and outputs one of `Unit`.
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

    def expand(self, start: beam.PCollection[Any]) -> beam.PCollection[Unit]:
        scans = (
            start
            | "ListRanges" >> beam.FlatMap(_ranges, self._inputs, self._dialect, self._unit_bytes)
            | "SpreadRanges" >> beam.Reshuffle()
            | "ScanRange" >> beam.Map(_scan, self._dialect)
        )  # RangeScan
        return (
            start
            | "PlanUnits" >> beam.FlatMap(_plan, pvalue.AsList(scans), self._inputs, self._dialect, self._unit_bytes)
            | "SpreadUnits" >> beam.Reshuffle()
        )


def _ranges(_: Any, inputs: list[InputFile], dialect: Dialect, unit_bytes: int) -> list[FileRange]:
    return file_ranges(inputs, dialect, unit_bytes)


def _scan(file_range: FileRange, dialect: Dialect) -> RangeScan:
    where = f"{file_range.path!r} from byte {file_range.start} to {file_range.stop}"
    with metrics.working("scan", where) as work:
        data = files.read_range(file_range.path, file_range.read_start, file_range.stop)
        work.add(0, file_range.stop - file_range.start)
        return scan_range(data, file_range, dialect)


def _plan(_: Any, scans: list[RangeScan], inputs: list[InputFile], dialect: Dialect, unit_bytes: int) -> list[Unit]:
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
    with files.reading(unit.path), files.open_at(unit.place or unit.path, unit.start, unit.stop) as stream:
        yield from read_blocks(stream, unit, dialect, selection)
