"""Statistics of every output feature, by split."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import to_numpy
from shardmill.schemas.feature_stats import Summary, ValueCounts
from shardmill.transforms.distributions.column_bins import ColumnBins
from shardmill.transforms.kernel.described_columns import INTEGERS, Columns, columns_of
from shardmill.transforms.statistics.moments import ColumnMoments, Moments
from shardmill.transforms.summaries.numeric_summary import numeric_summary
from shardmill.transforms.summaries.output_texts import OutputTexts, RowTexts
from shardmill.transforms.summaries.row_lengths import RowLengths

_Outputs = Mapping[str, npt.NDArray[Any] | pa.Array]


class SplitOutputs:
    """The statistics of one split.

    Numbers are in tables of all features; what isn't one number a row has accumulators of its own.
    """

    def __init__(self, kinds: Sequence[int], texts: Sequence[str]) -> None:
        self.rows = 0
        self.moments = ColumnMoments(kinds)
        self.bins = ColumnBins(kinds)
        self.texts = {name: OutputTexts(len(texts)) for name in texts}
        self.lists: dict[str, RowLengths] = {}

    def add_lists(self, name: str, rows: int) -> RowLengths:
        """The numbers of values in the rows of a feature.

        Args:
            name: The feature.
            rows: The rows before, which had one.
        """
        if name not in self.lists:
            self.lists[name] = RowLengths()
            self.lists[name].add(rows, 1)
        return self.lists[name]

    def merge(self, other: "SplitOutputs") -> None:
        self.moments.merge(other.moments)
        self.bins.merge(other.bins)
        for name, texts in other.texts.items():
            self.texts[name].merge(texts)
        for name in {*self.lists, *other.lists}:
            mine = self.add_lists(name, self.rows)
            if name in other.lists:
                mine.merge(other.lists[name])
            else:
                mine.add(other.rows, 1)
        self.rows += other.rows


class OutputStatistics:
    """An accumulator of every output feature's statistics, by split.

    `merge` is associative and commutative, to the bit.
    """

    def __init__(self) -> None:
        """Makes an empty accumulator."""
        # The features, in the order in which the graph names them.
        self._numeric: tuple[str, ...] = ()
        self._texts: tuple[str, ...] = ()
        self._kinds: tuple[int, ...] = ()
        self._by_split: dict[str, SplitOutputs] = {}

    def update(
        self,
        outputs: _Outputs,
        splits: npt.NDArray[np.int64],
        names: Sequence[str],
        keys: "npt.NDArray[np.uint64] | None" = None,
    ) -> None:
        """Adds a block's outputs.

        Args:
            outputs: The values of each feature, as `Session.run` returns them.
            splits: The index of each row's split.
            names: The splits.
            keys: A number of each row's own, by which values of texts are sampled. None means that
                the rows are all there are.
        """
        numeric = {name: values for name, values in outputs.items() if _is_numeric(values)}
        columns = columns_of(tuple(numeric.values()), len(splits))
        self._numeric, self._kinds = tuple(numeric), tuple(columns.table["kind"].tolist())
        self._texts = tuple(name for name in outputs if name not in numeric)
        keys = np.arange(len(splits), dtype=np.uint64) if keys is None else keys
        for split, rows in enumerate(np.bincount(splits, minlength=len(names))):
            if rows:
                index = np.flatnonzero(splits == split) if rows < len(splits) else None
                self._add(self._split(names[split]), outputs, columns, index, keys)

    def _split(self, name: str) -> SplitOutputs:
        if name not in self._by_split:
            self._by_split[name] = SplitOutputs(self._kinds, self._texts)
        return self._by_split[name]

    def _add(
        self,
        found: SplitOutputs,
        outputs: _Outputs,
        columns: Columns,
        index: "npt.NDArray[np.int64] | None",
        keys: npt.NDArray[np.uint64],
    ) -> None:
        rows = columns.rows if index is None else len(index)
        found.moments.update(columns, index)
        found.bins.update(columns, index)
        table = columns.table
        others = {
            self._numeric[at]: at for at in np.flatnonzero((table["bounds"] != 0) | (table["each"] != 1)).tolist()
        }
        for name, at in others.items():
            if table["bounds"][at]:
                lengths = to_numpy(pc.list_value_length(outputs[name]))
                found.add_lists(name, found.rows).update(lengths if index is None else lengths[index])
            else:
                found.add_lists(name, found.rows).add(rows, int(table["each"][at]))
        for name in found.lists.keys() - others.keys() - found.texts.keys():
            found.lists[name].add(rows, 1)
        for name in self._texts:
            texts = RowTexts.of(outputs[name], columns.rows, index)
            if name in found.lists or (texts.lengths != 1).any():
                found.add_lists(name, found.rows).update(texts.lengths)
            found.texts[name].update(texts, keys if index is None else keys[index])
        found.rows += rows

    def merge(self, other: "OutputStatistics") -> None:
        """Adds the rows of another accumulator of the same graph."""
        if not self._by_split:
            self._numeric, self._texts, self._kinds = other._numeric, other._texts, other._kinds  # noqa: SLF001
        for split, found in other._by_split.items():  # noqa: SLF001 (one class)
            self._split(split).merge(found)

    def moments(self) -> dict[tuple[str, str], Moments]:
        """The moments of numeric features, by split and feature."""
        return {
            (split, name): each
            for split, found in self._by_split.items()
            for name, each in zip(self._numeric, found.moments, strict=True)
        }

    def summaries(self, split: str) -> dict[str, Summary]:
        """The summary of each feature, by name.

        Args:
            split: The split; without rows it has no summary.
        """
        found = self._by_split.get(split)
        if found is None:
            return {}
        one = ValueCounts.each(1, found.rows)
        counts = {name: lists.counts() for name, lists in found.lists.items()}
        made: dict[str, Summary] = {
            name: numeric_summary(
                moments, distribution, found.rows, integer=kind == INTEGERS, values=counts.get(name, one)
            )
            for name, kind, moments, distribution in zip(
                self._numeric, self._kinds, found.moments, found.bins.distributions(), strict=True
            )
        }
        made |= {name: texts.summary(found.rows, counts.get(name, one)) for name, texts in found.texts.items()}
        return dict(sorted(made.items()))


def _is_numeric(values: "npt.NDArray[Any] | pa.Array") -> bool:
    if isinstance(values, np.ndarray):
        return True
    kind = values.type.value_type if pa.types.is_large_list(values.type) else values.type
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))
