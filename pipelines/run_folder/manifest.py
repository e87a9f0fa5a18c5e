"""The manifest: what a run read, wrote and rejected.

Its last keys, `engine` and `metrics`, are the only ones that may differ between two runs of the
same job.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shardmill.pipelines.run_folder.account import account_rows, group_entry
from shardmill.pipelines.run_folder.manifest_keys import (
    FORMAT,
    ColumnNames,
    ExtendedEntry,
    FileEntry,
    InputEntry,
    NotFiniteEntry,
    RejectedEntry,
    RenamedEntry,
    SplitEntry,
)
from shardmill.schemas.errors import DataError
from shardmill.schemas.run_folder import ASSET_MAP, LISTED_FOLDERS, MANIFEST, OUTPUT_STATISTICS, VOCABULARIES
from shardmill.transforms.csv.units import InputFile
from shardmill.transforms.files import copying, files
from shardmill.transforms.graph.vocabulary_files import count_tokens
from shardmill.transforms.grouping.group_counts import GroupCounts
from shardmill.transforms.keeping.findings import Findings
from shardmill.transforms.reading import Reading
from shardmill.transforms.repeats.key_spans import SharedKeysEntry, SpannedFindings
from shardmill.transforms.rows.counts import UnitCount, file_checksums, filtered_rows, skipped_lines
from shardmill.transforms.summaries.output_statistics import OutputStatistics
from shardmill.transforms.summaries.stats_file import write_output_statistics
from shardmill.transforms.transform import REJECTED
from shardmill.transforms.write import ShardFile


@dataclass(frozen=True, kw_only=True)
class ManifestRule:
    """A manifest's content besides the counts, and its folder.

    Attributes:
        work: The run's folder, which isn't published yet.
        scratch: A folder in it for files that aren't complete yet.
        inputs: The input files, in order.
        reading: The way that rows were read from them for the transform.
        facts: The first keys: configuration and versions.
        held: The SHA-256 of files that mustn't have changed, by their path in the run's folder.
        kept: The numbers of earlier tokens in vocabularies that extend others.
        tracked: The columns of the key of which values in several splits are counted.
    """

    work: str
    scratch: str
    inputs: Sequence[InputFile]
    reading: Reading
    facts: Mapping[str, Any]
    held: Mapping[str, str]
    kept: Mapping[str, int] = field(default_factory=dict)
    tracked: tuple[str, ...] = ()


def write_manifest(
    statistics: OutputStatistics,
    shards: list[ShardFile],
    counts: list[UnitCount],
    findings: Findings,
    rule: ManifestRule,
    groups: GroupCounts | None = None,
) -> None:
    """Writes `manifest.json` and the statistics of the outputs.

    Before that, every row must be accounted for.

    Args:
        statistics: The outputs' statistics.
        shards: The files written: shards of splits, and rejected rows.
        counts: The rows of every unit read.
        findings: The findings of the analysis.
        rule: The manifest's other content.
        groups: The counts of groups. None means that each row is a record.

    Raises:
        DataError: The rows read aren't as many as those written and rejected, or a file that was
            used has changed.
    """
    filtered, names = filtered_rows(counts), rule.reading.split_rule.names
    records = {split: sum(shard.rows for shard in shards if shard.split == split) for split in names}
    rows = account_rows(records, sum(shard.rows for shard in shards if shard.split == REJECTED), counts, groups)
    totals = records if groups is None else {split: groups.rows[split] for split in records}
    write_output_statistics(files.join(rule.work, OUTPUT_STATISTICS), rule.scratch, totals, statistics)
    skipped, unmatched = skipped_lines(counts), _unmatched(rule, findings)
    manifest = {
        "format": FORMAT,
        **rule.facts,
        "rows": rows,
        **({} if groups is None else {"groups": group_entry(groups)}),
        "splits": _splits(rule, shards),
        "rejected": _rejected(shards, findings),
        **({"filtered": filtered} if filtered else {}),
        **({"unmatched": unmatched} if unmatched else {}),
        **_shared_keys(findings, rule),
        **({"skipped": skipped} if skipped else {}),
        "input": _inputs(rule, counts),
        "columns": _columns(rule, findings),
        "not_finite": _not_finite(findings, statistics),
        **({"rounded": dict(sorted(findings.rounded.items()))} if findings.rounded else {}),
        **({"extended": _extended(rule)} if rule.kept else {}),
        "files": _held(list(_files(rule.work)), rule.held),
    }
    path = files.join(rule.work, MANIFEST)
    with files.replacing(path, rule.scratch) as stream:
        stream.write(_encoded(manifest))


def _unmatched(rule: ManifestRule, findings: Findings) -> dict[str, list[str]]:
    """The values of `[rows]` that no row has, by setting."""
    row_filter = rule.reading.selection.filter
    if row_filter is None or row_filter.downsample is None:
        return {}
    absent = [value for value in row_filter.downsample.keep if value not in findings.downsampled]
    return {"downsample": absent} if absent else {}


def add_metrics(work: str, engine: str, metrics: Mapping[str, int]) -> dict[str, Any]:
    """Adds the engine and the metrics to the manifest.

    The submitting process calls this when no worker writes any more.

    Args:
        work: The run's folder, which isn't published yet.
        engine: The engine that the pipeline ran on.
        metrics: The rows, bytes and milliseconds that workers counted
            (`transforms.workers.metrics.collect`).

    Returns:
        The manifest.
    """
    path = files.join(work, MANIFEST)
    with files.open_at(path) as stream:
        manifest: dict[str, Any] = {**json.load(stream), "engine": engine, "metrics": dict(metrics)}
    with files.created(path) as stream:
        stream.write(_encoded(manifest))
    return manifest


def _encoded(manifest: Mapping[str, Any]) -> bytes:
    return json.dumps(manifest, indent=2, ensure_ascii=False).encode() + b"\n"


def _splits(rule: ManifestRule, shards: Sequence[ShardFile]) -> dict[str, SplitEntry]:
    splits: dict[str, SplitEntry] = {
        name: {"rows": 0, "bytes": 0, "shards": []} for name in rule.reading.split_rule.names
    }
    for shard in sorted(shards, key=lambda shard: shard.file):
        if shard.split == REJECTED:
            continue
        split = splits[shard.split]
        split["rows"] += shard.rows
        split["bytes"] += shard.bytes
        split["shards"].append({"file": shard.file, "rows": shard.rows, "bytes": shard.bytes, "sha256": shard.sha256})
    return splits


def _rejected(shards: Sequence[ShardFile], findings: Findings) -> RejectedEntry:
    found = [shard for shard in shards if shard.split == REJECTED]
    return {
        "rows": findings.rejections.total,
        "reasons": dict(sorted(findings.rejections.reasons.items())),
        "files": [{"file": shard.file, "bytes": shard.bytes, "sha256": shard.sha256} for shard in found],
    }


def _inputs(rule: ManifestRule, counts: Sequence[UnitCount]) -> list[InputEntry]:
    rows: Counter[str] = Counter()
    for count in counts:
        rows[count.path] += count.read
    checksums = file_checksums(counts)
    entries: list[InputEntry] = []
    for found in rule.inputs:
        entry: InputEntry = {
            # Absolute, so that a run can be verified from any folder.
            "path": found.location or found.path,
            "bytes": found.size,
            "crc32c": str(checksums[found.path]),
            "rows": rows[found.path],
        }
        if found.split:
            entry["split"] = found.split
        entries.append(entry)
    return entries


def _columns(rule: ManifestRule, findings: Findings) -> ColumnNames:
    """Describes the columns with which rows can be read again."""
    selection, graph = rule.reading.selection, rule.reading.row_graph
    names: ColumnNames = {
        "read": [column.name for column in selection.columns],
        "required": sorted(selection.required),
    }
    if selection.refused:
        names["refused"] = {name: sorted(refused) for name, refused in sorted(selection.refused.items())}
    if selection.lists:
        names["lists"] = {
            name: [
                {
                    "delimiter": each.delimiter,
                    "elements": each.elements,
                    "weight_delimiter": each.weight_delimiter,
                }
                for each in sorted(shapes)
            ]
            for name, shapes in sorted(selection.lists.items())
        }
    if rule.reading.fold_rule is not None:
        names["fold_by"] = rule.reading.fold_rule.by
    if selection.optional:
        names["optional"] = sorted(selection.optional)
    if graph is not None:
        names["checked"] = {
            "signature": "derive" if graph.derives else "transform",
            "required": list(graph.required),
            "labels": list(graph.labels),
        }
    renamed: list[RenamedEntry] = [
        {
            "file": path,
            "columns": [{"position": each.position, "name": each.name, "column": each.column} for each in columns],
        }
        for path, columns in findings.renamings.by_file
    ]
    if renamed:
        names["renamed"] = renamed
    return names


def _extended(rule: ManifestRule) -> dict[str, ExtendedEntry]:
    """Counts the tokens that vocabularies kept and appended."""
    with files.open_at(files.join(rule.work, ASSET_MAP)) as stream:
        names = json.load(stream)
    sizes = {name: count_tokens(files.join(rule.work, VOCABULARIES, names[name])) for name in sorted(rule.kept)}
    return {name: {"kept": rule.kept[name], "appended": size - rule.kept[name]} for name, size in sizes.items()}


def _shared_keys(findings: Findings, rule: ManifestRule) -> dict[str, SharedKeysEntry]:
    if not isinstance(findings, SpannedFindings):
        return {}
    return {"shared_keys": findings.spans.entry(rule.tracked, rule.reading.split_rule.names)}


def _held(found: list[FileEntry], held: Mapping[str, str]) -> list[FileEntry]:
    """Returns the files, after comparing those that were used.

    `held` has the SHA-256 that they had before.
    """
    digests = {entry["file"]: entry["sha256"] for entry in found}
    for name, digest in held.items():
        if digests.get(name) != digest:
            raise DataError(
                f"{name!r} changed while it was used, so nothing is published; check what writes to the output's folder, and try again"
            )
    return found


def _not_finite(findings: Findings, statistics: OutputStatistics) -> NotFiniteEntry:
    """Counts NaN and infinite values, by column and by feature.

    Columns are those of the input; the values of features are those of all splits.
    """
    nan: Counter[str] = Counter()
    infinite: Counter[str] = Counter()
    for (_, name), each in statistics.moments().items():
        nan[name] += each.missing
        infinite[name] += each.non_finite
    return {
        "columns": dict(sorted(findings.infinite.items())),
        "nan": dict(sorted((+nan).items())),
        "infinite": dict(sorted((+infinite).items())),
    }


def _files(work: str) -> Iterator[FileEntry]:
    for folder in LISTED_FOLDERS:
        for path in files.walk(files.join(work, folder)):
            size, digest = copying.digest(path)
            yield {"file": path[len(work.rstrip("/")) + 1 :], "bytes": size, "sha256": digest}
