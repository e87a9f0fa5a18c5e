"""Makes a run's rows again from its input, each with the place where it must stand in the run's shards."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.pipelines.run_folder.holding import held_graph, naming_run
from shardmill.schemas.run_folder import TRANSFORM_FN
from shardmill.transforms.csv.blocks import Block
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.files.checksums import Checksum
from shardmill.transforms.rows.counts import Rejections, UnitCount, file_checksums
from shardmill.transforms.rows.splits import ShardRule
from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.runtime.missing_labels import drop_missing, drop_unknown, missing_labels, select_rows
from shardmill.transforms.runtime.session import load
from shardmill.transforms.tfrecord.encode import ExampleEncoder, Outputs
from shardmill.transforms.workers import phases

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Counted:
    """The rows of an input.

    Attributes:
        units: Its units, in order.
        counts: Each unit's rows.
        rejections: The rejected rows of all.
    """

    units: list[Unit]
    counts: list[UnitCount]
    rejections: Rejections

    @property
    def good(self) -> int:
        """The rows that aren't rejected."""
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
        """The checksum of each file, by its path."""
        return file_checksums(self.counts)

    @property
    def totals(self) -> list[int]:
        """Each split's rows."""
        totals: list[int] = self._table.sum(axis=0).tolist()
        return totals

    def first(self, unit: int) -> Indices:
        """For each split, the index in it of a unit's first row."""
        before: Indices = self._table[:unit].sum(axis=0)
        return before

    @cached_property
    def _table(self) -> Indices:
        return np.array([count.rows for count in self.counts], np.int64)


@dataclass(frozen=True)
class Places:
    """Where a run's rows stand, by what its manifest says of its shards.

    Attributes:
        totals: Each split's rows.
        shards: Each split's number of shards.
        rule: How rows are spread over them.
    """

    totals: Mapping[str, int]
    shards: Mapping[str, int]
    rule: ShardRule

    @classmethod
    def of(cls, run: FinishedRun, counted: Counted) -> "Places":
        """A run's, of whose rows so many are in its input now.

        Where the input changed, the manifest knows how many rows the run split; where it didn't, the manifest may be what changed.
        """
        totals = {name: split["rows"] for name, split in run.manifest["splits"].items()}
        if counted.by_path == {entry["path"]: entry["rows"] for entry in run.manifest["input"] if entry["rows"]}:
            totals = dict(zip(run.split_rule.names, counted.totals, strict=True))
        return cls(
            totals=totals,
            # Of a manifest that was edited there may be none.
            shards={name: max(1, len(shards)) for name, shards in run.shards.items()},
            rule=replace(run.shard_rule, rows_per_shard=None, bytes_per_shard=None),
        )

    def assign(self, split: str, first: int, rows: int) -> Indices:
        """The shard of each of some consecutive rows of a split; of rows after its last one, the last shard."""
        rule = replace(self.rule, shards=self.shards[split])
        return np.minimum(rule.assign(first, rows, self.totals[split]), self.shards[split] - 1)


@dataclass(frozen=True)
class Sample:
    """Which rows are made: so many, evenly spread.

    Attributes:
        wanted: So many; None: all.
        rows: Of so many.
    """

    wanted: int | None
    rows: int

    @property
    def all(self) -> bool:
        """Whether it is every row."""
        return self.wanted is None or self.wanted >= self.rows

    def mask(self, first: int, rows: int) -> npt.NDArray[np.bool_]:
        """Which of some consecutive rows are in it."""
        if self.all or self.wanted is None:
            return np.ones(rows, np.bool_)
        steps = np.arange(first, first + rows + 1) * self.wanted // self.rows
        return np.diff(steps) > 0


@dataclass(frozen=True)
class Rederived:
    """Rows of one block and one split, in the file's order; those of the sample.

    Attributes:
        split: The split.
        rows: Each row's index among the unit's good rows.
        shards: Its shard.
        places: Its place among the unit's rows in that shard, those outside of the sample counted too.
        records: Its `tf.train.Example`.
        sizes: The unit's rows up to here in each shard.
    """

    split: str
    rows: Indices
    shards: Indices
    places: Indices
    records: pa.Array
    sizes: Indices

    def by_shard(self) -> Iterator[tuple[int, Indices, pa.Array]]:
        """For each shard with rows its index, and its rows' places and records."""
        counts = np.bincount(self.shards)
        order = np.argsort(self.shards, kind="stable")
        records = self.records.take(pa.array(order)) if len(counts) > 1 else self.records
        stop = 0
        for shard in np.flatnonzero(counts).tolist():
            start, stop = stop, stop + int(counts[shard])
            yield shard, self.places[order[start:stop]], records[start:stop]


