"""The base class of kinds that take one number.

It handles `pre`, the column's statistics, and the replacement of missing values.
"""

from dataclasses import dataclass
from typing import ClassVar

from shardmill.schemas.errors import DataError
from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.kinds.base import NUMBERS, Kind, Request, Tensor, Trace
from shardmill.transforms.statistics.pre import OPERATIONS, Pre
from shardmill.transforms.statistics.quantiles import Ranked
from shardmill.transforms.statistics.requests import NumericRequest, NumericStats, Statistics

# The rules for missing values that need the column's statistics.
FROM_STATISTICS = ("mean", "median", "mode")


@dataclass(frozen=True, kw_only=True)
class NumberKind(Kind):
    """A kind of one numeric column, computed in float32.

    Attributes:
        pre: Operations applied first, in order.
        missing: The replacement of missing cells. A number replaces them before `pre`. `"mean"`,
            `"median"` and `"mode"` are those of the present values after `pre`, and also replace
            values that `pre` turns into NaN (such as the log of -1). `"reject"` rejects the row.
            None means that NaN stays.
    """

    types = NUMBERS
    rules: ClassVar[tuple[str, ...]] = (*FROM_STATISTICS, "reject")
    # Whether the kind itself needs the column's statistics, and its quantiles.
    needs_statistics: ClassVar[bool] = False
    needs_quantiles: ClassVar[bool] = False

    pre: tuple[Pre, ...] = ()
    missing: float | str | None = None

    @property
    def steps(self) -> tuple[Pre, ...]:
        """The operations before the kind's own arithmetic."""
        return self.pre

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if isinstance(self.missing, str) and self.missing not in self.rules:
            names = ", ".join(f'"{rule}"' for rule in self.rules)
            hint = (
                "; name the column in forward_fill of [window] or [sequence]" if self.missing == "forward_fill" else ""
            )
            raise self.error(f"expected `missing` to be a number or one of {names}, received {self.missing!r}{hint}")
        if any(each.name == "power" and each.args == (0.0,) for each in self.steps):
            raise self.error(
                "expected an exponent other than 0 for `power`, received 0, which makes every value 1, missing ones too"
            )

    def requests(self, _schema: Schema) -> tuple[Request, ...]:
        """A request for the column's statistics, where needed.

        The kind or the rule for missing values may need them.
        """
        return (self._request(),) if self.needs_statistics or self.missing in FROM_STATISTICS else ()

    def stats(self, statistics: Statistics) -> NumericStats:
        """The column's statistics, found by the analysis.

        Raises:
            DataError: The column has no finite value.
        """
        found = statistics.numeric[self._request()]
        if not found.count:
            pre = f" after `pre` {[each.name for each in self.steps]}" if self.steps else ""
            raise DataError(
                f"feature {self.name!r}: column {self.columns[0]!r} has no finite value{pre} in the {statistics.rows} rows of the train "
                f"split ({found.missing} missing, {found.non_finite} infinite), so `{self.kind}` has nothing to learn; remove the feature"
            )
        return found

    def ranked(self, statistics: Statistics) -> Ranked:
        """The column's quantiles, which the kind or rule requested."""
        ranked = self.stats(statistics).ranked
        if ranked is None:
            raise ValueError(f"no quantiles of {self._request()!r}")
        return ranked

    def filling(self, statistics: Statistics) -> float | None:
        """The replacement of missing values that comes from statistics.

        It applies after `pre`. None means that the rule for missing values doesn't use statistics.
        """
        return self.typical(statistics, str(self.missing)) if self.missing in FROM_STATISTICS else None

    def typical(self, statistics: Statistics, rule: str) -> float:
        """The mean, median or mode of the values after `pre`.

        `rule` names which. For a constant column it is the constant itself.

        The constant may be an int that float64 can't hold: rounded twice, it would differ from the
        column's own float32 numbers.
        """
        stats = self.stats(statistics)
        if stats.minimum == stats.maximum:
            return stats.minimum
        if rule == "mean":
            return stats.mean
        return self.ranked(statistics).mode if rule == "mode" else self.ranked(statistics).quantile(0.5)

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
        return NumericRequest(self.columns[0], self.steps, self.needs_quantiles or self.missing in ("median", "mode"))

    def _outputs(self, _schema: Schema, statistics: Statistics) -> tuple[FeatureSpec, ...]:
        if self.needs_statistics or self.missing in FROM_STATISTICS:
            self.stats(statistics)
        return (FeatureSpec(self.name, "float32"),)


def is_integer(kind: NumberKind, schema: Schema) -> bool:
    """Whether a kind passes int64 values through unchanged."""
    return schema[kind.columns[0]].type is ColumnType.INT and not kind.steps
