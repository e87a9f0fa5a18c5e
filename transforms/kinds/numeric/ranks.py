"""Kinds that compare a number with the column's quantiles."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import Learned, Tensor, Trace
from shardmill.transforms.kinds.numeric.numbers import NumberKind
from shardmill.transforms.numbers.pre import clipped
from shardmill.transforms.statistics.quantiles import Ranked
from shardmill.transforms.statistics.requests import Statistics

# The least and the greatest share of the normal distribution, as scikit-learn's QuantileTransformer
# has them: scores are from -5.2 to 5.2.
_LEAST = 1e-7 - np.spacing(1)
_MOST = 1 - _LEAST


@dataclass(frozen=True, kw_only=True)
class Winsorize(NumberKind):
    """x limited to two of the column's quantiles, float32.

    Quantiles are interpolated linearly, as in NumPy. Without a rule for missing values, NaN stays.

    Attributes:
        low: The quantile that is the least output, from 0 to 1.
        high: The quantile that is the greatest output, from 0 to 1.
    """

    kind = "winsorize"
    needs_statistics = True
    needs_quantiles = True

    low: float = 0.01
    high: float = 0.99

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if not 0 <= self.low < self.high <= 1:
            raise self.error(
                "expected quantiles from 0 to 1, `low` less than `high`, "
                f"received low = {self.low!r} and high = {self.high!r}"
            )

    def learned(self, statistics: Statistics) -> Mapping[str, Learned]:
        """The least and the greatest output."""
        least, greatest = map(self.ranked(statistics).quantile, (self.low, self.high))
        return {"least": least, "greatest": greatest, **super().learned(statistics)}

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        ranked = self.ranked(trace.statistics)
        low, high = (trace.constant(ranked.quantile(each)) for each in (self.low, self.high))
        return {self.name: clipped(trace.tf.raw_ops, self.value(trace), low, high)}


@dataclass(frozen=True, kw_only=True)
class QuantileUniform(NumberKind):
    """The share of the column's values below x, float32.

    It is from 0 to 1, as in scikit-learn's QuantileTransformer, of all rows rather than a sample.
    Between two quantiles it is interpolated linearly, in float64. A value that is several quantiles
    at once gets the middle of their shares; the least value and those below it get 0, the greatest
    and those above it 1. A constant gets 0.

    Attributes:
        num_quantiles: The number of quantiles, the least and the greatest value included. There are
            no more than the column has values.
    """

    kind = "quantile_uniform"
    needs_statistics = True
    needs_quantiles = True

    num_quantiles: int = 1000
    missing: float | str | None = "median"

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if self.num_quantiles < 2:  # noqa: PLR2004 (the least and the greatest value)
            raise self.error(f"expected `num_quantiles` to be at least 2, received {self.num_quantiles!r}")

    def learned(self, statistics: Statistics) -> Mapping[str, Learned]:
        """The least value, the deciles and the greatest one."""
        ranked = self.ranked(statistics)
        return {"deciles": [ranked.quantile(each / 10) for each in range(11)], **super().learned(statistics)}

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        return {self.name: trace.tf.raw_ops.Cast(x=self._shares(trace), DstT=trace.tf.float32)}

    def _shares(self, trace: Trace) -> Tensor:
        """float64[batch]: the share of each value; NaN where missing."""
        raw, knots = trace.tf.raw_ops, _Knots.of(self.ranked(trace.statistics), self.num_quantiles)
        values = raw.Cast(x=self.value(trace), DstT=trace.tf.float64)
        upper = raw.UpperBound(
            sorted_inputs=knots.values[None], values=raw.ExpandDims(input=values, axis=0), out_type=np.int64
        )
        below = raw.Maximum(x=raw.Sub(x=raw.Reshape(tensor=upper, shape=[-1]), y=np.int64(1)), y=np.int64(0))

        def at(table: npt.NDArray[np.float64]) -> Tensor:
            return raw.GatherV2(params=table, indices=below, axis=0)

        distance = raw.RealDiv(x=raw.Sub(x=values, y=at(knots.values)), y=at(knots.spans))
        between = raw.AddV2(x=at(knots.highest), y=raw.Mul(x=distance, y=at(knots.rises)))
        shares = raw.SelectV2(condition=raw.Equal(x=values, y=at(knots.values)), t=at(knots.middles), e=between)
        shares = raw.SelectV2(
            condition=raw.GreaterEqual(x=values, y=knots.values[-1]), t=raw.OnesLike(x=shares), e=shares
        )
        return raw.SelectV2(condition=raw.LessEqual(x=values, y=knots.values[0]), t=raw.ZerosLike(x=shares), e=shares)


@dataclass(frozen=True, kw_only=True)
class QuantileNormal(QuantileUniform):
    """The standard normal quantile of x's share, float32.

    It is the inverse of the normal distribution's cumulative one at `quantile_uniform`'s share,
    from -5.2 to 5.2, as in scikit-learn's QuantileTransformer.
    """

    kind = "quantile_normal"

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        raw, shares = trace.tf.raw_ops, self._shares(trace)
        inner = raw.Minimum(x=raw.Maximum(x=shares, y=_LEAST), y=_MOST)
        scores = trace.steady(lambda padded: raw.Ndtri(x=padded), inner)
        scores = raw.SelectV2(condition=raw.IsNan(x=shares), t=shares, e=scores)
        return {self.name: raw.Cast(x=scores, DstT=trace.tf.float32)}


@dataclass(frozen=True)
class _Knots:
    """The distinct quantiles of a column, with their shares.

    Attributes:
        values: float64[n], ascending.
        middles: float64[n], the share of each.
        highest: float64[n], the highest share of each: that of the last quantile that it is.
        spans: float64[n], the distance to the next value; 1 for the last.
        rises: float64[n], how much the share grows until the next value; 0 for the last.
    """

    values: npt.NDArray[np.float64]
    middles: npt.NDArray[np.float64]
    highest: npt.NDArray[np.float64]
    spans: npt.NDArray[np.float64]
    rises: npt.NDArray[np.float64]

    @classmethod
    def of(cls, ranked: Ranked, number: int) -> "_Knots":
        """The distinct ones of at most this many quantiles."""
        number = max(2, min(number, ranked.count))
        quantiles = ranked.evenly(number)
        # As in TensorFlow's kernels, which take such numbers for 0.
        quantiles[np.abs(quantiles) < np.finfo(np.float32).tiny] = 0
        values, first, times = np.unique(quantiles, return_index=True, return_counts=True)
        shares = np.linspace(0, 1, number)
        lowest, highest = shares[first], shares[first + times - 1]
        return cls(
            values,
            (lowest + highest) / 2,
            highest,
            np.append(np.diff(values), 1.0),
            np.append(lowest[1:] - highest[:-1], 0.0),
        )
