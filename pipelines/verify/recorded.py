"""Checks of a finished run that need no graph.

They are the manifest's sums, the files' checksums and the input's rows.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

from shardmill.pipelines.console.summary import SKIPPED_LINES, format_bytes
from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.pipelines.run_folder.holding import file_problem
from shardmill.pipelines.run_folder.manifest_keys import FileEntry, GroupsEntry, InputEntry, RowCounts, ShardEntry
from shardmill.pipelines.verify.rederive import Counted
from shardmill.schemas.errors import DataError
from shardmill.schemas.json_shapes import shown
from shardmill.schemas.messages import plural
from shardmill.transforms.files import files
from shardmill.transforms.rows.counts import filtered_rows, skipped_lines
from shardmill.transforms.workers import phases

In = TypeVar("In")
Out = TypeVar("Out")


class Each(Protocol):
    """A parallel `map` that returns when all items are done."""

    def __call__(self, function: Callable[[In], Out], items: Iterable[In], /) -> Sequence[Out]:
        """Returns the results, in order."""


@dataclass(frozen=True)
class Check:
    """The result of one check.

    Attributes:
        name: The check's name.
        facts: The things that were checked, such as "8 files, 1.2 MiB".
        problems: A message for each problem; empty if the check has passed.
    """

    name: str
    facts: str
    problems: tuple[str, ...] = ()


def check_sums(run: FinishedRun) -> Check:
    """Checks that the manifest's counts add up."""
    rows, rejected = run.manifest["rows"], run.manifest["rejected"]
    splits, groups = run.manifest["splits"], run.manifest.get("groups")
    written = ("rows.written", rows["written"]) if groups is None else ("groups.records", groups["records"])
    sums = [
        _sum_of_rows(rows, groups),
        ("rows.read", rows["read"], "the rows of input", sum(found["rows"] for found in run.manifest["input"])),
        (*written, "the rows of splits", sum(split["rows"] for split in splits.values())),
        ("rows.rejected", rows["rejected"], "rejected.rows", rejected["rows"]),
        ("rejected.rows", rejected["rows"], "the sum of rejected.reasons", sum(rejected["reasons"].values())),
    ]
    if "filtered" in rows or "filtered" in run.manifest:
        by_setting = sum(run.manifest.get("filtered", {}).values())
        sums.append(("rows.filtered", rows.get("filtered", 0), "the sum of filtered", by_setting))
    if groups is not None:
        sums.append(("rows.written", rows["written"], "the sum of groups.rows", sum(groups["rows"].values())))
    for name, split in splits.items():
        for key, found, of_shards in (
            ("rows", split["rows"], sum(shard["rows"] for shard in split["shards"])),
            ("bytes", split["bytes"], sum(shard["bytes"] for shard in split["shards"])),
        ):
            sums.append((f"splits.{name}.{key}", found, "the sum of its shards", of_shards))
    problems = [
        f"{key} is {found:,}, but {other} is {expected:,}" for key, found, other, expected in sums if found != expected
    ]
    return Check("manifest", f"{len(sums)} sums", tuple(problems))


def _sum_of_rows(rows: RowCounts, groups: GroupsEntry | None) -> tuple[str, int, str, int]:
    """The sum of all rows that were read."""
    keys, total = "rows.written + rows.rejected", rows["written"] + rows["rejected"]
    if "filtered" in rows:
        keys, total = f"{keys} + rows.filtered", total + rows["filtered"]
    if groups is not None:
        keys, total = f"{keys} + groups.dropped", total + sum(groups["dropped"].values())
    return "rows.read", rows["read"], keys, total


def check_files(run: FinishedRun, each: Each) -> Check:
    """Checks the files that the manifest lists, and no others.

    Each must have its size and checksum, and there must be no shard that isn't listed.

    Args:
        run: The run.
        each: A `map` that reads several files at once.
    """
    listed: list[FileEntry | ShardEntry] = [
        *(shard for shards in run.shards.values() for shard in shards),
        *run.manifest["rejected"]["files"],
        *run.manifest["files"],
    ]
    found = each(lambda entry: _check_file(run.folder, entry), listed)
    problems = [problem for problem in found if problem]
    problems += [
        f"{path!r} is a shard that the manifest doesn't list"
        for path in _strays(run, {entry["file"] for entry in listed})
    ]
    size = sum(entry["bytes"] for entry in listed)
    return Check("files", f"{plural(len(listed), 'file')}, {format_bytes(size)}", tuple(problems))


def _check_file(folder: str, entry: FileEntry | ShardEntry) -> str | None:
    problem = file_problem(folder, entry)
    phases.add("files", 0, entry["bytes"])
    return problem


def _strays(run: FinishedRun, listed: set[str]) -> Iterator[str]:
    """Yields unlisted files that readers take for shards.

    These stand at the top of the run's folder and are called `<split>-*` or have a shard's suffix.
    """
    for path in files.walk(run.folder):
        name = path[len(run.folder.rstrip("/")) + 1 :]
        looks = ".tfrecord" in name or name.startswith(tuple(f"{split}-" for split in run.shards))
        if "/" not in name and looks and name not in listed:
            yield name


