"""Rules by which the graph splits a cell into elements."""

import re
from dataclasses import dataclass

from shardmill.transforms.kinds.base import Tensor, Trace


@dataclass(frozen=True)
class ElementRule:
    """Splits a cell into the elements of a list.

    Blanks around an element are stripped; empty elements are left out. See `TokenMaker`.

    Attributes:
        delimiter: The text between elements.
        weight_delimiter: The character before an element's weight, which is cut off. Empty means
            that elements have no weights.
    """

    delimiter: str
    weight_delimiter: str = ""

    def make(self, trace: Trace, texts: Tensor) -> Tensor:
        """See `TokenMaker.make`."""
        elements = self.elements(trace, texts)
        return self.names(trace, elements) if self.weight_delimiter else elements

    def names(self, trace: Trace, elements: Tensor) -> Tensor:
        """The elements, a RaggedTensor, without their weights."""
        raw, mark = trace.tf.raw_ops, re.escape(self.weight_delimiter)
        names = raw.RegexReplace(input=elements.values, pattern=rf"(?s)^(.*){mark}.*$", rewrite=r"\1")
        return elements.with_values(raw.StringStrip(input=names))

    def elements(self, trace: Trace, texts: Tensor) -> Tensor:
        """The elements, a RaggedTensor string[batch, None]."""
        raw, tf = trace.tf.raw_ops, trace.tf
        found = raw.StringSplitV2(input=texts, sep=self.delimiter)
        elements = raw.StringStrip(input=found.values)
        present = tf.where(raw.NotEqual(x=elements, y=b""))[:, 0]
        return tf.RaggedTensor.from_value_rowids(
            *(tf.gather(elements, present), tf.gather(found.indices[:, 0], present), tf.shape(texts, tf.int64)[0]),
            validate=False,
        )
