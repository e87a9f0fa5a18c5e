"""The kind of crosses of several columns."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from shardmill.schemas.errors import DataError
from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.messages import did_you_mean
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.kinds.base import NUMBERS, Request, Tensor, Trace
from shardmill.transforms.kinds.categorical.hash import hashed_spec
from shardmill.transforms.kinds.categorical.token_mode import MODE, mode_of, mode_request
from shardmill.transforms.kinds.categorical.vocabulary import IdKind
from shardmill.transforms.kinds.own_id import OWN_ID, with_own_id
from shardmill.transforms.statistics.requests import NumericRequest, Statistics, VocabularyRequest


@dataclass(frozen=True, kw_only=True)
class Cross(IdKind):
    """The id of a row's combination of values, int64.

    It is a hash bucket's index with `num_buckets`, otherwise an id in a vocabulary of combinations.

    A combination's token is its values joined by `_X_`, as in TensorFlow's crosses; it is empty
    where any value is missing. With `missing = "mode"` a missing value is its column's mode.

    Attributes:
        num_buckets: The number of hash buckets. None means a vocabulary instead.
        boundaries: Columns of numbers, of which the combination has the bucket's index, each with
            its buckets' ascending boundaries, as in `Buckets`, but compared in float32. None means
            that there are none.
        buckets: Likewise, each with its number of quantile buckets, as in `Bucketize`; with
            `num_buckets` only, since a vocabulary is counted before quantiles are known. None means
            that there are none.
    """

    kind = "cross"
    min_columns = 2
    max_columns = 1000
    separator = "_X_"
    rules: ClassVar[tuple[str, ...]] = (MODE, OWN_ID, "reject")

    num_buckets: int | None = None
    boundaries: Mapping[str, tuple[float, ...]] | None = None
    buckets: Mapping[str, int] | None = None

    @property
    def vocabulary(self) -> str | None:
        """The vocabulary's name; None means hash buckets instead."""
        return None if self.num_buckets is not None else super().vocabulary

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        self._check_buckets()
        if self.missing == MODE and (self.boundaries or self.buckets):
            raise self.error(
                f'expected no `{"boundaries" if self.boundaries else "buckets"}` with `missing = "mode"`, which is a token, received both; '
                'use "own_id", or cross a column of tokens'
            )
        super().check_parameters(schema)
        if self.shared is not None:
            raise self.error(f"expected a cross without `shared`, received {self.shared!r}; remove it")
        if self.num_buckets is None:
            return
        if self.num_buckets < 1:
            raise self.error(f"expected `num_buckets` to be at least 1, received {self.num_buckets!r}")
        unused = [key for key in ("top_k", "frequency_threshold", "file", "extend") if getattr(self, key) is not None]
        unused += [key for key in ("num_oov_buckets", "reserved_tokens") if getattr(self, key)]
        unused += ["rank_by"] if self.by_label else []
        if unused:
            raise self.error(
                f"expected `num_buckets` (hash buckets) or `{unused[0]}` (a vocabulary), received both; remove one of them"
            )

    def _check_buckets(self) -> None:
        boundaries, buckets = self.boundaries or {}, self.buckets or {}
        for key, named in (("boundaries", boundaries), ("buckets", buckets)):
            for column in named:
                if column not in self.columns:
                    raise self.error(
                        f"expected `{key}` of its own columns ({', '.join(self.columns)}), received {column!r}"
                        f"{did_you_mean(column, self.columns)}"
                    )
        for column, edges in boundaries.items():
            rounded = np.array(edges, np.float32).tolist()
            if not rounded or any(low >= high for low, high in pairwise(rounded)):
                raise self.error(
                    "expected `boundaries` to be one or more ascending numbers of each column, different in float32, "
                    f"received {list(edges)!r} of {column!r}"
                )
        for column, number in buckets.items():
            if column in boundaries:
                raise self.error(f"expected `boundaries` or `buckets` of a column, received both of {column!r}")
            if number < 1:
                raise self.error(
                    f"expected `buckets` to be at least 1 of each column, received {number!r} of {column!r}"
                )
        if buckets and self.num_buckets is None:
            raise self.error(
                "expected `num_buckets` with `buckets`: a vocabulary of combinations can't be counted before the "
                "quantiles are known; add `num_buckets`, or give `boundaries`"
            )

    def types_of(self, column: str) -> frozenset[ColumnType]:
        """Numbers where it is put into buckets: see `Kind.types_of`."""
        bucketed = {*(self.boundaries or {}), *(self.buckets or {})}
        return NUMBERS if column in bucketed else super().types_of(column)

    def requests(self, schema: Schema) -> tuple[Request, ...]:
        """Requests for the vocabulary and for quantiles."""
        edges = tuple((self.boundaries or {}).items())
        found = tuple(
            replace(each, boundaries=edges) if isinstance(each, VocabularyRequest) else each
            for each in super().requests(schema)
        )
        modes = map(mode_request, self.columns) if self.missing == MODE else ()
        return (*found, *map(self._quantiles, self.buckets or {}), *modes)

    def _filling(self, statistics: Statistics) -> str | None:
        return None if self.missing == MODE else super()._filling(statistics)

    def _filling_of(self, statistics: Statistics, column: str) -> str | None:
        return mode_of(self, column, statistics) if self.missing == MODE else self._filling(statistics)

    def token(self, trace: Trace, column: str) -> Tensor:
        """string[batch]: a column's tokens, or the indices of its buckets.

        Missing ones are replaced as `missing` says.
        """
        edges = self._edges(trace.statistics, column)
        if edges is None:
            return super().token(trace, column)
        raw = trace.tf.raw_ops
        index = raw.AsString(input=trace.buckets(trace.number(column), edges))
        filling = self._filling(trace.statistics)
        return raw.SelectV2(condition=trace.missing(column), t=b"" if filling is None else filling.encode(), e=index)

    def _quantiles(self, column: str) -> NumericRequest:
        return NumericRequest(column, (), quantiles=True)

    def _edges(self, statistics: Statistics, column: str) -> npt.NDArray[np.float32] | None:
        """The boundaries of a column's buckets.

        None means that it has none.
        """
        if column in (self.boundaries or {}):
            return np.array((self.boundaries or {})[column], np.float32)
        if column not in (self.buckets or {}):
            return None
        stats = statistics.numeric[self._quantiles(column)]
        if not stats.count or stats.ranked is None:
            raise DataError(
                f"feature {self.name!r}: column {column!r} has no finite value in the {statistics.rows} rows of the train "
                "split, so it has no quantile buckets; remove the feature, or give `boundaries`"
            )
        return stats.ranked.boundaries((self.buckets or {})[column])

    def _outputs(self, _schema: Schema, statistics: Statistics) -> tuple[FeatureSpec, ...]:
        for column in self.buckets or {}:
            self._edges(statistics, column)
        if self.num_buckets is not None:
            return (hashed_spec(self, self.num_buckets),)
        return self._spec(statistics, ())

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        raw = trace.tf.raw_ops
        tokens = raw.StringJoin(inputs=[self.token(trace, column) for column in self.columns], separator=self.separator)
        if self._filling(trace.statistics) is None and self.missing != MODE:
            tokens = raw.SelectV2(condition=self._missing(trace), t=b"", e=tokens)
        if self.num_buckets is not None:
            ids, count = raw.StringToHashBucketFast(input=tokens, num_buckets=self.num_buckets), self.num_buckets
        else:
            ids, count = trace.table(self._key(self.default_value)).lookup(tokens), self._ids(trace.statistics)
        return {self.name: with_own_id(trace, self.missing, self._missing, ids, count)}
