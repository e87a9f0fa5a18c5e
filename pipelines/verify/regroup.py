"""Recomputes a run's groups of rows from its input.

Rows are brought together as in the run, in files of a temporary folder, so memory doesn't grow.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa

from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.pipelines.verify.compare import Cursor, Piece, RecordsDigest, ShardFindings, ShardKey
from shardmill.pipelines.verify.differences import first_unequal, shown_difference
from shardmill.pipelines.verify.recorded import Each
from shardmill.pipelines.verify.rederive import Counted
from shardmill.pipelines.verify.served import ServedGraph
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.grouping.encoding import pieces_of
from shardmill.transforms.grouping.partitions import Partition, PartitionReader
from shardmill.transforms.grouping.record_encoder import record_encoder
from shardmill.transforms.grouping.row_files import RowFile, RowWriter
from shardmill.transforms.grouping.settings import Grouping
from shardmill.transforms.workers import phases


class Regrouping:
    """Recomputes the records of groups. Threads may share it."""

    def __init__(self, run: FinishedRun, counted: Counted, grouping: Grouping, folder: str) -> None:
        """Loads the run's graph.

        Args:
            run: The run.
            counted: The rows that its input has now.
            grouping: How its rows became groups.
            folder: A folder for files of rows.

        Raises:
            ShardmillError: The graph can't be loaded, or its features don't fit the grouping.
        """
        self._counted = counted
        self._grouping = grouping
        self._folder = folder
        self._served = served = ServedGraph(run)
        self._encoder = record_encoder(grouping, served.features, served.labels, run.shard_rule)
        self._files: list[RowFile] = []

    def pieces(self, each: Each) -> list[tuple[ShardKey, Piece]]:
        """Recomputes all groups.

        Args:
            each: A `map` that works on several items at once.

        Returns:
            The pieces of each shard, in order.

        Raises:
            ShardmillError: The input can't be read, a group isn't as it must be, or the graph
                fails.
        """
        for found in each(self._group_unit, self._counted.units):
            self._files += found
        return [piece for pieces in each(self._derive, Partition.all(self._files)) for piece in pieces]

    def _group_unit(self, unit: Unit) -> list[RowFile]:
        writer = RowWriter(self._grouping, self._folder)
        position = int(self._counted.first(unit.index).sum())
        found: list[RowFile] = []
        reading = self._served.reading
        for block in reading.blocks(unit):
            if block.rows:
                splits = reading.split_rule.assign(block.rows, unit.split, block.key)
                found += writer.add_rows(reading.folded(block, splits).columns, splits, position)
                position += block.rows
            phases.add("derive", block.read, block.size)
        return [*found, *writer.close()]

    def _derive(self, partition: Partition) -> list[tuple[ShardKey, Piece]]:
        digests: dict[ShardKey, RecordsDigest] = {}
        rows: dict[ShardKey, int] = {}
        for key, records in self._records(partition):
            digests.setdefault(key, RecordsDigest()).update(records)
            rows[key] = rows.get(key, 0) + len(records)
        return [(key, Piece(partition, rows[key], None, digest.result())) for key, digest in digests.items()]

    def _records(self, partition: Partition) -> Iterator[tuple[ShardKey, pa.Array]]:
        """Yields the records of a partition, by shard."""
        reading = self._served.reading
        reader = PartitionReader.of_selection(
            self._files, reading.selection, self._grouping, self._folder, reading.fold_columns
        )
        for groups in reader.read(partition):
            arranged = self._encoder.arrange(groups)
            records = self._encoder.records(groups, self._served.outputs(groups.columns), arranged.order)
            for split, shard, start, stop in pieces_of(arranged):
                yield (reading.split_rule.names[split], shard), records[start:stop]

    def describe_first(self, run: FinishedRun, found: Mapping[ShardKey, ShardFindings]) -> str:
        """Describes the first difference in the order of the shards.

        Args:
            run: The run.
            found: The results of comparing its shards; at least one differs.
        """
        key = min(key for key, each in found.items() if each.differing)
        start, piece = found[key].differing[0]
        assert isinstance(piece.source, Partition)
        cursor = Cursor(found[key].path)
        split, shard = key
        file = run.shards[split][shard]["file"]
        differing = sum(bool(each.differing) for each in found.values())
        for where, records in self._records(piece.source):
            if where != key:
                continue
            unequal = first_unequal(cursor.take(np.arange(start, start + len(records))), records)
            if unequal is not None:
                at, stored = unequal
                record = f"{file}, record {start + at}"
                return f"{shown_difference(stored, records[at].as_py(), record)}. {differing:,} of {len(found):,} shards differ"
            start += len(records)
        return f"{file} has other records than its rows give. {differing:,} of {len(found):,} shards differ"
