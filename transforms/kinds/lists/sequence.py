"""The kind of lists of numbers or tokens."""

from dataclasses import dataclass
from typing import ClassVar, Literal, cast

import numpy as np

from shardmill.schemas.features import Dtype, FeatureSpec
from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import Tensor, Trace
from shardmill.transforms.kinds.element_rules import ElementRule
from shardmill.transforms.kinds.lists.list_kind import ListKind
from shardmill.transforms.kinds.own_id import OWN_ID
from shardmill.transforms.kinds.text.made_kind import first_id, sequence
from shardmill.transforms.numbers.list_cells import ListShape
from shardmill.transforms.statistics.requests import Statistics

_NUMBERS = ("float32", "int64")


@dataclass(frozen=True, kw_only=True)
class ListSequence(ListKind):
    """The elements of a list, in their order.

    Tokens become ids, int64, as those of `tokens`: 0 is padding, 1 an unknown token, and the
    vocabulary's tokens or hash buckets follow. Numbers are float32 or int64. A cell with an element
    that isn't such a number rejects its row; in a served graph, which rejects nothing, the element
    is NaN, or 0 in int64.

    Attributes:
        missing: As for `MadeKind`; of tokens also `"own_id"`: the row has one id, after all others.
        elements: What elements are: `"token"`, `"float32"` or `"int64"`.
        padding: The number that is added to rows shorter than `max_length`. None means 0.
    """

    kind = "sequence"
    rules: ClassVar[tuple[str, ...]] = (OWN_ID, "reject")

    elements: str = "token"
    padding: float | None = None

    @property
    def maker(self) -> ElementRule:
        """The rule that makes the tokens."""
        return ElementRule(self.delimiter)

    @property
    def vocabulary(self) -> str | None:
        """The vocabulary's name; None means hash buckets or numbers instead."""
        return super().vocabulary if self.elements == "token" else None

    @property
    def _are_numbers(self) -> bool:
        return self.elements in _NUMBERS

    def list_shapes(self) -> dict[str, ListShape]:
        """See `Kind.list_shapes`."""
        return {self.columns[0]: self._shape()} if self._are_numbers else {}

    def _shape(self) -> ListShape:
        return ListShape(self.delimiter, cast("Literal['float32', 'int64']", self.elements))

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if not self._are_numbers:
            if self.elements != "token":
                raise self.error(f'expected `elements` to be "token", "float32" or "int64", received {self.elements!r}')
            if self.padding is not None:
                raise self.error(f"expected `padding` of numbers only, received {self.padding!r}; tokens' is 0")
            return
        if self.missing == OWN_ID:
            raise self.error('expected `missing = "own_id"` of tokens only, which have ids, received it with numbers')
        unused = ["num_buckets"] if self.num_buckets is not None else self._unused()
        if unused:
            raise self.error(
                f'expected `elements = "{self.elements}"` or `{unused[0]}` (of tokens), received both; remove one of them'
            )
        if self.padding is not None and self.shape is None:
            raise self.error(
                f"expected `padding` with `max_length` and without `ragged`, received {self.padding!r}; remove it"
            )
        if self.elements == "int64" and not float(self.padding or 0).is_integer():
            raise self.error(f"expected `padding` to be an integer, as elements are, received {self.padding!r}")

    def _outputs(self, _schema: Schema, statistics: Statistics) -> tuple[FeatureSpec, ...]:
        if self._are_numbers:
            return (FeatureSpec(self.name, cast("Dtype", self.elements), self.shape),)
        last = first_id() + self.width(statistics) - 1 + (self.missing == OWN_ID)
        return (FeatureSpec(self.name, "int64", self.shape, 0, last, is_categorical=True),)

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        elements = self.made(trace)
        if not self._are_numbers:
            ranks = self.marked(trace, self.ranks(trace, elements), self.width(trace.statistics))
            return {self.name: self.fitted(trace, sequence(trace, ranks, None), 0)}
        values = numbers(trace, elements.values, self._shape().pattern, self.elements)
        return {self.name: self.fitted(trace, elements.with_values(values), self.padding or 0)}


def numbers(trace: Trace, texts: Tensor, pattern: str, dtype: str) -> Tensor:
    """The numbers of texts.

    A text that is none becomes NaN, or 0 in int64.

    Args:
        trace: The graph.
        texts: string[n].
        pattern: A regular expression (RE2) of a text that is a number.
        dtype: The numbers' dtype.
    """
    raw = trace.tf.raw_ops
    good = raw.RegexFullMatch(input=texts, pattern=pattern)
    # TensorFlow would fail for other texts.
    texts = raw.SelectV2(condition=good, t=texts, e=b"0")
    found = raw.StringToNumber(string_tensor=texts, out_type=getattr(trace.tf, dtype))
    return raw.SelectV2(condition=good, t=found, e=np.dtype(dtype).type(0 if dtype == "int64" else np.nan))
