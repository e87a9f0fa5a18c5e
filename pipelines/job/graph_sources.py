"""The three sources of a job's transform graph.

They are declared features, a TF Transform function, and a finished run. Each says when the rows
that it leaves are too few.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import apache_beam as beam
from apache_beam import pvalue

from shardmill.pipelines.job.function_failure import explain_failure
from shardmill.schemas.run_folder import TRANSFORM_FN
from shardmill.schemas.schema import Schema
from shardmill.transforms.analyze import AnalyzedUnits
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.files import files
from shardmill.transforms.functions.user_function import UserFunction
from shardmill.transforms.graph import process
from shardmill.transforms.keeping.findings import Findings
from shardmill.transforms.kinds.base import Request
from shardmill.transforms.read import HoldUnits
from shardmill.transforms.reading import Reading
from shardmill.transforms.recount import RecountUnits
from shardmill.transforms.rows.counts import Rejections, UnitCount
from shardmill.transforms.rows.ragged import find_ragged
from shardmill.transforms.rows.row_plan import check_rows, check_splits
from shardmill.transforms.rows.splits import SplitRule
from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.runtime.row_graph import RowGraph
from shardmill.transforms.trace import Destination, Features, TraceFunction, TraceGraph


@dataclass(frozen=True)
class RowLimits:
    """The limits within which a job may go on.

    Attributes:
        max_bad_fraction: The largest share of rows that may be bad.
        dialect: The files' dialect, for messages.
        splits: The rule whose splits mustn't be empty. None means that any may be.
    """

    max_bad_fraction: float
    dialect: Dialect
    splits: SplitRule | None

    def check_findings(self, findings: Findings, counts: Sequence[UnitCount]) -> Findings:
        """Passes findings on if the rows are within the limits.

        Args:
            findings: The findings of a pass over the rows.
            counts: The pass's counts, one for each unit.

        Raises:
            DataError: All rows are bad, too many are, or a split has none.
        """
        read = sum(count.read for count in counts)
        ragged = find_ragged(findings.rejections, read, self.dialect)
        findings.rejections.check_bad_fraction(read, self.max_bad_fraction, ragged.problem, ragged.remedy)
        check_rows(counts, findings.rejections, ragged.problem, ragged.remedy)
        if self.splits is not None:
            check_splits(counts, self.splits)
        return findings


class GraphInputs(NamedTuple):
    """Inputs of the stage that makes the graph.

    Attributes:
        units: All units.
        analyzed: The outputs of the analysis, its findings checked.
        limits: The limits that the rows must keep where the graph rejects more of them.
        reading: The way that the analysis read rows from units.
        destination: The folders that the graph is written to.
    """

    units: beam.PCollection[Unit]
    analyzed: AnalyzedUnits
    limits: RowLimits
    reading: Reading
    destination: Destination


class GraphStage(NamedTuple):
    """Outputs of the stage that makes the graph.

    Attributes:
        graph: One `Graph`.
        findings: One `Findings`, with all rejected rows.
        counts: The count of each unit, without the rows that the graph rejects.
    """

    graph: beam.PCollection[Graph]
    findings: beam.PCollection[Findings]
    counts: beam.PCollection[UnitCount]


class GraphSource(ABC):
    """The source of a job's graph.

    Attributes:
        checks_splits: Whether a split without rows is an error.
        packages: The further packages that workers need for this source.
        first_phase: The name of the phase of the first pass over the rows.
    """

    checks_splits: bool = True
    packages: tuple[str, ...] = ()
    first_phase: str = "analyze"

    @property
    def requests(self) -> tuple[Request, ...]:
        """The requests to the analysis."""
        return ()

    @property
    def kept(self) -> Mapping[str, int]:
        """The numbers of earlier tokens in vocabularies that extend others."""
        return {}

    def read_again(self, reading: Reading, _work: str) -> Reading:
        """Returns the way to read rows with the graph.

        Args:
            reading: The way that the analysis read them.
            _work: The folder that the job writes into.
        """
        return reading

    def phases(self, _size: int | None) -> dict[str, int | None]:
        """Returns the phases between analysis and transform.

        Args:
            _size: The bytes of text to read. None means that they aren't known.

        Returns:
            The phases' bytes by name; None where they aren't known.
        """
        return {}

    @abstractmethod
    def trace_early(self) -> None:
        """Traces in the tracing process while the analysis runs.

        Features that can't be traced fail early then.
        """

    def explained(self, error: Exception) -> Exception:
        """Returns a better explained error, or the same one."""
        return error

    @abstractmethod
    def stage(self, given: GraphInputs) -> GraphStage:
        """Adds the stage that makes or takes the graph.

        Args:
            given: The stage's inputs.
        """


@dataclass(frozen=True)
class DeclaredFeatures(GraphSource):
    """Features that the configuration declares.

    Attributes:
        features: The features.
        extended: The number of tokens of each vocabulary that they extend.
    """

    features: Features
    extended: Mapping[str, int] = field(default_factory=dict)

    @property
    def requests(self) -> tuple[Request, ...]:
        """The requests of the features."""
        return self.features.requests

    @property
    def kept(self) -> Mapping[str, int]:
        """See `GraphSource.kept`."""
        return self.extended

    def phases(self, _size: int | None) -> dict[str, int | None]:
        """Returns the phase of tracing."""
        return {"trace": 1}

    def read_again(self, reading: Reading, work: str) -> Reading:
        """Returns a reading in which the graph itself checks rows.

        What a graph of their own has checked before the analysis, such as images, is then made only
        once.
        """
        if reading.row_graph is None or reading.row_graph.derives:
            return reading
        graph = Graph(files.join(work, TRANSFORM_FN))
        return replace(reading, row_graph=RowGraph(graph, declared=True, folded=reading.fold_rule is not None))

    def trace_early(self) -> None:
        """Traces the features with placeholders for statistics."""
        process.shared().start_check(self.features.kinds, self.features.schema, self.features.local_derive())

    def stage(self, given: GraphInputs) -> GraphStage:
        """Traces the features with the analysis's statistics."""
        units = given.analyzed
        graph = units.findings | "TraceGraph" >> TraceGraph(
            self.features, given.destination, units.tokens, units.quantiles
        )
        return GraphStage(graph, units.findings, units.counts)


