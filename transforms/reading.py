"""How all passes read units as rows."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.schemas.errors import DataError
from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.run_folder import TRAIN
from shardmill.schemas.schema import FOLD, Column
from shardmill.transforms.csv.blocks import Block
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import RepeatFinder, Selection
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.files.checksums import Checksum
from shardmill.transforms.read import Blocks
from shardmill.transforms.repeats.repeat_key import keyed
from shardmill.transforms.rows.counts import describe
from shardmill.transforms.rows.folds import FoldRule
from shardmill.transforms.rows.splits import SplitRule
from shardmill.transforms.runtime.analysis_graph import AnalysisGraph
from shardmill.transforms.runtime.derived_columns import with_derived
from shardmill.transforms.runtime.row_graph import RowGraph
from shardmill.transforms.runtime.session import Session
from shardmill.transforms.statistics.text_values import row_keys
from shardmill.transforms.tfrecord.encode import Outputs


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The settings by which units are read as rows.

    Attributes:
        dialect: The files' dialect.
        selection: The columns to convert, those that must have a value, and the split key.
        split_rule: The rule by which rows are split.
        fail_on_bad_row: Whether the first bad row ends the run; else bad rows are rejected and kept
            aside.
        row_graph: A user's function, which all rows have to pass; None where there is none.
        derived: The columns that it makes, in order.
        analysis_graph: The graph that makes tokens and numbers for the analysis; None where it
            counts cells as they are.
        fold_rule: The rule that assigns the train split's rows to folds. None means that no feature
            needs any.
    """

    dialect: Dialect
    selection: Selection
    split_rule: SplitRule
    fail_on_bad_row: bool = False
    row_graph: RowGraph | None = None
    derived: tuple[Column, ...] = ()
    analysis_graph: AnalysisGraph | None = None
    fold_rule: FoldRule | None = None

    @property
    def columns(self) -> tuple[Column, ...]:
        """The analyzed columns: the raw and the derived ones."""
        return (*self.selection.columns, *self.derived)

    def blocks(self, unit: Unit) -> Blocks:
        """A unit's blocks, passed through the user's function.

        See `passed`.
        """
        return Blocks(unit, self.dialect, self.selection, partial(self.passed, split=unit.split))

    def passed(self, block: Block, *, split: str | None = None) -> Block:
        """Passes a block's good rows through the user's function.

        Args:
            block: The block.
            split: The split of its unit; None where rows are split one by one.

        Raises:
            DataError: A row is bad and `fail_on_bad_row` is set.
            ShardmillError: The function's graph fails, and not for want of a good row.
        """
        if self.row_graph is not None:
            if self.row_graph.folded and block.rows:
                block = self.folded(block, self.split_rule.assign(block.rows, split, block.key))
            block = self.row_graph.passed(block)
        if block.rejects and self.fail_on_bad_row:
            raise DataError(
                f'{describe(block.rejects[0])}\n[input] on_bad_row is "fail"; "reject" keeps such rows aside'
            )
        return block

    @property
    def repeats(self) -> RepeatFinder | None:
        """Finds the rows that repeat the key of earlier ones."""
        return self.selection.filter.repeats if self.selection.filter else None

    @property
    def for_keys(self) -> "Reading":
        """The way to read the rows that may repeat others.

        They pass through a graph only if it is there before the analysis.
        """
        graph = self.row_graph
        known = graph if graph is not None and (graph.derives or graph.declared) else None
        return replace(self, selection=keyed(self.selection), row_graph=known)

    def line(self, unit: Unit, row: int) -> int:
        """The number of a good row's first physical line.

        Args:
            unit: The unit.
            row: The row's index among the unit's good rows.

        Raises:
            DataError: As `blocks`.
            ValueError: The unit has no such row.
        """
        for block in self.blocks(unit):
            if row < block.rows and block.origin is not None:
                return int(block.origin.lines[row])
            row -= block.rows
        raise ValueError(f"{unit} has no row {row} after its last")

    def weighted(self, outputs: Outputs, factors: npt.NDArray[np.float32] | None) -> Outputs:
        """Multiplies the weights of rows.

        Args:
            outputs: The features of some rows.
            factors: A factor for each row, float32. None means 1.
        """
        row_filter = self.selection.filter
        if factors is None or row_filter is None or row_filter.downsample is None:
            return outputs
        name = row_filter.downsample.weight
        return {**outputs, name: outputs[name] * factors}

    def labels_to_drop(self, session: Session) -> list[FeatureSpec]:
        """The labels to leave empty where a graph gives none."""
        if self.row_graph is None or not self.row_graph.lacks_labels:
            return []
        return [feature for feature in session.outputs if feature.name in session.labels]

    @property
    def fold_columns(self) -> tuple[str, ...]:
        """The further columns of a block that `folded` returns."""
        return () if self.fold_rule is None else (FOLD,)

    def folded(self, block: Block, splits: npt.NDArray[np.int64]) -> Block:
        """A block with its rows' folds.

        They are there if features need them.

        Args:
            block: The block, perhaps with its folds already.
            splits: The index of each row's split.
        """
        rule, names = self.fold_rule, self.split_rule.names
        if rule is None or FOLD in block.columns.schema.names:
            return block
        return rule.folded(block, splits == names.index(TRAIN) if TRAIN in names else np.zeros(block.rows, np.bool_))

    def split_rows(
        self, block: Block, splits: npt.NDArray[np.int64]
    ) -> Iterator[tuple[str, pa.RecordBatch, npt.NDArray[np.uint64]]]:
        """The rows of a block by split.

        Args:
            block: The block.
            splits: The index of each row's split.

        Yields:
            Each split that has some, its rows with the derived columns and the folds, and the key
            of each (see `row_keys`).
        """
        rows = self._with_derived(self.folded(block, splits))
        keys = row_keys(_seed(block), block.rows)
        for index, (split, count) in enumerate(zip(self.split_rule.names, np.bincount(splits), strict=False)):
            if count == block.rows:
                yield split, rows, keys
            elif count:
                mine = splits == index
                yield split, rows.filter(pa.array(mine)), keys[mine]

    def train_rows(self, block: Block, splits: npt.NDArray[np.int64]) -> pa.RecordBatch:
        """The rows of a block from which features learn.

        They have the derived columns.

        Args:
            block: The block.
            splits: The index of each row's split.
        """
        rows, names = self._with_derived(block), self.split_rule.names
        return rows if len(names) == 1 else rows.filter(pa.array(splits == names.index(TRAIN)))

    def _with_derived(self, block: Block) -> pa.RecordBatch:
        return with_derived(block.columns, block.made or {}) if self.derived else block.columns

    def made(self, rows: pa.RecordBatch) -> dict[Hashable, npt.NDArray[Any] | pa.Array]:
        """Makes values of rows for the analysis: see `AnalysisGraph.make`."""
        return {} if self.analysis_graph is None else self.analysis_graph.make(rows)


def _seed(block: Block) -> int:
    """A number that tells a block from others.

    It follows from its text alone, wherever that is.
    """
    if block.origin is None:
        return 0
    checksum = Checksum.of(block.origin.chunk.data)
    return checksum.crc << 32 ^ checksum.length
