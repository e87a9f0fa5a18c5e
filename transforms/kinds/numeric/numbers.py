"""The base class of kinds that take one number.

It handles `pre`, and the replacement of missing values.
"""

from dataclasses import dataclass

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.kinds.base import NUMBERS, Tensor, Trace
from shardmill.transforms.kinds.numeric.filled import FilledKind
from shardmill.transforms.numbers.pre import OPERATIONS, Pre
from shardmill.transforms.statistics.requests import NumericRequest, Statistics


@dataclass(frozen=True, kw_only=True)
class NumberKind(FilledKind):
    """A kind of one numeric column, computed in float32.

    Attributes:
        pre: Operations applied first, in order.
        missing: The replacement of missing cells. A number replaces them before `pre`. `"mean"`,
            `"median"` and `"mode"` are those of the present values after `pre`, and also replace
            values that `pre` turns into NaN (such as the log of -1). `"reject"` rejects the row.
            None means that NaN stays.
    """

    types = NUMBERS

    pre: tuple[Pre, ...] = ()

    @property
    def steps(self) -> tuple[Pre, ...]:
        """The operations before the kind's own arithmetic."""
        return self.pre

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if any(each.name == "power" and each.args == (0.0,) for each in self.steps):
            raise self.error(
                "expected an exponent other than 0 for `power`, received 0, which makes every value 1, missing ones too"
            )

    def value(self, trace: Trace) -> Tensor:
        """float32[batch]: the column after `pre`, without missing values.

        They are replaced as `missing` says.
        """
        raw = trace.tf.raw_ops
        values = trace.number(self.columns[0])
        if isinstance(self.missing, int | float):
            values = raw.SelectV2(condition=trace.missing(self.columns[0]), t=trace.constant(self.missing), e=values)
        values = self._after_pre(trace, values)
        filling = self.filling(trace.statistics)
        return (
            values
            if filling is None
            else raw.SelectV2(condition=self._unknown(trace, values), t=trace.constant(filling), e=values)
        )

    def _unknown(self, trace: Trace, values: Tensor) -> Tensor:
        return trace.tf.raw_ops.IsNan(x=values) if self.steps else trace.missing(self.columns[0])

    def _after_pre(self, trace: Trace, values: Tensor) -> Tensor:
        for each in self.steps:
            if OPERATIONS[each.name].transcendental:
                values = trace.steady(lambda padded, each=each: each.tensor(trace.tf, padded), values)  # type: ignore[misc]
            else:
                values = each.tensor(trace.tf, values)
        return values

    def _missing(self, trace: Trace) -> Tensor:
        # With `pre`, a value outside its domain is missing too.
        return (
            trace.tf.raw_ops.IsNan(x=self._after_pre(trace, trace.number(self.columns[0])))
            if self.steps
            else super()._missing(trace)
        )

    def _request(self) -> NumericRequest:
        return NumericRequest(self.columns[0], self.steps, self.uses_quantiles)

    @property
    def _source(self) -> str:
        pre = f" after `pre` {[each.name for each in self.steps]}" if self.steps else ""
        return f"column {self.columns[0]!r}{pre}"

    def _outputs(self, _schema: Schema, statistics: Statistics) -> tuple[FeatureSpec, ...]:
        if self.uses_statistics:
            self.stats(statistics)
        return (FeatureSpec(self.name, "float32"),)


def is_integer(kind: NumberKind, schema: Schema) -> bool:
    """Whether a kind passes int64 values through unchanged."""
    return schema[kind.columns[0]].type is ColumnType.INT and not kind.steps
