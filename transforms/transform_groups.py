"""Transform groups: rows, brought together by key, as records.

Units' rows are written to files in the work folder, cut by a hash of their key. Then each hash
partition is read from all of these files, sorted, cut into groups and transformed. No row crosses a
stage, and a worker holds one partition at a time.
"""

import contextlib
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from apache_beam import pvalue
from apache_beam.transforms.window import GlobalWindows

from shardmill.schemas.splitmix import GAMMA
from shardmill.transforms.csv.blocks import Reject
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.files import files
from shardmill.transforms.grouping.encoding import pieces_of
from shardmill.transforms.grouping.group_counts import GroupCounts
from shardmill.transforms.grouping.partitions import Groups, Partition, PartitionReader
from shardmill.transforms.grouping.record_encoder import record_encoder
from shardmill.transforms.grouping.row_files import RowFile, RowWriter
from shardmill.transforms.grouping.settings import Grouping
from shardmill.transforms.grouping.windows import check_windows
from shardmill.transforms.reading import Reading
from shardmill.transforms.rows.row_plan import RowPlan
from shardmill.transforms.rows.splits import ShardRule
from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.runtime.missing_labels import drop_missing, drop_unknown, missing_labels, select_rows
from shardmill.transforms.runtime.session import load_session
from shardmill.transforms.summaries.output_statistics import OutputStatistics
from shardmill.transforms.tfrecord.parts import FrameBuffer, PartWriter
from shardmill.transforms.transform import REJECTED, Layout, PartFile, reject_line
from shardmill.transforms.workers import metrics
from shardmill.transforms.workers.merge import Merge
from shardmill.transforms.workers.several_outputs import SeveralOutputs
from shardmill.transforms.workers.submission import CheckedDoFn


class WrittenGroups(NamedTuple):
    """The outputs of `TransformGroups`.

    Attributes:
        parts: The `PartFile`s, of rejected rows by unit and of groups by hash partition.
        statistics: One `OutputStatistics`, of the rows that are in a record.
        groups: One `GroupCounts`.
    """

    parts: beam.PCollection[PartFile]
    statistics: beam.PCollection[OutputStatistics]
    groups: beam.PCollection[GroupCounts]


@dataclass(eq=False)
class TransformGroups(SeveralOutputs):
    """Brings units' rows together by key, and writes groups.

    The units are read again. Only descriptions of files, statistics and counts leave the passes.

    Expects a PCollection of units.

    Attributes:
        reading: The settings by which units are read as rows.
        layout: The folder and the compression of part files; files of rows are in it, too.
        grouping: The groups that are wanted.
        rule: How groups are spread over shards.
        graph: One `Graph`.
        plan: One `RowPlan`.
    """

    reading: Reading
    layout: Layout
    grouping: Grouping
    rule: ShardRule
    graph: beam.PCollection[Graph]
    plan: beam.PCollection[RowPlan]

    def expand(self, units: beam.PCollection[Unit]) -> WrittenGroups:
        split = (
            units
            | "SpreadUnits" >> beam.Reshuffle()
            | "GroupRows"
            >> beam.ParDo(
                _GroupRows(self.reading, self.layout, self.grouping), pvalue.AsSingleton(self.plan)
            ).with_outputs("rejected", main="rows")
        )
        row_files = pvalue.AsList(split.rows)
        written = (
            self.plan
            | "ListPartitions" >> beam.FlatMap(lambda _, found: Partition.all(found), row_files)
            | "SpreadPartitions" >> beam.Reshuffle()
            | "TransformPartition"
            >> beam.ParDo(
                _TransformPartition(self.reading, self.layout, self.grouping, self.rule),
                pvalue.AsSingleton(self.graph),
                row_files,
            ).with_outputs("statistics", "groups", main="parts")
        )
        parts = (split.rejected, written.parts) | "BothParts" >> beam.Flatten()
        statistics = written.statistics | "MergeStatistics" >> beam.CombineGlobally(Merge(OutputStatistics))
        groups = written.groups | "MergeGroups" >> beam.CombineGlobally(Merge(GroupCounts))
        if self.grouping.window is not None:
            names = self.reading.split_rule.names
            groups = groups | "CheckWindows" >> beam.Map(check_windows, self.grouping.window, names)
        return WrittenGroups(parts, statistics, groups)


class _GroupRows(CheckedDoFn):
    def __init__(self, reading: Reading, layout: Layout, grouping: Grouping) -> None:
        super().__init__()
        self._reading = reading
        self._layout = layout
        self._grouping = grouping

    def process(self, unit: Unit, plan: RowPlan) -> Iterator[Any]:  # a RowFile, and parts of rejected rows
        writer = RowWriter(self._grouping, self._layout.folder)
        rejected = _RejectedRows(self._layout, unit.index)
        position = sum(plan.first(unit.index))
        rows, filtered = np.zeros(len(self._reading.split_rule.names), np.int64), Counter[str]()
        with metrics.working("group", metrics.unit_name(unit)) as work, rejected:
            for block in self._reading.blocks(plan.held(unit)):
                rejected.add(block.rejects)
                filtered.update(block.filtered)
                if block.rows:
                    splits = self._reading.split_rule.assign(block.rows, unit.split, block.key)
                    columns = self._reading.folded(block, splits).columns
                    yield from writer.add_rows(columns, splits, position + int(rows.sum()))
                    rows += np.bincount(splits, minlength=len(rows))
                work.add(block.read, block.size)
            yield from writer.close()
        plan.check_second_pass(unit, rows.tolist(), rejected.rows, filtered)
        for part in rejected.parts:
            yield pvalue.TaggedOutput("rejected", part)


