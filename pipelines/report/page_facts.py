"""The facts of a run for the first screen."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shardmill.pipelines.console.summary import SKIPPED_LINES, format_bytes, step_seconds
from shardmill.pipelines.page.shown_statistics import ColumnStatistics
from shardmill.pipelines.page.shown_text import distinct_text, number, share, shortened, shown
from shardmill.pipelines.report.clock_metrics import clock_seconds
from shardmill.pipelines.report.column_entries import Entry
from shardmill.pipelines.report.column_warnings import Warned
from shardmill.pipelines.run_folder.manifest_keys import Manifest
from shardmill.schemas.run_folder import TRAIN

_NAMED = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar", " ": "space"}
# Input files to list.
_FILES = 8
# Characters of a column's most frequent value in the table.
_TYPICAL = 28


def flow(manifest: Manifest) -> list[dict[str, Any]]:
    """Where the rows went: to splits, then elsewhere."""
    rows, groups = manifest["rows"], manifest.get("groups")
    # Groups' rows are in another order than the splits, whose colours follow from it.
    counts = {
        name: split["rows"] if groups is None else groups["rows"].get(name, 0)
        for name, split in manifest["splits"].items()
    }
    parts = [(name, count, "split") for name, count in counts.items()]
    parts += [(f"dropped {reason}", count, "out") for reason, count in (groups["dropped"] if groups else {}).items()]
    parts += [("filtered", rows.get("filtered", 0), "out"), ("rejected", rows["rejected"], "rejected")]
    return parts_of_rows(parts, rows["read"])


def parts_of_rows(parts: Sequence[tuple[str, int, str]], rows: int) -> list[dict[str, Any]]:
    """Parts of all rows, to draw as one bar.

    Args:
        parts: The name, the rows and the kind of each: `split`, `out` or `rejected`.
        rows: All rows.
    """
    total = max(rows, 1)
    made, start = [], 0.0
    for name, count, kind in parts:
        if count:
            width = 100 * count / total
            made.append(
                {"name": name, "rows": count, "kind": kind, "share": share(count / total), "x": start, "width": width}
            )
            start += width
    return made


def splits(manifest: Manifest) -> list[dict[str, Any]]:
    """The splits, each with its shards and bytes."""
    written = max(sum(split["rows"] for split in manifest["splits"].values()), 1)
    return [
        {
            "name": name,
            "rows": split["rows"],
            "share": share(split["rows"] / written),
            "shards": len(split["shards"]),
            "bytes": format_bytes(sum(shard["bytes"] for shard in split["shards"])),
            "least": min((shard["rows"] for shard in split["shards"]), default=0),
            "most": max((shard["rows"] for shard in split["shards"]), default=0),
        }
        for name, split in manifest["splits"].items()
    ]


def times(manifest: Manifest) -> dict[str, Any]:
    """The times of the run's phases, by the clock.

    Where these aren't known, they are those of all workers together, by step.
    """
    metrics = manifest.get("metrics", {})
    by_clock = clock_seconds(metrics)
    total = by_clock.pop("total", None)
    steps = {step: spent for (step, part), spent in step_seconds(metrics).items() if not part}
    told = by_clock if len(by_clock) > 1 else steps
    longest = max(told.values(), default=0)
    return {
        "total": total,
        "rate": manifest["rows"]["read"] / total if total else None,
        "of_workers": told is steps,
        "phases": [
            {"name": name, "seconds": spent, "width": 100 * spent / longest}
            for name, spent in sorted(told.items(), key=lambda item: -item[1])
            if spent
        ],
    }


def reading(manifest: Manifest) -> list[tuple[str, str]]:
    """How the input was read, and what was guessed."""
    settings = manifest["config"]["input"]
    facts = dialect_facts(settings["dialect"], settings.get("schema"))
    facts += [(f"skipped {SKIPPED_LINES[key]}", f"{count:,}") for key, count in manifest.get("skipped", {}).items()]
    return [*facts, *(("renamed columns", text) for text in _renamed(manifest))]


def dialect_facts(dialect: Mapping[str, Any], schema: object) -> list[tuple[str, str]]:
    """How files are read, in words.

    Args:
        dialect: The dialect's fields.
        schema: The schema's file. None means that types are inferred.
    """
    header = dialect.get("header", True)
    facts = [
        ("column types", f"from {shown(os.path.basename(str(schema)))}" if schema else "inferred from all cells"),
        ("header", "first line" if header else "none"),
        ("delimiter", _character(dialect.get("delimiter"))),
        ("encoding", str(dialect.get("encoding", "utf-8"))),
        ("missing is", ", ".join(shown(each) or "an empty cell" for each in dialect.get("null_values", ()))),
    ]
    return [(name, text) for name, text in facts if text]


def _character(value: Any) -> str:
    return _NAMED.get(value, repr(value)) if value else ""


def _renamed(manifest: Manifest) -> Iterator[str]:
    headers = manifest["columns"].get("renamed", ())
    for header in headers:
        for each in header["columns"]:
            yield f"{shown(each['name']) or 'column'} → {shown(each['column'])}, position {each['position']}"


def inputs(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The input files: the first ones, and the sums.

    Args:
        found: The `path` and the `bytes` of each, and where they are known its `rows` and `split`.
    """
    return {
        "files": [
            {
                "path": shown(each["path"], 200),
                "name": shown(os.path.basename(each["path"])),
                "rows": each.get("rows"),
                "bytes": format_bytes(each["bytes"]),
                "split": each.get("split", ""),
            }
            for each in found[:_FILES]
        ],
        "more": max(len(found) - _FILES, 0),
        "count": len(found),
        "bytes": format_bytes(sum(each["bytes"] for each in found)),
    }


def table_rows(entries: Sequence[Entry], warned: Sequence[Warned]) -> list[dict[str, Any]]:
    """The rows of the table of columns.

    They have numbers to sort by beside the texts to show.
    """
    levels: dict[str, str] = {}
    for each in warned:
        # The gravest comes first.
        levels.setdefault(each.column, each.level)
    return [_row(index, each, levels.get(each.name, "")) for index, each in enumerate(entries)]


def _row(index: int, entry: Entry, level: str) -> dict[str, Any]:
    of = entry.statistics or (entry.outputs[0].statistics if entry.outputs and not entry.is_raw else {})
    found = of.get(TRAIN) or next(iter(of.values()), None)
    power = max((each.relation.power for each in entry.outputs if each.relation), default=None)
    return {
        "index": index,
        "name": entry.name,
        "type": _type_name(entry.dtype),
        "required": entry.required,
        "kinds": entry.becomes,
        "missing": None if found is None else found.missing_share,
        "missing_text": "" if found is None else share(found.missing_share),
        "distinct": found.distinct if found is not None else None,
        "distinct_text": "" if found is None else distinct_text(found.distinct, about=found.about),
        "typical": "" if found is None else _typical(found),
        "power": power,
        "power_text": "" if power is None else share(power),
        "level": level if level in ("grave", "worth") else "",
    }


def _type_name(dtype: str) -> str:
    return {"BYTES": "text", "INT": "integer", "FLOAT": "float"}.get(dtype, dtype)


def _typical(found: ColumnStatistics) -> str:
    """A column's mean, or its most frequent value."""
    if found.is_number:
        return f"{number(found.mean)} ± {number(found.deviation)}" if found.mean is not None else ""
    if found.top and found.rows:
        value, count = found.top[0]
        return f"{shortened(value, _TYPICAL)}, {share(count / found.rows)}"
    return f"{number(found.length)} bytes" if found.length else ""
