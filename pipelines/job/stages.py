"""The main job as one Beam pipeline: plan units, analyze, trace, transform, write, describe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import apache_beam as beam
from apache_beam import pvalue

from shardmill.pipelines.run_folder.manifest import write_manifest
from shardmill.pipelines.run_folder.publish_stage import PublishRun, check_prepared
from shardmill.schemas.run_folder import PARTS_FOLDER, TRANSFORM_FN
from shardmill.schemas.schema import Schema
from shardmill.transforms.analyze import AnalyzeUnits, Findings, Reading
from shardmill.transforms.check_workers import CheckWorkers
from shardmill.transforms.csv.units import InputFile, Unit
from shardmill.transforms.files import files
from shardmill.transforms.functions.user_function import UserFunction
from shardmill.transforms.read import HoldUnits, PlanUnits
from shardmill.transforms.recount import RecountUnits
from shardmill.transforms.rows.counts import Rejections, UnitCount
from shardmill.transforms.rows.row_plan import RowPlan, check_rows, check_splits
from shardmill.transforms.rows.splits import ShardRule
from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.runtime.row_graph import RowGraph
from shardmill.transforms.trace import Features, Place, TraceFunction, TraceGraph
from shardmill.transforms.transform import Layout, TransformUnits, row_bytes
from shardmill.transforms.write import WriteShards

# A vocabulary is counted in a hash partition for so many bytes of input: all that workers found of a partition is one element on Flink.
_PARTITION_BYTES = 256 << 20


@dataclass(frozen=True)
class TransformFunction:
    """A TF Transform function.

    Attributes:
        function: The function.
        labels: Its outputs that are labels.
        scratch: A folder for TF Transform's temporary files, for all workers to see.
    """

    function: UserFunction
    labels: tuple[str, ...]
    scratch: str


@dataclass(frozen=True, kw_only=True)
class Job:
    """All that the pipeline needs to know.

    Attributes:
        inputs: The files, in order.
        reading: How rows come from them.
        schema: The raw columns.
        features: What is made of them: declared features, a TF Transform function, or what a finished run's graph makes.
        max_bad_fraction: A larger part of bad rows stops the run.
        shard_rule: How rows are spread over shards.
        level: The DEFLATE level; None: not compressed.
        work: The folder to write into.
        facts: What the manifest says beyond counts: configuration and versions.
        held: The SHA-256 of files of the work folder that were put there to be used, by their path in it: they may not have changed.
        publish_to: The output folder, where the pipeline itself publishes, since nobody waits for a template's job; None: the submitting
            process does.
        overwrite: Whether the pipeline may then replace a finished run of another job.
    """

    inputs: Sequence[InputFile]
    reading: Reading
    schema: Schema
    features: Features | TransformFunction | Graph
    max_bad_fraction: float
    shard_rule: ShardRule
    level: int | None
    work: str
    facts: Mapping[str, Any]
    held: Mapping[str, str] = field(default_factory=dict)
    publish_to: str | None = None
    overwrite: bool = False

    @property
    def compressed(self) -> bool:
        """Whether shards are gzip files."""
        return self.level is not None

    @property
    def parts(self) -> str:
        """The folder of what isn't whole yet."""
        return parts_folder(self.work)

    @property
    def read_again(self) -> Reading:
        """How rows come from the files once there is a graph: a TF Transform function's rejects those that it can't take."""
        if not isinstance(self.features, TransformFunction):
            return self.reading
        graph, labels = Graph(files.join(self.work, TRANSFORM_FN)), self.features.labels
        return replace(self.reading, row_graph=RowGraph(graph, required=labels, labels=labels))

    @property
    def place(self) -> Place:
        """Where the graph goes."""
        return Place(self.work, self.parts)


