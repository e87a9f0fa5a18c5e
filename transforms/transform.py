"""Transform: each unit's rows through the graph, into part files.

The graph is the one that serving loads. Its outputs are encoded and compressed into one part file
for each unit, or for several small ones together.
"""

import json
import uuid
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple

import apache_beam as beam
import numpy as np
import numpy.typing as npt
from apache_beam import pvalue
from apache_beam.transforms.window import GlobalWindows

from shardmill.schemas.run_folder import REJECT_KEYS, REJECTED_FOLDER
from shardmill.transforms.csv.blocks import Block, Reject
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.files import files
from shardmill.transforms.keeping.kept_entries import KeptEntries
from shardmill.transforms.keeping.kept_parts import KeptParts, WrittenPart
from shardmill.transforms.keeping.settings_digest import settings_digest
from shardmill.transforms.reading import Reading
from shardmill.transforms.rows.row_plan import PlannedRows, RowPlan
from shardmill.transforms.rows.unit_groups import GROUP_BYTES, UnitList, groups, joined
from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.runtime.missing_labels import drop_missing, drop_unknown, missing_labels
from shardmill.transforms.runtime.session import load_session
from shardmill.transforms.summaries.output_statistics import OutputStatistics
from shardmill.transforms.tfrecord.encode import ExampleEncoder, Outputs
from shardmill.transforms.tfrecord.parts import FrameBuffer, PartSegment, PartWriter
from shardmill.transforms.workers import metrics
from shardmill.transforms.workers.merge import Merge
from shardmill.transforms.workers.several_outputs import SeveralOutputs
from shardmill.transforms.workers.submission import CheckedDoFn

# The name of the rejected rows in a part file, which no split can have.
REJECTED = f"{REJECTED_FOLDER}/"


