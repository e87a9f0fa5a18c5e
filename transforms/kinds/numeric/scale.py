"""Kinds that pass numbers through, or scale them.

They scale by the column's statistics.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from shardmill.schemas.errors import DataError
from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.kinds.base import Learned, Tensor, Trace, column_of, float32
from shardmill.transforms.kinds.numeric.filled import FROM_STATISTICS
from shardmill.transforms.kinds.numeric.numbers import NumberKind, is_integer
from shardmill.transforms.kinds.parameters import parameter
from shardmill.transforms.numbers.pre import Pre
from shardmill.transforms.statistics.requests import Statistics


@dataclass(frozen=True, kw_only=True)
class Numeric(NumberKind):
    """The column unchanged: int64 or float32.

    It is int64 for an INT column without `pre`, otherwise float32.

    Without a rule, NaN stays in float32; a missing value of an INT column rejects the row, since
    int64 has no NaN.
    """

    kind = "numeric"

    def required_columns(self, schema: Schema) -> tuple[str, ...]:
        """See `Kind.required_columns`.

        An integer column without a rule for missing values is required too.
        """
        if self.missing is None and self.columns[0] in schema and is_integer(self, schema):
            return self.columns
        return super().required_columns(schema)

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if is_integer(self, schema) and isinstance(self.missing, float) and not self.missing.is_integer():
            column = column_of(self, schema)
            raise self.error(
                f"expected `missing` to be an integer, as column {column.name!r} is INT, received {self.missing!r}{column.advice}"
            )

    def _outputs(self, schema: Schema, statistics: Statistics) -> tuple[FeatureSpec, ...]:
        super()._outputs(schema, statistics)
        if not is_integer(self, schema):
            return (FeatureSpec(self.name, "float32"),)
        missing = statistics.missing.get(self.columns[0], 0)
        if missing and self.missing is None:
            raise DataError(
                f"feature {self.name!r}: the INT column {self.columns[0]!r} misses {missing} of {statistics.rows} values, "
                "and int64 has no NaN: "
                f'write {self.name} = {{ kind = "{self.kind}", missing = 0 }} (any integer, "mean", "median", "mode" or "reject")'
            )
        return (FeatureSpec(self.name, "int64"),)

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
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
    """The value that the model learns to predict.

    It is passed through, of any type, and isn't requested in serving.
    """

    kind = "label"
    types = frozenset(ColumnType)
    is_label = True

    missing: float | str | None = "reject"

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        column = column_of(self, schema)
        if column.type is not ColumnType.BYTES:
            super().check_parameters(schema)
        elif self.pre or isinstance(self.missing, int | float) or self.missing in FROM_STATISTICS:
            raise self.error(
                f'expected `missing` to be "reject" or a text, and no `pre`, as column {column.name!r} is BYTES, received '
                f"missing = {self.missing!r} and pre = {[each.name for each in self.pre]}{column.advice}"
            )

    def _outputs(self, schema: Schema, statistics: Statistics) -> tuple[FeatureSpec, ...]:
        if column_of(self, schema).type is ColumnType.BYTES:
            return (FeatureSpec(self.name, "bytes"),)
        return super()._outputs(schema, statistics)

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        column = trace.inputs[self.columns[0]]
        if column.dtype != trace.tf.string:
            return super()._build_tensors(trace)
        if self.missing in (None, "reject"):
            return {self.name: column}
        return {
            self.name: trace.tf.raw_ops.SelectV2(
                condition=trace.missing(self.columns[0]), t=str(self.missing).encode(), e=column
            )
        }


@dataclass(frozen=True, kw_only=True)
class ZScore(NumberKind):
    """(x - mean) / standard deviation, float32, as in `tft.scale_to_z_score`.

    The variance is biased (ddof 0).

    For a constant column, whose deviation is 0, it is x - mean: 0 for the constant, and for another
    value, seen in serving, the distance from it. After a `pre` that isn't correctly rounded (such
    as `log`) the constant may become the last bit of x instead of 0.
    """

    kind = "z_score"
    needs_statistics = True

    missing: float | str | None = "mean"

    def learned(self, statistics: Statistics) -> Mapping[str, Learned]:
        """The mean and the standard deviation."""
        deviation = deviation_of(self.stats(statistics).variance)
        return {
            "mean": self.typical(statistics, "mean"),
            "standard deviation": deviation,
            **super().learned(statistics),
        }

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        mean = self.typical(trace.statistics, "mean")
        centered = trace.tf.raw_ops.Sub(x=self.value(trace), y=trace.constant(mean))
        return {self.name: _divide(trace, centered, deviation_of(self.stats(trace.statistics).variance))}


@dataclass(frozen=True, kw_only=True)
class MinMax(NumberKind):
    """x scaled to [min, max], float32, as in `tft.scale_by_min_max`.

    A column of one distinct value is scaled by the sigmoid of x instead.

    Attributes:
        low: The output for the least value.
        high: The output for the greatest value.
    """

    kind = "min_max"
    needs_statistics = True

    low: float = parameter("min", 0.0)
    high: float = parameter("max", 1.0)
    missing: float | str | None = "mean"

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if self.low >= self.high:
            raise self.error(f"expected `min` less than `max`, received min = {self.low!r} and max = {self.high!r}")

    def learned(self, statistics: Statistics) -> Mapping[str, Learned]:
        """The least and the greatest value."""
        stats = self.stats(statistics)
        return {"least": stats.minimum, "greatest": stats.maximum, **super().learned(statistics)}

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
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
        # -0.0 + 0 is 0.0, as in TF Transform; the optimizer would remove the addition of a plain 0.
        return {self.name: raw.AddV2(x=scaled, y=trace.constant(self.low) if self.low else trace.hidden(0))}


@dataclass(frozen=True, kw_only=True)
class Robust(NumberKind):
    """(x - median) / (third quartile - first quartile), float32.

    Where the quartiles are equal, it is x - median.

    Quartiles are interpolated linearly, as in NumPy.
    """

    kind = "robust"
    needs_statistics = True
    needs_quantiles = True

    missing: float | str | None = "median"

    def learned(self, statistics: Statistics) -> Mapping[str, Learned]:
        """The median and the quartiles."""
        ranked = self.ranked(statistics)
        return {
            "median": self.typical(statistics, "median"),
            "first quartile": ranked.quantile(0.25),
            "third quartile": ranked.quantile(0.75),
            **super().learned(statistics),
        }

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        ranked = self.ranked(trace.statistics)
        median = self.typical(trace.statistics, "median")
        centered = trace.tf.raw_ops.Sub(x=self.value(trace), y=trace.constant(median))
        return {self.name: _divide(trace, centered, ranked.quantile(0.75) - ranked.quantile(0.25))}


@dataclass(frozen=True, kw_only=True)
class _Mapped(NumberKind):
    """An operation of `pre` as a kind of its own.

    It is applied after the kind's `pre`; without a rule for missing values, NaN stays.
    """

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        return {self.name: self.value(trace)}


@dataclass(frozen=True, kw_only=True)
class Log(_Mapped):
    """The natural logarithm, float32.

    It is minus infinity for 0, and NaN for negative numbers.
    """

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
    """x limited to [min, max], float32.

    Attributes:
        low: The least output.
        high: The greatest output.
    """

    kind = "clip"

    low: float = parameter("min", -float(np.finfo(np.float32).max))
    high: float = parameter("max", float(np.finfo(np.float32).max))

    @property
    def steps(self) -> tuple[Pre, ...]:
        """`pre`, then the clip."""
        return (*self.pre, Pre("clip", (float(self.low), float(self.high))))

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if self.low > self.high:
            raise self.error(f"expected `min` of at most `max`, received min = {self.low!r} and max = {self.high!r}")


@dataclass(frozen=True, kw_only=True)
class Power(_Mapped):
    """x to the power of `exponent`, float32.

    It is NaN where that isn't a real number.

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


def deviation_of(variance: float) -> float:
    """The standard deviation as the graph divides by it."""
    # As in TF Transform, to the bit: the root of the rounded variance; where that over- or
    # underflows, the rounded root.
    with np.errstate(over="ignore", under="ignore"):
        rounded = np.float32(variance)
    normal = np.finfo(np.float32)
    return float(np.sqrt(rounded)) if normal.tiny <= rounded <= normal.max else math.sqrt(variance)
