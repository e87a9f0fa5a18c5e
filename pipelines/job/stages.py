"""The main job as one Beam pipeline."""

import apache_beam as beam
from apache_beam import pvalue

from shardmill.pipelines.job.graph_sources import GraphInputs
from shardmill.pipelines.job.job import Job
from shardmill.pipelines.report.write_report import write_report
from shardmill.pipelines.run_folder.manifest import ManifestRule, write_manifest
from shardmill.pipelines.run_folder.publish_stage import PublishRun, check_prepared
from shardmill.transforms.analyze import AnalyzeUnits
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.grouping.row_files import RowFile
from shardmill.transforms.keeping.findings import Findings
from shardmill.transforms.read import PlanUnits, TakeUnits
from shardmill.transforms.reading import Reading
from shardmill.transforms.repeats.count_spans import CountSpans
from shardmill.transforms.repeats.find_repeats import FindRepeats
from shardmill.transforms.repeats.key_spans import KeySpans, SpannedFindings
from shardmill.transforms.rows.counts import UnitCount
from shardmill.transforms.rows.row_plan import RowPlan
from shardmill.transforms.rows.splits import ShardRule
from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.transform import Layout, TransformUnits, WrittenUnits, row_bytes
from shardmill.transforms.transform_groups import TransformGroups, WrittenGroups
from shardmill.transforms.workers.check_workers import CheckWorkers
from shardmill.transforms.write import WriteShards


def build_stages(pipeline: beam.Pipeline, job: Job) -> None:
    """Adds the main job's stages.

    They plan or take units, find repeated rows, analyze, trace, transform, write shards and write
    the manifest. Rows never cross from one stage to the next: units, accumulators, tables of token
    counts and descriptions of files and parts do.

    Args:
        pipeline: The pipeline.
        job: The job.
    """
    started = pipeline | "CheckWorkers" >> CheckWorkers(job.parts, job.features.packages)
    if job.publish_to is not None:
        started = started | "CheckPrepared" >> beam.Map(check_prepared, job.work)
    if job.planned is None:
        reading = job.reading
        units = started | "PlanUnits" >> PlanUnits(job.inputs, reading.dialect, reading.selection, job.unit_bytes)
    else:
        units = started | "TakeUnits" >> TakeUnits(job.planned)
    if job.reading.repeats is not None:
        units = units | "FindRepeats" >> FindRepeats(job.reading.for_keys, job.reading.repeats.folder)
    analyzed = units | "AnalyzeUnits" >> AnalyzeUnits(
        job.reading, job.features.requests, job.parts, job.features.first_phase, job.kept
    )
    checked = analyzed.findings | "CheckRows" >> beam.Map(job.limits.check_findings, pvalue.AsList(analyzed.counts))
    graph, findings, counts = job.features.stage(
        GraphInputs(units, analyzed._replace(findings=checked), job.limits, job.reading, job.destination)
    )
    plan = findings | "PlanRows" >> beam.Map(
        _plan_rows,
        pvalue.AsSingleton(graph),
        pvalue.AsList(counts),
        # Only their rows' sizes are wanted.
        [] if job.shard_rule.bytes_per_shard is None else pvalue.AsList(units),
        job.read_again,
        job.shard_rule,
    )
    written = _transform(units, job, graph, plan)
    shards = written.parts | "WriteShards" >> WriteShards(job.work, job.parts, plan, compressed=job.compressed)
    manifest = written.statistics | "WriteManifest" >> beam.Map(
        write_manifest,
        pvalue.AsList(shards),
        pvalue.AsList(counts),
        pvalue.AsSingleton(_with_spans(job, findings, analyzed.keys)),
        _manifest_rule(job),
        *([pvalue.AsSingleton(written.groups)] if isinstance(written, WrittenGroups) else []),
    )
    if job.publish_to is not None:
        _ = manifest | "PublishRun" >> PublishRun(
            job.work, job.publish_to, "dataflow", write_report, overwrite=job.overwrite
        )


def _with_spans(
    job: Job, findings: beam.PCollection[Findings], key_files: beam.PCollection[RowFile]
) -> beam.PCollection[Findings]:
    """Counts the keys in several splits, if wanted."""
    if job.reading.selection.tracked is None:
        return findings
    spans = key_files | "CountSpans" >> CountSpans()
    return findings | "TakeSpans" >> beam.Map(_take_spans, pvalue.AsSingleton(spans))


def _take_spans(findings: Findings, spans: KeySpans) -> Findings:
    return SpannedFindings(**vars(findings), spans=spans)


def _transform(
    units: beam.PCollection[Unit], job: Job, graph: beam.PCollection[Graph], plan: beam.PCollection[RowPlan]
) -> WrittenUnits | WrittenGroups:
    """Adds the stages that write part files."""
    layout = Layout(folder=job.parts, level=job.level)
    if job.grouping is None:
        rows: WrittenUnits = units | "TransformUnits" >> TransformUnits(
            job.read_again, layout, pvalue.AsSingleton(graph), pvalue.AsSingleton(plan), job.resume
        )
        return rows
    groups: WrittenGroups = units | "TransformGroups" >> TransformGroups(
        job.read_again, layout, job.grouping, job.shard_rule, graph, plan
    )
    return groups


def _plan_rows(
    _: Findings, graph: Graph, counts: list[UnitCount], units: list[Unit], reading: Reading, rule: ShardRule
) -> RowPlan:
    if rule.bytes_per_shard is not None:
        rule = rule.of_row_bytes(row_bytes(graph, units, reading))
    return RowPlan(counts, reading.split_rule, rule)


def _manifest_rule(job: Job) -> ManifestRule:
    return ManifestRule(
        work=job.work,
        scratch=job.parts,
        inputs=job.inputs,
        reading=job.read_again,
        facts=job.facts,
        held=job.held,
        kept=job.features.kept,
        tracked=job.reading.selection.tracked.columns if job.reading.selection.tracked else (),
    )
