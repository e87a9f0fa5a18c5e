"""`shardmill verify`: checks a finished run, bit for bit.

Its files are compared with the manifest, its rows with those recomputed from the input and the
graph.
"""

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from rich.table import Table

from shardmill.pipelines.console.plain_console import PlainConsole, PlainText
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.processes import cores
from shardmill.pipelines.job.input_files import scanned_size, text_size
from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.pipelines.run_folder.holding import check_unchanged, held_graph, naming_run
from shardmill.pipelines.verify.compare import Piece, ShardFindings, ShardKey, check_shard, derive_pieces
from shardmill.pipelines.verify.differences import describe_first
from shardmill.pipelines.verify.recorded import (
    Check,
    Each,
    In,
    Out,
    check_files,
    check_input,
    check_sums,
    which_changed,
)
from shardmill.pipelines.verify.rederive import Counted, Rederivation, Sample
from shardmill.pipelines.verify.regroup import Regrouping
from shardmill.pipelines.verify.relocate import relocate
from shardmill.schemas.errors import DataError, ShardmillError
from shardmill.schemas.run_folder import TRANSFORM_FN
from shardmill.transforms.csv.units import InputFile, Unit
from shardmill.transforms.files import files
from shardmill.transforms.files.temporary import temporary_folder
from shardmill.transforms.grouping.partitions import Partition
from shardmill.transforms.grouping.row_files import RowFile
from shardmill.transforms.grouping.settings import Grouping
from shardmill.transforms.read import units_of
from shardmill.transforms.reading import Reading
from shardmill.transforms.repeats.find_repeats import PHASE as KEYS_PHASE
from shardmill.transforms.repeats.find_repeats import find_all
from shardmill.transforms.repeats.key_files import KeyWriter
from shardmill.transforms.repeats.key_spans import KeySpans, count_spans, write_splits
from shardmill.transforms.rows.counts import Rejections, UnitCount
from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.workers import phases as phases_module

# Problems of a check that are printed at most.
_SHOWN = 5
_MISSING = "an input file is missing"
_UNREAD = "the input's rows can't be read, as its own check says"
_AS_READ = "`verify` reads the input as the run did, and has no such settings: give --input the file that the run read"


def verify(
    folder: str, sample: int | None, workers: int | None, progress: Progress, patterns: Sequence[str] = ()
) -> list[Check]:
    """Checks a finished run against its manifest, input and graph.

    Args:
        folder: The run's folder.
        sample: The number of rows to recompute, evenly spread. None means all.
        workers: Threads. None means one per core.
        progress: Shows the progress.
        patterns: The present paths of the files that the run read; empty if they haven't moved.

    Returns:
        The checks, in order; independent checks are made even where others fail.

    Raises:
        DataError: The folder holds no finished run, the run was replaced meanwhile, or the patterns
            don't match its input.
    """
    run = FinishedRun.load(folder)
    if patterns:
        run = relocate(run, patterns)
    if run.rows.dedup is not None:
        run = replace(run, repeats_folder=temporary_folder("verify"))
    phases_module.reset()
    with _threads(workers or cores()) as each:
        sizes = [_size(found.path) for found in run.inputs]
        _announce(run, sizes, progress)
        checks = [check_sums(run), check_files(run, each)]
        counted = _count(run, sizes, each)
        checks.append(check_input(run, sizes, counted))
        rows = _Rows(run, counted, sample)
        rows.derive(each)
        found = rows.read_shards(each)
        checks += [_check_shards(run, found), rows.result(found)]
    check_unchanged(run, intact=not checks[1].problems)
    return checks


