"""Recount: counts rows anew once there is a graph.

The graph may reject some rows, which must be known before rows are assigned to shards.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import apache_beam as beam
import numpy as np
from apache_beam import pvalue
from apache_beam.transforms.window import GlobalWindows

from shardmill.transforms.csv.units import Unit
from shardmill.transforms.read import Blocks
from shardmill.transforms.reading import Reading
from shardmill.transforms.rows.counts import Rejections, UnitCount
from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.workers import metrics
from shardmill.transforms.workers.merge import Merge
from shardmill.transforms.workers.several_outputs import SeveralOutputs
from shardmill.transforms.workers.submission import CheckedDoFn


class RecountedUnits(NamedTuple):
    """The outputs of `RecountUnits`.

    Attributes:
        counts: A `UnitCount` for each unit.
        rejections: One `Rejections`.
    """

    counts: beam.PCollection[UnitCount]
    rejections: beam.PCollection[Rejections]


@dataclass(eq=False)
class RecountUnits(SeveralOutputs):
    """Counts the rows of units, passed through the reading's graph.

    The graph rejects some rows. Only the counts and the rejections leave the pass.

    Expects a PCollection of units.

    Attributes:
        reading: The settings by which units are read as rows, and the graph that rows pass through.
        graph: That graph, once it is there.
    """

    reading: Reading
    graph: "beam.PCollection[Graph]"

    def expand(self, units: beam.PCollection[Unit]) -> RecountedUnits:
        counted = units | "RecountUnit" >> beam.ParDo(
            _RecountUnit(self.reading), pvalue.AsSingleton(self.graph)
        ).with_outputs("rejections", main="counts")
        rejections = counted.rejections | "MergeRejections" >> beam.CombineGlobally(Merge(Rejections))
        return RecountedUnits(counted.counts, rejections)


class _RecountUnit(CheckedDoFn):
    def __init__(self, reading: Reading) -> None:
        super().__init__()
        self._reading = reading

    def start_bundle(self) -> None:
        self._rejections = Rejections()

    def process(self, unit: Unit, graph: Graph) -> Iterator[UnitCount]:  # noqa: ARG002  (waits until it is there)
        rule = self._reading.split_rule
        rows = np.zeros(len(rule.names), np.int64)
        rejected, filtered = 0, Counter[str]()
        with metrics.working("recount", metrics.unit_name(unit)) as work:
            blocks = Blocks(unit, self._reading.dialect, self._reading.selection)
            for read in blocks:
                block = self._reading.passed(read)
                rows += np.bincount(rule.assign(block.rows, unit.split, block.key), minlength=len(rows))
                rejected += len(block.rejects)
                filtered.update(block.filtered)
                self._rejections.update(unit.index, block.rejects)
                # The analysis counted the others.
                metrics.ROWS_REJECTED.inc(len(block.rejects) - len(read.rejects))
                work.add(block.read, block.size)
        yield UnitCount(
            unit.index,
            unit.path,
            tuple(rows.tolist()),
            rejected,
            blocks.checksum,
            blocks.skipped,
            dict(filtered),
            unit.sha256,
        )

    def finish_bundle(self) -> Iterator[pvalue.TaggedOutput]:
        yield pvalue.TaggedOutput("rejections", GlobalWindows.windowed_value(self._rejections))
