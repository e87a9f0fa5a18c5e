"""Analyze: one pass over all units, from rows to accumulators.

All columns are analyzed in this one fused pass.
"""

import weakref
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam import pvalue
from apache_beam.transforms.window import GlobalWindows

from shardmill.schemas.run_folder import TRAIN
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.grouping.row_files import RowFile
from shardmill.transforms.keeping.findings import Findings
from shardmill.transforms.keeping.kept_entries import KeptEntries
from shardmill.transforms.keeping.kept_findings import FoundUnit, KeptFindings
from shardmill.transforms.keeping.settings_digest import settings_digest
from shardmill.transforms.keeping.unit_content import read_content
from shardmill.transforms.reading import Reading
from shardmill.transforms.repeats.key_files import KeyWriter
from shardmill.transforms.repeats.key_spans import write_splits
from shardmill.transforms.rows.counts import UnitCount
from shardmill.transforms.select_tokens import write_runs
from shardmill.transforms.statistics.accumulator import Analysis
from shardmill.transforms.statistics.quantiles import Quantiles
from shardmill.transforms.statistics.requests import Request
from shardmill.transforms.statistics.token_files import Run
from shardmill.transforms.workers import metrics
from shardmill.transforms.workers.merge import Merge
from shardmill.transforms.workers.several_outputs import SeveralOutputs
from shardmill.transforms.workers.submission import CheckedDoFn

# The key of one column's quantiles, which travel by themselves and are merged by key: their
# position in the analysis.
QuantileKey = int

# The most bytes of token counts that a process holds. More are written before a bundle ends, since
# an engine may put any number of units into one. It isn't less, since each time the frequent tokens
# are written anew.
HELD_BYTES = 128 << 20
# What each bundle may hold, however many are at work: the less it is, the more runs are merged.
LEAST_HELD_BYTES = 8 << 20
# The most bytes of one column's, of half a million tokens.
COLUMN_BYTES = 32 << 20
# The bundles at work in this process. One that failed is gone when its object is.
_bundles: weakref.WeakSet["_AnalyzeUnit"] = weakref.WeakSet()


class AnalyzedUnits(NamedTuple):
    """The outputs of `AnalyzeUnits`.

    Attributes:
        counts: A `UnitCount` for each unit.
        findings: One `Findings`, without token counts and quantiles.
        tokens: The runs of token counts, by the vocabulary's name.
        quantiles: The quantiles of each key.
        keys: The files of tracked keys with the splits of their rows.
    """

    counts: beam.PCollection[UnitCount]
    findings: beam.PCollection[Findings]
    tokens: beam.PCollection[tuple[str, Run]]
    quantiles: beam.PCollection[tuple[QuantileKey, Quantiles]]
    keys: beam.PCollection[RowFile]


@dataclass(eq=False)
class AnalyzeUnits(SeveralOutputs):
    """Counts and analyzes units.

    Only accumulators leave the pass, and files of token counts.

    Expects a PCollection of units.

    Attributes:
        reading: The settings by which units are read as rows.
        requests: The features' requests to the analysis.
        folder: The folder for files of token counts, which all workers share.
        phase: The phase's name: with no requests, rows are only counted.
        kept: The folder of findings that earlier runs have kept. None means that all units are
            analyzed.
    """

    reading: Reading
    requests: Sequence[Request]
    folder: str
    phase: str = "analyze"
    kept: KeptEntries | None = None

    def expand(self, units: beam.PCollection[Unit]) -> AnalyzedUnits:
        passed = units | "AnalyzeUnit" >> beam.ParDo(
            _AnalyzeUnit(self.reading, tuple(self.requests), self.folder, self.phase, self.kept)
        ).with_outputs("findings", "tokens", "quantiles", "keys", main="counts")
        findings = passed.findings | "MergeFindings" >> beam.CombineGlobally(Merge(self._new_findings))
        quantiles = (
            passed.quantiles  # (key, quantiles)
            | "GroupQuantiles" >> beam.GroupByKey()  # (key, [quantiles])
            | "MergeQuantiles" >> beam.MapTuple(_merge_quantiles)
        )
        return AnalyzedUnits(passed.counts, findings, passed.tokens, quantiles, passed["keys"])

    def _new_findings(self) -> Findings:
        return Findings(Analysis(tuple(self.requests), self.reading.columns))


