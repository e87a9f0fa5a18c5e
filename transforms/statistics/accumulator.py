"""The accumulator of everything that an analysis pass finds.

It computes moments, quantiles, token counts and text summaries in one pass over the rows.

Everything in it is a function of the multiset of rows: merging is associative and commutative, so
the result doesn't depend on the number of workers.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import to_numpy
from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.statistics import tokens as tokens_module
from shardmill.transforms.statistics.moments import Moments
from shardmill.transforms.statistics.pre import Pre
from shardmill.transforms.statistics.quantiles import Quantiles
from shardmill.transforms.statistics.requests import (
    NumericRequest,
    NumericStats,
    Statistics,
    VocabularyRequest,
    VocabularyStats,
)
from shardmill.transforms.statistics.tokens import TokenCounts

_NumericKey = tuple[str, tuple[Pre, ...]]
# Columns, separator, delimiter. Requests that differ only in which tokens they keep share the
# counts.
_TokensKey = tuple[tuple[str, ...], str | None, str | None]


@dataclass(slots=True)
class TextSummary:
    """Counts and lengths of a text column's values.

    Attributes:
        count: Values that are neither null nor empty.
        missing: Nulls and empty values.
        empty: Missing values that are empty rather than null.
        length: Bytes of all values together.
        shortest: Bytes of the shortest value; 0 without values.
        longest: Bytes of the longest value; 0 without values.
    """

    count: int = 0
    missing: int = 0
    empty: int = 0
    length: int = 0
    shortest: int = 0
    longest: int = 0

    @property
    def mean_length(self) -> float:
        """Mean bytes of a value; 0 without values."""
        return self.length / self.count if self.count else 0.0

    def update(self, values: pa.Array) -> None:
        """Adds a block's values.

        Args:
            values: A string or binary array.
        """
        lengths = pc.binary_length(values)
        found = pc.min_max(lengths)
        low, high = found["min"].as_py(), found["max"].as_py()
        empty = 0
        if low == 0:
            positive = lengths.filter(lengths.cast(pa.bool_()))
            low = pc.min(positive).as_py()
            empty = len(lengths) - lengths.null_count - len(positive)
        self.missing += values.null_count + empty
        self.empty += empty
        count = len(values) - values.null_count - empty
        self._widen(count, low, high)
        self.length += pc.sum(lengths).as_py() or 0

    def merge(self, other: "TextSummary") -> None:
        """Adds the values of another summary."""
        self._widen(other.count, other.shortest, other.longest)
        self.missing += other.missing
        self.empty += other.empty
        self.length += other.length

    def _widen(self, count: int, low: int, high: int) -> None:
        if count:
            self.shortest = min(self.shortest, low) if self.count else low
            self.longest = max(self.longest, high)
            self.count += count


class Analysis:
    """The accumulator of one pass over the rows.

    Attributes:
        rows: Rows seen.
    """

    def __init__(self, requests: Sequence[NumericRequest | VocabularyRequest], columns: Sequence[Column]) -> None:
        """Makes an empty accumulator.

        Args:
            requests: The features' requests: numeric ones of INT and FLOAT columns, vocabularies of
                INT and BYTES columns.
            columns: The columns of every batch. Each gets a summary, requested or not.

        Raises:
            ValueError: A request names a column that isn't among them or is of the wrong type.
        """
        self.rows = 0
        self._names = tuple(column.name for column in columns)
        self._numeric = tuple(dict.fromkeys(request for request in requests if isinstance(request, NumericRequest)))
        self._vocabularies = {request.name: request for request in requests if isinstance(request, VocabularyRequest)}
        _check(requests, columns)
        texts = [column.name for column in columns if column.type is ColumnType.BYTES]
        numbers: list[_NumericKey] = [(column.name, ()) for column in columns if column.type is not ColumnType.BYTES]
        self._texts = {name: TextSummary() for name in texts}
        self._moments = {key: Moments() for key in (*numbers, *((each.column, each.pre) for each in self._numeric))}
        self._quantiles = {(each.column, each.pre): Quantiles() for each in self._numeric if each.quantiles}
        self._tokens = {_tokens_key(each): TokenCounts() for each in self._vocabularies.values()}

    def update(self, batch: pa.RecordBatch) -> None:
        """Adds a block's rows.

        Args:
            batch: The columns by name: int64, float32 or string, by their types. Nulls are missing.
        """
        if not batch.num_rows:
            return
        self.rows += batch.num_rows
        for key, moments in self._moments.items():
            values = batch.column(key[0])
            moments.missing += values.null_count
            present = _present(values, key[1])
            moments.update(present)
            if key in self._quantiles:
                self._quantiles[key].update(present)
        for name, summary in self._texts.items():
            summary.update(batch.column(name))
        for (columns, separator, delimiter), counts in self._tokens.items():
            arrays = [batch.column(name) for name in columns]
            for array in arrays if separator is None else [tokens_module.cross(arrays, separator)]:
                counts.update(array, delimiter)

    def merge(self, other: "Analysis") -> None:
        """Adds the rows of another analysis.

        It has the same requests and columns, and its results stay unchanged.
        """
        self.rows += other.rows
        for key, moments in other._moments.items():  # noqa: SLF001 (of this class too)
            self._moments[key].merge(moments)
        for key, quantiles in other._quantiles.items():  # noqa: SLF001 (of this class too)
            self._quantiles[key].merge(quantiles)
        for name, summary in other._texts.items():  # noqa: SLF001 (of this class too)
            self._texts[name].merge(summary)
        for tokens, counts in other._tokens.items():  # noqa: SLF001 (of this class too)
            self._tokens[tokens].merge(counts)

    def take_tables(self) -> dict[str, pa.Table]:
        """Takes out the vocabularies' tables of counts, by name.

        The accumulator keeps none of them, so that it stays small.
        """
        tables = {key: counts.table() for key, counts in self._tokens.items()}
        self._tokens = {key: TokenCounts() for key in tables}
        return {name: tables[_tokens_key(request)] for name, request in self._vocabularies.items()}

    def take_quantiles(self) -> list[Quantiles]:
        """Takes out the quantiles' accumulators, in the order of requests.

        The analysis keeps empty ones, so that it stays small.
        """
        taken = list(self._quantiles.values())
        self._quantiles = {key: Quantiles() for key in self._quantiles}
        return taken

    def with_quantiles(self, quantiles: Mapping[int, Quantiles]) -> "Analysis":
        """A copy of the analysis with other quantiles.

        Args:
            quantiles: Accumulators, by their position in the list that `take_quantiles` returns.
        """
        changed = copy.copy(self)
        taken = {key: quantiles.get(index, Quantiles()) for index, key in enumerate(self._quantiles)}
        changed._quantiles = taken  # noqa: SLF001 (of this class too)
        return changed

    @property
    def token_bytes(self) -> int:
        """Bytes of memory that the token counts take."""
        return sum(counts.nbytes for counts in self._tokens.values())

    def numeric_results(self) -> dict[NumericRequest, NumericStats]:
        """The statistics that answer each numeric request."""
        return {request: self._stats(request) for request in self._numeric}

    def summaries(self) -> dict[str, Moments | TextSummary]:
        """A summary of every column, in the columns' order.

        Numeric columns have their moments, before any `pre`.
        """
        numbers = {name: moments for (name, pre), moments in self._moments.items() if not pre}
        return {name: numbers[name] if name in numbers else self._texts[name] for name in self._names}

    def missing(self) -> dict[str, int]:
        """Missing values of each column."""
        return {name: summary.missing for name, summary in self.summaries().items()}

    def statistics(self, vocabularies: Mapping[str, VocabularyStats]) -> Statistics:
        """The statistics that the graph is built from.

        Args:
            vocabularies: The vocabularies selected from the tables of counts, by name.
        """
        return Statistics(self.numeric_results(), vocabularies, self.rows, self.missing())

    def _stats(self, request: NumericRequest) -> NumericStats:
        moments = self._moments[request.column, request.pre]
        return NumericStats(
            count=moments.count,
            missing=moments.missing,
            non_finite=moments.non_finite,
            zeros=moments.zeros,
            mean=moments.mean,
            variance=moments.variance,
            minimum=moments.minimum,
            maximum=moments.maximum,
            ranked=self._quantiles[request.column, request.pre].ranked() if request.quantiles else None,
        )


def _present(values: pa.Array, pre: tuple[Pre, ...]) -> npt.NDArray[np.generic]:
    """The values that aren't null, after `pre`.

    They are those that the graph computes with: with a `pre`, an INT column becomes float32 first.
    """
    if values.null_count:
        values = pc.drop_null(values)
    array: npt.NDArray[np.generic] = to_numpy(values)
    if pre:
        array = array.astype(np.float32, copy=False)
    for operation in pre:
        array = operation.numpy(array)
    return array


def _tokens_key(request: VocabularyRequest) -> _TokensKey:
    return request.columns, request.separator, request.delimiter


def _check(requests: Sequence[NumericRequest | VocabularyRequest], columns: Sequence[Column]) -> None:
    types = {column.name: column.type for column in columns}
    for request in requests:
        numeric = isinstance(request, NumericRequest)
        for name in (request.column,) if isinstance(request, NumericRequest) else request.columns:
            if name not in types:
                raise ValueError(f"{request!r}: expected a column among those read ({list(types)}), received {name!r}")
            if types[name] is (ColumnType.BYTES if numeric else ColumnType.FLOAT):
                wanted = "numbers" if numeric else "text or integers"
                raise ValueError(
                    f"{request!r}: expected a column of {wanted}, received {name!r}, which is {types[name].name}"
                )
