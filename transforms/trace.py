"""Trace: from the findings of the analysis to the graph.

The transform phase runs this graph, and serving loads it.
"""

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam import pvalue

from shardmill.schemas.feature_stats import Dataset, Statistics
from shardmill.schemas.inference.add_domains import add_domains
from shardmill.schemas.inference.column_evidence import evidence_of_statistics
from shardmill.schemas.run_folder import RAW_SCHEMA, RAW_STATISTICS, TOKEN_COUNTS, TRAIN, TRANSFORM_FN
from shardmill.schemas.schema import INFERRED, Schema
from shardmill.schemas.schema_pbtxt import decode_proto, format_proto
from shardmill.transforms.analyze import QuantileKey
from shardmill.transforms.distributions.target_means import TargetCompanion
from shardmill.transforms.files import copying, files
from shardmill.transforms.graph import process as process_module
from shardmill.transforms.graph.derived_column import AnalyzedGraph, DeclaredGraph
from shardmill.transforms.graph.vocabulary_files import asset_name
from shardmill.transforms.grouping.record_schema import describe_records
from shardmill.transforms.grouping.settings import Grouping
from shardmill.transforms.keeping.findings import Findings
from shardmill.transforms.kinds.base import Kind, Request
from shardmill.transforms.kinds.categorical.vocabulary import VocabularyKind
from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.runtime.session import load_ahead
from shardmill.transforms.select_tokens import SelectTokens
from shardmill.transforms.statistics.accumulator import Analysis
from shardmill.transforms.statistics.quantiles import Quantiles
from shardmill.transforms.statistics.ranking import RankedVocabulary, Selected, write_vocabulary
from shardmill.transforms.statistics.requests import ComputedRequest, Made, VocabularyRequest, VocabularyStats
from shardmill.transforms.statistics.token_files import Run
from shardmill.transforms.summaries.stats_file import write_raw_statistics
from shardmill.transforms.workers import metrics
from shardmill.transforms.workers.submission import CheckedDoFn


@dataclass(frozen=True)
class Features:
    """Declared features.

    Attributes:
        kinds: The features.
        schema: The raw columns, and the derived ones.
        derive: The graph that makes the derived columns; None where there are none.
        given: The path of a copy of each vocabulary `file`, which all workers can read.
        infinite: The raw columns in which infinite numbers count as missing.
    """

    kinds: tuple[Kind, ...]
    schema: Schema
    derive: Graph | None = None
    given: Mapping[str, str] = field(default_factory=dict)
    infinite: frozenset[str] = frozenset()

    @property
    def made(self) -> tuple[Made, ...]:
        """The values that the graph makes for the analysis."""
        requests = [each for each in self.requests if isinstance(each, VocabularyRequest | ComputedRequest)]
        return tuple(dict.fromkeys(made for request in requests for made in request.made))

    @property
    def requests(self) -> tuple[Request, ...]:
        """The features' requests to the analysis."""
        return tuple(dict.fromkeys(request for kind in self.kinds for request in kind.requests(self.schema)))

    def local_derive(self) -> str | None:
        """The local folder of `derive`."""
        return None if self.derive is None else self.derive.local_folder()


@dataclass(frozen=True)
class Destination:
    """The folders that the graph is written to.

    Attributes:
        folder: The run's folder.
        scratch: A folder below it for files that aren't complete yet; it is removed before the run
            is published.
        grouping: How rows become records, which the schema beside the graph describes. None means
            that each row is a record.
    """

    folder: str
    scratch: str
    grouping: Grouping | None = None


@dataclass(eq=False)
class TraceGraph(beam.PTransform):  # type: ignore[misc]
    """Makes the vocabularies' files and the SavedModel.

    Expects a PCollection of one `Findings` and outputs one `Graph`.

    Attributes:
        features: The features.
        destination: The folders that the graph is written to.
        tokens: The runs of token counts, by the vocabulary's name.
        quantiles: The quantiles, by their position in the analysis.
    """

    features: Features
    destination: Destination
    tokens: beam.PCollection[tuple[str, Run]]
    quantiles: beam.PCollection[tuple[QuantileKey, Quantiles]]

    def expand(self, findings: beam.PCollection[Findings]) -> beam.PCollection[Graph]:
        requests = _vocabulary_requests(self.features)
        totals: Any = {}
        if any(request.companion is not None for request in requests.values()):
            totals = pvalue.AsSingleton(findings | "TakeTotals" >> beam.Map(_totals))
        selected = self.tokens | "SelectTokens" >> SelectTokens(requests, self.destination.scratch, totals)
        return findings | "TraceGraph" >> beam.ParDo(
            _Trace(self.features, self.destination), pvalue.AsList(selected), pvalue.AsList(self.quantiles)
        )


