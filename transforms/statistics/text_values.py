"""Distinct and most frequent texts, in bounded memory.

All values are counted while few differ and they are short. Beyond, the number of distinct ones is
estimated from their least hashes (K minimum values), and the most frequent ones are those of a
sample, of which each value is a member by chance. All of it depends on the set of rows alone, so
merges are associative and commutative.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import from_numpy, to_numpy
from shardmill.schemas.feature_stats import LARGE_VALUE
from shardmill.schemas.splitmix import GAMMA, finalize
from shardmill.transforms.statistics.partition import token_hashes
from shardmill.transforms.statistics.token_counts import TokenCounts
from shardmill.transforms.statistics.tokens import SCHEMA, select

# The most distinct values of which each is counted, and the values in a sample, of a column; and of
# all columns.
MOST = 8192
_IN_ALL = 1 << 21
_LEAST = 512
# The most bytes of the values that are counted, by value.
_BYTES = 64
# Longer values are one in the sample, by TFDV's name.
LONGEST = 1024
_LARGE = LARGE_VALUE.encode()
# Hashes kept for the estimate, whose standard error is 1 / sqrt(_HASHES), 3 %.
_HASHES = 1024
# Values of a sample that make its count worth telling.
_TOLD = 8

_Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class TopValues:
    """The most frequent values of a column.

    Attributes:
        distinct: The number of distinct values.
        top: A table of counts, the most frequent values first; of several, the greatest by bytes.
        exact: Whether both are exact, and not estimated.
    """

    distinct: int
    top: pa.Table
    exact: bool


class TextValues:
    """An accumulator of a column's values.

    `merge` is associative and commutative.
    """

    def __init__(self, columns: int = 1) -> None:
        """Makes an empty accumulator.

        Args:
            columns: The number of columns that have one: the more, the less each keeps.
        """
        self._most = max(_LEAST, min(MOST, _IN_ALL // max(1, columns)))
        self._rows = 0
        self._counts: TokenCounts | None = TokenCounts(lines=True)
        self._hashes: _Hashes = np.zeros(0, np.uint64)
        self._keys: _Hashes = np.zeros(0, np.uint64)
        self._sample = pa.array([], pa.large_binary())

    def update(self, texts: pa.Array, keys: _Hashes) -> None:
        """Adds values.

        Args:
            texts: string or binary; nulls and empty values are skipped.
            keys: A random number for each, uint64, which decides whether it is in the sample.
        """
        filled = to_numpy(pc.fill_null(pc.binary_length(texts), 0)) > 0
        if not filled.all():
            texts, keys = texts.filter(pa.array(filled)), keys[filled]
        if self._counts is not None:
            self._counts.update(texts)
            self._limit()
        else:
            hashes = token_hashes(pa.chunked_array([texts]))
            if len(self._hashes) == _HASHES:
                hashes = hashes[hashes < self._hashes[-1]]
            self._hashes = _least(self._hashes, hashes)
        self._draw(texts, keys)

    def merge(self, other: "TextValues") -> None:
        """Adds the values of another column's accumulator, which stays unchanged."""
        assert self._most == other._most  # noqa: SLF001 (one class)
        if self._counts is not None and other._counts is not None:  # noqa: SLF001
            self._counts.merge(other._counts)  # noqa: SLF001
            self._limit()
        else:
            self._hashes = _least(self._all_hashes(), other._all_hashes())  # noqa: SLF001
            self._counts = None
        self._rows += other._rows  # noqa: SLF001
        self._keep(
            np.concatenate([self._keys, other._keys]),  # noqa: SLF001
            pa.concat_arrays([self._sample, other._sample]),  # noqa: SLF001
        )

    def result(self, most: int) -> TopValues:
        """The values found.

        Args:
            most: The most values in the table of counts.
        """
        if self._counts is not None:
            return TopValues(len(self._counts), select(self._counts.table(), most), exact=True)
        sampled = TokenCounts(lines=True)
        sampled.update(self._sample)
        counts = select(sampled.table(), most)
        if self._rows > self._most:
            told = counts.filter(pc.greater_equal(counts["count"], _TOLD))
            share = self._rows / self._most
            counts = pa.table(
                [told["token"], from_numpy(np.rint(to_numpy(told["count"]) * share).astype(np.int64))], SCHEMA
            )
        return TopValues(min(round(self._estimate()), self._rows), counts, exact=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_sample": pa.table([self._sample], ["value"])}

    def __setstate__(self, state: dict[str, Any]) -> None:
        (sample,) = state["_sample"].columns
        self.__dict__.update(state | {"_sample": sample.combine_chunks()})

    def _limit(self) -> None:
        """Stops counting values that are too many or long."""
        assert self._counts is not None
        lengths = self._counts.lengths
        if (
            len(lengths) > self._most
            or int(lengths.sum()) > self._most * _BYTES
            or (len(lengths) and int(lengths.max()) > LONGEST)
        ):
            self._hashes, self._counts = _least(self._hashes, self._all_hashes()), None

    def _all_hashes(self) -> _Hashes:
        return self._hashes if self._counts is None else token_hashes(self._counts.table()["token"])

    def _estimate(self) -> float:
        if len(self._hashes) < _HASHES:  # few but long
            return float(len(self._hashes))
        return (_HASHES - 1) / (float(self._hashes[-1]) / 2.0**64)

    def _draw(self, texts: pa.Array, keys: _Hashes) -> None:
        """Adds values to the sample whose keys are least."""
        self._rows += len(texts)
        if len(self._keys) == self._most:
            drawn = np.flatnonzero(keys < self._keys.max())
            texts, keys = texts.take(pa.array(drawn)), keys[drawn]
        values = texts.cast(pa.large_binary())
        values = pc.if_else(pc.greater(pc.binary_length(values), LONGEST), pa.scalar(_LARGE, values.type), values)
        self._keep(np.concatenate([self._keys, keys]), pa.concat_arrays([self._sample, values]))

    def _keep(self, keys: _Hashes, sample: pa.Array) -> None:
        """Keeps the values with the least keys."""
        if len(keys) > self._most:
            order = np.argpartition(keys, self._most)[: self._most]
            keys, sample = keys[order], sample.take(pa.array(order))
        self._keys, self._sample = keys, sample


def _least(one: _Hashes, two: _Hashes) -> _Hashes:
    return np.unique(np.concatenate([one, two]))[:_HASHES]


def row_keys(seed: int, rows: int) -> _Hashes:
    """A random number for each of some rows, uint64.

    Args:
        seed: Tells these rows from others.
        rows: Their number.
    """
    start = finalize(np.array([seed % 2**64], np.uint64))
    return finalize(start + np.arange(rows, dtype=np.uint64) * GAMMA)
