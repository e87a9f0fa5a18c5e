"""The summary that a finished run prints, from its manifest."""

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from rich.console import Console
from rich.table import Table

from shardmill.pipelines.config.paths import has_scheme
from shardmill.pipelines.console.plain_console import PlainConsole
from shardmill.schemas.messages import listed
from shardmill.schemas.run_folder import REPORT
from shardmill.transforms.csv.dialect import APPLIED_HINT, ENCODING_HINT, UNDECODABLE
from shardmill.transforms.records.repair_names import Renamed, describe_renamed
from shardmill.transforms.workers import phases as phases_module

# Reasons for rejections to show; the rejected file has all.
_REASONS = 5
# Phases that are timed in the submitting process, whatever the engine.
_HERE = {phases_module.START, phases_module.BETWEEN, "load", "publish", "total"}
# The ending of names of counters that count milliseconds.
_TIME = "-msec"
# What lines that are no rows are called, by their key in the manifest.
SKIPPED_LINES = {"above": "lines at the top", "comments": "comment lines", "blank": "blank lines"}
_UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def print_summary(
    folder: str,
    manifest: Mapping[str, Any],
    seconds: Mapping[str, float],
    console: Console | None = None,
    grave: Sequence[str] = (),
) -> None:
    """Prints a finished run's summary.

    It has splits with rows, shards and bytes, rejected rows, seconds of each phase, grave warnings,
    paths and the next commands.

    Args:
        folder: The run's folder.
        manifest: The run's manifest (docs/architecture.md says what is in it).
        seconds: The wall-clock seconds of each phase that ran in this process, and under "total" of
            the whole run.
        console: The console to print on; standard output by default.
        grave: The titles of the report's grave warnings.
    """
    out = console or PlainConsole(soft_wrap=True, highlight=False)
    out.print(split_table(manifest))
    rows = manifest["rows"]
    print_rows(out, manifest)
    _print_kept(out, manifest.get("metrics", {}))
    _print_rejected(out, folder, manifest["rejected"], APPLIED_HINT if "applied" in manifest else ENCODING_HINT)
    print_shared_keys(out, manifest)
    _print_skipped(out, manifest)
    _print_without_rows(out, manifest)
    _print_renamed(out, manifest)
    _print_not_finite(out, manifest)
    _print_rounded(out, manifest)
    if seconds:
        out.print(_timing(rows["read"], seconds), markup=False)
    if not seconds.keys() - _HERE:
        _print_work(out, manifest.get("metrics", {}))
    _print_grave(out, folder, grave)
    out.print("\n".join([f"\nThe run is in {folder}. Next:", *_next_commands(folder, manifest)]), markup=False)


def _print_grave(out: Console, folder: str, titles: Sequence[str]) -> None:
    for title in titles[:_REASONS]:
        out.print(f"grave: {title}", markup=False)
    if titles:
        more = f"{len(titles) - _REASONS} more, and " if titles[_REASONS:] else ""
        out.print(f"  {more}what that means, in {folder.rstrip('/')}/{REPORT}", markup=False)


