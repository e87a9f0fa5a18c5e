"""Infer: one pass over all cells for the columns' types."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

import apache_beam as beam
from apache_beam import pvalue
from apache_beam.transforms.window import GlobalWindows

from shardmill.schemas.inference.infer import Profiles
from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.csv.blocks import Block
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.read import Blocks
from shardmill.transforms.rows.counts import Rejections
from shardmill.transforms.rows.doubtful_rows import DoubtfulRows
from shardmill.transforms.workers import metrics
from shardmill.transforms.workers.merge import Merge
from shardmill.transforms.workers.several_outputs import SeveralOutputs
from shardmill.transforms.workers.submission import CheckedDoFn


@dataclass
class Profiled:
    """The profiles of columns, and the rejected rows.

    Attributes:
        profiles: The profiles, over the good rows.
        records: The rows that are rejected whichever columns are used, such as ragged ones.
        cells: The rows that are rejected if a certain column is used, in which a cell can't be
            decoded.
        doubtful: The good rows that may be no data.
    """

    profiles: Profiles
    records: Rejections = field(default_factory=Rejections)
    cells: Rejections = field(default_factory=Rejections)
    doubtful: DoubtfulRows = field(default_factory=DoubtfulRows)

    @property
    def read(self) -> int:
        """All rows, good or rejected."""
        return self.profiles.rows + self.records.total + self.cells.total

    @property
    def rejections(self) -> Rejections:
        """The rejected rows of both sorts."""
        both = Rejections()
        both.merge(self.records)
        both.merge(self.cells)
        return both

    def update(self, unit: int, block: Block) -> None:
        """Adds the rows of a block.

        Args:
            unit: The index of its unit.
            block: The block, whose columns are strings.
        """
        self.profiles.update(block.columns)
        self.doubtful.update(unit, block)
        for rejections, whole in ((self.records, True), (self.cells, False)):
            rejections.update(unit, [reject for reject in block.rejects if (reject.column is None) is whole])

    def merge(self, other: "Profiled") -> None:
        """Adds the rows of other profiles of the same columns."""
        self.profiles.merge(other.profiles)
        self.records.merge(other.records)
        self.cells.merge(other.cells)
        self.doubtful.merge(other.doubtful)


class ProfiledUnits(NamedTuple):
    """The outputs of `InferProfiles`.

    Attributes:
        profiled: One `Profiled`.
        units: The units, with the checksums of what was read.
    """

    profiled: beam.PCollection[Profiled]
    units: beam.PCollection[Unit]


class InferProfiles(SeveralOutputs):
    """Profiles columns of the units' rows, from their text.

    Expects a PCollection of units. Rows that can't be read as text (ragged ones) are counted.
    """

    def __init__(self, names: tuple[str, ...], dialect: Dialect, known: tuple[str, ...]) -> None:
        """Stores what to read.

        Args:
            names: The columns to profile.
            dialect: The files' dialect.
            known: All of the columns, with which headers are compared.
        """
        super().__init__()
        self._names = names
        self._dialect = dialect
        self._known = known

    def expand(self, units: beam.PCollection[Unit]) -> ProfiledUnits:
        passed = units | "ProfileUnit" >> beam.ParDo(
            _ProfileUnit(self._names, self._dialect, self._known)
        ).with_outputs("profiled", main="units")
        profiled = passed.profiled | "MergeProfiles" >> beam.CombineGlobally(Merge(partial(_nothing, self._names)))
        return ProfiledUnits(profiled, passed.units)


def _nothing(names: tuple[str, ...]) -> Profiled:
    return Profiled(Profiles(names))


class _ProfileUnit(CheckedDoFn):
    def __init__(self, names: tuple[str, ...], dialect: Dialect, known: tuple[str, ...]) -> None:
        super().__init__()
        self._dialect = dialect
        self._selection = Selection(tuple(Column(name, ColumnType.BYTES) for name in names), known)
        self._names = names

    def start_bundle(self) -> None:
        self._profiled = _nothing(self._names)

    def process(self, unit: Unit) -> Iterator[Unit]:
        with metrics.working("infer", metrics.unit_name(unit)) as work:
            blocks, last = Blocks(unit, self._dialect, self._selection), None
            for block in blocks:
                self._profiled.update(unit.index, block)
                last = block if block.rows else last
                work.add(block.rows + len(block.rejects), block.size)
        if last is not None and unit.stop in (None, unit.file_bytes):
            self._profiled.doubtful.finish(unit.index, last)
        yield replace(unit, checksum=blocks.checksum)

    def finish_bundle(self) -> Iterator[pvalue.TaggedOutput]:
        yield pvalue.TaggedOutput("profiled", GlobalWindows.windowed_value(self._profiled))
