"""The kind of rows' weights."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.kinds.base import NUMBERS, Kind, Tensor, Trace
from shardmill.transforms.numbers.refused import Refusal
from shardmill.transforms.statistics.requests import Statistics


@dataclass(frozen=True, kw_only=True)
class Weight(Kind):
    """How much a row counts in training, float32, passed through.

    As a label, it isn't requested in serving. A row whose weight is negative or infinite is
    rejected; so is one without a weight.

    Attributes:
        missing: `"reject"`, or the weight of rows whose cell is missing.
        constant: The weight of every row, whatever the cell; None means the cell's own. `[rows]
            downsample` multiplies it.
    """

    kind = "weight"
    types = NUMBERS
    is_label = True

    missing: float | str | None = "reject"
    constant: float | None = None

    def types_of(self, column: str) -> frozenset[ColumnType]:
        """The types that its column may have."""
        return super().types_of(column) if self.constant is None else frozenset(ColumnType)

    def required_columns(self, schema: Schema) -> tuple[str, ...]:
        """See `Kind.required_columns`."""
        return super().required_columns(schema) if self.constant is None else ()

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if self.constant is not None and not 0 <= self.constant < math.inf:
            raise self.error(f"expected `constant` to be a number of at least 0, received {self.constant!r}")
        if self.missing != "reject" and not (isinstance(self.missing, int | float) and self.missing >= 0):
            raise self.error(f'expected `missing` to be a number of at least 0 or "reject", received {self.missing!r}')

    def refusals(self) -> Mapping[str, Refusal]:
        """Negative weights: see `Kind.refusals`."""
        return {self.columns[0]: "negative"} if self.constant is None else {}

    def _outputs(self, _schema: Schema, _statistics: Statistics) -> tuple[FeatureSpec, ...]:
        return (FeatureSpec(self.name, "float32"),)

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        if self.constant is not None:
            shape = trace.tf.raw_ops.Shape(input=trace.inputs[self.columns[0]])
            return {self.name: trace.tf.raw_ops.Fill(dims=shape, value=trace.constant(self.constant))}
        weight = trace.number(self.columns[0])
        if isinstance(self.missing, int | float):
            flag = trace.missing(self.columns[0])
            weight = trace.tf.raw_ops.SelectV2(condition=flag, t=trace.constant(self.missing), e=weight)
        return {self.name: weight}