class Rederivation:
    """Takes units to records. May be used by several threads at once.

    Attributes:
        sample: Which rows are made.
        reading: How they come from the files.
    """

    def __init__(self, run: FinishedRun, counted: Counted, sample: Sample) -> None:
        """Loads the run's graph.

        Args:
            run: The run.
            counted: What is in its input now.
            sample: Which rows to make.

        Raises:
            ShardmillError: The graph can't be loaded.
        """
        self.sample = sample
        self._counted = counted
        self._places = Places.of(run, counted)
        copy = held_graph(run)
        folder = f"{copy}/{TRANSFORM_FN}"
        self.reading = run.reading(Graph(folder))
        with naming_run(run, copy):
            self._whole = load(folder)
        self._labels = tuple(self._whole.labels)
        self._missing = missing_labels(self._whole.labels, self.reading.selection)
        self._unknown = self.reading.labels_to_drop(self._whole)
        names = {feature.name for feature in self._whole.outputs}
        self._served = load(folder, "serving_default") if names - set(self._labels) else None
        self._encoder = ExampleEncoder(self._whole.outputs)

    def blocks(self, unit: Unit) -> Iterator[list[Rederived]]:
        """A unit's rows: for each block those of each split.

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
                records = self._encode(block, chosen)
                yield [
                    self._place(_Rows(name, np.flatnonzero(splits == index), chosen, records), first, done, sizes)
                    for index, name in enumerate(self.reading.split_rule.names)
                ]
                first = first + np.bincount(splits, minlength=len(first))
            done += block.rows
            phases.add("derive", block.rows + len(block.rejects), block.size)

    def _encode(self, block: Block, chosen: npt.NDArray[np.bool_]) -> pa.Array:
        """The records of the chosen rows."""
        if not chosen.any():
            return pa.array([], pa.binary())
        # All rows go through the graph, as they did in the run: a TensorFlow kernel may treat a row by its place in a batch.
        outputs = self._outputs(block)
        if not chosen.all():
            outputs = select_rows(outputs, self._whole.outputs, pa.array(chosen))
        return self._encoder.encode(outputs, int(chosen.sum()))

    def _outputs(self, block: Block) -> Outputs:
        served = self._served.run(block.columns) if self._served else {}
        labels = self._whole.run(block.columns) if self._labels else {}
        outputs = {**served, **{name: labels[name] for name in self._labels}}
        return drop_missing(drop_unknown(outputs, self._unknown, block.rows), block.columns, self._missing)

    def _place(self, rows: "_Rows", first: Indices, done: int, sizes: dict[str, Indices]) -> Rederived:
        """Places a block's rows of a split; adds them to the unit's sizes."""
        index = self.reading.split_rule.names.index(rows.split)
        shards = self._places.assign(rows.split, int(first[index]), len(rows.mine))
        before = sizes.get(rows.split, np.zeros(self._places.shards[rows.split], np.int64))
        sizes[rows.split] = before + np.bincount(shards, minlength=len(before))
        places = before[shards] + _ranks(shards)
        picked = rows.chosen[rows.mine]
        return Rederived(
            rows.split,
            done + rows.mine[picked],
            shards[picked],
            places[picked],
            rows.picked_records(picked),
            sizes[rows.split],
        )


@dataclass(frozen=True)
class _Rows:
    """A block's rows of one split (their indices in the block), and which of the block's rows the records are of."""

    split: str
    mine: Indices
    chosen: npt.NDArray[np.bool_]
    records: pa.Array

    def picked_records(self, picked: npt.NDArray[np.bool_]) -> pa.Array:
        if len(self.mine) == len(self.chosen):
            return self.records
        return self.records.take(pa.array((np.cumsum(self.chosen) - 1)[self.mine[picked]]))


def _ranks(shards: Indices) -> Indices:
    """Each row's place among those of its shard."""
    order = np.argsort(shards, kind="stable")
    counts = np.bincount(shards)
    ranks = np.empty(len(shards), np.int64)
    ranks[order] = np.arange(len(shards)) - np.repeat(np.cumsum(counts) - counts, counts)
    return ranks
