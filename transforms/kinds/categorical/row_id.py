"""The kind of rows' ids."""

from dataclasses import dataclass
from typing import ClassVar

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import TOKENS, Kind, Tensor, Trace
from shardmill.transforms.statistics.requests import Statistics

_IDS = (1 << 63) - 1
# Stands between the cells of a key: ASCII's unit separator, which text hardly ever has.
_SEPARATOR = "\x1f"


@dataclass(frozen=True, kw_only=True)
class RowId(Kind):
    """A number by which a row is found again, int64.

    It is FarmHash64's fingerprint of the columns' texts, joined by the unit separator, modulo
    2**63 - 1. So it depends on these cells alone: it is the same in every run, in new data and in
    serving. It is as unique as they are, but for the hash's collisions.

    Attributes:
        missing: `"reject"`, as a row without its key has no id. It is the only rule.
    """

    kind = "row_id"
    types = TOKENS
    max_columns = 1000
    rules: ClassVar[tuple[str, ...]] = ("reject",)

    missing: float | str | None = "reject"

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if self.missing != "reject":
            raise self.error(f'expected `missing` to be "reject", received {self.missing!r}')

    def _outputs(self, _schema: Schema, _statistics: Statistics) -> tuple[FeatureSpec, ...]:
        return (FeatureSpec(self.name, "int64"),)

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        raw = trace.tf.raw_ops
        texts = [trace.text(column) for column in self.columns]
        key = raw.StringJoin(inputs=texts, separator=_SEPARATOR)
        return {self.name: raw.StringToHashBucketFast(input=key, num_buckets=_IDS)}