def build(pipeline: beam.Pipeline, job: Job) -> None:
    """Adds the main job's stages.

    Rows never cross from one stage to the next: units, accumulators, tables of token counts and descriptions of parts do.

    Args:
        pipeline: The pipeline.
        job: What to do.
    """
    requests = job.features.requests if isinstance(job.features, Features) else ()
    partitions = 1 + sum(found.size for found in job.inputs) // _PARTITION_BYTES
    analyzers = ("tensorflow-transform",) if isinstance(job.features, TransformFunction) else ()
    started = pipeline | "CheckWorkers" >> CheckWorkers(parts_folder(job.work), analyzers)
    if job.publish_to is not None:
        started = started | "CheckPrepared" >> beam.Map(check_prepared, job.work)
    units = started | "PlanUnits" >> PlanUnits(job.inputs, job.reading.dialect)
    analyzed = units | "AnalyzeUnits" >> AnalyzeUnits(job.reading, requests, partitions)
    counts = analyzed["counts"]
    checked = analyzed["findings"] | "CheckRows" >> beam.Map(_check_rows, pvalue.AsList(counts), job)
    if isinstance(job.features, Features):
        graph = checked | "TraceGraph" >> TraceGraph(job.features, job.place, analyzed["pieces"])
    elif isinstance(job.features, Graph):
        graph = checked | "TakeGraph" >> beam.Map(_take_graph, job.features)
    else:
        # TF Transform's passes come after that of the analysis, which says what they must read.
        held = units | "HoldUnits" >> HoldUnits(analyzed["counts"])
        graph = checked | "TraceFunction" >> TraceFunction(job.place, held | _analyze_function(job, job.features))
        recounted = held | "RecountUnits" >> RecountUnits(job.read_again, graph)
        counts = recounted["counts"]
        checked = (
            checked
            | "TakeRecount" >> beam.Map(_take_rejections, pvalue.AsSingleton(recounted["rejections"]))
            | "CheckRowsAgain" >> beam.Map(_check_rows, pvalue.AsList(counts), job)
        )
    plan = checked | "PlanRows" >> beam.Map(
        _plan_rows, pvalue.AsSingleton(graph), pvalue.AsList(counts), pvalue.AsList(units), job
    )
    layout = Layout(folder=parts_folder(job.work), level=job.level)
    written = units | "TransformUnits" >> TransformUnits(
        job.read_again, layout, pvalue.AsSingleton(graph), pvalue.AsSingleton(plan)
    )
    shards = written["parts"] | "WriteShards" >> WriteShards(job.work, job.parts, plan, compressed=job.compressed)
    manifest = written["moments"] | "WriteManifest" >> beam.Map(
        write_manifest, pvalue.AsList(shards), pvalue.AsList(counts), pvalue.AsSingleton(checked), job
    )
    if job.publish_to is not None:
        _ = manifest | "PublishRun" >> PublishRun(job.work, job.publish_to, "dataflow", overwrite=job.overwrite)


def _analyze_function(job: Job, features: TransformFunction) -> beam.PTransform:
    from shardmill.transforms.analyze_function import AnalyzeFunction

    return AnalyzeFunction(features.function, job.reading, job.schema, features.labels, features.scratch)


def parts_folder(work: str) -> str:
    """Where the part files are, below the work folder."""
    return f"{work}/{PARTS_FOLDER}"


def _check_rows(findings: Findings, counts: list[UnitCount], job: Job) -> Findings:
    findings.rejections.check(sum(count.read for count in counts), job.max_bad_fraction)
    check_rows(counts, findings.rejections)
    if not isinstance(job.features, Graph):
        check_splits(counts, job.reading.split_rule)
    return findings


def _take_graph(_: Findings, graph: Graph) -> Graph:
    """The graph of a finished run, once the rows have been checked. New data may have no rows of some split."""
    return graph


def _take_rejections(findings: Findings, rejections: Rejections) -> Findings:
    return replace(findings, rejections=rejections)


def _plan_rows(_: Findings, graph: Graph, counts: list[UnitCount], units: list[Unit], job: Job) -> RowPlan:
    rule = job.shard_rule
    if rule.bytes_per_shard is not None:
        rule = rule.of_row_bytes(row_bytes(graph, units, job.read_again))
    return RowPlan(counts, job.reading.split_rule, rule)
