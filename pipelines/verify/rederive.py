"""Recomputes a run's rows from its input.

Each comes with its shard and its position in that shard.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.pipelines.verify.served import ServedGraph
from shardmill.transforms.csv.blocks import Block
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.files.checksums import Checksum
from shardmill.transforms.repeats.key_spans import KeySpans
from shardmill.transforms.rows.counts import Rejections, UnitCount, file_checksums
from shardmill.transforms.rows.splits import ShardRule
from shardmill.transforms.tfrecord.encode import ExampleEncoder
from shardmill.transforms.workers import phases

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Counted:
    """The counted rows of an input.

    Attributes:
        units: The input's units, in order.
        counts: Each unit's rows.
        rejections: The rejected rows of all units.
        spans: The counts of tracked keys by their splits. None means that none are tracked.
    """

    units: list[Unit]
    counts: list[UnitCount]
    rejections: Rejections
    spans: KeySpans | None = None

    @property
    def good(self) -> int:
        """The number of rows that aren't rejected."""
        return sum(self.totals)

    @property
    def by_path(self) -> dict[str, int]:
        """All rows of each file that has any."""
        rows: dict[str, int] = {}
        for count in self.counts:
            rows[count.path] = rows.get(count.path, 0) + count.read
        return {path: found for path, found in rows.items() if found}

    @cached_property
    def checksums(self) -> dict[str, Checksum]:
        """Each file's checksum, by path."""
        return file_checksums(self.counts)

    @property
    def totals(self) -> list[int]:
        """The number of rows of each split."""
        totals: list[int] = self._table.sum(axis=0).tolist()
        return totals

    def first(self, unit: int) -> Indices:
        """Returns each split's index of a unit's first row."""
        before: Indices = self._table[:unit].sum(axis=0)
        return before

    @cached_property
    def _table(self) -> Indices:
        return np.array([count.rows for count in self.counts], np.int64)


@dataclass(frozen=True)
class ShardAssignment:
    """The assignment of rows to shards, by a run's manifest.

    Attributes:
        totals: Each split's number of rows.
        shards: Each split's number of shards.
        rule: The rule that spreads rows over shards.
    """

    totals: Mapping[str, int]
    shards: Mapping[str, int]
    rule: ShardRule

    @classmethod
    def of(cls, run: FinishedRun, counted: Counted) -> "ShardAssignment":
        """Returns a run's assignment, given its input's rows now.

        If the row counts differ from the manifest's, the input has changed, and the manifest's
        splits tell how many rows the run had. If they agree, the splits in the manifest may have
        been edited, so the counted rows are used.
        """
        totals = {name: split["rows"] for name, split in run.manifest["splits"].items()}
        if counted.by_path == {entry["path"]: entry["rows"] for entry in run.manifest["input"] if entry["rows"]}:
            totals = dict(zip(run.split_rule.names, counted.totals, strict=True))
        return cls(
            totals=totals,
            # A manifest that was edited may list no shards.
            shards={name: max(1, len(shards)) for name, shards in run.shards.items()},
            rule=replace(run.shard_rule, rows_per_shard=None, bytes_per_shard=None),
        )

    def assign(self, split: str, first: int, rows: int) -> Indices:
        """Returns the shard of each of a split's consecutive rows."""
        rule = replace(self.rule, shards=self.shards[split])
        return rule.assign(first, rows, self.totals[split])


@dataclass(frozen=True)
class Sample:
    """An evenly spread sample of rows to recompute.

    Attributes:
        size: The number of rows to take. None means all.
        population: The number of rows to take them from.
    """

    size: int | None
    population: int

    @property
    def all(self) -> bool:
        """Whether the sample has every row."""
        return self.size is None or self.size >= self.population

    def mask(self, first: int, rows: int) -> npt.NDArray[np.bool_]:
        """Marks the sampled ones among consecutive rows."""
        if self.all or self.size is None:
            return np.ones(rows, np.bool_)
        steps = np.arange(first, first + rows + 1) * self.size // self.population
        return np.diff(steps) > 0


