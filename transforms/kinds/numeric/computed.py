"""The base class of kinds that compute with columns."""

from abc import abstractmethod
from dataclasses import dataclass, replace

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import Tensor, Trace
from shardmill.transforms.kinds.numeric.filled import FilledKind
from shardmill.transforms.statistics.requests import ComputedRequest, Statistics


@dataclass(frozen=True, kw_only=True)
class ComputedKind(FilledKind):
    """A number computed from columns in float64, rounded to float32.

    In float64, so that differences of large integers and of near points keep their digits.

    It is itself what makes the numbers whose statistics it asks for: see `Made`.

    Attributes:
        missing: The number that replaces the result where there is none; or `"mean"`, `"median"` or
            `"mode"`, those of the finite results in the train split. `"reject"` rejects rows in
            which a column's cell is missing. None means that the result is NaN there.
    """

    def make(self, trace: Trace) -> Tensor:
        """float32[batch]: the result; NaN where there is none."""
        return trace.tf.raw_ops.Cast(x=self._result(trace), DstT=trace.tf.float32)

    def _request(self) -> ComputedRequest:
        # Without what doesn't change the result, so that equal ones are computed once.
        return ComputedRequest(replace(self, name="", missing=None, indicator=False), self.uses_quantiles)

    @property
    def _source(self) -> str:
        return "what it computes"

    def _outputs(self, _schema: Schema, statistics: Statistics) -> tuple[FeatureSpec, ...]:
        if self.uses_statistics:
            self.stats(statistics)
        return (FeatureSpec(self.name, "float32"),)

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        raw, result = trace.tf.raw_ops, self.make(trace)
        filling = self.missing if isinstance(self.missing, int | float) else self.filling(trace.statistics)
        if filling is not None:
            result = raw.SelectV2(condition=raw.IsNan(x=result), t=trace.constant(filling), e=result)
        return {self.name: result}

    def _missing(self, trace: Trace) -> Tensor:
        return trace.tf.raw_ops.IsNan(x=self._result(trace))

    @abstractmethod
    def _result(self, trace: Trace) -> Tensor:
        """float64[batch]: the result; NaN where there is none."""
