"""Mutual information of tokens and a label."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import to_numpy
from shardmill.schemas.errors import DataError
from shardmill.transforms.distributions.expected_information import exact_log2, expected_information
from shardmill.transforms.distributions.joint_tokens import Facts, split_tokens

# The most distinct labels: each token has a count of each.
MOST_LABELS = 1000
# A label that none of a token's rows has, or that all have, counts as this share of them, or as all
# but it: TF Transform's.
_LEAST_SHARE = 1e-6
# TF Transform's least differences from the average, and the numbers of rows for which they are.
_DIFFERENCES = (2, 25)
_ROWS = (10_000, 1_000_000)
# Numbers of tokens times labels that are held at a time.
_HELD = 1 << 20
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LabelCompanion:
    """A label, by whose mutual information tokens are ranked.

    Attributes:
        column: The label's column. Rows in which it is missing aren't counted.
        adjusted: Whether the information that tokens have by chance is subtracted.
        min_diff_from_avg: The least difference of the rows with a token and a label from their
            number by chance: the label adds nothing to the score of a token with less. None means
            that it follows from the number of rows, as TF Transform recommends.
    """

    column: str
    adjusted: bool = False
    min_diff_from_avg: float | None = 0
    counts_missing = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The label's column."""
        return (self.column,)

    def facts(self, rows: pa.RecordBatch) -> Sequence[Facts]:
        """The labels of some rows: see `Companion.facts`."""
        labels = rows.column(self.column)
        if pa.types.is_floating(labels.type):
            # 0.0 and -0.0 are one label, and NaN is none.
            labels = pc.if_else(pc.is_nan(labels), pa.scalar(None, labels.type), pc.add(labels, 0))
        encoded = labels.dictionary_encode()
        self._check(len(encoded.dictionary))
        # In hexadecimal digits: a label may hold anything.
        texts = [text.as_py().hex().encode() for text in encoded.dictionary.cast(pa.string()).cast(pa.binary())]
        return [Facts(texts, to_numpy(encoded.indices.fill_null(-1)).astype(np.int64))]

    def check(self, totals: pa.Table) -> None:
        """Checks the number of labels: see `Companion.check`."""
        self._check(totals.num_rows)

    def scored(self, counts: pa.Table, totals: pa.Table) -> pa.Table:
        """The tokens with their counts and `score`: see `Companion.scored`.

        A score is the mutual information in bits, times the number of rows; less what is expected
        of it, if adjusted.
        """
        _, labels = split_tokens(totals["token"])
        order = pc.sort_indices(labels)
        sizes = to_numpy(totals["count"].take(order)).astype(np.float64)
        tokens, found = split_tokens(counts["token"])
        encoded = tokens.dictionary_encode()
        which = to_numpy(encoded.indices).astype(np.int64)
        column = to_numpy(pc.index_in(found, labels.take(order))).astype(np.int64)
        number = to_numpy(counts["count"])
        size = np.bincount(which, number, len(encoded.dictionary)).astype(np.float64)
        by_token = np.argsort(which, kind="stable")
        scores = np.empty(size.size)
        step = max(_HELD // max(len(sizes), 1), 1)
        for start in range(0, size.size, step):
            stop = min(start + step, size.size)
            low, high = np.searchsorted(which[by_token], [start, stop])
            cells = by_token[low:high]
            joint = np.zeros((len(sizes), stop - start))
            joint[column[cells], which[cells] - start] = number[cells]
            scores[start:stop] = self._information(joint, size[start:stop], sizes)
        return pa.table(
            {
                "token": encoded.dictionary,
                "count": pa.array(size.astype(np.int64)),
                "score": pa.array(scores),
            }
        )

    def _information(self, joint: _Floats, tokens: _Floats, labels: _Floats) -> _Floats:
        """The scores of some tokens: see `information`."""
        least = self.min_diff_from_avg
        if least is None:
            least = recommended_difference(float(labels.sum()))
        return information(joint, tokens, labels, adjusted=self.adjusted, min_diff_from_avg=least)

    def _check(self, number: int) -> None:
        if number > MOST_LABELS:
            raise DataError(
                f"column {self.column!r}: expected at most {MOST_LABELS} distinct values of a label, by whose mutual information "
                "tokens are ranked, received more; put it into buckets with `derive`, or name another `label`"
            )


def recommended_difference(rows: float) -> int:
    """The least difference from the average for so many rows.

    It is what TF Transform recommends: from 2, up to 10,000 rows, to 25, from a million rows on.
    """
    low, high = _DIFFERENCES
    few, many = _ROWS
    return int(min(high, max(low, (rows - few) / (many - few) * (high - low) + low)))


def information(
    joint: _Floats, tokens: _Floats, labels: _Floats, *, adjusted: bool = False, min_diff_from_avg: float = 0
) -> _Floats:
    """The mutual information of tokens and a label.

    It is in bits, times the number of rows, and that of whether a row has the token, restricted to
    the rows that have it, as in TF Transform: the sum over labels of n_ij * log2(n_ij * n / (x_i *
    y_j)).

    Args:
        joint: [labels, tokens], the rows with a label and a token.
        tokens: [tokens], the rows with a token.
        labels: [labels], the rows with a label.
        adjusted: Whether `expected_information` is subtracted.
        min_diff_from_avg: A label adds nothing where n_ij and x_i * y_j / n differ by less.

    Returns:
        [tokens]; 0 for a token that all rows have.
    """
    rows = float(labels.sum())
    log_rows, log_tokens = math.log2(max(rows, 1)), exact_log2(tokens)
    total = np.zeros_like(tokens)
    for counts, label in zip(joint, labels.tolist(), strict=True):
        cells = np.clip(counts / tokens, _LEAST_SHARE, 1 - _LEAST_SHARE) * tokens
        added = cells * ((exact_log2(cells) + log_rows) - (log_tokens + math.log2(label)))
        if adjusted:
            added -= expected_information(tokens, label, rows)
        total += np.where(np.abs(tokens * label / rows - cells) < min_diff_from_avg, 0.0, added)
    return np.where(tokens == rows, 0.0, total)
