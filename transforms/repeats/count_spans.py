"""Count spans: the keys whose rows are in several splits."""

from collections.abc import Iterator
from dataclasses import dataclass

import apache_beam as beam
from apache_beam import pvalue

from shardmill.transforms.grouping.partitions import Partition
from shardmill.transforms.grouping.row_files import RowFile
from shardmill.transforms.repeats.key_spans import KeySpans, count_spans
from shardmill.transforms.workers.merge import Merge


@dataclass(eq=False)
class CountSpans(beam.PTransform):  # type: ignore[misc]
    """Counts keys by the splits of their rows.

    Expects a PCollection of files of keys and outputs one `KeySpans`.
    """

    def expand(self, key_files: beam.PCollection[RowFile]) -> beam.PCollection[KeySpans]:
        found = pvalue.AsList(key_files)
        return (
            key_files.pipeline
            | "BeginKeys" >> beam.Create([None])
            | "ListPartitions" >> beam.FlatMap(_partitions, found)
            | "SpreadPartitions" >> beam.Reshuffle()
            | "CountPartition" >> beam.Map(_count, found)
            | "MergeSpans" >> beam.CombineGlobally(Merge(KeySpans))
        )


def _partitions(_: object, key_files: list[RowFile]) -> Iterator[Partition]:
    yield from Partition.all(key_files)


def _count(partition: Partition, key_files: list[RowFile]) -> KeySpans:
    return count_spans(key_files, partition)