@dataclass(eq=False)
class TraceFunction(beam.PTransform):  # type: ignore[misc]
    """Makes the SavedModel of a TF Transform function.

    Expects a PCollection of one `Findings` and outputs one `Graph`.

    Attributes:
        destination: The folders that the graph is written to.
        analyzed: TF Transform's analysis of the function.
    """

    destination: Destination
    analyzed: beam.PCollection[AnalyzedGraph]

    def expand(self, findings: beam.PCollection[Findings]) -> beam.PCollection[Graph]:
        return findings | "TraceFunction" >> beam.ParDo(
            _TraceFunction(self.destination), pvalue.AsSingleton(self.analyzed)
        )


def _totals(findings: Findings) -> dict[str, pa.Table]:
    return findings.analysis.totals()


def _vocabulary_requests(features: Features) -> dict[str, VocabularyRequest]:
    return {request.name: request for request in features.requests if isinstance(request, VocabularyRequest)}


class _Trace(CheckedDoFn):
    def __init__(self, features: Features, destination: Destination) -> None:
        super().__init__()
        self._features = features
        self._destination = destination

    def process(
        self, findings: Findings, selected: list[Selected], quantiles: list[tuple[QuantileKey, Quantiles]]
    ) -> Iterator[Graph]:
        yield _trace(findings, dict(quantiles), selected, self._features, self._destination)


def _trace(
    findings: Findings,
    quantiles: Mapping[QuantileKey, Quantiles],
    selected: list[Selected],
    features: Features,
    destination: Destination,
) -> Graph:
    # The process imports TensorFlow meanwhile, which takes seconds.
    process_module.shared().start()
    # The library that will run the graph is loaded while the process makes it, and a session is
    # opened while the engine prepares the next stage.
    load_ahead()
    requests = _vocabulary_requests(features)
    derive = features.local_derive()
    with metrics.working("trace", destination.folder) as work:
        with tempfile.TemporaryDirectory(prefix="shardmill-vocabularies-") as local:
            ranked = {
                name: _write_vocabulary(_vocabulary_path(local, name), request, selected)
                for name, request in requests.items()
            }
            statistics = findings.analysis.with_quantiles(quantiles).statistics(
                {
                    name: _vocabulary_stats(request, _vocabulary_path(local, name), ranked[name])
                    for name, request in requests.items()
                }
            )
            kinds = tuple(_with_file_here(kind, features.given, local) for kind in features.kinds)
            _build(DeclaredGraph(kinds, features.schema, statistics, derive, features.infinite), destination)
            _keep_counts(requests, local, destination)
        if files.is_local(destination.folder):
            load_ahead(files.join(destination.folder, TRANSFORM_FN))
        return _finish(findings.splits, features.schema, _value_counts(requests, ranked), destination, work)


def _value_counts(
    requests: Mapping[str, VocabularyRequest], ranked: Mapping[str, RankedVocabulary]
) -> dict[str, RankedVocabulary]:
    """By column, a vocabulary whose tokens are its cells.

    Of several it is the one that keeps the most tokens.
    """
    counts: dict[str, RankedVocabulary] = {}
    for name, request in requests.items():
        column = request.columns[0]
        most = counts[column].size if column in counts else -1
        if request.counts_cells and ranked[name].size > most:
            counts[column] = ranked[name]
    return counts


class _TraceFunction(CheckedDoFn):
    def __init__(self, destination: Destination) -> None:
        super().__init__()
        self._destination = destination

    def process(self, findings: Findings, analyzed: AnalyzedGraph) -> Iterator[Graph]:
        with metrics.working("trace", self._destination.folder) as work:
            _build(analyzed, self._destination)
            yield _finish(findings.splits, analyzed.schema, {}, self._destination, work)


def _finish(
    splits: Mapping[str, Analysis],
    schema: Schema,
    counts: Mapping[str, RankedVocabulary],
    destination: Destination,
    work: metrics.Work,
) -> Graph:
    folder = files.join(destination.folder, RAW_STATISTICS)
    datasets = write_raw_statistics(folder, destination.scratch, splits, {TRAIN: counts})
    _write_domains(schema, datasets, destination)
    # The phase has no size in bytes: 1 says that it is done.
    work.add(0, 1)
    return Graph(files.join(destination.folder, TRANSFORM_FN))


def _write_domains(schema: Schema, datasets: Sequence[Dataset], destination: Destination) -> None:
    """Adds the domains of columns whose types were inferred.

    They are for those who read the run's schema: nothing in shardmill rejects a row by them.
    """
    inferred: dict[str, list[Statistics]] = {column.name: [] for column in schema if column.origin == INFERRED}
    if not inferred:
        return
    for dataset in datasets:
        for found in dataset.features:
            inferred.get(found.path.step[0], []).append(found)
    path = files.join(destination.folder, RAW_SCHEMA)
    with files.opened(path) as stream:
        proto = decode_proto(stream.read(), path)
    add_domains(proto, {name: evidence_of_statistics(name, splits) for name, splits in inferred.items()})
    with files.replacing(path, destination.scratch) as target:
        target.write(format_proto(proto).encode())