class _AnalyzeUnit(CheckedDoFn):
    """Analyzes a unit, and outputs its count.

    The accumulators leave at the end of the bundle, so that their number doesn't grow with the
    units.
    """

    def __init__(
        self, reading: Reading, requests: tuple[Request, ...], folder: str, phase: str, kept: KeptEntries | None
    ) -> None:
        super().__init__()
        self._reading = reading
        self._requests = requests
        self._folder = folder
        self._phase = phase
        self._entries = kept
        self._kept: KeptFindings | None = None

    def setup(self) -> None:
        super().setup()
        key, folds = self._reading.selection.key, self._reading.fold_rule
        if self._entries is not None:
            self._kept = KeptFindings(
                self._entries,
                settings_digest(self._reading, self._requests),
                self._empty,
                by_unit=key is not None and key.by_unit,
                by_line=folds is not None and folds.by == "line",
            )

    def start_bundle(self) -> None:
        self._findings = self._empty()
        _bundles.add(self)

    def _empty(self) -> Findings:
        return Findings(Analysis(self._requests, self._reading.columns))

    def process(self, unit: Unit) -> Iterator[Any]:  # a UnitCount, and pieces
        with metrics.working(self._phase, metrics.unit_name(unit)) as work:
            if self._kept is None:
                count = (yield from self._analyzed(unit, self._findings, work)).counted
            else:
                count = yield from self._found(unit, self._kept, work)
        metrics.ROWS_READ.inc(count.read)
        metrics.ROWS_REJECTED.inc(count.rejected)
        metrics.BYTES_READ.inc(work.size)
        yield count

    def _found(self, unit: Unit, kept: KeptFindings, work: metrics.Work) -> Generator[Any, None, UnitCount]:
        """Takes kept findings, or makes and keeps them."""
        with work.timed("hash"):
            content = read_content(unit)
            if self._reading.repeats is not None:
                content = content.repeating(self._reading.repeats.records(unit.index))
        with work.timed("cache"):
            found = kept.find(unit, content)
        if found is not None:
            metrics.ROWS_KEPT.inc(found.counted.read)
            work.add(found.counted.read, found.size)
            if found.keys is not None:
                writer = KeyWriter(self._folder)
                yield from _tagged("keys", [*writer.add(found.keys), *writer.close()])
        else:
            # The analysis reads the bytes again: they must be those of the content.
            same = replace(unit, checksum=content.checksum)
            found = yield from self._analyzed(same, self._empty(), work)
            if found.findings is not self._findings:
                with work.timed("cache"):
                    kept.keep(unit, content, found)
        if found.findings is not self._findings:
            self._findings.merge(found.findings)
            yield from self._write_large()
        return replace(found.counted, sha256=content.sha256)

    def _analyzed(self, unit: Unit, findings: Findings, work: metrics.Work) -> Generator[Any, None, FoundUnit]:
        """Adds what is found in a unit.

        Returns:
            What is found; its findings are the bundle's own, where the unit has too many tokens or
            keys for findings of its own.
        """
        rule = self._reading.split_rule
        counts = [0] * len(rule.names)
        rejected, filtered = 0, Counter[str]()
        blocks, writer = self._reading.blocks(unit), KeyWriter(self._folder)
        for block in blocks:
            splits = rule.assign(block.rows, unit.split, block.key)
            for split, rows, keys in self._reading.split_rows(block, splits):
                with work.timed("statistics"):
                    if split == TRAIN:
                        findings.analysis.update(rows, self._reading.made(rows), keys)
                    else:
                        findings.of(split).update(rows, keys=keys)
            findings.rejections.update(unit.index, block.rejects)
            findings.infinite.update(block.infinite)
            findings.renamings.update(unit.index, unit.path, block.renamed)
            findings.rounded.update(block.rounded)
            findings.downsampled.update(block.downsampled)
            for index in range(len(counts)):
                counts[index] += int((splits == index).sum())
            rejected += len(block.rejects)
            filtered.update(block.filtered)
            work.add(block.read, block.size)
            key_files: list[RowFile] = []
            if block.tracked is not None:
                key_files += write_splits(writer, block.tracked, splits, len(counts))
                yield from _tagged("keys", key_files)
            is_large = bool(key_files) or findings.analysis.token_bytes > HELD_BYTES
            if findings is not self._findings and is_large:
                self._findings.merge(findings)
                findings = self._findings
            yield from self._write_large()
        tracked = writer.held
        yield from _tagged("keys", writer.close())
        count = UnitCount(
            unit.index, unit.path, tuple(counts), rejected, blocks.checksum, blocks.skipped, dict(filtered)
        )
        return FoundUnit(count, findings, work.size, tracked)

    def finish_bundle(self) -> Iterator[pvalue.TaggedOutput]:
        # The engine keeps the object for another bundle.
        _bundles.discard(self)
        for run in write_runs(self._findings.analysis.take_tables(), self._folder):
            yield pvalue.TaggedOutput("tokens", GlobalWindows.windowed_value(run))
        for quantiles in enumerate(self._findings.analysis.take_quantiles()):
            yield pvalue.TaggedOutput("quantiles", GlobalWindows.windowed_value(quantiles))
        yield pvalue.TaggedOutput("findings", GlobalWindows.windowed_value(self._findings))

    def _write_large(self) -> Iterator[pvalue.TaggedOutput]:
        """Writes the counts that take too much memory."""
        analysis = self._findings.analysis
        runs = write_runs(analysis.take_tables(COLUMN_BYTES), self._folder)
        most = max(HELD_BYTES // len(_bundles), LEAST_HELD_BYTES)
        if analysis.token_bytes > most:
            # Half of it stays, so that the next block doesn't exceed it again.
            runs += write_runs(analysis.take_largest_tables(most // 2), self._folder)
        yield from _tagged("tokens", runs)


def _tagged(tag: str, pieces: Iterable[Any]) -> Iterator[pvalue.TaggedOutput]:
    return (pvalue.TaggedOutput(tag, piece) for piece in pieces)


def _merge_quantiles(key: QuantileKey, pieces: Iterable[Quantiles]) -> tuple[QuantileKey, Quantiles]:
    merged = Quantiles()
    for piece in pieces:
        merged.merge(piece)
    return key, merged
