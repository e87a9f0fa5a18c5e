"""The base class of kinds that compute with columns."""

from abc import abstractmethod
from dataclasses import dataclass

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import Kind, Tensor, Trace
from shardmill.transforms.statistics.requests import Statistics


@dataclass(frozen=True, kw_only=True)
class ComputedKind(Kind):
    """A number computed from columns in float64, rounded to float32.

    In float64, so that differences of large integers and of near points keep their digits.

    Attributes:
        missing: The number that replaces the result where there is none; `"reject"` rejects rows in
            which a column's cell is missing. None means that the result is NaN there.
    """

    missing: float | str | None = None

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if isinstance(self.missing, str) and self.missing not in self.rules:
            raise self.error(f'expected `missing` to be a number or "reject", received {self.missing!r}')

    def _outputs(self, _schema: Schema, _statistics: Statistics) -> tuple[FeatureSpec, ...]:
        return (FeatureSpec(self.name, "float32"),)

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        raw = trace.tf.raw_ops
        result = raw.Cast(x=self._result(trace), DstT=trace.tf.float32)
        if isinstance(self.missing, int | float):
            result = raw.SelectV2(condition=raw.IsNan(x=result), t=trace.constant(self.missing), e=result)
        return {self.name: result}

    def _missing(self, trace: Trace) -> Tensor:
        return trace.tf.raw_ops.IsNan(x=self._result(trace))

    @abstractmethod
    def _result(self, trace: Trace) -> Tensor:
        """float64[batch]: the result; NaN where there is none."""