class _RejectedRows(contextlib.ExitStack):
    """Writes the rejected rows of a unit, if any."""

    def __init__(self, layout: Layout, unit: int) -> None:
        super().__init__()
        self.rows = 0
        self.parts: list[PartFile] = []
        self._layout = layout
        self._unit = unit
        self._writer: PartWriter | None = None

    def add(self, rejects: Sequence[Reject]) -> None:
        self.rows += len(rejects)
        if rejects and self._writer is None:
            path = files.join(self._layout.folder, f"rejected-{self._unit:06d}-{uuid.uuid4().hex[:8]}")
            writer = PartWriter(self.enter_context(files.created(path)), self._layout.level, FrameBuffer())
            self.callback(lambda: self.parts.append(PartFile(self._unit, path, tuple(writer.close()))))
            self._writer = writer
        if self._writer is not None and rejects:
            self._writer.add(REJECTED, 0, len(rejects), b"".join(map(reject_line, rejects)))


class _TransformPartition(CheckedDoFn):
    def __init__(self, reading: Reading, layout: Layout, grouping: Grouping, rule: ShardRule) -> None:
        super().__init__()
        self._reading = reading
        self._layout = layout
        self._grouping = grouping
        self._rule = rule

    def setup(self) -> None:
        super().setup()
        self._buffer = FrameBuffer()

    def start_bundle(self) -> None:
        self._statistics = OutputStatistics()
        self._groups = GroupCounts()

    def process(self, partition: Partition, graph: Graph, row_files: list[RowFile]) -> Iterator[PartFile]:
        writer = GroupWriter(graph, self._reading, self._grouping, self._rule)
        reading = self._reading
        reader = PartitionReader.of_selection(
            row_files, reading.selection, self._grouping, self._layout.folder, reading.fold_columns
        )
        name = f"partition {partition.index} of {1 << partition.bits}"
        path = files.join(self._layout.folder, f"part-groups-{partition.index:06d}-{uuid.uuid4().hex[:8]}")
        with metrics.working("transform", name) as work, files.created(path) as stream:
            parts = PartWriter(stream, self._layout.level, self._buffer)
            for groups in reader.read(partition):
                writer.write(groups, parts, self._statistics, self._groups)
                work.add(groups.rows, groups.columns.nbytes)
            segments = parts.close()
        self._groups.merge(reader.counts)
        metrics.ROWS_WRITTEN.inc(work.rows)
        metrics.BYTES_WRITTEN.inc(sum(segment.length for segment in segments))
        yield PartFile(partition.index, path, tuple(segments))

    def finish_bundle(self) -> Iterator[pvalue.TaggedOutput]:
        yield pvalue.TaggedOutput("statistics", GlobalWindows.windowed_value(self._statistics))
        yield pvalue.TaggedOutput("groups", GlobalWindows.windowed_value(self._groups))


class GroupWriter:
    """Transforms groups and writes them with a part writer."""

    def __init__(self, graph: Graph, reading: Reading, grouping: Grouping, rule: ShardRule) -> None:
        """Loads the graph.

        Raises:
            ShardmillError: The graph's features don't fit the grouping.
        """
        self._session = session = load_session(graph.local_folder())
        self._labels = missing_labels(session.labels, reading.selection)
        self._unknown = reading.labels_to_drop(session)
        self._names = reading.split_rule.names
        self._encoder = record_encoder(grouping, session.outputs, session.labels, rule)

    def write(self, groups: Groups, parts: PartWriter, statistics: OutputStatistics, counts: GroupCounts) -> None:
        """Writes records, and adds their rows to statistics and counts.

        Raises:
            DataError: A feature of the context has several values in a group.
        """
        columns = groups.columns
        made = self._session.run(columns)
        outputs = drop_missing(drop_unknown(made, self._unknown, columns.num_rows), columns, self._labels)
        arranged = self._encoder.arrange(groups)
        offsets, frames = self._encoder.framed(groups, outputs, arranged.order, parts.room)
        for split, shard, start, stop in pieces_of(arranged):
            parts.add(self._names[split], shard, stop - start, frames.data[offsets[start] : offsets[stop]])
        splits, keys = groups.row_splits, _row_keys(groups)
        if groups.counted is not None:
            outputs = select_rows(outputs, self._session.outputs, pa.array(groups.counted))
            splits, keys = splits[groups.counted], keys[groups.counted]
        statistics.update(outputs, splits, self._names, keys)
        for index, name in enumerate(self._names):
            counts.records[name] += int((groups.splits == index).sum())
            counts.rows[name] += int((splits == index).sum())


def _row_keys(groups: Groups) -> npt.NDArray[np.uint64]:
    """A number of each row, from its first group."""
    rows = np.arange(groups.columns.num_rows)
    if not len(groups.stops):
        return np.zeros(len(rows), np.uint64)
    # Rows that are in none don't count.
    first = np.minimum(np.searchsorted(groups.stops, rows, side="right"), len(groups.stops) - 1)
    return groups.hashes[first] + (rows - groups.starts[first]).astype(np.uint64) * GAMMA
