"""Kinds that count each token of a text."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from shardmill.schemas.features import FeatureSpec, sparse_specs
from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import Tensor, Trace
from shardmill.transforms.kinds.text.made_kind import TextKind
from shardmill.transforms.statistics.requests import Statistics


@dataclass(frozen=True, kw_only=True)
class BagKind(TextKind):
    """A kind with a number for each token.

    Other tokens have none.

    Attributes:
        sparse: Whether rows hold the numbers that aren't 0, with their tokens' ids, as a sparse
            feature. Otherwise they are float32[n].
    """

    sparse: bool = False

    def _outputs(self, _schema: Schema, statistics: Statistics) -> tuple[FeatureSpec, ...]:
        width = self.width(statistics)
        return (
            sparse_specs(self.name, "float32", width) if self.sparse else (FeatureSpec(self.name, "float32", (width,)),)
        )

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        raw, tf = trace.tf.raw_ops, trace.tf
        ranks = self.ranks(trace, self.made(trace))
        width = self.width(trace.statistics)
        indices, counts = _count(trace, ranks, width)
        values = self.values(trace, indices, counts, ranks.row_lengths())
        shape = tf.stack([ranks.nrows(), np.int64(width)])
        if self.sparse:
            return {self.name: tf.SparseTensor(indices, values, shape)}
        return {self.name: tf.ensure_shape(raw.ScatterNd(indices=indices, updates=values, shape=shape), [None, width])}

    @abstractmethod
    def values(self, trace: Trace, indices: Tensor, counts: Tensor, lengths: Tensor) -> Tensor:
        """The numbers of tokens that are in a row.

        Args:
            trace: The graph.
            indices: int64[n, 2], each number's row and token.
            counts: float32[n], how often the row has the token.
            lengths: int64[batch], the number of each row's tokens, those without a number included.

        Returns:
            float32[n].
        """


@dataclass(frozen=True, kw_only=True)
class BagOfWords(BagKind):
    """How often each token is in a text, float32.

    Attributes:
        binary: Whether 1 stands for any number of times.
    """

    kind = "bag_of_words"

    binary: bool = False

    def values(self, trace: Trace, indices: Tensor, counts: Tensor, lengths: Tensor) -> Tensor:  # noqa: ARG002 (see `BagKind`)
        """See `BagKind.values`."""
        return trace.tf.ones_like(counts) if self.binary else counts


@dataclass(frozen=True, kw_only=True)
class TfIdf(BagKind):
    """A token's share of a text, times its rarity, float32.

    It is (count / tokens of the text) * (1 + log((rows + 1) / (rows with the token + 1))), as in
    `tft.tfidf`. The vocabulary is in the order of the numbers of rows that have its tokens, which
    `frequency_threshold` limits, too.

    Attributes:
        smooth: Whether both numbers of rows are increased by 1.
    """

    kind = "tf_idf"
    counts_rows: ClassVar[bool] = True
    ranks_by_label: ClassVar[bool] = False

    smooth: bool = True

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        for key in ("file", "extend", "shared", "num_buckets", "num_oov_buckets", "reserved_tokens"):
            if getattr(self, key):
                raise self.error(
                    f"expected a `tf_idf` without `{key}`, received {getattr(self, key)!r}; the rows that have each token must be counted"
                )
        super().check_parameters(schema)

    def values(self, trace: Trace, indices: Tensor, counts: Tensor, lengths: Tensor) -> Tensor:
        """See `BagKind.values`."""
        raw, tf = trace.tf.raw_ops, trace.tf
        rarity = tf.gather(tf.constant(self._rarity(trace.statistics)), indices[:, 1])
        total = raw.Cast(x=tf.gather(lengths, indices[:, 0]), DstT=tf.float32)
        return raw.Mul(x=raw.RealDiv(x=counts, y=total), y=rarity)

    def _rarity(self, statistics: Statistics) -> npt.NDArray[np.float32]:
        """float32[n]: the second factor.

        It is computed with more digits, so it doesn't depend on the machine.
        """
        rows = statistics.vocabularies[self.name].token_counts()
        ratio = (statistics.rows + self.smooth) / (rows + self.smooth)
        return (1 + np.log(ratio.astype(np.float64))).astype(np.float32)


def _count(trace: Trace, ranks: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Counts each row's tokens.

    Returns:
        int64[n, 2], pairs of a row and a token in order; and float32[n], their counts.
    """
    raw, tf = trace.tf.raw_ops, trace.tf
    known = raw.GreaterEqual(x=ranks.values, y=np.int64(0))
    before = tf.concat([tf.zeros([1], tf.int64), tf.cumsum(raw.Cast(x=known, DstT=tf.int64))], axis=0)
    splits = tf.gather(before, ranks.row_splits)
    counted = raw.RaggedCountSparseOutput(
        # One more row, which is empty: the operation wants at least one.
        splits=tf.concat([splits, splits[-1:]], axis=0),
        values=tf.boolean_mask(ranks.values, known),
        weights=np.zeros(0, np.float32),
        minlength=width,
        maxlength=width,
        binary_output=False,
    )
    return counted.output_indices, counted.output_values
