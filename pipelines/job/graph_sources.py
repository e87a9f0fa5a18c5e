"""Where a job's transform graph comes from: declared features, a TF Transform function, or a finished run."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import apache_beam as beam
from apache_beam import pvalue

from shardmill.pipelines.job.function_failure import explain_failure
from shardmill.schemas.run_folder import TRANSFORM_FN
from shardmill.schemas.schema import Schema
from shardmill.transforms.analyze import AnalyzedUnits, Findings, Reading
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.files import files
from shardmill.transforms.functions.user_function import UserFunction
from shardmill.transforms.graph import process
from shardmill.transforms.kinds.base import Request
from shardmill.transforms.read import HoldUnits
from shardmill.transforms.recount import RecountUnits
from shardmill.transforms.rows.counts import Rejections, UnitCount
from shardmill.transforms.rows.row_plan import check_rows, check_splits
from shardmill.transforms.rows.splits import SplitRule
from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.runtime.row_graph import RowGraph
from shardmill.transforms.trace import Features, Place, TraceFunction, TraceGraph


@dataclass(frozen=True)
class RowLimits:
    """What the rows must be for the job to go on.

    Attributes:
        max_bad_fraction: The largest part of rows that may be bad.
        splits: The rule by whose splits none may be empty; None: any may.
    """

    max_bad_fraction: float
    splits: SplitRule | None

    def check(self, findings: Findings, counts: Sequence[UnitCount]) -> Findings:
        """Passes findings on where the rows are within the limits.

        Args:
            findings: What a pass over the rows found.
            counts: Its counts, one for each unit.

        Raises:
            DataError: There are no good rows, too many bad ones, or none of a split.
        """
        findings.rejections.check(sum(count.read for count in counts), self.max_bad_fraction)
        check_rows(counts, findings.rejections)
        if self.splits is not None:
            check_splits(counts, self.splits)
        return findings


class GraphInputs(NamedTuple):
    """What the stage that makes the graph may use.

    Attributes:
        units: All units.
        analyzed: What the analysis has made of them, its findings checked.
        limits: What the rows must be where the graph rejects more of them.
        reading: How rows came from units in the analysis.
        place: Where the graph goes.
    """

    units: beam.PCollection[Unit]
    analyzed: AnalyzedUnits
    limits: RowLimits
    reading: Reading
    place: Place


class GraphStage(NamedTuple):
    """What the stage that makes the graph outputs.

    Attributes:
        graph: One `Graph`.
        findings: One `Findings`, with all rejected rows.
        counts: The count of each unit, without the rows that the graph rejects.
    """

    graph: beam.PCollection[Graph]
    findings: beam.PCollection[Findings]
    counts: beam.PCollection[UnitCount]


class GraphSource(ABC):
    """Where a job's graph comes from.

    Attributes:
        checks_splits: Whether a split without rows is an error.
        packages: The packages that only this source needs of all workers.
    """

    checks_splits: bool = True
    packages: tuple[str, ...] = ()

    @property
    def requests(self) -> tuple[Request, ...]:
        """What the analysis is asked for."""
        return ()

    def read_again(self, reading: Reading, _work: str) -> Reading:
        """How rows come from the files once there is a graph.

        Args:
            reading: How they came from them in the analysis.
            _work: The folder that the job writes into.
        """
        return reading

    def phases(self, _size: int | None) -> dict[str, int | None]:
        """The phases between analysis and transform, with their bytes; None where they aren't known.

        Args:
            _size: The bytes of text to read; None where nobody knows.
        """
        return {}

    @abstractmethod
    def trace_early(self) -> None:
        """Has features that can't be traced found out in the tracing process, during the analysis."""

    def explained(self, error: Exception) -> Exception:
        """The error to raise for one that the engine has raised: the same one where no more is known."""
        return error

    @abstractmethod
    def stage(self, given: GraphInputs) -> GraphStage:
        """Adds the stage that makes the graph, or takes it.

        Args:
            given: What comes before it in the pipeline.
        """