def _next_commands(folder: str, manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yields commands on a run's folder, with what each does.

    Rows to which a run was applied are for its model, not for training another.
    """
    argument = shlex.quote(folder)
    commands = {
        f"shardmill inspect {argument}": "what is in it",
        f"shardmill inspect --code {argument} > train.py": "code that reads it"
        if "groups" in manifest
        else "code that trains on it, and serves",
        f"shardmill verify {argument}": "checks it, bit for bit",
    }
    width = max(map(len, commands))
    for command, what in commands.items():
        if "applied" not in manifest or "--code" not in command:
            yield f"  {command:{width}}   {what}"


def print_rows(out: Console, manifest: Mapping[str, Any]) -> None:
    """Prints where the rows went, and what left rows out.

    Args:
        out: The console.
        manifest: The run's manifest.
    """
    rows, filtered, groups = manifest["rows"], manifest.get("filtered", {}), manifest.get("groups")
    left_out = f" + {rows['filtered']:,} filtered" if "filtered" in rows else ""
    total = f"{rows['read']:,} rows read = {rows['written']:,} written + {rows['rejected']:,} rejected{left_out}"
    if groups is not None:
        dropped = "".join(f" + {count:,} dropped {reason}" for reason, count in groups["dropped"].items())
        made = "windows" if "window" in manifest["config"] else "groups"
        total = f"{total}{dropped}; {made} of rows in {groups['records']:,} records"
    out.print(total, markup=False)
    for column, count in groups["filled"].items() if groups else ():
        out.print(f"  filled {count:,} missing cells of {column!r} from the rows before", markup=False)
    for setting, count in filtered.items():
        out.print(f"  filtered {count:,}: [rows] {setting}", markup=False)
    for setting, values in manifest.get("unmatched", {}).items():
        named = listed(values, _REASONS)
        out.print(f"  no row has {named}, of which [rows] {setting} keeps a share; check the spelling", markup=False)


def _print_kept(out: Console, metrics: Mapping[str, int]) -> None:
    for name, what in (("rows-kept", "analyzed"), ("rows-resumed", "transformed")):
        if rows := metrics.get(name):
            out.print(f"  {rows:,} of them were {what} before", markup=False)


def split_table(manifest: Mapping[str, Any]) -> Table:
    """Makes a table of each split's rows, shards and bytes.

    Of groups of rows it has the records.
    """
    splits: Mapping[str, Any] = manifest["splits"]
    table = Table(title="splits", title_justify="left", title_style="bold")
    table.add_column("split")
    for name in ("records" if "groups" in manifest else "rows", "shards", "bytes"):
        table.add_column(name, justify="right")
    for name, split in splits.items():
        size = sum(shard["bytes"] for shard in split["shards"])
        table.add_row(name, f"{split['rows']:,}", str(len(split["shards"])), format_bytes(size))
    return table


def format_bytes(size: int) -> str:
    """Formats a size in GiB, MiB, KiB or B."""
    for unit, name in _UNITS:
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} B"


def _print_rejected(out: Console, folder: str, rejected: Mapping[str, Any], encoding_hint: str) -> None:
    reasons = sorted(rejected.get("reasons", {}).items(), key=lambda item: (-item[1], item[0]))
    for reason, count in reasons[:_REASONS]:
        out.print(f"  rejected {count:,}: {reason}", markup=False)
    if len(reasons) > _REASONS:
        out.print(f"  ... and {len(reasons) - _REASONS} more reasons", markup=False)
    if any(UNDECODABLE in reason for reason in rejected.get("reasons", {})):
        out.print(f"  {encoding_hint}", markup=False)
    if rejected.get("rows"):
        for file in rejected["files"]:
            out.print(f"  each with its file, line and column in {folder.rstrip('/')}/{file['file']}", markup=False)


def print_shared_keys(out: Console, manifest: Mapping[str, Any]) -> None:
    """Prints how many keys have rows in several splits.

    Args:
        out: The console.
        manifest: The run's manifest.
    """
    found = manifest.get("shared_keys", {"shared": []})
    for each in found["shared"]:
        names = ", ".join(found["key"])
        splits = " and ".join(each["splits"])
        out.print(f"  {each['values']:,} of {found['values']:,} values of {names} occur in {splits}", markup=False)


def _print_skipped(out: Console, manifest: Mapping[str, Any]) -> None:
    """Prints the numbers of comments and top lines.

    Blank lines hide nothing; the manifest counts them.
    """
    skipped = manifest.get("skipped", {})
    shown = [(skipped[key], what) for key, what in SKIPPED_LINES.items() if key in skipped and key != "blank"]
    if shown:
        out.print(f"  skipped {' and '.join(_counted(lines, what) for lines, what in shown)}", markup=False)


def _counted(lines: int, what: str) -> str:
    return f"{lines:,} {what.replace('lines', 'line') if lines == 1 else what}"


def _print_without_rows(out: Console, manifest: Mapping[str, Any]) -> None:
    """Names the files without rows, as the configuration does."""
    found = [entry["path"] for entry in manifest.get("input", []) if not entry["rows"]]
    if not found:
        return
    given = manifest["config"]["input"]["files"]
    patterns = chain.from_iterable(given.values()) if isinstance(given, Mapping) else given
    if not any(os.path.isabs(each) or has_scheme(each) for each in patterns):
        found = [os.path.relpath(path) for path in found]
    out.print(f"  no rows in {listed(found, _REASONS, repr)}", markup=False)


def _print_renamed(out: Console, manifest: Mapping[str, Any]) -> None:
    """Names the columns that headers leave unnamed or name twice."""
    headers = manifest.get("columns", {}).get("renamed", [])
    for header in headers[:_REASONS]:
        renamed = [Renamed(**column) for column in header["columns"]]
        names = listed([each.column for each in renamed], _REASONS)
        out.print(f"  renamed {names}: in the header of {header['file']!r} {describe_renamed(renamed)}", markup=False)
    if headers[_REASONS:]:
        out.print("  ... and in other headers; the manifest names them", markup=False)


def _print_not_finite(out: Console, manifest: Mapping[str, Any]) -> None:
    """Names the columns and features with NaN or infinite values."""
    found = manifest.get("not_finite", {})
    settings = manifest.get("config", {}).get("input", {})
    for name, cells in found.get("columns", {}).items():
        own = settings.get("columns", {}).get(name, {}).get("infinite")
        taken = own or settings.get("infinite", "keep")
        hint = {
            # `apply` computes no statistics, and has no settings.
            "keep": ", kept"
            if "applied" in manifest
            else ', kept; statistics leave them out. `[input] infinite = "missing"` makes them missing',
            "missing": ", taken as missing",
            "reject": ": their rows are rejected",
        }[taken]
        out.print(f"  column {name!r}: {cells:,} infinite {'cell' if cells == 1 else 'cells'}{hint}", markup=False)
    nan, infinite = found.get("nan", {}), found.get("infinite", {})
    for name in sorted({*nan, *infinite}):
        counts = [f"{each[name]:,} {what}" for each, what in ((infinite, "infinite"), (nan, "NaN")) if name in each]
        out.print(f"  feature {name!r}: {' and '.join(counts)} values, from which a model learns nothing", markup=False)


def _print_rounded(out: Console, manifest: Mapping[str, Any]) -> None:
    """Names the columns with whole numbers that float32 can't hold."""
    hint = "" if "applied" in manifest else "; if they are identifiers, make its type INT or BYTES in the schema"
    rounded = manifest.get("rounded", {})
    for name, cells in list(rounded.items())[:_REASONS]:
        what = "whole number is" if cells == 1 else "whole numbers are"
        out.print(f"  column {name!r}: {cells:,} {what} rounded to float32{hint}", markup=False)
    if len(rounded) > _REASONS:
        out.print(f"  ... and {len(rounded) - _REASONS} more columns", markup=False)


def _print_work(out: Console, metrics: Mapping[str, int]) -> None:
    """Prints the times that workers in other processes counted.

    This process can't see when their phases began and ended.
    """
    spent = step_seconds(metrics)
    if spent:
        steps = ", ".join(
            f"{name} {each:.1f} s"
            for (name, part), each in sorted(spent.items(), key=lambda item: -item[1])
            if not part
        )
        out.print(f"all workers together: {steps}", markup=False)


def step_seconds(metrics: Mapping[str, int]) -> dict[tuple[str, str], float]:
    """Returns the seconds of all workers, by step and part.

    Args:
        metrics: The manifest's counters.

    Returns:
        A step's whole time has the part "".
    """
    times = {name.removesuffix(_TIME): each / 1000 for name, each in metrics.items() if name.endswith(_TIME)}
    spent = {}
    for name, each in times.items():
        step, _, part = name.rpartition("-")
        spent[(step, part) if step in times else (name, "")] = each
    return spent


def _timing(rows: int, seconds: Mapping[str, float]) -> str:
    phases = ", ".join(f"{name} {spent:.1f} s" for name, spent in seconds.items() if name != "total" and spent)
    total = seconds.get("total")
    if not total:
        return phases
    return f"{total:.1f} s, {rows / total:,.0f} rows/s" + (f" ({phases})" if phases else "")
