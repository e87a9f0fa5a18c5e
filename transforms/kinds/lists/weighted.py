"""The kind of lists whose elements have weights."""

import re
from dataclasses import dataclass

import numpy as np

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import Tensor, Trace
from shardmill.transforms.kinds.element_rules import ElementRule
from shardmill.transforms.kinds.lists.list_kind import ListKind
from shardmill.transforms.kinds.text.made_kind import first_id, sequence
from shardmill.transforms.numbers.list_cells import ListShape
from shardmill.transforms.statistics.requests import MadeTokens, Statistics

# Characters of numbers: no weight may contain what separates it.
_OF_NUMBERS = frozenset("0123456789+-.eE \t")


@dataclass(frozen=True, kw_only=True)
class Weighted(ListKind):
    """The ids of elements and their weights, in their order.

    Ids are int64, as those of `sequence`. The weights are an output `<name>_weights`, float32, of
    the same shape; those of padding are 0. The weight of an element without a `weight_delimiter` is
    1. A cell with a weight that isn't a number, or with a weight of nothing, rejects its row; in a
    served graph, which rejects nothing, such a weight is 0.

    Attributes:
        weight_delimiter: The character between an element and its weight; the last one in an
            element counts.
    """

    kind = "weighted"

    weight_delimiter: str = ":"

    @property
    def maker(self) -> ElementRule:
        """The rule that makes the tokens."""
        return ElementRule(self.delimiter, self.weight_delimiter)

    def list_shapes(self) -> dict[str, ListShape]:
        """See `Kind.list_shapes`."""
        return {self.columns[0]: self._shape()}

    def _shape(self) -> ListShape:
        return ListShape(self.delimiter, "weighted", self.weight_delimiter)

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        mark = self.weight_delimiter
        if len(mark) != 1 or mark in _OF_NUMBERS or mark in self.delimiter:
            raise self.error(
                "expected `weight_delimiter` to be one character that is neither in `delimiter` nor in a number, received "
                f"{mark!r}"
            )

    def _outputs(self, _schema: Schema, statistics: Statistics) -> tuple[FeatureSpec, ...]:
        last = first_id() + self.width(statistics) - 1
        return (
            FeatureSpec(self.name, "int64", self.shape, 0, last, is_categorical=True),
            FeatureSpec(f"{self.name}_weights", "float32", self.shape),
        )

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        rule = ElementRule(self.delimiter)
        elements = trace.made(MadeTokens(self.columns[0], rule), self._filling(trace.statistics))
        ids = sequence(trace, self.ranks(trace, self.maker.names(trace, elements)), None)
        weights = elements.with_values(self._weights(trace, elements.values))
        return {
            self.name: self.fitted(trace, ids, 0),
            f"{self.name}_weights": self.fitted(trace, weights, 0),
        }

    def _weights(self, trace: Trace, elements: Tensor) -> Tensor:
        raw, tf = trace.tf.raw_ops, trace.tf
        mark = re.escape(self.weight_delimiter)
        bare = raw.RegexFullMatch(input=elements, pattern=f"[^{mark}]*")
        given = raw.RegexReplace(input=elements, pattern=rf"(?s)^.*{mark}(.*)$", rewrite=r"\1")
        good = raw.LogicalAnd(
            x=raw.RegexFullMatch(input=elements, pattern=self._shape().pattern), y=raw.LogicalNot(x=bare)
        )
        texts = raw.SelectV2(condition=good, t=raw.StringStrip(input=given), e=b"0")
        found = raw.StringToNumber(string_tensor=texts, out_type=tf.float32)
        return raw.SelectV2(condition=bare, t=np.float32(1), e=found)