def print_checks(folder: str, checks: Iterable[Check]) -> None:
    """Prints a line for each check and each problem.

    Args:
        folder: The run's folder.
        checks: The checks.
    """
    out = PlainConsole(soft_wrap=True, highlight=False)
    table = Table(title=f"verify {folder}", title_justify="left", title_style="bold")
    for column in ("check", "result", "of"):
        table.add_column(column)
    for check in checks:
        result = PlainText("failed", style="bold red") if check.problems else PlainText("ok")
        table.add_row(check.name, result, PlainText(check.facts))
    out.print(table)
    for check in checks:
        for problem in check.problems[:_SHOWN]:
            out.print(f"{check.name}: {problem}", markup=False)
        if len(check.problems) > _SHOWN:
            out.print(f"{check.name}: ... and {len(check.problems) - _SHOWN:,} more", markup=False)


@contextmanager
def _threads(workers: int) -> Iterator[Each]:
    """Provides a `map` that uses several threads."""
    with ThreadPoolExecutor(workers, "verify") as pool:

        def run(function: Callable[[In], Out], items: Iterable[In]) -> list[Out]:
            return list(pool.map(function, items))

        try:
            yield run
        finally:
            pool.shutdown(cancel_futures=True)


def _size(path: str) -> int | None:
    """Returns a file's bytes; None where it can't be found."""
    try:
        return files.size(path)
    except DataError:
        return None


def _announce(run: FinishedRun, sizes: list[int | None], progress: Progress) -> None:
    inputs = [replace(found, size=size) for found, size in zip(run.inputs, sizes, strict=True) if size is not None]
    shards = sum(shard["bytes"] for shards in run.shards.values() for shard in shards)
    size = text_size(inputs)
    scanned = scanned_size(inputs, run.dialect, len(run.selection.names))
    keys = {} if run.rows.dedup is None else {KEYS_PHASE: size}
    progress.announce({"files": None, "scan": scanned, **keys, "count": size, "derive": size, "shards": shards})


def _count(run: FinishedRun, sizes: list[int | None], each: Each) -> Counted | str:
    """Counts the input's rows, or says why that isn't possible."""
    if None in sizes:
        return _MISSING
    inputs = [replace(found, size=size or 0) for found, size in zip(run.inputs, sizes, strict=True)]
    try:
        if not run.checks_rows:
            return _count_inputs(inputs, run.reading(None), each)
        copy = held_graph(run)
        with naming_run(run, copy):
            return _count_inputs(inputs, run.reading(Graph(f"{copy}/{TRANSFORM_FN}")), each)
    except DataError as error:
        # The message is that of `run`, and may advise settings, which `verify` doesn't have.
        return f"{error}\n{_AS_READ}" if "[input" in str(error) else str(error)
    except ShardmillError as error:
        return str(error)


def _count_inputs(inputs: list[InputFile], reading: Reading, each: Each) -> Counted:
    units = units_of(inputs, reading.dialect, reading.selection, each)
    if reading.repeats is not None:
        count_keys = functools.partial(phases_module.add, KEYS_PHASE)
        find_all(units, reading.for_keys, reading.repeats.folder, each, count_keys)
    rejections = Rejections()
    counts = []
    tracks = reading.selection.tracked is not None
    folder = temporary_folder("verify") if tracks else ""
    key_files: list[RowFile] = []
    for count, rejected, found in each(lambda unit: _count_unit(unit, reading, folder), units):
        counts.append(count)
        rejections.merge(rejected)
        key_files += found
    held = [replace(unit, checksum=count.checksum) for unit, count in zip(units, counts, strict=True)]
    return Counted(held, counts, rejections, _count_spans(key_files, each) if tracks else None)


def _count_spans(key_files: list[RowFile], each: Each) -> KeySpans:
    spans = KeySpans()
    for found in each(lambda partition: count_spans(key_files, partition), Partition.all(key_files)):
        spans.merge(found)
    return spans


