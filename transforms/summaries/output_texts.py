"""Statistics of one output feature of text or bytes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import to_numpy
from shardmill.schemas.feature_stats import RANKS, BytesSummary, StringSummary, ValueCounts
from shardmill.schemas.splitmix import GAMMA, finalize
from shardmill.transforms.kernel.described_columns import columns_of
from shardmill.transforms.statistics.text_summary import TextSummaries
from shardmill.transforms.statistics.text_values import TextValues


@dataclass(frozen=True)
class RowTexts:
    """Some rows' values of a feature.

    Attributes:
        values: binary or large_binary: the values of all rows, one after the other.
        lengths: int64: how many each row has.
    """

    values: pa.Array
    lengths: npt.NDArray[np.int64]

    @classmethod
    def of(cls, array: pa.Array, rows: int, index: "npt.NDArray[np.int64] | None") -> "RowTexts":
        """Takes rows out of an output of `Session.run`.

        Args:
            array: The output.
            rows: The rows that it has.
            index: The rows to take. None means all.
        """
        if not pa.types.is_large_list(array.type):
            each = len(array) // rows
            if each == 1:
                chosen = array if index is None else array.take(pa.array(index))
                return cls(chosen, np.ones(len(chosen), np.int64))
            array = pa.LargeListArray.from_arrays(pa.array(np.arange(rows + 1) * each), array)
        lists = array if index is None else array.take(pa.array(index))
        return cls(lists.flatten(), to_numpy(pc.list_value_length(lists)).astype(np.int64))

    def keys(self, rows: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
        """A random number for each value, from each row's."""
        starts = np.cumsum(self.lengths) - self.lengths
        position = np.arange(len(self.values)) - np.repeat(starts, self.lengths)
        return finalize(np.repeat(rows, self.lengths) + position.astype(np.uint64) * GAMMA)


class OutputTexts:
    """An accumulator of a feature's values.

    `merge` is associative and commutative.
    """

    def __init__(self, columns: int) -> None:
        """Makes an empty accumulator.

        Args:
            columns: The number of features that have one.
        """
        self._lengths = TextSummaries(1)
        self._values = TextValues(columns)
        self._is_text = True

    def update(self, texts: RowTexts, rows: npt.NDArray[np.uint64]) -> None:
        """Adds rows.

        Args:
            texts: Their values.
            rows: A random number for each row.
        """
        values = texts.values
        if not len(values):
            return
        self._lengths.update(columns_of([values], len(values)))
        self._values.update(values, texts.keys(rows))
        self._is_text = self._is_text and _is_text(values)

    def merge(self, other: "OutputTexts") -> None:
        """Adds the values of another accumulator, which stays unchanged."""
        self._lengths.merge(other._lengths)  # noqa: SLF001 (one class)
        self._values.merge(other._values)  # noqa: SLF001 (one class)
        self._is_text = self._is_text and other._is_text  # noqa: SLF001 (one class)

    def summary(self, rows: int, counts: ValueCounts) -> StringSummary | BytesSummary:
        """The summary of all values.

        They are bytes unless all of them are text.

        Args:
            rows: The number of rows.
            counts: How many values they have.
        """
        (lengths,) = self._lengths
        found, empty = self._values.result(RANKS), lengths.empty
        unique = found.distinct + bool(empty)
        mean = lengths.length / counts.total if counts.total else 0.0
        if not self._is_text:
            shortest = 0 if empty else lengths.shortest
            return BytesSummary(rows, 0, unique, mean, shortest, lengths.longest, counts)
        ranked = [(row["token"].decode(), row["count"]) for row in found.top.to_pylist()]
        if empty:
            ranked = sorted([*ranked, ("", empty)], key=lambda pair: (pair[1], pair[0].encode()), reverse=True)
        return StringSummary(rows, 0, unique, mean, tuple(ranked), counts)


def _is_text(values: pa.Array) -> bool:
    try:
        values.cast(pa.large_string() if pa.types.is_large_binary(values.type) else pa.string())
    except pa.ArrowInvalid:
        return False
    return True
