"""Infer: one pass over all cells for the columns' types."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

import apache_beam as beam
from apache_beam import pvalue
from apache_beam.transforms.window import GlobalWindows

from shardmill.schemas.errors import DataError
from shardmill.schemas.inference.infer import Profiles
from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.csv.blocks import Block
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.read import Blocks, ReadUnit
from shardmill.transforms.rows.counts import Rejections
from shardmill.transforms.rows.doubtful_rows import DoubtfulRows
from shardmill.transforms.rows.type_tallies import TypeTallies
from shardmill.transforms.workers import metrics
from shardmill.transforms.workers.merge import Merge
from shardmill.transforms.workers.several_outputs import SeveralOutputs
from shardmill.transforms.workers.submission import CheckedDoFn


def as_text(names: tuple[str, ...], known: tuple[str, ...] = ()) -> Selection:
    """Selects columns to read as text.

    Args:
        names: The columns.
        known: All columns, where those are only some.
    """
    return Selection(tuple(Column(name, ColumnType.BYTES) for name in names), known or names)


def as_spelled(names: tuple[str, ...], known: tuple[str, ...] = ()) -> Selection:
    """Selects columns whose cells are counted by their spelling.

    Args:
        names: The columns.
        known: All columns, where those are only some.
    """
    return Selection((), known or names, spelled=names)


class Inferred(Protocol):
    """An accumulator of rows, from which columns' types follow."""

    def add(self, unit: Unit, blocks: Iterable[Block]) -> None:
        """Adds the rows of a unit."""

    def merge(self, other: Any) -> None:
        """Adds the rows of another pass over the same columns."""

    def move_down(self, above: Sequence[int]) -> None:
        """Adds to line numbers the lines above each unit."""


@dataclass
class Typed:
    """The counts that decide columns' types, and the rejected rows.

    Attributes:
        types: The counts, over the good rows.
        records: The rows that are rejected whichever columns are used, such as ragged ones.
        read: All rows, good or rejected.
    """

    types: TypeTallies
    records: Rejections = field(default_factory=Rejections)
    read: int = 0

    @classmethod
    def nothing(cls, names: tuple[str, ...]) -> "Typed":
        """The counts of no rows."""
        return cls(TypeTallies(names))

    def add(self, unit: Unit, blocks: Iterable[Block]) -> None:
        """Adds the rows of a unit.

        Args:
            unit: The unit.
            blocks: Its blocks, with the counts of cells by spelling.
        """
        for block in blocks:
            if block.spellings is not None:
                self.types.update(block.rows, block.spellings)
            self.records.update(unit.index, [reject for reject in block.rejects if reject.column is None])
            self.read += block.read

    def merge(self, other: "Typed") -> None:
        """Adds the rows of other counts of the same columns."""
        self.types.merge(other.types)
        self.records.merge(other.records)
        self.read += other.read

    def move_down(self, above: Sequence[int]) -> None:
        """Adds to line numbers the lines above each unit."""
        self.records.move_down(above)


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

    @classmethod
    def nothing(cls, names: tuple[str, ...]) -> "Profiled":
        """The profiles of no rows."""
        return cls(Profiles(names))

    def add(self, unit: Unit, blocks: Iterable[Block]) -> None:
        """Adds the rows of a unit.

        Args:
            unit: The unit.
            blocks: Its blocks, whose columns are strings.
        """
        last = None
        for block in blocks:
            self.profiles.update(block.columns)
            self.doubtful.update(unit.index, block)
            for rejections, whole in ((self.records, True), (self.cells, False)):
                rejections.update(unit.index, [reject for reject in block.rejects if (reject.column is None) is whole])
            last = block if block.rows else last
        if last is not None and unit.stop in (None, unit.file_bytes):
            self.doubtful.finish(unit.index, last)

    def merge(self, other: "Profiled") -> None:
        """Adds the rows of other profiles of the same columns."""
        self.profiles.merge(other.profiles)
        self.records.merge(other.records)
        self.cells.merge(other.cells)
        self.doubtful.merge(other.doubtful)

    def move_down(self, above: Sequence[int]) -> None:
        """Adds to line numbers the lines above each unit."""
        self.records.move_down(above)
        self.cells.move_down(above)
        self.doubtful.move_down(above)


class InferredUnits(NamedTuple):
    """The outputs of `InferColumns`.

    Attributes:
        inferred: One accumulator of all units' rows.
        units: The units, as they were read.
    """

    inferred: beam.PCollection[Inferred]
    units: beam.PCollection[ReadUnit]


class InferColumns(SeveralOutputs):
    """Reads columns of units, for their types.

    Expects a PCollection of units. Rows that can't be read as text (ragged ones) are counted.
    """

    def __init__(
        self, wanted: Selection, dialect: Dialect, nothing: Callable[[], Inferred], *, guessed: bool = False
    ) -> None:
        """Stores what to read.

        Args:
            wanted: The columns to read, as `as_text` or `as_spelled` selects them.
            dialect: The files' dialect.
            nothing: Makes an accumulator of the rows, without any; it is pickled.
            guessed: Whether the units are guesses. Then one that can't be read is no error, but has
                no lines.
        """
        super().__init__()
        self._infer_unit = _InferUnit(wanted, dialect, nothing, guessed=guessed)
        self._nothing = nothing

    def expand(self, units: beam.PCollection[Unit]) -> InferredUnits:
        passed = units | "InferUnit" >> beam.ParDo(self._infer_unit).with_outputs("inferred", main="units")
        # Where there are units, there is an accumulator: a default would cost further stages.
        inferred = passed.inferred | "MergeInferred" >> beam.CombineGlobally(Merge(self._nothing)).without_defaults()
        return InferredUnits(inferred, passed.units)


class _InferUnit(CheckedDoFn):
    def __init__(
        self, selection: Selection, dialect: Dialect, nothing: Callable[[], Inferred], *, guessed: bool
    ) -> None:
        super().__init__()
        self._selection = selection
        self._dialect = dialect
        self._nothing = nothing
        self._guessed = guessed

    def start_bundle(self) -> None:
        self._inferred = self._nothing()

    def process(self, unit: Unit) -> Iterator[ReadUnit]:
        blocks, lines = Blocks(unit, self._dialect, self._selection), None
        with metrics.working("infer", metrics.unit_name(unit)) as work:
            try:
                self._inferred.add(unit, _counted(blocks, work))
                lines = blocks.skipped.lines
            except DataError:
                # The guess may be to blame: units that are known to be right tell.
                if not self._guessed:
                    raise
        yield ReadUnit(replace(unit, checksum=blocks.checksum), lines)

    def finish_bundle(self) -> Iterator[pvalue.TaggedOutput]:
        yield pvalue.TaggedOutput("inferred", GlobalWindows.windowed_value(self._inferred))


def _counted(blocks: Iterable[Block], work: metrics.Work) -> Iterator[Block]:
    for block in blocks:
        yield block
        work.add(block.read, block.size)
