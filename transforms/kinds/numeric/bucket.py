"""Kinds that turn numbers into bucket indices."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.kinds.base import Learned, Tensor, Trace
from shardmill.transforms.kinds.numeric.numbers import NumberKind
from shardmill.transforms.kinds.own_id import OWN_ID, with_own_id
from shardmill.transforms.statistics.requests import Statistics

# Integers below this in absolute value fit into int64.
_LIMIT = 1 << 63


@dataclass(frozen=True, kw_only=True)
class _BucketKind(NumberKind):
    """A kind whose output is a bucket index, int64.

    It is the i with boundaries[i - 1] <= x < boundaries[i], as in `tft.apply_buckets`; NaN
    (missing) falls into the last bucket.

    Attributes:
        missing: As for `NumberKind`; or `"own_id"`: the index after the last bucket's.
    """

    rules: ClassVar[tuple[str, ...]] = (*NumberKind.rules, OWN_ID)

    def _spec(self, boundaries: int) -> tuple[FeatureSpec, ...]:
        last = boundaries + (self.missing == OWN_ID)
        return (FeatureSpec(self.name, "int64", (), 0, last, is_categorical=True),)

    def _assign(self, trace: Trace, boundaries: npt.NDArray[np.float32]) -> dict[str, Tensor]:
        index = trace.buckets(self.value(trace), boundaries)
        return self._with_own_id(trace, index, boundaries.size)

    def _with_own_id(self, trace: Trace, index: Tensor, boundaries: int) -> dict[str, Tensor]:
        return {self.name: with_own_id(trace, self.missing, self._missing, index, boundaries + 1)}


@dataclass(frozen=True, kw_only=True)
class Bucketize(_BucketKind):
    """The index of a quantile bucket, as in `tft.bucketize`.

    Buckets hold about as many rows each; where values repeat, some stay empty.

    Attributes:
        num_buckets: The number of buckets.
    """

    kind = "bucketize"
    needs_statistics = True
    needs_quantiles = True

    num_buckets: int

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if self.num_buckets < 1:
            raise self.error(f"expected `num_buckets` to be at least 1, received {self.num_buckets!r}")

    def _outputs(self, schema: Schema, statistics: Statistics) -> tuple[FeatureSpec, ...]:
        super()._outputs(schema, statistics)
        return self._spec(self.num_buckets - 1)

    def learned(self, statistics: Statistics) -> Mapping[str, Learned]:
        """The boundaries of the buckets."""
        return {"boundaries": self._boundaries(statistics).tolist(), **super().learned(statistics)}

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        return self._assign(trace, self._boundaries(trace.statistics))

    def _boundaries(self, statistics: Statistics) -> npt.NDArray[np.float32]:
        return self.ranked(statistics).boundaries(self.num_buckets)


@dataclass(frozen=True, kw_only=True)
class Buckets(_BucketKind):
    """The index of a bucket with given boundaries.

    It equals `tft.apply_buckets`; an INT column with integer boundaries is compared in int64,
    unless `missing` replaces values.

    Attributes:
        boundaries: The buckets' boundaries, ascending.
    """

    kind = "buckets"

    boundaries: tuple[float, ...]

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        integers = self._in_integers(schema[self.columns[0]].type is ColumnType.INT)
        edges = list(self.boundaries) if integers else np.array(self.boundaries, np.float32).tolist()
        if not edges or any(low >= high for low, high in pairwise(edges)):
            rule = "" if integers else ", different in float32"
            raise self.error(
                f"expected `boundaries` to be one or more ascending numbers{rule}, received {list(self.boundaries)!r}"
            )

    def _in_integers(self, integers: bool) -> bool:  # noqa: FBT001 (whether the column is of integers)
        whole = all(isinstance(each, int) and -_LIMIT < each < _LIMIT for each in self.boundaries)
        return integers and whole and not self.steps and self.missing in (None, OWN_ID, "reject")

    def _outputs(self, schema: Schema, statistics: Statistics) -> tuple[FeatureSpec, ...]:
        super()._outputs(schema, statistics)
        return self._spec(len(self.boundaries))

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        column = trace.inputs[self.columns[0]]
        if not self._in_integers(column.dtype == trace.tf.int64):
            return self._assign(trace, np.array(self.boundaries, np.float32))
        raw = trace.tf.raw_ops
        last = np.int64(np.iinfo(np.int64).max)
        values = raw.SelectV2(condition=trace.missing(self.columns[0]), t=last, e=column)
        edges = np.array([self.boundaries], np.int64)
        index = raw.UpperBound(sorted_inputs=edges, values=raw.ExpandDims(input=values, axis=0), out_type=np.int64)
        return self._with_own_id(trace, raw.Reshape(tensor=index, shape=[-1]), len(self.boundaries))