@dataclass(frozen=True)
class Rederived:
    """The sampled rows of one block and split, recomputed.

    They are in the file's order.

    Attributes:
        split: The split.
        rows: Each row's index among the unit's rows that aren't rejected.
        shards: Each row's shard.
        positions: Each row's position among the unit's rows in its shard, counting rows outside the
            sample.
        records: Each row's `tf.train.Example`.
        sizes: The number of the unit's rows in each shard, up to and including this block.
    """

    split: str
    rows: Indices
    shards: Indices
    positions: Indices
    records: pa.Array
    sizes: Indices

    def by_shard(self) -> Iterator[tuple[int, Indices, pa.Array]]:
        """Yields index, positions and records of each shard with rows."""
        counts = np.bincount(self.shards)
        order = np.argsort(self.shards, kind="stable")
        records = self.records.take(pa.array(order)) if len(counts) > 1 else self.records
        stop = 0
        for shard in np.flatnonzero(counts).tolist():
            start, stop = stop, stop + int(counts[shard])
            yield shard, self.positions[order[start:stop]], records[start:stop]


class Rederivation:
    """Recomputes the records of units. Threads may share it.

    Attributes:
        sample: The rows to recompute.
        reading: The way that rows are read from the files.
    """

    def __init__(self, run: FinishedRun, counted: Counted, sample: Sample) -> None:
        """Loads the run's graph.

        Args:
            run: The run.
            counted: The rows that its input has now.
            sample: The rows to recompute.

        Raises:
            ShardmillError: The graph can't be loaded.
        """
        self.sample = sample
        self._counted = counted
        self._assignment = ShardAssignment.of(run, counted)
        self._served = served = ServedGraph(run)
        self.reading = served.reading
        self._encoder = ExampleEncoder(served.features)

    def blocks(self, unit: Unit) -> Iterator[list[Rederived]]:
        """Yields, for each block of a unit, rows by split.

        Raises:
            DataError: The file can't be read.
            ShardmillError: The graph fails.
        """
        first = self._counted.first(unit.index)
        start, done = int(first.sum()), 0
        sizes: dict[str, Indices] = {}
        for block in self.reading.blocks(unit):
            if block.rows:
                chosen = self.sample.mask(start + done, block.rows)
                splits = self.reading.split_rule.assign(block.rows, unit.split, block.key)
                records = self._encode(self.reading.folded(block, splits), chosen)
                yield [
                    self._assign(_Rows(name, np.flatnonzero(splits == index), chosen, records), first, done, sizes)
                    for index, name in enumerate(self.reading.split_rule.names)
                ]
                first = first + np.bincount(splits, minlength=len(first))
            done += block.rows
            phases.add("derive", block.read, block.size)

    def _encode(self, block: Block, chosen: npt.NDArray[np.bool_]) -> pa.Array:
        """Returns the records of the chosen rows."""
        if not chosen.any():
            return pa.array([], pa.large_binary())
        # All rows go through the graph, as in the run: a TensorFlow kernel's result for a row may
        # depend on its position in the batch.
        return self._encoder.encode(
            self._served.outputs(block.columns, block.factors), block.rows, np.flatnonzero(chosen)
        )

    def _assign(self, rows: "_Rows", first: Indices, done: int, sizes: dict[str, Indices]) -> Rederived:
        """Assigns a block's rows of a split to shards.

        It adds them to `sizes`, the unit's rows in each shard.
        """
        index = self.reading.split_rule.names.index(rows.split)
        shards = self._assignment.assign(rows.split, int(first[index]), len(rows.mine))
        before = sizes.get(rows.split, np.zeros(self._assignment.shards[rows.split], np.int64))
        sizes[rows.split] = before + np.bincount(shards, minlength=len(before))
        positions = before[shards] + _ranks(shards)
        picked = rows.chosen[rows.mine]
        return Rederived(
            rows.split,
            done + rows.mine[picked],
            shards[picked],
            positions[picked],
            rows.picked_records(picked),
            sizes[rows.split],
        )


@dataclass(frozen=True)
class _Rows:
    """A block's rows of one split.

    Attributes:
        split: The split.
        mine: The rows' indices in the block.
        chosen: Marks the block's rows that are in the sample.
        records: The records of the chosen rows.
    """

    split: str
    mine: Indices
    chosen: npt.NDArray[np.bool_]
    records: pa.Array

    def picked_records(self, picked: npt.NDArray[np.bool_]) -> pa.Array:
        if len(self.mine) == len(self.chosen):
            return self.records
        return self.records.take(pa.array((np.cumsum(self.chosen) - 1)[self.mine[picked]]))


def _ranks(shards: Indices) -> Indices:
    """Returns each row's position among those of its shard."""
    order = np.argsort(shards, kind="stable")
    counts = np.bincount(shards)
    ranks = np.empty(len(shards), np.int64)
    ranks[order] = np.arange(len(shards)) - np.repeat(np.cumsum(counts) - counts, counts)
    return ranks
