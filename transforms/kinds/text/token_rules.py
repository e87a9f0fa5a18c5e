"""Rules by which the graph splits a text into tokens."""

from dataclasses import dataclass
from typing import Any

from shardmill.transforms.kinds.base import Tensor, Trace

# The punctuation that Keras's `TextVectorization` strips: all of ASCII.
_PUNCTUATION = r"[!\"#$%&()\*\+,-\./:;<=>?@\[\\\]^_`{|}~\']"
# A tag, a closing one or a comment. `a < b` is neither.
_HTML = r"</?[A-Za-z][^<>]*>|<!--[\s\S]*?-->"
# Replaces what a pattern matches. No token of a vocabulary contains a line end.
_LINE_END = "\n"


@dataclass(frozen=True)
class TextRule:
    """Splits a text into words, or other pieces.

    Each piece is changed as `lower` and `strip_punctuation` say; empty ones are left out. See
    `TokenMaker`.

    Attributes:
        delimiter: The text between pieces. Without it and `pattern`, pieces are separated by ASCII
            whitespace.
        pattern: A regular expression (RE2) of what is between pieces; a line end always is.
        lower: Whether letters become lower case, those beyond ASCII included.
        strip_punctuation: Whether ASCII punctuation is removed.
        strip_html: Whether tags and comments become a space, before the text is split.
        ngrams: The least and the greatest number of adjacent pieces in a token. They are joined by
            a space; tokens of fewer pieces come first.
    """

    delimiter: str | None = None
    pattern: str | None = None
    lower: bool = False
    strip_punctuation: bool = False
    strip_html: bool = False
    ngrams: tuple[int, int] = (1, 1)

    def make(self, trace: Trace, texts: Tensor) -> Tensor:
        """See `TokenMaker.make`."""
        raw, tf = trace.tf.raw_ops, trace.tf
        if self.strip_html:
            texts = raw.RegexReplace(input=texts, pattern=_HTML, rewrite=" ")
        by_space = self.delimiter is None and self.pattern is None
        # Whitespace is no letter and no punctuation, so the pieces are the same, at less cost.
        texts = self._changed(raw, texts) if by_space else texts
        rows, pieces = self._split(raw, texts)
        # Between whitespace no piece is empty.
        if not by_space:
            pieces = self._changed(raw, pieces)
            present = tf.where(raw.NotEqual(x=pieces, y=b""))[:, 0]
            pieces, rows = tf.gather(pieces, present), tf.gather(rows, present)
        tokens = tf.RaggedTensor.from_value_rowids(pieces, rows, tf.shape(texts, tf.int64)[0], validate=False)
        return tokens if self.ngrams == (1, 1) else self._joined(tf, tokens)

    def _changed(self, raw: Any, texts: Tensor) -> Tensor:
        if self.lower:
            texts = _lowered(raw, texts)
        if self.strip_punctuation:
            texts = raw.RegexReplace(input=texts, pattern=_PUNCTUATION, rewrite="")
        return texts

    def _split(self, raw: Any, texts: Tensor) -> tuple[Tensor, Tensor]:
        """The rows of pieces, int64, and the pieces."""
        separator = self.delimiter or ""
        if self.pattern is not None:
            texts = raw.RegexReplace(input=texts, pattern=self.pattern, rewrite=_LINE_END)
            separator = _LINE_END
        found = raw.StringSplitV2(input=texts, sep=separator)
        return found.indices[:, 0], found.values

    def _joined(self, tf: Any, tokens: Tensor) -> Tensor:
        least, most = self.ngrams
        joined = tf.raw_ops.StringNGrams(
            data=tokens.values,
            data_splits=tokens.row_splits,
            separator=" ",
            ngram_widths=list(range(least, most + 1)),
            left_pad="",
            right_pad="",
            pad_width=0,
            preserve_short_sequences=False,
        )
        return tf.RaggedTensor.from_row_splits(joined.ngrams, joined.ngrams_splits, validate=False)


def _lowered(raw: Any, texts: Tensor) -> Tensor:
    # TensorFlow's kernel reads a text up to a zero byte. Those that are in Arrow's memory don't end
    # with one, but copies do.
    return raw.StringLower(input=raw.StringJoin(inputs=[texts]), encoding="utf-8")


@dataclass(frozen=True)
class CharacterRule:
    """Splits a text into characters, which are Unicode code points.

    See `TokenMaker`.

    Attributes:
        lower: Whether letters become lower case.
    """

    lower: bool = False

    def make(self, trace: Trace, texts: Tensor) -> Tensor:
        """See `TokenMaker.make`."""
        points = self.code_points(trace, texts)
        raw, tf = trace.tf.raw_ops, trace.tf
        bounds = tf.range(tf.shape(points.values, tf.int64)[0] + 1)
        return points.with_values(
            raw.UnicodeEncode(input_values=points.values, input_splits=bounds, output_encoding="UTF-8")
        )

    def code_points(self, trace: Trace, texts: Tensor) -> Tensor:
        """The characters of each text, as numbers.

        Args:
            trace: The graph.
            texts: string[batch].

        Returns:
            A RaggedTensor, int32[batch, None].
        """
        raw = trace.tf.raw_ops
        if self.lower:
            texts = _lowered(raw, texts)
        found = raw.UnicodeDecode(input=texts, input_encoding="UTF-8")
        return trace.tf.RaggedTensor.from_row_splits(found.char_values, found.row_splits, validate=False)