@dataclass(frozen=True)
class TransformFunction(GraphSource):
    """A TF Transform function.

    Attributes:
        function: The function.
        schema: The raw columns.
        labels: The function's outputs that are labels.
        scratch: A folder for TF Transform's temporary files, which all workers can read and write.
    """

    function: UserFunction
    schema: Schema
    labels: tuple[str, ...]
    scratch: str

    packages = ("tensorflow-transform",)

    def read_again(self, reading: Reading, work: str) -> Reading:
        """Returns a reading that rejects rows the graph can't take."""
        graph = Graph(files.join(work, TRANSFORM_FN))
        return replace(reading, row_graph=RowGraph(graph, required=self.labels, labels=self.labels))

    def phases(self, size: int | None) -> dict[str, int | None]:
        """Returns the phases of TF Transform, tracing and recounting.

        TF Transform makes as many passes as the function needs.
        """
        return {"function": None, "trace": 1, "recount": size}

    def trace_early(self) -> None:
        """Does nothing: planning has traced the function."""

    def explained(self, error: Exception) -> Exception:
        """Adds the function and the failing lines to an error."""
        return explain_failure(error, self.function)

    def stage(self, given: GraphInputs) -> GraphStage:
        """Adds TF Transform's analysis, and a new count of rows.

        TF Transform's passes follow that of the analysis, whose checksums they must find again. The
        new count is without rows on which the graph fails.
        """
        # This module imports TensorFlow.
        from shardmill.transforms.analyze_function import AnalyzeFunction

        counts, findings = given.analyzed.counts, given.analyzed.findings
        held = given.units | "HoldUnits" >> HoldUnits(counts)
        made = held | AnalyzeFunction(self.function, given.reading, self.schema, self.labels, self.scratch)
        graph = findings | "TraceFunction" >> TraceFunction(given.destination, made)
        read_again = self.read_again(given.reading, given.destination.folder)
        recounted = held | "RecountUnits" >> RecountUnits(read_again, graph)
        checked = (
            findings
            | "TakeRecount" >> beam.Map(_take_rejections, pvalue.AsSingleton(recounted.rejections))
            | "CheckRowsAgain" >> beam.Map(given.limits.check_findings, pvalue.AsList(recounted.counts))
        )
        return GraphStage(graph, checked, recounted.counts)


@dataclass(frozen=True)
class FinishedGraph(GraphSource):
    """The graph of a finished run.

    New data may have no rows of some split.

    Attributes:
        graph: The graph.
    """

    graph: Graph

    checks_splits = False
    first_phase = "count"

    def trace_early(self) -> None:
        """Does nothing: the graph is there."""

    def stage(self, given: GraphInputs) -> GraphStage:
        """Uses the graph once the rows have been checked."""
        units = given.analyzed
        graph = units.findings | "TakeGraph" >> beam.Map(_take_graph, self.graph)
        return GraphStage(graph, units.findings, units.counts)


def _take_rejections(findings: Findings, rejections: Rejections) -> Findings:
    return replace(findings, rejections=rejections)


def _take_graph(_: Findings, graph: Graph) -> Graph:
    return graph
