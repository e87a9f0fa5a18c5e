"""The kind that makes ids of a text's tokens."""

from dataclasses import dataclass
from typing import ClassVar

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import Tensor, Trace
from shardmill.transforms.kinds.own_id import OWN_ID
from shardmill.transforms.kinds.text.made_kind import TextKind, first_id, sequence
from shardmill.transforms.statistics.requests import Statistics


@dataclass(frozen=True, kw_only=True)
class Tokens(TextKind):
    """The ids of a text's tokens, int64, in their order.

    Ids are as in Keras's `TextVectorization`: 0 is padding, 1 an unknown token, and the
    vocabulary's tokens follow; or with `start_end` 2 and 3, the text's start and end, and then
    they.

    Attributes:
        max_tokens: The number of ids of every row: longer ones are cut, shorter ones padded at the
            end. None means rows of varying length.
        missing: As for `MadeKind`; or `"own_id"`: the row has one id, after all others.
        start_end: Whether each row begins with the id of the start, and ends with that of the end.
    """

    kind = "tokens"
    rules: ClassVar[tuple[str, ...]] = (OWN_ID, "reject")

    max_tokens: int | None = None
    start_end: bool = False

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        least = 3 if self.start_end else 1
        if self.max_tokens is not None and self.max_tokens < least:
            raise self.error(f"expected `max_tokens` to be at least {least}, received {self.max_tokens!r}")

    def _outputs(self, _schema: Schema, statistics: Statistics) -> tuple[FeatureSpec, ...]:
        shape = None if self.max_tokens is None else (self.max_tokens,)
        last = first_id(start_end=self.start_end) + self.width(statistics) - 1 + (self.missing == OWN_ID)
        return (FeatureSpec(self.name, "int64", shape, 0, last, is_categorical=True),)

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        ranks = self.marked(trace, self.ranks(trace, self.made(trace)), self.width(trace.statistics))
        return {self.name: sequence(trace, ranks, self.max_tokens, start_end=self.start_end)}
