"""Means of a number by token, without one fold.

A float32 number is an integer of 24 bits times a power of two. Integers of one token, fold and
power are added in int64, so that sums don't depend on the order of rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.schemas.arrow import to_numpy
from shardmill.schemas.schema import FOLD
from shardmill.transforms.distributions.joint_tokens import MISSING, Facts, split_tokens

_BITS = 24
# Numbers of float32 have powers from -148 to 128, each with its sum; the last is of counts.
_LEAST_POWER, _POWERS = -148, 278
_COUNT = _POWERS - 1
# A count and a sum.
PART = np.dtype([("count", np.int64), ("sum", np.float64)])
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TargetCompanion:
    """A number whose means by token are wanted.

    Attributes:
        column: The number's column. Rows in which it isn't finite aren't counted.
        folds: The number of folds.
    """

    column: str
    folds: int
    counts_missing = True

    @property
    def columns(self) -> tuple[str, ...]:
        """The number's column."""
        return (self.column,)

    def facts(self, rows: pa.RecordBatch) -> Sequence[Facts]:
        """The folds and numbers of some rows: see `Companion.facts`.

        A fact is a fold and a power, or a fold alone, to which a row adds 1.
        """
        column = rows.column(self.column)
        numbers = to_numpy(column).astype(np.float32)
        finite = np.isfinite(numbers) & to_numpy(column.is_valid().cast(pa.int8())).astype(np.bool_)
        fractions, powers = np.frexp(np.where(finite, numbers, np.float32(0)))
        whole = (fractions * np.float32(1 << _BITS)).astype(np.int64)
        folds = to_numpy(rows.column(FOLD)) % self.folds
        first = folds * _POWERS
        found = []
        for slots, weights in ((first + powers - _LEAST_POWER, whole), (first + _COUNT, None)):
            distinct, which = np.unique(slots, return_inverse=True)
            which = np.where(finite, which.astype(np.int64), np.int64(-1))
            found.append(Facts([b"%d" % slot for slot in distinct.tolist()], which, weights))
        return found

    def check(self, totals: pa.Table) -> None:
        """Does nothing: see `Companion.check`."""

    def scored(self, counts: pa.Table, totals: pa.Table) -> pa.Table:  # noqa: ARG002 (see `Companion`)
        """The tokens with their counts and `parts`: see `parts_of`."""
        tokens, parts = self.parts_of(counts)
        data = pa.py_buffer(np.ascontiguousarray(parts).tobytes())
        width = pa.binary(parts.dtype.itemsize * parts.shape[1])
        return pa.table(
            {
                "token": tokens,
                "count": pa.array(np.ascontiguousarray(parts["count"][:, -1])),
                "parts": pa.FixedSizeBinaryArray.from_buffers(width, len(parts), [None, data]),
            }
        )

    def of_totals(self, totals: pa.Table) -> tuple[npt.NDArray[np.void], npt.NDArray[np.void]]:
        """The parts of all rows, and of those without tokens.

        Args:
            totals: See `Companion.scored`.

        Returns:
            `PART` [folds + 1] each: see `parts_of`.
        """
        tokens, parts = self.parts_of(totals)
        found = dict(zip(tokens.to_pylist(), parts, strict=True))
        nothing = np.zeros(self.folds + 1, PART)
        return found.get(b"", nothing), found.get(MISSING, nothing)

    def parts_of(self, counts: pa.Table) -> tuple[pa.Array, npt.NDArray[np.void]]:
        """The counts and sums of each token.

        Args:
            counts: A table of counts of joint tokens.

        Returns:
            The tokens, and `PART` [tokens, folds + 1]: those of all rows outside of each fold, and
            those of all rows. No number of a fold has any influence on the part that leaves it out,
            not even by rounding.
        """
        tokens, facts = split_tokens(counts["token"])
        encoded = tokens.dictionary_encode()
        slots = to_numpy(facts.cast(pa.string()).cast(pa.int64()))
        token, numbers = to_numpy(encoded.indices).astype(np.int64), to_numpy(counts["count"])
        folds, power = slots // _POWERS, slots % _POWERS
        # In an order of their own: sums are rounded.
        order = np.lexsort((folds, power, token))
        token, numbers, folds, power = (each[order] for each in (token, numbers, folds, power))
        is_count = power == _COUNT
        values = np.where(
            is_count, 0.0, np.ldexp(numbers.astype(np.float64), (power + _LEAST_POWER - _BITS).astype(np.int32))
        )
        parts = np.zeros((len(encoded.dictionary), self.folds + 1), PART)
        for fold in range(self.folds + 1):
            mine = folds != fold
            parts["sum"][:, fold] = _added(token[mine], values[mine], len(parts))
            parts["count"][:, fold] = _added(token[mine & is_count], numbers[mine & is_count], len(parts))
        return encoded.dictionary, parts


def smoothed(
    parts: npt.NDArray[np.void], everything: npt.NDArray[np.void], smoothing: float
) -> npt.NDArray[np.float32]:
    """The means of parts, drawn to those of all rows.

    They are (sum + smoothing * prior) / (count + smoothing), where the prior is the mean of all
    rows outside of the fold. Where that divides 0 by 0, they are the prior; the prior of no rows is
    0.

    Args:
        parts: `PART` [..., folds + 1].
        everything: `PART` [folds + 1], of all rows.
        smoothing: The number of rows that the prior counts as.

    Returns:
        float32, of the same shape as `parts`.
    """
    prior = everything["sum"] / np.maximum(everything["count"], 1)
    divisor = parts["count"] + float(smoothing)
    means = (parts["sum"] + smoothing * prior) / np.where(divisor == 0, 1, divisor)
    found: npt.NDArray[np.float32] = np.where(divisor == 0, prior, means).astype(np.float32)
    return found


def _added(token: _Ints, values: npt.NDArray[np.float64] | _Ints, size: int) -> npt.NDArray[np.float64]:
    """The sums of tokens' values, added one by one."""
    return np.bincount(token, values, size).astype(np.float64)
