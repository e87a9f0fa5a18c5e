"""Makes the page of files."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from shardmill.pipelines.init.feature_line import FeatureLine
from shardmill.pipelines.job.plan import versions
from shardmill.pipelines.page.render_page import render_page
from shardmill.pipelines.page.shown_text import shown
from shardmill.pipelines.page.statistics_data import statistics_data
from shardmill.pipelines.report import page_facts
from shardmill.pipelines.report.column_entries import Entry
from shardmill.pipelines.report.raw.look_at_files import Look
from shardmill.pipelines.report.raw.raw_entries import raw_entries
from shardmill.pipelines.report.raw.raw_warnings import raw_warnings
from shardmill.pipelines.report.rejected_samples import Reason, most_frequent
from shardmill.transforms.files.path_patterns import fixed_part
from shardmill.transforms.rows.counts import Rejections, kind_of_reason

# Subjects of guesses that have another name among the facts of a dialect.
_TOLD = {"missing cells": "missing is"}
_NOTHING = "Nothing: no constant or nearly empty column, no doubtful guess, no row that can't be read."


def raw_page(look: Look, patterns: Sequence[str], schema: str | None) -> str:
    """Makes the page of files.

    Args:
        look: The findings about them.
        patterns: The paths and patterns that name them.
        schema: The schema's file. None means that types were inferred.
    """
    entries = raw_entries(look)
    warned = raw_warnings(look, entries)
    read, rejected = look.measured.read, look.measured.rejections.total
    parts = [("good", read - rejected, "split"), ("rejected", rejected, "rejected")]
    context = {
        "name": _name(patterns),
        "versions": versions(),
        "rows": {"read": read, "good": read - rejected, "rejected": rejected},
        "flow": page_facts.parts_of_rows(parts, read),
        "inputs": page_facts.inputs([{"path": each.path, "bytes": each.size} for each in look.inputs]),
        "reading": _reading(look, schema),
        "decisions": look.decisions,
        "warnings": warned,
        "nothing": _NOTHING,
        "columns": page_facts.table_rows(entries, warned),
        "becomes": "proposed" if look.lines else "",
        "tells": False,
        "places": {each.name: index for index, each in enumerate(entries)},
        "rejected": _reasons(look.measured.rejections),
    }
    lines = {line.name: line for line in look.lines}
    return render_page("raw", context, {"columns": [_column(each, lines.get(each.name)) for each in entries]})


def _name(patterns: Sequence[str]) -> str:
    """The first file's name, or its pattern and folder."""
    first = patterns[0]
    fixed = fixed_part(first)
    above = fixed.rpartition("/")[0]
    parent = above if fixed == first else above.rpartition("/")[0]
    name = first[len(parent) :].lstrip("/")
    return name if len(patterns) == 1 else f"{name} and {len(patterns) - 1:,} more"


def _reading(look: Look, schema: str | None) -> list[tuple[str, str]]:
    """How files are read, without what is guessed."""
    told = {_TOLD.get(each.subject, each.subject) for each in look.decisions}
    return [each for each in page_facts.dialect_facts(asdict(look.dialect), schema) if each[0] not in told]


def _column(entry: Entry, line: FeatureLine | None) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": shown(entry.name),
        "splits": {name: statistics_data(each) for name, each in entry.statistics.items()},
    }
    return made if line is None else {**made, "line": shown(line.render(), 400)}


def _reasons(rejections: Rejections) -> list[Reason]:
    samples: dict[str, list[tuple[str, str]]] = {}
    for _, reject in rejections.first:
        row = reject.row.decode("utf-8", "backslashreplace")
        kind = kind_of_reason(reject.column, reject.reason)
        samples.setdefault(kind, []).append((f"{reject.file}, line {reject.line}", row))
    return most_frequent(rejections.reasons, samples)
