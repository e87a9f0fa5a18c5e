"""The kind of tokens in a given order."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import TOKENS, Kind, Request, Tensor, Trace
from shardmill.transforms.kinds.categorical.token_mode import MODE, mode_of, mode_request
from shardmill.transforms.statistics.requests import Statistics

# Each row is compared with all tokens. A vocabulary's table takes as long for any number of them.
_MOST = 1000


@dataclass(frozen=True, kw_only=True)
class Ordinal(Kind):
    """A token's position in a given order, int64 from 0.

    Attributes:
        order: The tokens, in ascending order.
        default_value: The output for other tokens.
        missing: The output for a missing cell, or the token that replaces it; `"mode"` is the
            column's most frequent one, `"reject"` rejects the row. None means that a missing cell
            is as any other token.
    """

    kind = "ordinal"
    types = TOKENS
    rules: ClassVar[tuple[str, ...]] = (MODE, "reject")

    order: tuple[int | str, ...]
    default_value: int = -1
    missing: int | str | None = None

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        tokens = self._tokens()
        if not 0 < len(tokens) <= _MOST:
            raise self.error(
                f"expected `order` to have 1 to {_MOST} tokens, received {len(tokens)}; "
                "for more, use `vocabulary` with a `file` of them"
            )
        if "" in tokens or len(set(tokens)) != len(tokens):
            raise self.error(
                f"expected `order` to be tokens that aren't empty, all different, received {list(self.order)!r}"
            )
        if isinstance(self.missing, str) and self.missing not in (*tokens, *self.rules):
            raise self.error(
                f'expected `missing` to be an integer, "mode", "reject" or one of `order`, received {self.missing!r}'
            )

    def requests(self, _schema: Schema) -> tuple[Request, ...]:
        """A request for the column's mode, where it is wanted."""
        return (mode_request(self.columns[0]),) if self.missing == MODE else ()

    def _tokens(self) -> list[str]:
        return [str(token) for token in self.order]

    def _values(self, statistics: Statistics) -> tuple[int, int]:
        """The outputs for other tokens and for missing cells."""
        if isinstance(self.missing, int):
            return self.default_value, self.missing
        filling = mode_of(self, self.columns[0], statistics) if self.missing == MODE else self.missing
        if filling in (None, "reject") or filling not in self._tokens():
            return self.default_value, self.default_value
        return self.default_value, self._tokens().index(str(filling))

    def _outputs(self, _schema: Schema, statistics: Statistics) -> tuple[FeatureSpec, ...]:
        values = (0, len(self.order) - 1, *self._values(statistics))
        return (FeatureSpec(self.name, "int64", (), min(values), max(values), is_categorical=True),)

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        raw = trace.tf.raw_ops
        tokens = raw.ExpandDims(input=trace.text(self.columns[0]), axis=1)
        same = raw.Equal(x=tokens, y=np.array([[token.encode() for token in self._tokens()]], object))
        # One more than the position, and 0 for other tokens.
        numbers = np.arange(1, len(self.order) + 1, dtype=np.int64)[None]
        number = raw.Max(input=raw.Mul(x=raw.Cast(x=same, DstT=trace.tf.int64), y=numbers), axis=[1])
        other, missing = self._values(trace.statistics)
        position = raw.SelectV2(
            condition=raw.Equal(x=number, y=np.int64(0)), t=np.int64(other), e=raw.Sub(x=number, y=np.int64(1))
        )
        return {self.name: raw.SelectV2(condition=trace.missing(self.columns[0]), t=np.int64(missing), e=position)}
