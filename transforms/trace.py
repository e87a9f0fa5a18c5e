"""Trace: from what the analysis found to the transform graph that the transform phase runs and serving loads."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import apache_beam as beam
import pyarrow as pa
from apache_beam import pvalue

from schemas.schema import Schema
from transforms import files, tally, tracing, vocabulary
from transforms.analyze import Findings, TableKey
from transforms.graph_folder import Graph
from transforms.graph_source import AnalyzedGraph, DeclaredGraph
from transforms.kinds.base import Kind, Request
from transforms.statistics import VocabularyRequest, VocabularyStats
from transforms.summaries import write_raw_statistics

TRANSFORM_FN = "transform_fn"


@dataclass(frozen=True)
class Features:
    """Declared features.

    Attributes:
        kinds: Each of them.
        schema: The raw columns, and the derived ones.
        derive: The folder of the SavedModel that makes the derived columns; None where there are none.
    """

    kinds: tuple[Kind, ...]
    schema: Schema
    derive: str | None = None

    @property
    def requests(self) -> tuple[Request, ...]:
        """What they ask of the analysis."""
        return tuple(dict.fromkeys(request for kind in self.kinds for request in kind.requests(self.schema)))


class TraceGraph(beam.PTransform):  # type: ignore[misc]
    """Makes the vocabularies' files and the SavedModel.

    Expects a PCollection of one `Findings` and outputs one `Graph`.
    """

    def __init__(self, features: Features, folder: str, tables: beam.PCollection[tuple[TableKey, pa.Table]]) -> None:
        """Stores what to trace.

        Args:
            features: The features.
            folder: The run's folder.
            tables: The token counts of every vocabulary, by hash partition.
        """
        super().__init__()
        self._features = features
        self._folder = folder
        self._tables = tables

    def expand(self, findings: beam.PCollection[Findings]) -> beam.PCollection[Graph]:
        tables = self._tables | "SelectTokens" >> beam.Map(_select, _vocabulary_requests(self._features))
        return findings | "TraceGraph" >> beam.Map(_trace, pvalue.AsList(tables), self._features, self._folder)


class TraceFunction(beam.PTransform):  # type: ignore[misc]
    """Makes the SavedModel of a TF Transform function.

    Expects a PCollection of one `Findings` and outputs one `Graph`.
    """

    def __init__(self, folder: str, analyzed: beam.PCollection[AnalyzedGraph]) -> None:
        """Stores what to trace.

        Args:
            folder: The run's folder.
            analyzed: What TF Transform has made of the function.
        """
        super().__init__()
        self._folder = folder
        self._analyzed = analyzed

    def expand(self, findings: beam.PCollection[Findings]) -> beam.PCollection[Graph]:
        return findings | "TraceFunction" >> beam.Map(_trace_function, pvalue.AsSingleton(self._analyzed), self._folder)


@dataclass(frozen=True)
class _Selected:
    """A hash partition's share of a vocabulary: a token is in one partition alone, so each can be cut by itself."""

    name: str
    table: pa.Table
    total: int


def _vocabulary_requests(features: Features) -> dict[str, VocabularyRequest]:
    return {request.name: request for request in features.requests if isinstance(request, VocabularyRequest)}


def _select(counted: tuple[TableKey, pa.Table], requests: dict[str, VocabularyRequest]) -> _Selected:
    (name, _), table = counted
    request = requests[name]
    return _Selected(
        name, vocabulary.select(table, request.top_k, request.frequency_threshold), vocabulary.total(table)
    )


def _trace(findings: Findings, selected: list[_Selected], features: Features, folder: str) -> Graph:
    tally.start("trace")
    requests = _vocabulary_requests(features)
    tables = {
        name: _join(request, [each for each in selected if each.name == name]) for name, request in requests.items()
    }
    with tempfile.TemporaryDirectory(prefix="shardmill-vocabularies-") as local:
        found = {name: _write_vocabulary(local, each) for name, each in tables.items()}
        statistics = findings.analysis.statistics(found)
        _build(DeclaredGraph(features.kinds, features.schema, statistics, features.derive), folder)
    counted = {
        request.columns[0]: tables[name].table for name, request in requests.items() if len(request.columns) == 1
    }
    return _finish(findings, features.schema, counted, folder)


def _trace_function(findings: Findings, analyzed: AnalyzedGraph, folder: str) -> Graph:
    tally.start("trace")
    _build(analyzed, folder)
    return _finish(findings, analyzed.schema, {}, folder)


def _finish(findings: Findings, schema: Schema, counted: Mapping[str, pa.Table], folder: str) -> Graph:
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


def _build(source: DeclaredGraph | AnalyzedGraph, folder: str) -> None:
    if files.is_local(folder):
        _build_locally(source, folder)
    else:
        with tempfile.TemporaryDirectory(prefix="shardmill-graph-") as local:
            _build_locally(source, local)
            files.copy_folder(local, folder)


def _build_locally(source: DeclaredGraph | AnalyzedGraph, folder: str) -> None:
    if isinstance(source, AnalyzedGraph):
        # TensorFlow is here already, for TF Transform: another process of it would only take time and memory.
        from transforms.graph import build_graph

        build_graph(source, folder)
    else:
        tracing.shared().build(source, folder)
        tracing.shared().release()
