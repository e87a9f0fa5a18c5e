"""The kind of text that is passed through."""

from dataclasses import dataclass
from typing import ClassVar

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import Tensor, Trace
from shardmill.transforms.kinds.categorical.token_mode import MODE
from shardmill.transforms.kinds.categorical.vocabulary import TokenKind
from shardmill.transforms.statistics.requests import Statistics


@dataclass(frozen=True, kw_only=True)
class String(TokenKind):
    """The column's text unchanged, bytes.

    It is for keys by which rows are found again. An INT column becomes its decimal text.
    Without a rule, a missing cell is empty.
    """

    kind = "string"
    rules: ClassVar[tuple[str, ...]] = (MODE, "reject")

    def _outputs(self, _schema: Schema, _statistics: Statistics) -> tuple[FeatureSpec, ...]:
        return (FeatureSpec(self.name, "bytes"),)

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        return {self.name: self.token(trace, self.columns[0])}