def _vocabulary_path(folder: str, name: str) -> str:
    return os.path.join(folder, asset_name(name))


def _counts_path(path: str) -> str:
    # No vocabulary's file has a colon in its name.
    return f"{path}:counts"


def _counted_path(path: str) -> str:
    return f"{path}:counted"


def _parts_path(path: str) -> str:
    return f"{path}:parts"


def _write_vocabulary(path: str, request: VocabularyRequest, selected: Sequence[Selected]) -> RankedVocabulary:
    parts = [each for each in selected if each.name == request.name]
    with (
        files.created(path) as stream,
        files.created(_counts_path(path)) as counts,
        files.created(_counted_path(path)) if _keeps_counts(request) else contextlib.nullcontext() as counted,
        files.created(_parts_path(path)) if _has_parts(request) else contextlib.nullcontext() as facts,
    ):
        return write_vocabulary(stream, counts, request, parts, counted, facts)


def _has_parts(request: VocabularyRequest) -> bool:
    return isinstance(request.companion, TargetCompanion)


def _keeps_counts(request: VocabularyRequest) -> bool:
    """Whether the run keeps counts: of words and of classes."""
    return request.keeps_counts or (request.maker is not None and not request.rows)


def _keep_counts(requests: Mapping[str, VocabularyRequest], local: str, destination: Destination) -> None:
    for name in (name for name, request in requests.items() if _keeps_counts(request)):
        path = _counted_path(_vocabulary_path(local, name))
        _put(path, files.join(destination.folder, TOKEN_COUNTS, asset_name(name)), destination)


def _vocabulary_stats(request: VocabularyRequest, path: str, ranked: RankedVocabulary) -> VocabularyStats:
    first = ranked.top["token"][0].as_py().decode() if ranked.size and request.companion is None else None
    parts = _parts_path(path) if _has_parts(request) else ""
    return VocabularyStats(request.name, path, ranked.size, ranked.total, first, _counts_path(path), parts)


def _with_file_here(kind: Kind, given: Mapping[str, str], folder: str) -> Kind:
    """The kind, with a vocabulary `file` that this machine has."""
    if not isinstance(kind, VocabularyKind) or kind.file is None:
        return kind
    local = os.path.join(folder, f"given:{os.path.basename(given[kind.file])}")
    if not os.path.exists(local):
        copying.copy(given[kind.file], local)
    return replace(kind, file=local)


def _build(source: DeclaredGraph | AnalyzedGraph, destination: Destination) -> None:
    """Builds the graph in its own folder, then moves it.

    Another attempt at the same graph may still be at work.

    On a remote file system attempts replace each other's files, which are equal to the byte, each
    of them atomically.
    """
    local = files.is_local(destination.folder)
    with (
        files.writing(destination.scratch),
        tempfile.TemporaryDirectory(prefix="shardmill-graph-", dir=destination.scratch if local else None) as built,
    ):
        # Of a remote output the graph is in this machine's temporary folder first.
        with files.writing(destination.scratch if local else built):
            _write_graph(source, built)
            if destination.grouping is not None:
                describe_records(built, destination.grouping)
        if not local:
            _replace_files(built, destination)
            return
        for name in os.listdir(built):
            target = files.join(destination.folder, name)
            with files.writing(target):
                _move(os.path.join(built, name), target)


def _replace_files(built: str, destination: Destination) -> None:
    for path in files.walk(built):
        _put(path, files.join(destination.folder, os.path.relpath(path, built)), destination)


def _put(path: str, target: str, destination: Destination) -> None:
    """Copies a file of this machine to the run's folder."""
    with files.writing(target):
        files.make_folder(os.path.dirname(target))
        with files.replacing(target, destination.scratch) as stream, Path(path).open("rb") as source:
            shutil.copyfileobj(source, stream)


def _move(folder: str, target: str) -> None:
    try:
        os.rename(folder, target)
    except OSError as error:
        # The folder that is there already is another attempt's, complete and equal.
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise


def _write_graph(source: DeclaredGraph | AnalyzedGraph, folder: str) -> None:
    if isinstance(source, AnalyzedGraph):
        # This process has imported TensorFlow already, for TF Transform: another one would only
        # take time and memory.
        from shardmill.transforms.graph.build import build_graph

        build_graph(source, folder)
    else:
        process_module.shared().build_graph(source, folder)
        process_module.shared().release()
