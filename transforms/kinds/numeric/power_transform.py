"""The kind of numbers made normal by a power."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from shardmill.transforms.kinds.base import Learned, Tensor, Trace
from shardmill.transforms.kinds.numeric.numbers import NumberKind
from shardmill.transforms.statistics.requests import Statistics


@dataclass(frozen=True, kw_only=True)
class YeoJohnson(NumberKind):
    """Yeo and Johnson's power transformation, float32.

    The exponent is the likeliest for the column's values to become normal, as in scikit-learn's
    PowerTransformer; from -20 to 20. It is computed in float64.

    Attributes:
        standardize: Whether the results have a mean of 0 and a standard deviation of 1 (ddof 0). A
            constant, whose deviation is 0, becomes 0.
    """

    kind = "yeo_johnson"
    needs_statistics = True
    needs_quantiles = True

    standardize: bool = True
    missing: float | str | None = "median"

    def learned(self, statistics: Statistics) -> Mapping[str, Learned]:
        """The exponent, and what standardizes the results."""
        fit = self.ranked(statistics).power
        standard = {"mean": fit.mean, "standard deviation": fit.deviation} if self.standardize else {}
        return {"exponent": fit.exponent, **standard, **super().learned(statistics)}

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        raw, tf, fit = trace.tf.raw_ops, trace.tf, self.ranked(trace.statistics).power

        def hidden(value: float) -> Tensor:
            return trace.hide(tf.constant(value, tf.float64))

        values = raw.Cast(x=self.value(trace), DstT=tf.float64)
        negative = raw.Less(x=values, y=np.float64(0))
        logarithms = trace.steady(lambda padded: raw.Log1p(x=padded), raw.Abs(x=values))
        powers = raw.SelectV2(condition=negative, t=hidden(2 - fit.exponent), e=hidden(fit.exponent))
        exponentials = trace.steady(lambda padded: raw.Expm1(x=padded), raw.Mul(x=powers, y=logarithms))
        sizes = raw.SelectV2(
            condition=raw.Equal(x=powers, y=np.float64(0)), t=logarithms, e=raw.RealDiv(x=exponentials, y=powers)
        )
        transformed = raw.SelectV2(condition=negative, t=raw.Neg(x=sizes), e=sizes)
        if self.standardize:
            transformed = raw.Sub(x=transformed, y=hidden(fit.mean))
            if fit.deviation:
                transformed = raw.RealDiv(x=transformed, y=hidden(fit.deviation))
        return {self.name: raw.Cast(x=transformed, DstT=tf.float32)}