def check_input(run: FinishedRun, sizes: Sequence[int | None], counted: Counted | str) -> Check:
    """Checks the input's files and rows.

    Args:
        run: The run.
        sizes: Each input file's bytes. None means that it is missing.
        counted: The rows read from them, or why they can't be read.
    """
    entries = run.manifest["input"]
    found = {
        entry["path"]: problem
        for entry, size in zip(entries, sizes, strict=True)
        if (problem := _check_size(run, entry, size)) is not None
    }
    problems = list(found.values())
    if isinstance(counted, Counted):
        problems += _check_rows(run, counted)
    # A file of another size is another file: settings for reading it don't help.
    elif None not in sizes and not any(counted.startswith(repr(path)) for path in found):
        problems.append(counted)
    size = sum(entry["bytes"] for entry in entries)
    rows = run.manifest["rows"]
    facts = f"{plural(len(entries), 'file')}, {format_bytes(size)}, {plural(rows['read'], 'row')}, {rows['rejected']:,} rejected"
    facts += f", {rows['filtered']:,} filtered" if "filtered" in rows else ""
    return Check("input", facts, tuple(problems))


def _check_size(run: FinishedRun, entry: InputEntry, size: int | None) -> str | None:
    path = entry["path"]
    if size is None:
        return _why_absent(path)
    if size != entry["bytes"]:
        return f"{path!r} has {size:,} bytes; the run read {entry['bytes']:,}: {_why_other(run)}"
    return None


def _why_other(run: FinishedRun) -> str:
    if run.relocated:
        return "it isn't the file that the run read, or has changed since; give --input the file that the run read"
    return "it has changed since the run"


def _why_absent(path: str) -> str:
    try:
        files.size(path)
    except DataError as error:
        return str(error)
    return f"{path!r} is missing; where the input has moved, say where it is now: --input FILES"


def which_changed(run: FinishedRun, counted: Counted) -> str:
    """Says, where rows differ, whether input or run changed.

    Args:
        run: The run.
        counted: The rows of its input.
    """
    entries = run.manifest["input"]
    changed = [entry["path"] for entry in entries if str(counted.checksums[entry["path"]]) != entry["crc32c"]]
    if not changed:
        return "The input hasn't changed since the run, so the run's files have, or TensorFlow's version differs from the manifest's"
    more = f" and {len(changed) - 1:,} more files" if changed[1:] else ""
    what = "isn't what the run read" if run.relocated else "has changed since the run"
    return f"The input {what} ({changed[0]!r}{more}), so other rows are expected"


def _check_rows(run: FinishedRun, counted: Counted) -> Iterator[str]:
    by_path = counted.by_path
    for entry in run.manifest["input"]:
        checksum = counted.checksums[entry["path"]]
        # Another size is reported by itself.
        if checksum.length == entry["bytes"] and str(checksum) != entry["crc32c"]:
            yield f"{entry['path']!r} has the CRC32C {checksum}; the run read {entry['crc32c']}: {_why_other(run)}"
    for entry in run.manifest["input"]:
        rows = by_path.get(entry["path"], 0)
        if rows != entry["rows"]:
            yield f"{entry['path']!r} has {rows:,} rows; the run read {entry['rows']:,}"
    for what, found, before in _skipped(run, counted):
        if found != before:
            yield f"{found:,} {what} are skipped; in the run it was {before:,}"
    yield from _check_filtered(run, counted)
    yield from _check_shared_keys(run, counted)
    reasons, expected = dict(counted.rejections.reasons), run.manifest["rejected"]["reasons"]
    for reason in sorted(reasons.keys() | expected.keys()):
        found, before = reasons.get(reason, 0), expected.get(reason, 0)
        if found != before:
            yield f"{found:,} rows are rejected because of {reason!r}; in the run it was {before:,}"


def _check_filtered(run: FinishedRun, counted: Counted) -> Iterator[str]:
    now, recorded = filtered_rows(counted.counts), run.manifest.get("filtered", {})
    for setting in sorted(now.keys() | recorded.keys()):
        found, before = now.get(setting, 0), recorded.get(setting, 0)
        if found != before:
            yield f"{found:,} rows are left out by [rows] {setting}; in the run it was {before:,}"


def _check_shared_keys(run: FinishedRun, counted: Counted) -> Iterator[str]:
    recorded, tracked = run.manifest.get("shared_keys"), run.selection.tracked
    if counted.spans is None or tracked is None:
        return
    found = counted.spans.entry(tracked.columns, run.split_rule.names)
    if found != recorded:
        yield f"values of the key in several splits are {found['shared']}; the manifest says {shown(recorded and recorded['shared'])}"


def _skipped(run: FinishedRun, counted: Counted) -> Iterator[tuple[str, int, int]]:
    """Yields skipped lines, found now and in the run."""
    found = skipped_lines(counted.counts)
    before = cast("Mapping[str, int]", run.manifest.get("skipped", {}))
    for key, what in SKIPPED_LINES.items():
        yield what, found.get(key, 0), before.get(key, 0)
