"""The accumulator of everything that an analysis pass finds.

It computes moments, distributions, quantiles, token counts and the values of texts in one pass over
the rows.

Everything in it is a function of the multiset of rows: merging is associative and commutative, so
the result doesn't depend on the number of workers.
"""

import copy
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.schemas.arrow import from_numpy
from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.distributions.column_bins import ColumnBins
from shardmill.transforms.distributions.distribution import Distribution
from shardmill.transforms.distributions.group_moments import GroupMoments
from shardmill.transforms.distributions.joint_tokens import MISSING, Companion, join_tokens, rows_without, same_token
from shardmill.transforms.kernel.described_columns import FLOATS, INTEGERS, ColumnFinder, columns_of
from shardmill.transforms.numbers.pre import Pre, apply_pre
from shardmill.transforms.statistics.column_quantiles import ColumnQuantiles
from shardmill.transforms.statistics.counted_tokens import CountedTokens
from shardmill.transforms.statistics.moments import ColumnMoments, Moments
from shardmill.transforms.statistics.quantiles import Quantiles
from shardmill.transforms.statistics.requests import (
    ComputedRequest,
    GroupRequest,
    Made,
    NumericRequest,
    NumericStats,
    Request,
    Statistics,
    VocabularyRequest,
    VocabularyStats,
    check_requests,
)
from shardmill.transforms.statistics.text_summary import TextSummaries, TextSummary
from shardmill.transforms.statistics.text_values import TextValues, TopValues, row_keys
from shardmill.transforms.statistics.token_counts import TokenCounts
from shardmill.transforms.statistics.tokens import SCHEMA, to_binary

_KINDS = {ColumnType.FLOAT: FLOATS, ColumnType.INT: INTEGERS}
# A numeric column and what is applied to its values first; or what the graph computes.
_NumericKey = tuple[str, tuple[Pre, ...]] | Made
# The attributes of an analysis that follow from its requests and columns.
_GIVEN = frozenset(
    (
        *("columns", "_names", "_numeric", "_vocabularies", "_finder", "_text_columns", "_number_columns", "_others"),
        *("_positions", "_ranked", "_ranked_positions", "_sharing"),
    )
)


