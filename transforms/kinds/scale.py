"""Numbers as numbers: passed through, or scaled by the column's statistics."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from shardmill.schemas.errors import DataError
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.kinds.base import OutputSpec, Tensor, Trace, column_of, float32
from shardmill.transforms.kinds.numbers import NumberKind, is_integer
from shardmill.transforms.kinds.parameters import parameter
from shardmill.transforms.statistics.pre import Pre
from shardmill.transforms.statistics.requests import Statistics


@dataclass(frozen=True, kw_only=True)
class Numeric(NumberKind):
    """The column as it is: int64 of an INT column without `pre`, else float32.

    Without a rule, NaN stays in float32; a missing value of an INT column rejects the row, since int64 has no NaN.
    """

    kind = "numeric"

    def required_columns(self, schema: Schema) -> tuple[str, ...]:
        """The column also where it is of integers, and no rule says what stands for a missing one: see `Kind.required_columns`."""
        if self.missing is None and self.columns[0] in schema and is_integer(self, schema):
            return self.columns
        return super().required_columns(schema)

    def check(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check`."""
        super().check(schema)
        if is_integer(self, schema) and isinstance(self.missing, float) and not self.missing.is_integer():
            column = column_of(self, schema)
            raise self.error(
                f"`missing` must be an integer, received {self.missing!r}, as column {column.name!r} is INT{column.advice}"
            )

    def _outputs(self, schema: Schema, statistics: Statistics) -> tuple[OutputSpec, ...]:
        super()._outputs(schema, statistics)
        if not is_integer(self, schema):
            return (OutputSpec(self.name, "float32"),)
        missing = statistics.missing.get(self.columns[0], 0)
        if missing and self.missing is None:
            raise DataError(
                f"feature {self.name!r}: the INT column {self.columns[0]!r} misses {missing} of {statistics.rows} values, "
                "and int64 has no NaN: "
                f'write {self.name} = {{ kind = "{self.kind}", missing = 0 }} (any integer, "mean", "median", "mode" or "reject")'
            )
        return (OutputSpec(self.name, "int64"),)

    def _build(self, trace: Trace) -> dict[str, Tensor]:
        column = trace.inputs[self.columns[0]]
        if self.steps or column.dtype != trace.tf.int64:
            return {self.name: self.value(trace)}
        filling = self.missing if isinstance(self.missing, int | float) else self.filling(trace.statistics)
        if filling is None:
            return {self.name: column}
        # Python rounds half to even.
        return {
            self.name: trace.tf.raw_ops.SelectV2(
                condition=trace.missing(self.columns[0]), t=np.int64(round(filling)), e=column
            )
        }


