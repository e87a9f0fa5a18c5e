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
from transforms.statistics import Statistics, VocabularyRequest, VocabularyStats
from transforms.summaries import write_raw_statistics

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

    Expects a PCollection of one `Findings` and outputs one `Graph`.
    """

    def __init__(
        self, kinds: tuple[Kind, ...], schema: Schema, folder: str, tables: beam.PCollection[tuple[TableKey, pa.Table]]
    ) -> None:
        """Stores what to trace.

        Args:
            kinds: The features.
            schema: The raw columns.
            folder: The run's folder.
            tables: The token counts of every vocabulary, by hash partition.
        """
        super().__init__()
        self._kinds = kinds
        self._schema = schema
        self._folder = folder
        self._tables = tables

    def expand(self, findings: beam.PCollection[Findings]) -> beam.PCollection[Graph]:
        tables = self._tables | "SelectTokens" >> beam.Map(_select, _vocabulary_requests(self._kinds, self._schema))
        return findings | "TraceGraph" >> beam.Map(
            _trace, pvalue.AsList(tables), self._kinds, self._schema, self._folder
        )


@dataclass(frozen=True)
class _Selected:
    """A hash partition's share of a vocabulary: a token is in one partition alone, so each can be cut by itself."""

    name: str
    table: pa.Table
    total: int


def _vocabulary_requests(kinds: Sequence[Kind], schema: Schema) -> dict[str, VocabularyRequest]:
    requests = (request for kind in kinds for request in kind.requests(schema))
    return {request.name: request for request in requests if isinstance(request, VocabularyRequest)}


def _select(counted: tuple[TableKey, pa.Table], requests: dict[str, VocabularyRequest]) -> _Selected:
    (name, _), table = counted
    request = requests[name]
    return _Selected(
        name, vocabulary.select(table, request.top_k, request.frequency_threshold), vocabulary.total(table)
    )


def _trace(
    findings: Findings, selected: list[_Selected], kinds: tuple[Kind, ...], schema: Schema, folder: str
) -> Graph:
    tally.start("trace")
    requests = _vocabulary_requests(kinds, schema)
    tables = {
        name: _join(request, [each for each in selected if each.name == name]) for name, request in requests.items()
    }
    with tempfile.TemporaryDirectory(prefix="shardmill-vocabularies-") as local:
        found = {name: _write_vocabulary(local, each) for name, each in tables.items()}
        _build(kinds, schema, findings.analysis.statistics(found), folder)
        tracing.shared().release()
    counted = {
        request.columns[0]: tables[name].table for name, request in requests.items() if len(request.columns) == 1
    }
    write_raw_statistics(files.join(folder, "pre_transform_feature_stats"), schema, findings.analysis, counted)
    tally.add("trace", 0, 1)
    return Graph(files.join(folder, TRANSFORM_FN))


def _join(request: VocabularyRequest, parts: Sequence[_Selected]) -> _Selected:
    counts = pa.concat_tables([part.table for part in parts]) if parts else vocabulary.SCHEMA.empty_table()
    return _Selected(request.name, vocabulary.select(counts, request.top_k), sum(part.total for part in parts))


def _write_vocabulary(folder: str, found: _Selected) -> VocabularyStats:
    path = os.path.join(folder, quote(found.name, safe=""))
    with files.writing(path):
        vocabulary.write_tokens(path, found.table)
    first = found.table["token"][0].as_py().decode() if found.table.num_rows else None
    return VocabularyStats(found.name, path, found.table.num_rows, found.total, first)


def _build(kinds: tuple[Kind, ...], schema: Schema, statistics: Statistics, folder: str) -> None:
    if files.is_local(folder):
        tracing.shared().build(kinds, schema, statistics, folder)
        return
    with tempfile.TemporaryDirectory(prefix="shardmill-graph-") as local:
        tracing.shared().build(kinds, schema, statistics, local)
        files.copy_folder(local, folder)
