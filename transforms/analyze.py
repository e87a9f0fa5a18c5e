"""Analyze: one fused pass over the units for all columns, from rows to accumulators."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from apache_beam import pvalue
from apache_beam.transforms.window import GlobalWindows

from schemas.errors import DataError
from schemas.schema import Column
from transforms import tally, vocabulary
from transforms.analysis import Analysis
from transforms.blocks import Block, Selection
from transforms.combine import Merge
from transforms.counts import Rejections, UnitCount, describe
from transforms.derived import with_derived
from transforms.dialect import Dialect
from transforms.graph_folder import Graph
from transforms.read import blocks
from transforms.records import Unit
from transforms.session import load
from transforms.splits import TRAIN, SplitRule
from transforms.statistics import NumericRequest, VocabularyRequest

# A vocabulary's counts travel as tables, one per hash partition: small enough for one worker each.
TableKey = tuple[str, int]

_ROWS_READ = beam.metrics.Metrics.counter("shardmill", "rows-read")
_ROWS_REJECTED = beam.metrics.Metrics.counter("shardmill", "rows-rejected")


@dataclass
class Findings:
    """What a pass over some units found: the analysis of the train split's rows, and the rejected rows."""

    analysis: Analysis
    rejections: Rejections = field(default_factory=Rejections)

    def merge(self, other: "Findings") -> None:
        """Adds another's; associative and commutative."""
        self.analysis.merge(other.analysis)
        self.rejections.merge(other.rejections)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How rows come from units.

    Attributes:
        dialect: The files' spelling.
        selection: The columns to convert, those that must have a value, and the split key.
        split_rule: How rows are split.
        fail_on_bad_row: Whether the first bad row ends the run; else bad rows are rejected and kept aside.
        derive: The graph that makes derived columns; None where there are none.
        derived: The columns that it makes, in order.
    """

    dialect: Dialect
    selection: Selection
    split_rule: SplitRule
    fail_on_bad_row: bool = False
    derive: Graph | None = None
    derived: tuple[Column, ...] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that are analyzed: the raw ones, and the derived ones."""
        return (*self.selection.columns, *self.derived)

    def blocks(self, unit: Unit) -> Iterator[Block]:
        """A unit's blocks.

        Raises:
            DataError: The file can't be read; or a row is bad and `fail_on_bad_row` is set.
        """
        for block in blocks(unit, self.dialect, self.selection):
            if block.rejects and self.fail_on_bad_row:
                raise DataError(
                    f'{describe(block.rejects[0])}\n[input] on_bad_row is "fail"; "reject" keeps such rows aside.'
                )
            yield block

    def train_rows(self, block: Block, splits: npt.NDArray[np.int64]) -> pa.RecordBatch:
        """The rows of a block that statistics come from, with the derived columns.

        Args:
            block: The block.
            splits: The number of each row's split.
        """
        rule = self.split_rule
        rows = block.columns
        if len(rule.names) > 1:
            rows = rows.filter(pa.array(splits == rule.names.index(TRAIN)))
        return rows if self.derive is None else with_derived(rows, load(self.derive.local_folder()))


class AnalyzeUnits(beam.PTransform):  # type: ignore[misc]
    """Counts and analyzes units; only accumulators and tables of tokens leave the pass.

    Expects a PCollection of units and outputs a dict of PCollections: `counts` (a `UnitCount` per unit), `findings` (one
    `Findings`) and `tables` ((vocabulary's name, hash partition), token counts).
    """

    def __init__(
        self, reading: Reading, requests: Sequence[NumericRequest | VocabularyRequest], partitions: int = 1
    ) -> None:
        """Stores what to analyze.

        Args:
            reading: How rows come from units.
            requests: What the features need to know.
            partitions: Hash partitions per vocabulary.
        """
        super().__init__()
        self._reading = reading
        self._requests = tuple(requests)
        self._partitions = partitions

    def expand(self, units: beam.PCollection[Unit]) -> Any:
        passed = units | "AnalyzeUnit" >> beam.ParDo(
            _AnalyzeUnit(self._reading, self._requests, self._partitions)
        ).with_outputs("findings", "tables", main="counts")
        findings = passed.findings | "MergeFindings" >> beam.CombineGlobally(Merge(self._new_findings))
        tables = (
            passed.tables  # ((name, partition), table)
            | "GroupTables" >> beam.GroupByKey()  # ((name, partition), [table])
            | "MergeTables" >> beam.MapTuple(_merge_tables)
        )
        return {"counts": passed.counts, "findings": findings, "tables": tables}

    def _new_findings(self) -> Findings:
        return Findings(Analysis(self._requests, self._reading.columns))


class _AnalyzeUnit(beam.DoFn):  # type: ignore[misc]
    """A unit's count; the accumulators leave at the end of the bundle, so that their number doesn't grow with the units."""

    def __init__(
        self, reading: Reading, requests: tuple[NumericRequest | VocabularyRequest, ...], partitions: int
    ) -> None:
        self._reading = reading
        self._requests = requests
        self._partitions = partitions

    def start_bundle(self) -> None:
        self._findings = Findings(Analysis(self._requests, self._reading.columns))

    def process(self, unit: Unit) -> Iterator[UnitCount]:
        rule = self._reading.split_rule
        rows = [0] * len(rule.names)
        rejected = 0
        for block in self._reading.blocks(unit):
            splits = rule.assign(block.rows, unit.split, block.key)
            self._findings.analysis.update(self._reading.train_rows(block, splits))
            self._findings.rejections.update(unit.index, block.rejects)
            for index in range(len(rows)):
                rows[index] += int((splits == index).sum())
            rejected += len(block.rejects)
            tally.add("analyze", block.rows + len(block.rejects), block.size)
        count = UnitCount(unit.index, unit.path, tuple(rows), rejected)
        _ROWS_READ.inc(count.read)
        _ROWS_REJECTED.inc(rejected)
        yield count

    def finish_bundle(self) -> Iterator[pvalue.TaggedOutput]:
        for name, table in self._findings.analysis.take_tables().items():
            for partition, piece in enumerate(vocabulary.partition_counts(table, self._partitions)):
                yield pvalue.TaggedOutput("tables", GlobalWindows.windowed_value(((name, partition), piece)))
        yield pvalue.TaggedOutput("findings", GlobalWindows.windowed_value(self._findings))


def _merge_tables(key: TableKey, tables: Iterable[pa.Table]) -> tuple[TableKey, pa.Table]:
    return key, vocabulary.merge_counts(list(tables))