@dataclass(frozen=True, kw_only=True)
class Label(Numeric):
    """What the model learns to predict: passed through, of any type, and no part of what serving is asked for."""

    kind = "label"
    types = frozenset(ColumnType)
    is_label = True

    missing: float | str | None = "reject"

    def check(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check`."""
        column = column_of(self, schema)
        if column.type is not ColumnType.BYTES:
            super().check(schema)
        elif self.pre or isinstance(self.missing, int | float) or self.missing in ("mean", "median", "mode"):
            raise self.error(
                f'`missing` must be "reject" or a text, and `pre` needs a number, but column {column.name!r} is BYTES{column.advice}'
            )

    def _outputs(self, schema: Schema, statistics: Statistics) -> tuple[OutputSpec, ...]:
        if column_of(self, schema).type is ColumnType.BYTES:
            return (OutputSpec(self.name, "bytes"),)
        return super()._outputs(schema, statistics)

    def _build(self, trace: Trace) -> dict[str, Tensor]:
        column = trace.inputs[self.columns[0]]
        if column.dtype != trace.tf.string:
            return super()._build(trace)
        if self.missing in (None, "reject"):
            return {self.name: column}
        return {
            self.name: trace.tf.raw_ops.SelectV2(
                condition=trace.missing(self.columns[0]), t=str(self.missing).encode(), e=column
            )
        }


@dataclass(frozen=True, kw_only=True)
class ZScore(NumberKind):
    """(x - mean) / standard deviation, float32, as `tft.scale_to_z_score`, with the biased variance.

    Of a constant column, whose deviation is 0, x - mean: 0 for the constant, and for another value, met in serving, its distance
    from it. After a `pre` that isn't correctly rounded (as `log`) the constant may become the last bit of x instead of 0.
    """

    kind = "z_score"
    needs_statistics = True

    missing: float | str | None = "mean"

    def _build(self, trace: Trace) -> dict[str, Tensor]:
        mean = self.typical(trace.statistics, "mean")
        centered = trace.tf.raw_ops.Sub(x=self.value(trace), y=trace.constant(mean))
        return {self.name: _divide(trace, centered, _deviation(self.stats(trace.statistics).variance))}


@dataclass(frozen=True, kw_only=True)
class MinMax(NumberKind):
    """Scaled to [min, max], float32, as `tft.scale_by_min_max`: a column of one distinct value by the sigmoid of x instead.

    Attributes:
        low: What the least value becomes.
        high: What the greatest value becomes.
    """

    kind = "min_max"
    needs_statistics = True

    low: float = parameter("min", 0.0)
    high: float = parameter("max", 1.0)
    missing: float | str | None = "mean"

    def check(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check`."""
        super().check(schema)
        if self.low >= self.high:
            raise self.error(f"`min` must be less than `max`, received min = {self.low!r} and max = {self.high!r}")

    def _build(self, trace: Trace) -> dict[str, Tensor]:
        raw = trace.tf.raw_ops
        stats = self.stats(trace.statistics)
        least, most = float32(stats.minimum), float32(stats.maximum)
        values = self.value(trace)
        with np.errstate(over="ignore"):
            span = float32(float(most - least))
        if span:
            scaled = raw.RealDiv(x=raw.Sub(x=values, y=trace.constant(float(least))), y=trace.hidden(float(span)))
        else:
            scaled = trace.steady(lambda padded: raw.Sigmoid(x=padded), values)
        width = np.float32(self.high - self.low)
        if width != 1:
            scaled = raw.Mul(x=scaled, y=width)
        # Of -0.0 the sum with 0 is 0.0, as TF Transform's; the optimizer would leave it out.
        return {self.name: raw.AddV2(x=scaled, y=trace.constant(self.low) if self.low else trace.hidden(0))}


@dataclass(frozen=True, kw_only=True)
class Robust(NumberKind):
    """(x - median) / (third quartile - first quartile), float32; where the quartiles are equal, x - median.

    Quartiles are interpolated linearly, as NumPy's.
    """

    kind = "robust"
    needs_statistics = True
    needs_quantiles = True

    missing: float | str | None = "median"

    def _build(self, trace: Trace) -> dict[str, Tensor]:
        ranked = self.ranked(trace.statistics)
        median = self.typical(trace.statistics, "median")
        centered = trace.tf.raw_ops.Sub(x=self.value(trace), y=trace.constant(median))
        return {self.name: _divide(trace, centered, ranked.quantile(0.75) - ranked.quantile(0.25))}


@dataclass(frozen=True, kw_only=True)
class _Mapped(NumberKind):
    """One of the operations of `pre` as a kind of its own, after its `pre`; without a rule, NaN stays."""

    def _build(self, trace: Trace) -> dict[str, Tensor]:
        return {self.name: self.value(trace)}


@dataclass(frozen=True, kw_only=True)
class Log(_Mapped):
    """The natural logarithm, float32: of 0 minus infinity, of less NaN."""

    kind = "log"
    operation: ClassVar[str] = "log"

    @property
    def steps(self) -> tuple[Pre, ...]:
        """`pre`, then the logarithm."""
        return (*self.pre, Pre(self.operation))


@dataclass(frozen=True, kw_only=True)
class Log1p(Log):
    """The natural logarithm of 1 + x, float32."""

    kind = "log1p"
    operation = "log1p"


@dataclass(frozen=True, kw_only=True)
class Clip(_Mapped):
    """Less than min becomes min, more than max becomes max; float32.

    Attributes:
        low: The least value.
        high: The greatest value.
    """

    kind = "clip"

    low: float = parameter("min", -float(np.finfo(np.float32).max))
    high: float = parameter("max", float(np.finfo(np.float32).max))

    @property
    def steps(self) -> tuple[Pre, ...]:
        """`pre`, then the clip."""
        return (*self.pre, Pre("clip", (float(self.low), float(self.high))))

    def check(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check`."""
        super().check(schema)
        if self.low > self.high:
            raise self.error(f"`min` must be at most `max`, received min = {self.low!r} and max = {self.high!r}")


@dataclass(frozen=True, kw_only=True)
class Power(_Mapped):
    """x to the power of `exponent`, float32; NaN where that isn't a real number.

    Attributes:
        exponent: Any number but 0.
    """

    kind = "power"

    exponent: float

    @property
    def steps(self) -> tuple[Pre, ...]:
        """`pre`, then the power."""
        return (*self.pre, Pre("power", (float(self.exponent),)))


def _divide(trace: Trace, values: Tensor, divisor: float) -> Tensor:
    rounded = float32(divisor)
    return values if rounded == 0 else trace.tf.raw_ops.RealDiv(x=values, y=trace.hidden(float(rounded)))


def _deviation(variance: float) -> float:
    # TF Transform's, to the bit: the root of the rounded variance. Where that over- or underflows, the rounded root.
    with np.errstate(over="ignore", under="ignore"):
        rounded = np.float32(variance)
    normal = np.finfo(np.float32)
    return float(np.sqrt(rounded)) if normal.tiny <= rounded <= normal.max else math.sqrt(variance)
