"""Common parts of kinds whose tokens the graph makes."""

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import Request, Tensor, Trace
from shardmill.transforms.kinds.categorical.vocabulary import TokenKind, VocabularyKind
from shardmill.transforms.kinds.own_id import OWN_ID
from shardmill.transforms.kinds.text.token_rules import TextRule
from shardmill.transforms.statistics.requests import MadeTokens, Statistics, TokenMaker, VocabularyRequest

# The first ids, as in Keras's `TextVectorization`; then those of a text's start and end, if it has
# them.
PADDING, UNKNOWN, START, END = 0, 1, 2, 3


@dataclass(frozen=True, kw_only=True)
class MadeKind(VocabularyKind):
    """A kind whose tokens the graph makes of cells.

    Attributes:
        missing: A text that replaces a missing cell; `"reject"` rejects the row. None means that it
            has no tokens. The analysis counts tokens of present cells only.
    """

    rules: ClassVar[tuple[str, ...]] = ("reject",)
    # Whether its vocabulary is counted by rows: see `VocabularyRequest`.
    counts_rows: ClassVar[bool] = False

    @property
    @abstractmethod
    def maker(self) -> TokenMaker:
        """The rule that makes the tokens."""

    @property
    def selection(self) -> tuple[object, ...]:
        """See `VocabularyKind.selection`."""
        return (*super().selection, self.maker, self.counts_rows)

    def requests(self, schema: Schema) -> tuple[Request, ...]:
        """A request for the vocabulary: see `VocabularyKind.requests`."""
        return tuple(
            replace(request, delimiter=None, maker=self.maker, rows=self.counts_rows)
            for request in super().requests(schema)
            if isinstance(request, VocabularyRequest)
        )

    def made(self, trace: Trace) -> Tensor:
        """The tokens, a RaggedTensor string[batch, None]."""
        return trace.made(MadeTokens(self.columns[0], self.maker), self._filling(trace.statistics))

    def marked(self, trace: Trace, ranks: Tensor, own_rank: int) -> Tensor:
        """Gives rows without a cell their own rank, if asked.

        Args:
            trace: The graph.
            ranks: A RaggedTensor int64[batch, None], empty where the cell is missing.
            own_rank: That rank.
        """
        if self.missing != OWN_ID:
            return ranks
        tf = trace.tf
        number = tf.cast(trace.missing(self.columns[0]), tf.int64)
        own = tf.fill([tf.reduce_sum(number)], np.int64(own_rank))
        return tf.concat([ranks, tf.RaggedTensor.from_row_lengths(own, number, validate=False)], axis=1)

    def _filling(self, statistics: Statistics) -> str | None:
        return TokenKind._filling(self, statistics)  # noqa: SLF001 (its grandparent's: there is no mode of many tokens)


@dataclass(frozen=True, kw_only=True)
class RankKind(MadeKind):
    """A kind that gives each token a number.

    Attributes:
        num_buckets: The number of hash buckets. None means a vocabulary instead.
    """

    num_buckets: int | None = None

    @property
    def vocabulary(self) -> str | None:
        """The vocabulary's name; None means hash buckets instead."""
        return None if self.num_buckets is not None else super().vocabulary

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if self.num_buckets is None:
            return
        if self.num_buckets < 1:
            raise self.error(f"expected `num_buckets` to be at least 1, received {self.num_buckets!r}")
        unused = self._unused()
        if unused:
            raise self.error(
                f"expected `num_buckets` (hash buckets) or `{unused[0]}` (a vocabulary), received both; remove one of them"
            )

    def _unused(self) -> list[str]:
        """The parameters of a vocabulary that are given."""
        given = [
            key
            for key in ("top_k", "frequency_threshold", "file", "extend", "shared")
            if getattr(self, key) is not None
        ]
        given += [key for key in ("num_oov_buckets", "reserved_tokens") if getattr(self, key)]
        return [*given, *(["rank_by"] if self.by_label else [])]

    def width(self, statistics: Statistics) -> int:
        """The number of tokens' ids, OOV buckets included."""
        return self.num_buckets or self._size(statistics) + self.num_oov_buckets

    def ranks(self, trace: Trace, tokens: Tensor) -> Tensor:
        """int64, of the same rows: tokens' ranks, or their buckets.

        A rank is a token's position in the vocabulary. It is -1 for one that isn't there, without
        OOV buckets.
        """
        if self.num_buckets is None:
            return tokens.with_values(trace.table(self._key(-1)).lookup(tokens.values))
        found = trace.tf.raw_ops.StringToHashBucketFast(input=tokens.values, num_buckets=self.num_buckets)
        return tokens.with_values(found)


@dataclass(frozen=True, kw_only=True)
class TextKind(RankKind):
    """A kind of words: see `TextRule` for its parameters."""

    delimiter: str | None = None  # type: ignore[misc]  # a parameter here
    pattern: str | None = None
    lower: bool = False
    strip_punctuation: bool = False
    strip_html: bool = False
    ngrams: tuple[int, int] = (1, 1)

    @property
    def maker(self) -> TextRule:
        """The rule that makes the tokens."""
        return TextRule(
            *(self.delimiter, self.pattern, self.lower, self.strip_punctuation, self.strip_html, self.ngrams)
        )

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if self.delimiter is not None and self.pattern is not None:
            raise self.error("expected `delimiter` or `pattern`, received both; remove one of them")
        for key in ("delimiter", "pattern"):
            if getattr(self, key) == "":
                raise self.error(f'expected a `{key}` that isn\'t empty, received ""')
        if self.pattern is not None:
            self._check_pattern(self.pattern)
        if not 1 <= self.ngrams[0] <= self.ngrams[1]:
            raise self.error(
                f"expected `ngrams` to be two numbers of words from 1 on, the least first, received {list(self.ngrams)!r}"
            )

    def _check_pattern(self, pattern: str) -> None:
        try:
            # Arrow's regular expressions are TensorFlow's: both are RE2.
            pc.replace_substring_regex(pa.array([""]), pattern, "")
        except pa.ArrowInvalid as error:
            raise self.error(
                f"expected `pattern` to be a regular expression (RE2), received {pattern!r}: {error}"
            ) from error


def sequence(trace: Trace, ranks: Tensor, size: int | None, *, start_end: bool = False) -> Tensor:
    """Makes ids of ranks, after those that are reserved.

    Args:
        trace: The graph.
        ranks: A RaggedTensor int64[batch, None]; -1 is unknown.
        size: The length to which rows are cut or padded. None means that they keep their own.
        start_end: Whether a row begins and ends with an id for that.

    Returns:
        int64[batch, size]; or int64[batch, None], a RaggedTensor.
    """
    tf, raw = trace.tf, trace.tf.raw_ops
    known = raw.AddV2(x=ranks.values, y=np.int64(first_id(start_end=start_end)))
    values = raw.SelectV2(condition=raw.Less(x=ranks.values, y=np.int64(0)), t=np.int64(UNKNOWN), e=known)
    ids = ranks.with_values(values)
    if size is not None:
        ids = ids[:, : size - 2 * start_end]
    if start_end:
        one = tf.ones(tf.stack([ids.nrows(), np.int64(1)]), tf.int64)
        ids = tf.concat([one * START, ids, one * END], axis=1)
    return ids if size is None else ids.to_tensor(np.int64(PADDING), shape=[None, size])


def first_id(*, start_end: bool = False) -> int:
    """The id of the first token of the vocabulary."""
    return END + 1 if start_end else UNKNOWN + 1
