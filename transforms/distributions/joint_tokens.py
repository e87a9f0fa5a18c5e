"""Tokens joined with another fact of their rows.

A joint token is the token, a NUL, and a text without NUL that stands for the fact. It is counted as
other tokens are, so that any number of them is counted exactly, in files where memory is short.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import binary_edges, binary_octets, from_numpy, to_numpy

_NUL = b"\0"
# Stands for the tokens of rows that have none, among the counts of all rows.
MISSING = b"missing"


@dataclass(frozen=True)
class Facts:
    """A fact of each row.

    Attributes:
        texts: The distinct facts, without NUL.
        which: int64 [rows], the index of each row's fact; -1 where a row has none, and isn't
            counted.
        weights: int64 [rows], the number that a row adds to a count. None means 1.
    """

    texts: Sequence[bytes]
    which: npt.NDArray[np.int64]
    weights: npt.NDArray[np.int64] | None = None


class Companion(Protocol):
    """The facts that tokens are counted with.

    It is hashable, and equal ones make equal counts.
    """

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the facts are made of."""

    @property
    def counts_missing(self) -> bool:
        """Whether rows without a token are counted."""

    def facts(self, rows: pa.RecordBatch) -> Sequence[Facts]:
        """The facts of some rows, each counted with their tokens.

        Raises:
            DataError: There are too many.
        """

    def check(self, totals: pa.Table) -> None:
        """Checks the facts of all rows so far.

        Raises:
            DataError: There are too many.
        """

    def scored(self, counts: pa.Table, totals: pa.Table) -> pa.Table:
        """The tokens of joint ones.

        Args:
            counts: A table of counts of joint tokens: all those of each token.
            totals: That of all rows, each joined with the empty token; and of those without a
                token, joined with `MISSING`, if they are counted.

        Returns:
            A table of counts with further columns.
        """


def join_tokens(tokens: pa.Array, rows: npt.NDArray[np.int64], facts: Facts) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    """Counts the joint tokens of some rows.

    Args:
        tokens: Binary; nulls aren't counted.
        rows: int64, the row of each token.
        facts: The facts of the rows.

    Returns:
        The distinct joint tokens, and their counts.
    """
    encoded = tokens.dictionary_encode()
    number = max(len(facts.texts), 1)
    which = facts.which[rows]
    codes = to_numpy(encoded.indices).astype(np.int64) * number + which
    counted = which >= 0
    if encoded.null_count:
        counted &= _valid(encoded)
    weights = np.ones(len(codes), np.int64) if facts.weights is None else facts.weights[rows]
    found, counts = _sums(codes[counted], weights[counted])
    joined = pc.binary_join_element_wise(
        encoded.dictionary.take(from_numpy(found // number)),
        pa.array(facts.texts, pa.binary()).take(from_numpy(found % number)),
        pa.scalar(_NUL),
    )
    return joined, counts


def same_token(token: bytes, rows: npt.NDArray[np.int64]) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    """The same token for each row, and the rows."""
    return pa.array([token], pa.binary()).take(from_numpy(np.zeros(len(rows), np.int64))), rows


def rows_without(tokens: pa.Array, rows: npt.NDArray[np.int64], number: int) -> npt.NDArray[np.int64]:
    """The rows that have no token.

    Args:
        tokens: Binary; nulls are none.
        rows: int64, the row of each token.
        number: The number of rows.
    """
    having = rows[_valid(tokens)]
    return np.flatnonzero(np.bincount(having, minlength=number) == 0)


def split_tokens(joint: pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    """The tokens and the facts of joint tokens, both binary."""
    parts = pc.split_pattern(joint.combine_chunks(), _NUL, max_splits=1, reverse=True)
    return pc.list_element(parts, 0), pc.list_element(parts, 1)


def without_facts(tokens: pa.ChunkedArray) -> pa.ChunkedArray:
    """Tokens up to their last NUL.

    One without a NUL is whole.
    """
    if not any(_has_nul(chunk) for chunk in tokens.chunks):
        return tokens
    parts = [pc.split_pattern(chunk, _NUL, max_splits=1, reverse=True) for chunk in tokens.chunks]
    return pa.chunked_array([pc.list_element(each, 0) for each in parts], tokens.type)


def _valid(array: pa.Array) -> npt.NDArray[np.bool_]:
    return to_numpy(array.is_valid().cast(pa.int8())).astype(np.bool_)


def _has_nul(tokens: pa.Array) -> bool:
    edges = binary_edges(tokens)
    return not binary_octets(tokens)[edges[0] : edges[-1]].all()


def _sums(
    codes: npt.NDArray[np.int64], weights: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The distinct codes, and the sum of each one's weights."""
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    if not starts.size:
        return ordered, weights[order]
    return ordered[starts], np.add.reduceat(weights[order], starts)
