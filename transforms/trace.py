"""Trace: from what the analysis found to the transform graph that the transform phase runs and serving loads."""

import functools
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import apache_beam as beam
import pyarrow as pa
from apache_beam import pvalue

from schemas.schema import Schema
from transforms import files, tally, tracing, vocabulary
from transforms.analyze import Findings, TableKey
from transforms.kinds.base import Kind
from transforms.row_plan import RowPlan
from transforms.statistics import Statistics, VocabularyRequest, VocabularyStats

TRANSFORM_FN = "transform_fn"


@dataclass(frozen=True)
class Graph:
    """A transform graph.

    Attributes:
        folder: The folder of its SavedModel.
    """

    folder: str

    def local_folder(self) -> str:
        """A local copy of the SavedModel, made once per process where it is remote."""
        return self.folder if files.is_local(self.folder) else _fetch(self.folder)


@functools.lru_cache(maxsize=4)
def _fetch(folder: str) -> str:
    local = tempfile.mkdtemp(prefix="shardmill-graph-")
    files.copy_folder(folder, local)
    return local


class TraceGraph(beam.PTransform):  # type: ignore[misc]
    """Makes the vocabularies' files and the SavedModel.

    Expects a PCollection of one `RowPlan` (nothing is traced for an input that can't be written) and outputs one `Graph`.
    """

    def __init__(
        self,
        kinds: tuple[Kind, ...],
        schema: Schema,
        folder: str,
        findings: beam.PCollection[Findings],
        tables: beam.PCollection[tuple[TableKey, pa.Table]],
    ) -> None:
        """Stores what to trace.

        Args:
            kinds: The features.
            schema: The raw columns.
            folder: The run's folder.
            findings: One `Findings`.
            tables: The token counts of every vocabulary, by hash partition.
        """
        super().__init__()
        self._kinds = kinds
        self._schema = schema
        self._folder = folder
        self._findings = findings
        self._tables = tables

    def expand(self, plan: beam.PCollection[RowPlan]) -> beam.PCollection[Graph]:
        tables = self._tables | "SelectTokens" >> beam.MapTuple(_select, _vocabulary_requests(self._kinds, self._schema))
        return plan | "TraceGraph" >> beam.Map(
            _trace, self._kinds, self._schema, self._folder, pvalue.AsSingleton(self._findings), pvalue.AsList(tables)
        )


@dataclass(frozen=True)
class _Selected:
    """A hash partition's share of a vocabulary: a token can't be in two partitions, so each can be cut by itself."""

    name: str
    table: pa.Table
    total: int


def _vocabulary_requests(kinds: Sequence[Kind], schema: Schema) -> dict[str, VocabularyRequest]:
    requests = (request for kind in kinds for request in kind.requests(schema))
    return {request.name: request for request in requests if isinstance(request, VocabularyRequest)}


def _select(key: TableKey, table: pa.Table, requests: dict[str, VocabularyRequest]) -> _Selected:
    request = requests[key[0]]
    return _Selected(key[0], vocabulary.select(table, request.top_k, request.frequency_threshold), vocabulary.total(table))


def _trace(
    _: RowPlan, kinds: tuple[Kind, ...], schema: Schema, folder: str, findings: Findings, selected: list[_Selected]
) -> Graph:
    tally.start("trace")
    with tempfile.TemporaryDirectory(prefix="shardmill-vocabularies-") as local:
        vocabularies = {
            name: _write_vocabulary(local, request, [each for each in selected if each.name == name])
            for name, request in _vocabulary_requests(kinds, schema).items()
        }
        statistics = findings.analysis.statistics(vocabularies)
        _build(kinds, schema, statistics, folder)
    write_statistics(folder, findings, selected)
    tally.add("trace", 0, 1)
    return Graph(files.join(folder, TRANSFORM_FN))


def _build(kinds: tuple[Kind, ...], schema: Schema, statistics: Statistics, folder: str) -> None:
    if files.is_local(folder):
        with files.writing(folder):
            tracing.shared().build(kinds, schema, statistics, folder)
        return
    with tempfile.TemporaryDirectory(prefix="shardmill-graph-") as local:
        tracing.shared().build(kinds, schema, statistics, local)
        files.copy_folder(local, folder)


def _write_vocabulary(folder: str, request: VocabularyRequest, parts: Sequence[_Selected]) -> VocabularyStats:
    counts = pa.concat_tables([part.table for part in parts]) if parts else vocabulary.SCHEMA.empty_table()
    ordered = vocabulary.select(counts, request.top_k, None)
    path = os.path.join(folder, quote(request.name, safe=""))
    with files.writing(path):
        vocabulary.write_tokens(path, ordered)
    first = ordered["token"][0].as_py().decode() if ordered.num_rows else None
    return VocabularyStats(request.name, path, ordered.num_rows, sum(part.total for part in parts), first)