def _count_unit(unit: Unit, reading: Reading, folder: str) -> tuple[UnitCount, Rejections, list[RowFile]]:
    rule = reading.split_rule
    rows = np.zeros(len(rule.names), np.int64)
    rejections, filtered = Rejections(), Counter[str]()
    writer, key_files = KeyWriter(folder), list[RowFile]()
    blocks = reading.blocks(unit)
    for block in blocks:
        splits = rule.assign(block.rows, unit.split, block.key)
        rows += np.bincount(splits, minlength=len(rows))
        if block.tracked is not None:
            key_files += write_splits(writer, block.tracked, splits, len(rows))
        rejections.update(unit.index, block.rejects)
        filtered.update(block.filtered)
        phases_module.add("count", block.read, block.size)
    rejected, good = rejections.total, tuple(rows.tolist())
    count = UnitCount(unit.index, unit.path, good, rejected, blocks.checksum, blocks.skipped, dict(filtered))
    return count, rejections, [*key_files, *writer.close()]


class _Rows:
    """The recomputed rows, to be compared with the shards."""

    def __init__(self, run: FinishedRun, counted: Counted | str, sample: int | None) -> None:
        self._run = run
        self._counted = counted
        self._sample = sample
        self._problem = (_MISSING if counted == _MISSING else _UNREAD) if isinstance(counted, str) else None
        self._pieces: dict[ShardKey, list[Piece]] = {}

    def derive(self, each: Each) -> None:
        """Recomputes rows, if input and graph can be read."""
        if isinstance(self._counted, str):
            return
        grouping = self._run.grouping
        if grouping is not None:
            self._regroup(self._counted, grouping, each)
            return
        sample = Sample(self._sample, self._counted.good)
        try:
            self._rederivation = rederivation = Rederivation(self._run, self._counted, sample)
            for pieces in each(lambda unit: derive_pieces(rederivation, unit), self._counted.units):
                for key, piece in pieces:
                    self._pieces.setdefault(key, []).append(piece)
        except ShardmillError as error:
            self._problem = str(error)
            self._pieces.clear()

    def _regroup(self, counted: Counted, grouping: Grouping, each: Each) -> None:
        try:
            self._regrouping = Regrouping(self._run, counted, grouping, temporary_folder("verify"))
            for key, piece in self._regrouping.pieces(each):
                self._pieces.setdefault(key, []).append(piece)
        except ShardmillError as error:
            self._problem = str(error)
            self._pieces.clear()

    def read_shards(self, each: Each) -> dict[ShardKey, ShardFindings]:
        """Reads every shard and compares it."""
        keys = {
            (split, index): files.join(self._run.folder, shard["file"])
            for split, shards in self._run.shards.items()
            for index, shard in enumerate(shards)
        }
        found = each(lambda key: check_shard(keys[key], self._pieces.get(key, ())), keys)
        return dict(zip(keys, found, strict=True))

    def result(self, found: dict[ShardKey, ShardFindings]) -> Check:
        """Returns the result of the comparison."""
        compared = sum(each.compared for each in found.values())
        rows = sum(split["rows"] for split in self._run.manifest["splits"].values())
        grouping = self._run.grouping
        what = "rows" if grouping is None else "groups of rows" if grouping.window is None else "windows of rows"
        facts = f"{compared:,} of {rows:,} {what} made again and compared"
        if self._problem:
            return Check("rows", facts, (f"can't be made again: {self._problem}",))
        unread = sum(each.unread for each in found.values())
        problems = [f"{unread:,} rows can't be compared: their shards can't be read"] if unread else []
        if any(each.differing for each in found.values()):
            assert isinstance(self._counted, Counted)
            first = (
                describe_first(self._run, self._rederivation, found)
                if self._run.grouping is None
                else self._regrouping.describe_first(self._run, found)
            )
            problems.insert(0, f"{first}. {which_changed(self._run, self._counted)}")
        return Check("rows", facts, tuple(problems))


def _check_shards(run: FinishedRun, found: dict[ShardKey, ShardFindings]) -> Check:
    problems = []
    for (split, index), each in found.items():
        shard = run.shards[split][index]
        if each.problem:
            problems.append(each.problem)
        elif each.records != shard["rows"]:
            problems.append(f"{shard['file']!r} has {each.records:,} records; the manifest says {shard['rows']:,}")
    records = sum(each.records for each in found.values())
    return Check("shards", f"{len(found):,} shards, {records:,} records", tuple(problems))
