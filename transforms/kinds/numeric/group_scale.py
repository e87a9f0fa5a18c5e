"""The kind of numbers scaled by key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from shardmill.schemas.errors import ConfigError
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.kinds.base import NUMBERS, TOKENS, Request, Tensor, Trace, float32
from shardmill.transforms.kinds.numeric.numbers import NumberKind
from shardmill.transforms.kinds.numeric.scale import deviation_of
from shardmill.transforms.statistics.requests import GroupRequest, Statistics

_BUCKETS = (1 << 63) - 1
_UNSEEN = ("overall", "unscaled")


@dataclass(frozen=True, kw_only=True)
class GroupZScore(NumberKind):
    """(x - mean) / standard deviation by key.

    Both are of the rows with the same key. It is float32, as in `tft.scale_to_z_score_per_key`,
    with exact moments of float32 values. Where a key's deviation is 0, it is x - mean.

    Attributes:
        key: The key's column. Rows without a key are a group of their own.
        unseen: How values of a key that the analysis didn't meet are scaled: `"overall"`, by the
            mean and the deviation of all rows, or `"unscaled"`, as TF Transform leaves them.
        missing: A number, or `"mean"`, that of the key.
    """

    kind = "group_z_score"
    types = frozenset(ColumnType)
    max_columns = 2
    needs_statistics = True
    rules: ClassVar[tuple[str, ...]] = ("mean", "reject")

    key: str
    unseen: str = "overall"
    missing: float | str | None = "mean"

    @classmethod
    def named_columns(cls, feature: str, table: Mapping[str, object]) -> tuple[str, ...] | None:
        """The number's column and the key's: see `Kind.named_columns`."""
        column, key = table.get("column", feature), table.get("key")
        if not isinstance(column, str) or not isinstance(key, str) or "columns" in table:
            return None
        if column == key:
            raise ConfigError(f"[features] {feature}: expected `key` to be another column than {column!r}")
        return (column, key)

    def types_of(self, column: str) -> frozenset[ColumnType]:
        """A number, and a key: see `Kind.types_of`."""
        return TOKENS if column == self.key else NUMBERS

    def required_columns(self, schema: Schema) -> tuple[str, ...]:
        """The number's column: see `Kind.required_columns`."""
        return super().required_columns(schema)[:1]

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if self.columns[1:] != (self.key,):
            raise self.error(f"expected one `column`, and a `key`, received columns = {list(self.columns)!r}")
        if self.unseen not in _UNSEEN:
            raise self.error(f'expected `unseen` to be "overall" or "unscaled", received {self.unseen!r}')

    def requests(self, schema: Schema) -> tuple[Request, ...]:
        """The number's statistics of all rows, and those by key."""
        return (*super().requests(schema), self._group_request())

    def filling(self, _statistics: Statistics) -> float | None:
        """Returns None, as missing values are filled by key."""
        return None

    def _group_request(self) -> GroupRequest:
        return GroupRequest(self.columns[0], self.key, self.steps)

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        raw = trace.tf.raw_ops
        found = trace.statistics.groups[self._group_request()]
        stats = self.stats(trace.statistics)
        overall = self.unseen == "overall"
        last = (stats.mean, stats.variance) if overall else (0.0, 0.0)
        means = np.array([*(float32(each.mean) for each in found), float32(last[0])], np.float32)
        spreads = [float32(deviation_of(each.variance)) for each in found] + [float32(deviation_of(last[1]))]
        deviations = np.array([spread or 1 for spread in spreads], np.float32)
        index = self._index(trace, [each.key for each in found])
        mean, deviation = (raw.GatherV2(params=each, indices=index, axis=0) for each in (means, deviations))
        values = self.value(trace)
        if self.missing == "mean":
            values = raw.SelectV2(condition=self._unknown(trace, values), t=mean, e=values)
        return {self.name: raw.RealDiv(x=raw.Sub(x=values, y=mean), y=deviation)}

    def _index(self, trace: Trace, keys: list[bytes]) -> Tensor:
        """int64[batch]: the position of each row's key.

        It is the number of keys where the key isn't among them.
        """
        raw, tf = trace.tf.raw_ops, trace.tf
        with tf.init_scope():
            hashes = raw.StringToHashBucketFast(input=np.array(keys, object), num_buckets=_BUCKETS).numpy()
        order = np.argsort(hashes)
        if not np.diff(hashes[order]).all():
            raise ValueError("two keys have the same hash")  # one in a billion sets of the most keys
        texts = trace.text(self.key)
        hashed = raw.StringToHashBucketFast(input=texts, num_buckets=_BUCKETS)
        found = raw.LowerBound(
            sorted_inputs=hashes[order][None], values=raw.ExpandDims(input=hashed, axis=0), out_type=np.int64
        )
        position = raw.Minimum(x=raw.Reshape(tensor=found, shape=[-1]), y=np.int64(len(keys) - 1))
        candidates = raw.GatherV2(params=np.array(keys, object)[order], indices=position, axis=0)
        index = raw.GatherV2(params=order.astype(np.int64), indices=position, axis=0)
        return raw.SelectV2(condition=raw.Equal(x=candidates, y=texts), t=index, e=np.int64(len(keys)))

    def _missing(self, trace: Trace) -> Tensor:
        return self._unknown(trace, self._after_pre(trace, trace.number(self.columns[0])))