class Analysis:
    """The accumulator of one pass over the rows.

    Attributes:
        rows: Rows seen.
        columns: The columns of every batch.
    """

    def __init__(self, requests: Sequence[Request], columns: Sequence[Column]) -> None:
        """Makes an empty accumulator.

        Args:
            requests: The features' requests: numeric ones of INT and FLOAT columns, vocabularies of
                INT and BYTES columns.
            columns: The columns of every batch. Each gets a summary, requested or not.

        Raises:
            ValueError: A request names a column that isn't among them or is of the wrong type.
        """
        self.rows = 0
        self.columns = tuple(columns)
        self._names = tuple(column.name for column in columns)
        numeric = (request for request in requests if isinstance(request, NumericRequest | ComputedRequest))
        self._numeric = tuple(dict.fromkeys(numeric))
        self._vocabularies = {request.name: request for request in requests if isinstance(request, VocabularyRequest)}
        check_requests(requests, columns)
        is_text = np.array([column.type is ColumnType.BYTES for column in columns], np.bool_)
        self._finder = ColumnFinder(self._names)
        self._text_columns, self._number_columns = np.flatnonzero(is_text), np.flatnonzero(~is_text)
        self._texts = TextSummaries(len(self._text_columns))
        plain = dict.fromkeys((self._names[position], ()) for position in self._number_columns)
        others = (key for key in map(_numeric_key, self._numeric) if key not in plain)
        self._others: tuple[_NumericKey, ...] = tuple(dict.fromkeys(others))
        # Positions among the moments: the numeric columns as they are, then the other numbers.
        self._positions = {key: position for position, key in enumerate((*plain, *self._others))}
        kinds = [_KINDS[column.type] for column in columns if column.type in _KINDS]
        self._bins = ColumnBins(kinds)
        kinds += [FLOATS] * len(self._others)
        self._moments = ColumnMoments(kinds)
        ranked = dict.fromkeys(_numeric_key(each) for each in self._numeric if each.quantiles)
        self._ranked = {key: position for position, key in enumerate(ranked)}
        self._ranked_positions = np.array([self._positions[key] for key in ranked], np.int64)
        self._quantiles = ColumnQuantiles([kinds[position] for position in self._ranked_positions])
        # The names of vocabularies by the counts that they share.
        self._sharing: dict[CountedTokens, tuple[str, ...]] = {}
        for name, request in self._vocabularies.items():
            tokens = CountedTokens.of(request)
            self._sharing[tokens] = (*self._sharing.get(tokens, ()), name)
        self._tokens = {key: TokenCounts() for key in self._sharing}
        # Of joint tokens: the counts of all rows' facts.
        self._totals = {key: TokenCounts() for key in self._sharing if key.companion is not None}
        counted = {request.columns[0] for request in self._vocabularies.values() if request.counts_cells}
        self._values = {name: TextValues(len(columns)) for name in self._of(self._text_columns) if name not in counted}
        groups = (request for request in requests if isinstance(request, GroupRequest))
        self._groups = {request: GroupMoments(request.column, request.key) for request in groups}

    def update(
        self,
        batch: pa.RecordBatch,
        made: Mapping[Any, Any] = MappingProxyType({}),
        keys: "npt.NDArray[np.uint64] | None" = None,
    ) -> None:
        """Adds a block's rows.

        Args:
            batch: The columns by name: int64, float32 or text, by their types. Nulls are missing.
            made: What the graph makes of each row, for the `made` of all requests: lists of tokens,
                numbers as float32.
            keys: See `row_keys`. None means that the rows are all there are.
        """
        if not batch.num_rows:
            return
        self.rows += batch.num_rows
        columns = self._finder.find(batch)
        self._texts.update(columns.take(self._text_columns))
        others = [_other_numbers(key, batch, made) for key in self._others]
        numbers = columns.take(self._number_columns).joined(columns_of(others, batch.num_rows))
        self._moments.update(numbers)
        self._bins.update(columns.take(self._number_columns))
        if self._values:
            keys = row_keys(0, batch.num_rows) if keys is None else keys
            for name, values in self._values.items():
                values.update(batch.column(name), keys)
        self._quantiles.update(numbers.take(self._ranked_positions))
        for request, moments in self._groups.items():
            keys = to_binary(batch.column(request.key))
            moments.update(keys, apply_pre(batch.column(request.column), request.pre))
        for key, counts in self._tokens.items():
            if key.companion is not None:
                self._count_joint(key, key.companion, batch, made)
            else:
                key.add_to(counts, batch, made)

    def _count_joint(
        self, key: CountedTokens, companion: Companion, batch: pa.RecordBatch, made: Mapping[Any, pa.LargeListArray]
    ) -> None:
        """Counts tokens with the facts of their rows."""
        tokens, rows = key.distinct(batch, made)
        totals = self._totals[key]
        pieces = [(self._tokens[key], tokens, rows), (totals, *same_token(b"", np.arange(batch.num_rows)))]
        if companion.counts_missing:
            pieces.append((totals, *same_token(MISSING, rows_without(tokens, rows, batch.num_rows))))
        for facts in companion.facts(batch):
            for counts, texts, of in pieces:
                joint, numbers = join_tokens(texts, of, facts)
                counts.add(pa.table([joint, from_numpy(numbers)], schema=SCHEMA))
        companion.check(totals.table())

    def merge(self, other: "Analysis") -> None:
        """Adds the rows of another analysis.

        It has the same requests and columns, and its results stay unchanged.
        """
        self.rows += other.rows
        self._moments.merge(other._moments)  # noqa: SLF001 (of this class too)
        self._bins.merge(other._bins)  # noqa: SLF001 (of this class too)
        for name, values in other._values.items():  # noqa: SLF001 (of this class too)
            self._values[name].merge(values)
        self._quantiles.merge(other._quantiles)  # noqa: SLF001 (of this class too)
        self._texts.merge(other._texts)  # noqa: SLF001 (of this class too)
        for request, moments in other._groups.items():  # noqa: SLF001 (of this class too)
            self._groups[request].merge(moments)
        for tokens, counts in other._tokens.items():  # noqa: SLF001 (of this class too)
            self._tokens[tokens].merge(counts)
        for tokens, totals in other._totals.items():  # noqa: SLF001 (of this class too)
            self._totals[tokens].merge(totals)
            if tokens.companion:
                tokens.companion.check(self._totals[tokens].table())

    def take_tables(self, most: int | None = None) -> dict[tuple[str, ...], pa.Table]:
        """Takes out tables of token counts.

        The accumulator keeps none of them, so that it stays small.

        Args:
            most: The most bytes of memory that one column's counts may take: those that take more
                are taken out. None means that all are.

        Returns:
            The tables, each by the names of all vocabularies that share it.
        """
        return self._take([key for key, counts in self._tokens.items() if most is None or counts.nbytes > most])

    def take_largest_tables(self, left: int) -> dict[tuple[str, ...], pa.Table]:
        """Takes out the largest tables of token counts.

        Few of them make room for many more tokens.

        Args:
            left: The most bytes of memory that the tables left may take together.

        Returns:
            As `take_tables`.
        """
        sizes = {key: counts.nbytes for key, counts in self._tokens.items()}
        total = sum(sizes.values())
        keys = []
        for key in sorted(sizes, key=sizes.__getitem__, reverse=True):
            if total <= left:
                break
            total -= sizes[key]
            keys.append(key)
        return self._take(keys)

    def _take(self, keys: Sequence[CountedTokens]) -> dict[tuple[str, ...], pa.Table]:
        taken: dict[tuple[str, ...], pa.Table] = {}
        for key in keys:
            taken[self._sharing[key]] = self._tokens[key].table()
            self._tokens[key] = TokenCounts()
        return taken

    def totals(self) -> dict[str, pa.Table]:
        """The counts of rows' facts, by vocabularies' names."""
        return {name: totals.table() for key, totals in self._totals.items() for name in self._sharing[key]}

    def take_quantiles(self) -> list[Quantiles]:
        """Takes out the quantiles' accumulators, in the order of requests.

        The analysis keeps empty ones, so that it stays small.
        """
        return self._quantiles.take()

    def with_quantiles(self, quantiles: Mapping[int, Quantiles]) -> "Analysis":
        """A copy of the analysis with other quantiles.

        Args:
            quantiles: Accumulators, by their position in the list that `take_quantiles` returns.
        """
        changed = copy.copy(self)
        changed._quantiles = self._quantiles.replaced(quantiles)  # noqa: SLF001 (of this class too)
        return changed

    def contents(self) -> dict[str, Any]:
        """The accumulators, by name, without requests and columns."""
        found = {name: value for name, value in vars(self).items() if name not in _GIVEN}
        # Their keys are requests, in an order that follows from these.
        return {name: list(value.values()) if isinstance(value, dict) else value for name, value in found.items()}

    def filled(self, contents: Mapping[str, Any]) -> "Analysis":
        """An analysis of the same requests with other contents.

        Args:
            contents: Those of an analysis of the same requests and columns.
        """
        made = copy.copy(self)
        for name, value in contents.items():
            mine = getattr(self, name)
            setattr(made, name, dict(zip(mine, value, strict=True)) if isinstance(mine, dict) else value)
        return made

    @property
    def token_bytes(self) -> int:
        """Bytes of memory that the token counts take."""
        return sum(counts.nbytes for counts in self._tokens.values())

    def numeric_results(self) -> dict[NumericRequest | ComputedRequest, NumericStats]:
        """The statistics that answer each numeric request."""
        quantiles = self._quantiles.all()
        return {request: self._stats(request, quantiles) for request in self._numeric}

    def summaries(self) -> dict[str, Moments | TextSummary]:
        """A summary of every column, in the columns' order.

        Numeric columns have their moments, before any `pre`.
        """
        found: dict[str, Moments | TextSummary] = dict(zip(self._of(self._text_columns), self._texts, strict=True))
        found |= {name: self._moments[self._positions[name, ()]] for name in self._of(self._number_columns)}
        return {name: found[name] for name in self._names}

    def distributions(self) -> dict[str, Distribution]:
        """The distribution of every numeric column, before any `pre`."""
        return dict(zip(self._of(self._number_columns), self._bins.distributions(), strict=True))

    def top_values(self, most: int) -> dict[str, TopValues]:
        """The values of text columns that no vocabulary counts.

        Args:
            most: The most values of a column.
        """
        return {name: values.result(most) for name, values in self._values.items()}

    def missing(self) -> dict[str, int]:
        """Missing values of each column."""
        return {name: summary.missing for name, summary in self.summaries().items()}

    def statistics(self, vocabularies: Mapping[str, VocabularyStats]) -> Statistics:
        """The statistics that the graph is built from.

        Args:
            vocabularies: The vocabularies selected from the tables of counts, by name.
        """
        groups = {request: tuple(moments.results()) for request, moments in self._groups.items()}
        return Statistics(self.numeric_results(), vocabularies, self.rows, self.missing(), groups, self.totals())

    def _of(self, positions: npt.NDArray[np.int64]) -> list[str]:
        return [self._names[position] for position in positions]

    def _stats(self, request: NumericRequest | ComputedRequest, quantiles: Sequence[Quantiles]) -> NumericStats:
        key = _numeric_key(request)
        moments = self._moments[self._positions[key]]
        return NumericStats(
            count=moments.count,
            missing=moments.missing,
            non_finite=moments.non_finite,
            zeros=moments.zeros,
            mean=moments.mean,
            variance=moments.variance,
            minimum=moments.minimum,
            maximum=moments.maximum,
            ranked=quantiles[self._ranked[key]].ranked() if request.quantiles else None,
        )


def _numeric_key(request: NumericRequest | ComputedRequest) -> _NumericKey:
    return request.numbers if isinstance(request, ComputedRequest) else (request.column, request.pre)


def _other_numbers(key: _NumericKey, batch: pa.RecordBatch, made: Mapping[Any, Any]) -> npt.NDArray[np.float32]:
    """The values of a key that isn't a plain column."""
    numbers: npt.NDArray[np.float32] = apply_pre(batch.column(key[0]), key[1]) if isinstance(key, tuple) else made[key]
    return numbers
