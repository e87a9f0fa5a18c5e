"""The kind that makes pairs of words near each other."""

from dataclasses import dataclass

import numpy as np

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import Tensor, Trace
from shardmill.transforms.kinds.text.made_kind import TextKind, first_id
from shardmill.transforms.statistics.requests import Statistics


@dataclass(frozen=True, kw_only=True)
class Pairs(TextKind):
    """Skip-grams of a text: pairs of tokens near each other.

    They are int64 `<name>_centre` and `<name>_context`, of varying length, with the ids that
    `tokens` gives. Unknown tokens are left out first, as in word2vec. Pairs are in the order of
    their centres, and then of the other tokens.

    Attributes:
        window: The greatest distance of the two.
    """

    kind = "pairs"

    window: int = 5

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if self.window < 1:
            raise self.error(f"expected `window` to be at least 1, received {self.window!r}")

    def _outputs(self, _schema: Schema, statistics: Statistics) -> tuple[FeatureSpec, ...]:
        last = first_id() + self.width(statistics) - 1
        return tuple(
            FeatureSpec(f"{self.name}_{part}", "int64", None, first_id(), last, is_categorical=True)
            for part in ("centre", "context")
        )

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        tf = trace.tf
        ranks = self.ranks(trace, self.made(trace))
        known = tf.ragged.boolean_mask(ranks, ranks >= np.int64(0))
        ids = known.values + np.int64(first_id())
        size = tf.shape(ids, tf.int64)[0]
        steps = np.array([each for each in range(-self.window, self.window + 1) if each], np.int64)
        # Where each token's neighbours are: [tokens, steps].
        near = tf.range(size)[:, None] + steps
        rows = known.value_rowids()
        bounds = known.row_splits
        inside = (near >= tf.gather(bounds, rows)[:, None]) & (near < tf.gather(bounds, rows + 1)[:, None])
        pairs = tf.where(inside)
        lengths = tf.math.unsorted_segment_sum(
            tf.reduce_sum(tf.cast(inside, tf.int64), axis=1), rows, known.nrows(tf.int64)
        )
        found = {"centre": tf.gather(ids, pairs[:, 0]), "context": tf.gather(ids, tf.boolean_mask(near, inside))}
        return {
            f"{self.name}_{part}": tf.RaggedTensor.from_row_lengths(values, lengths, validate=False)
            for part, values in found.items()
        }