@dataclass(frozen=True)
class PartFile:
    """The rows of some consecutive units, compressed, by destination.

    Attributes:
        unit: The index of the first unit.
        path: The file that holds the bytes until the shards are assembled.
        segments: The segments of that file, by split and shard.
    """

    unit: int
    path: str
    segments: tuple[PartSegment, ...]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The folder and the compression of part files.

    Attributes:
        folder: The folder of the part files.
        level: The DEFLATE level, 0 to 3. None means that they aren't compressed.
    """

    folder: str
    level: int | None


class WrittenUnits(NamedTuple):
    """The outputs of `TransformUnits`.

    Attributes:
        parts: The `PartFile`s, each unit's rows in one of them.
        statistics: One `OutputStatistics`.
    """

    parts: beam.PCollection[PartFile]
    statistics: beam.PCollection[OutputStatistics]


@dataclass(eq=False)
class TransformUnits(SeveralOutputs):
    """Transforms units' rows and writes them to part files.

    The units are read again. Only the parts' descriptions and the statistics leave the pass.

    Expects a PCollection of units.

    Attributes:
        reading: The settings by which units are read as rows.
        layout: The folder and the compression of part files.
        graph: The `Graph`, or a side input of one.
        plan: The `RowPlan`, or a side input of one.
        kept: The folder in which parts outlive a run that is stopped. None means that they don't.
    """

    reading: Reading
    layout: Layout
    graph: Any
    plan: Any
    kept: KeptEntries | None = None

    def expand(self, units: beam.PCollection[Unit]) -> WrittenUnits:
        written = (
            units
            | "WrapUnits" >> beam.Map(_listed)
            | "ListUnits" >> beam.CombineGlobally(Merge(UnitList))
            | "GroupUnits" >> beam.FlatMap(groups)  # (unit, ...)
            | "SpreadGroups" >> beam.Reshuffle()
            | "TransformUnit"
            >> beam.ParDo(_TransformUnits(self.reading, self.layout, self.kept), self.graph, self.plan).with_outputs(
                "statistics", main="parts"
            )
        )
        statistics = written.statistics | "MergeStatistics" >> beam.CombineGlobally(Merge(OutputStatistics))
        return WrittenUnits(written.parts, statistics)


def _listed(unit: Unit) -> UnitList:
    return UnitList([unit])


class _TransformUnits(CheckedDoFn):
    def __init__(self, reading: Reading, layout: Layout, kept: KeptEntries | None) -> None:
        super().__init__()
        self._reading = reading
        self._layout = layout
        self._entries = kept
        self._settings: tuple[Graph, str] | None = None

    def setup(self) -> None:
        super().setup()
        self._buffer = FrameBuffer()

    def start_bundle(self) -> None:
        self._statistics = OutputStatistics()

    def process(self, units: tuple[Unit, ...], graph: Graph, plan: RowPlan) -> Iterator[PartFile]:
        first = units[0].index
        with metrics.working("transform", metrics.unit_names(units)) as work:
            if self._entries is None:
                path = files.join(self._layout.folder, f"part-{first:06d}-{uuid.uuid4().hex[:8]}")
                with files.created(path) as stream:
                    part = self._write(stream, units, graph, plan, self._statistics, work)
            else:
                path, part = self._found(self._entries, units, graph, plan, work)
                self._statistics.merge(part.statistics)
        metrics.ROWS_WRITTEN.inc(part.rows)
        metrics.BYTES_WRITTEN.inc(sum(segment.length for segment in part.segments if segment.split != REJECTED))
        yield PartFile(first, path, part.segments)

    def _found(
        self, entries: KeptEntries, units: tuple[Unit, ...], graph: Graph, plan: RowPlan, work: metrics.Work
    ) -> tuple[str, WrittenPart]:
        """Takes a kept part, or writes and keeps it."""
        kept = KeptParts(entries, self._digest(graph))
        key = kept.key(units, plan)
        with work.timed("resume"):
            part = kept.find(key)
        if part is not None:
            work.add(part.read, part.size)
            metrics.ROWS_RESUMED.inc(part.rows)
        else:
            with kept.writing(key) as stream:
                part = self._write(stream.binary, units, graph, plan, OutputStatistics(), work)
            kept.keep(key, part, stream.checksum)
        return kept.path(key), part

    def _digest(self, graph: Graph) -> str:
        """The digest of the settings and of the graph."""
        if self._settings is None or self._settings[0] != graph:
            self._settings = graph, settings_digest(self._reading, self._layout.level, graph)
        return self._settings[1]

    def _write(
        self,
        stream: BinaryIO,
        units: tuple[Unit, ...],
        graph: Graph,
        plan: RowPlan,
        statistics: OutputStatistics,
        work: metrics.Work,
    ) -> WrittenPart:
        """Writes a part; adds its features to the statistics."""
        parts = PartWriter(stream, self._layout.level, self._buffer)
        rows = _PartRows(graph, self._reading, plan, statistics).write(units, parts, work)
        with work.timed("compress"):
            segments = parts.close()
        return WrittenPart(tuple(segments), statistics, rows, work.rows, work.size)

    def finish_bundle(self) -> Iterator[pvalue.TaggedOutput]:
        yield pvalue.TaggedOutput("statistics", GlobalWindows.windowed_value(self._statistics))


class _PartRows:
    """Writes the rows of consecutive units with one part writer."""

    def __init__(self, graph: Graph, reading: Reading, plan: RowPlan, statistics: OutputStatistics) -> None:
        self._session = session = load_session(graph.local_folder())
        self._encoder = ExampleEncoder(session.outputs)
        self._labels = missing_labels(session.labels, reading.selection)
        self._unknown = reading.labels_to_drop(session)
        self._has_texts = any(feature.dtype == "bytes" for feature in session.outputs)
        self._is_made = reading.row_graph is not None and reading.row_graph.makes(graph)
        self._reading = reading
        self._plan = plan
        self._statistics = statistics
        # Blocks of several small units go through the graph together, each with the split of each
        # of its rows.
        self._held: list[tuple[Block, npt.NDArray[np.int64]]] = []

    def write(self, units: Sequence[Unit], parts: PartWriter, work: metrics.Work) -> int:
        """Writes all rows; returns how many aren't rejected."""
        rule = self._reading.split_rule
        first = np.array(self._plan.first(units[0].index))
        total = 0
        for unit in units:
            rows, rejected, filtered = np.zeros_like(first), 0, Counter[str]()
            for block in self._reading.blocks(self._plan.held(unit)):
                if block.rejects:
                    parts.add(REJECTED, 0, len(block.rejects), b"".join(map(reject_line, block.rejects)))
                rejected += len(block.rejects)
                filtered.update(block.filtered)
                if block.rows:
                    splits = rule.assign(block.rows, unit.split, block.key)
                    rows += np.bincount(splits, minlength=len(first))
                    self._held.append((self._reading.folded(block, splits), splits))
                if self._is_made or sum(held.size for held, _ in self._held) > GROUP_BYTES:
                    first += self._add_held(parts, first, work)
                work.add(block.read, block.size)
            self._plan.check_second_pass(unit, rows.tolist(), rejected, filtered)
            total += int(rows.sum())
        self._add_held(parts, first, work)
        return total

    def _add_held(self, parts: PartWriter, first: npt.NDArray[np.int64], work: metrics.Work) -> npt.NDArray[np.int64]:
        """Transforms the held blocks; counts rows by split."""
        if not self._held:
            return np.zeros_like(first)
        columns = joined([block.columns for block, _ in self._held])
        splits = self._held[0][1] if len(self._held) == 1 else np.concatenate([s for _, s in self._held])
        made = self._held[0][0].made if self._is_made else None
        factors = [block.factors for block, _ in self._held if block.factors is not None]
        self._held.clear()
        if made is None:
            with work.timed("graph"):
                made = self._session.run(columns)
        made = self._reading.weighted(made, np.concatenate(factors) if factors else None)
        outputs = drop_missing(drop_unknown(made, self._unknown, columns.num_rows), columns, self._labels)
        rows = self._plan.sort(splits, first.tolist())
        self._add_frames(outputs, rows, parts, work)
        keys = _row_keys(splits, first) if self._has_texts else None
        with work.timed("statistics"):
            self._statistics.update(outputs, splits, self._reading.split_rule.names, keys)
        return rows.rows

    def _add_frames(self, outputs: Outputs, rows: PlannedRows, parts: PartWriter, work: metrics.Work) -> None:
        with work.timed("encode"):
            offsets, frames = self._encoder.encode_framed(outputs, len(rows.order), rows.order, parts.room)
        stop = 0
        with work.timed("compress"):
            for split, shard, count in rows.shards:
                start, stop = stop, stop + count
                parts.add(split, shard, count, frames.data[offsets[start] : offsets[stop]])


