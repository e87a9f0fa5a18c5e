"""Makes the page of a run."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from shardmill.pipelines.page.render_page import render_page
from shardmill.pipelines.page.shown_statistics import read_splits
from shardmill.pipelines.report import page_facts
from shardmill.pipelines.report.column_entries import Output, make_entries, read_outputs
from shardmill.pipelines.report.column_warnings import Warned
from shardmill.pipelines.report.page_data import page_data
from shardmill.pipelines.report.rejected_samples import rejected_reasons
from shardmill.pipelines.report.sample.label_relation import Label, label_of, relate
from shardmill.pipelines.report.sample.shard_sample import Sample, sample_split
from shardmill.pipelines.report.sample.vocabulary_coverage import Coverage, Vocabulary, cover, read_vocabularies
from shardmill.pipelines.report.warnings_by_weight import find_warnings
from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.schemas.run_folder import NAMES_FILE, OUTPUT_STATISTICS, RAW_STATISTICS, TRAIN, TRANSFORM_FN
from shardmill.transforms.files import enclosed, files

# Rows that are sampled of splits other than train.
_OTHER_ROWS = 2000
_NOTHING = (
    "Nothing: no constant or nearly empty column, no label that one feature predicts, no skew between splits, "
    "no rejected row."
)
# The kind of labels that aren't to be predicted.
_WEIGHT = "weight"


def report_page(run: FinishedRun, name: str) -> tuple[str, list[Warned]]:
    """Makes the page of a run.

    It depends on the run's folder alone.

    Args:
        run: The run.
        name: The name to show; a work folder's isn't the run's.

    Returns:
        The page, and its warnings.

    Raises:
        DataError: A file of the run can't be read.
    """
    outputs = read_outputs(run, read_splits(run.folder, OUTPUT_STATISTICS))
    labels = _labels(run, outputs)
    vocabularies = read_vocabularies(run.folder)
    samples = _samples(run, outputs, labels, vocabularies)
    targets = [each.name for each in outputs if each.name in labels and each.kind != _WEIGHT]
    label = _first_label(targets, samples.get(TRAIN))
    related = [_with_sample(each, samples, label, labels, vocabularies) for each in outputs]
    entries = make_entries(run, read_splits(run.folder, RAW_STATISTICS), related)
    warned = find_warnings(run.manifest, entries, labels)
    manifest = run.manifest
    rows = page_facts.table_rows(entries, warned)
    context = {
        "name": os.path.basename(name.rstrip("/")) or name,
        "versions": manifest["versions"],
        "engine": manifest.get("engine", ""),
        "rows": manifest["rows"],
        "groups": manifest.get("groups"),
        "flow": page_facts.flow(manifest),
        "splits": page_facts.splits(manifest),
        "times": page_facts.times(manifest),
        "reading": page_facts.reading(manifest),
        "inputs": page_facts.inputs(manifest["input"]),
        "warnings": warned,
        "nothing": _NOTHING,
        "columns": rows,
        "becomes": "becomes",
        # A constant label, or none that features are related to, leaves a column of nothing.
        "tells": any(row["power"] is not None for row in rows),
        "places": {each.name: index for index, each in enumerate(entries)},
        "features": len(outputs),
        "labels": targets,
        "sampled": samples.get(TRAIN),
        "shards": len(manifest["splits"][TRAIN]["shards"]) if TRAIN in manifest["splits"] else 0,
        "rejected": rejected_reasons(run),
        "applied": "applied" in manifest,
    }
    return render_page("run", context, page_data(entries, list(manifest["splits"]), label, vocabularies)), warned


def _labels(run: FinishedRun, outputs: Sequence[Output]) -> list[str]:
    """The names of the run's labels and weights."""
    path = f"{TRANSFORM_FN}/{NAMES_FILE}"
    with files.reading(run.folder):
        if not files.exists(files.join(run.folder, path)):
            return []
    found = json.loads(enclosed.read(run.folder, path)).get("labels", {})
    return [each.name for each in outputs if each.name in found]


def _samples(
    run: FinishedRun, outputs: Sequence[Output], labels: Sequence[str], vocabularies: Mapping[str, Vocabulary]
) -> dict[str, Sample]:
    """Samples rows of each split, with the wanted features."""
    wanted = {each.name for each in outputs if _vocabulary(each, vocabularies) is not None}
    if labels:
        wanted |= {each.name for each in outputs if each.is_scalar}
    if not wanted:
        return {}
    shuffled = run.manifest["config"]["output"]["shuffle"]
    return {
        split: sample_split(run.folder, found["shards"], wanted, shuffled=shuffled, **_fewer(split))
        for split, found in run.manifest["splits"].items()
    }


def _fewer(split: str) -> dict[str, int]:
    return {} if split == TRAIN else {"rows": _OTHER_ROWS}


def _vocabulary(output: Output, vocabularies: Mapping[str, Vocabulary]) -> Vocabulary | None:
    """The vocabulary whose ids are a feature's values."""
    if output.dtype != "int64" or output.name != output.feature:
        return None
    return vocabularies.get(str(output.settings.get("shared", output.feature)))


def _first_label(labels: Sequence[str], sample: Sample | None) -> Label | None:
    for name in labels if sample is not None else ():
        values = sample.scalar(name) if sample is not None else None
        label = label_of(name, values) if values is not None else None
        if label is not None:
            return label
    return None


def _with_sample(
    output: Output,
    samples: Mapping[str, Sample],
    label: Label | None,
    labels: Sequence[str],
    vocabularies: Mapping[str, Vocabulary],
) -> Output:
    """Adds a feature's relation to the label, and coverage."""
    relation = None
    if label is not None and output.name not in labels:
        values = samples[TRAIN].scalar(output.name)
        relation = relate(label, values, categorical=output.is_categorical) if values is not None else None
    return replace(output, relation=relation, coverage=_coverage(output, samples, vocabularies))


def _coverage(output: Output, samples: Mapping[str, Sample], vocabularies: Mapping[str, Vocabulary]) -> Coverage | None:
    vocabulary = _vocabulary(output, vocabularies)
    if vocabulary is None or vocabulary.size is None:
        return None
    ids: dict[str, Any] = {
        split: sample.columns[output.name].values
        for split, sample in samples.items()
        if output.name in sample.columns and not isinstance(sample.columns[output.name].values, pa.Array)
    }
    missing = None
    if output.settings.get("missing") == "own_id":
        missing = vocabulary.size + int(output.settings.get("num_oov_buckets", 0))
    return cover(vocabulary, {split: each.astype(np.int64) for split, each in ids.items()}, output.kind, missing)
