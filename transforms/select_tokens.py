"""Select: from token counts to the tokens of vocabularies.

What crosses between the stages is where counts are in files, unless they are few.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import apache_beam as beam
import pyarrow as pa

from shardmill.schemas.feature_stats import RANKS
from shardmill.transforms.statistics.partition import bits_for, slices
from shardmill.transforms.statistics.ranking import Selected
from shardmill.transforms.statistics.requests import VocabularyRequest
from shardmill.transforms.statistics.token_counts import TokenCounts
from shardmill.transforms.statistics.token_files import Run, Share, TokenWriter
from shardmill.transforms.statistics.tokens import select, total

# Bytes of counts that are merged at a time. Merging takes some four times as much memory.
_MERGE_BYTES = 16 << 20
# Bytes of memory for the counts of small runs that are joined.
_JOINED_BYTES = 32 << 20
# Bytes of selected tokens, of all hash partitions together, that the last merge holds.
_RANKING_BYTES = 16 << 20


@dataclass(frozen=True)
class _Partition:
    """One hash partition of a vocabulary.

    Attributes:
        name: The vocabulary's name.
        bits: The number of bits of the hash.
        index: The bits.
        shares: The share that each run has of it.
    """

    name: str
    bits: int
    index: int
    shares: tuple[Share, ...]


@dataclass(eq=False)
class SelectTokens(beam.PTransform):  # type: ignore[misc]
    """Merges counts and selects each vocabulary's tokens.

    Expects a PCollection of vocabularies' names and runs, and outputs one of `Selected`.

    Attributes:
        requests: The vocabularies' requests, by name.
        folder: The folder for files of tokens, which all workers share.
        totals: For vocabularies with a companion, by name the counts of all rows' facts: a side
            input, or none.
    """

    requests: Mapping[str, VocabularyRequest]
    folder: str
    totals: Any = field(default_factory=dict)

    def expand(self, runs: beam.PCollection[tuple[str, Run]]) -> beam.PCollection[Selected]:
        return (
            runs  # (vocabulary, run)
            | "GroupRuns" >> beam.GroupByKey()  # (vocabulary, [run])
            | "PartitionTokens" >> beam.FlatMap(_partitions, self.folder)
            | "SpreadPartitions" >> beam.Reshuffle()
            | "SelectPartition" >> beam.Map(_select, dict(self.requests), self.folder, self.totals)
        )


def write_runs(tables: Mapping[tuple[str, ...], pa.Table], folder: str) -> list[tuple[str, Run]]:
    """Writes tables of counts, large ones to a file.

    Args:
        tables: The tables, by the names of the vocabularies that share them.
        folder: The folder of the file, which all workers share.

    Returns:
        Each vocabulary's name with the run of its table. Vocabularies without tokens have none.

    Raises:
        OutputError: The file can't be written.
    """
    with TokenWriter(folder) as writer:
        return [
            (name, run)
            for names, table in tables.items()
            if table.num_rows
            for run in [writer.write_run(table)]
            for name in names
        ]


def _partitions(grouped: tuple[str, Iterable[Run]], folder: str) -> Iterator[_Partition]:
    name, runs = grouped
    large = list(_large_runs(runs, folder))
    bits = bits_for(sum(run.size for run in large), _MERGE_BYTES)
    for index in range(1 << bits):
        yield _Partition(name, bits, index, tuple(run.share(bits, index) for run in large))


def _large_runs(runs: Iterable[Run], folder: str) -> Iterator[Run]:
    """Joins the runs that are in no file.

    Ten thousand bundles may have as many of the same few tokens: one run of these needs no
    partitions.
    """
    counts = TokenCounts()
    with TokenWriter(folder) as writer:
        for run in runs:
            if run.sections.path is not None:
                yield run
                continue
            counts.add(run.share(0, 0).read(0, 0))
            if counts.nbytes > _JOINED_BYTES:
                yield writer.write_run(counts.table())
                counts = TokenCounts()
        if (table := counts.table()).num_rows:
            yield writer.write_run(table)


def _select(
    partition: _Partition, requests: Mapping[str, VocabularyRequest], folder: str, totals: Mapping[str, pa.Table]
) -> Selected:
    counts = TokenCounts()
    for share in partition.shares:
        counts.add(share.read(partition.bits, partition.index))
    merged = counts.table()
    request = requests[partition.name]
    if request.companion is not None:
        merged = request.companion.scored(merged, totals[partition.name])
    selected = select(merged, request.top_k, request.frequency_threshold)
    with TokenWriter(folder) as writer:
        sections = writer.write(slices(selected, _RANKING_BYTES >> partition.bits))
    cut = request.frequency_threshold is not None or (request.top_k is not None and request.top_k < RANKS)
    top = select(merged, RANKS) if cut and request.counts_cells else None
    return Selected(partition.name, sections, merged.num_rows, total(merged), partition.bits, partition.index, top)