@dataclass(frozen=True)
class DeclaredFeatures(GraphSource):
    """Features that the configuration declares.

    Attributes:
        features: The features.
    """

    features: Features

    @property
    def requests(self) -> tuple[Request, ...]:
        """What the features ask for."""
        return self.features.requests

    def phases(self, _size: int | None) -> dict[str, int | None]:
        """The tracing."""
        return {"trace": 1}

    def trace_early(self) -> None:
        """Traces a sample of the features."""
        process.shared().check(self.features.kinds, self.features.schema, self.features.local_derive())

    def stage(self, given: GraphInputs) -> GraphStage:
        """Traces the features with what the analysis found."""
        units = given.analyzed
        graph = units.findings | "TraceGraph" >> TraceGraph(self.features, given.place, units.tokens, units.quantiles)
        return GraphStage(graph, units.findings, units.counts)


@dataclass(frozen=True)
class TransformFunction(GraphSource):
    """A TF Transform function.

    Attributes:
        function: The function.
        schema: The raw columns.
        labels: Its outputs that are labels.
        scratch: A folder for TF Transform's temporary files, for all workers to see.
    """

    function: UserFunction
    schema: Schema
    labels: tuple[str, ...]
    scratch: str

    packages = ("tensorflow-transform",)

    def read_again(self, reading: Reading, work: str) -> Reading:
        """Rows that the function's graph can't take are rejected."""
        graph = Graph(files.join(work, TRANSFORM_FN))
        return replace(reading, row_graph=RowGraph(graph, required=self.labels, labels=self.labels))

    def phases(self, size: int | None) -> dict[str, int | None]:
        """TF Transform's passes, as many as the function needs; the tracing; and the rows' recount."""
        return {"function": None, "trace": 1, "recount": size}

    def trace_early(self) -> None:
        """Does nothing: the function was traced when the job was planned."""

    def explained(self, error: Exception) -> Exception:
        """An error that names the function, and where in the user's files it failed."""
        return explain_failure(error, self.function)

    def stage(self, given: GraphInputs) -> GraphStage:
        """Has TF Transform analyze the rows, and counts anew those that the graph takes.

        TF Transform's passes come after that of the analysis, which says what they must read.
        """
        # It imports TensorFlow.
        from shardmill.transforms.analyze_function import AnalyzeFunction

        counts, findings = given.analyzed.counts, given.analyzed.findings
        held = given.units | "HoldUnits" >> HoldUnits(counts)
        made = held | AnalyzeFunction(self.function, given.reading, self.schema, self.labels, self.scratch)
        graph = findings | "TraceFunction" >> TraceFunction(given.place, made)
        read_again = self.read_again(given.reading, given.place.folder)
        recounted = held | "RecountUnits" >> RecountUnits(read_again, graph)
        checked = (
            findings
            | "TakeRecount" >> beam.Map(_take_rejections, pvalue.AsSingleton(recounted.rejections))
            | "CheckRowsAgain" >> beam.Map(given.limits.check, pvalue.AsList(recounted.counts))
        )
        return GraphStage(graph, checked, recounted.counts)


@dataclass(frozen=True)
class FinishedGraph(GraphSource):
    """The graph of a finished run. New data may have no rows of some split.

    Attributes:
        graph: The graph.
    """

    graph: Graph

    checks_splits = False

    def trace_early(self) -> None:
        """Does nothing: the graph is there."""

    def stage(self, given: GraphInputs) -> GraphStage:
        """Takes the graph, once the rows have been checked."""
        units = given.analyzed
        graph = units.findings | "TakeGraph" >> beam.Map(_take_graph, self.graph)
        return GraphStage(graph, units.findings, units.counts)


def _take_rejections(findings: Findings, rejections: Rejections) -> Findings:
    return replace(findings, rejections=rejections)


def _take_graph(_: Findings, graph: Graph) -> Graph:
    return graph