def _row_keys(splits: npt.NDArray[np.int64], first: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """A number of each row's own, from its index.

    Args:
        splits: The index of each row's split.
        first: By split, the index in it of the first row there.
    """
    keys = np.empty(len(splits), np.uint64)
    for split, start in enumerate(first.tolist()):
        mine = splits == split
        keys[mine] = np.arange(start, start + int(mine.sum()), dtype=np.uint64) * np.uint64(len(first)) + np.uint64(
            split
        )
    return keys


def row_bytes(graph: Graph, units: Sequence[Unit], reading: Reading) -> float:
    """The mean size of framed records, in bytes.

    It is that of the first block with rows.

    Args:
        graph: The transform graph.
        units: All units, in any order.
        reading: The settings by which units are read as rows.
    """
    session = load_session(graph.local_folder())
    for unit in sorted(units, key=lambda unit: unit.index):
        for block in reading.blocks(unit):
            if block.rows:
                offsets, _ = ExampleEncoder(session.outputs).encode_framed(session.run(block.columns), block.rows)
                return float(offsets[-1] / block.rows)
    raise ValueError("no unit has rows")  # unreachable: an input without rows is an error before


def reject_line(reject: Reject) -> bytes:
    """A rejected row as a line of JSON.

    It has the file, line, column, reason, and the row as it stood (in base64 where it isn't UTF-8).
    """
    try:
        row = {"row": reject.row.decode("utf-8")}
    except UnicodeDecodeError:
        row = {"row_base64": b64encode(reject.row).decode("ascii")}
    facts = {key: getattr(reject, key) for key in REJECT_KEYS}
    return json.dumps({**facts, **row}, ensure_ascii=False).encode() + b"\n"
