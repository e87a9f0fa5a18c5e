"""Token counts as Arrow tables, and vocabularies selected from them.

A table of counts has the columns `token` (binary) and `count` (int64), each token once, in no
particular order: two tables with the same rows are equal, and merging is associative and
commutative in that sense. `select` puts tokens in order. Selected tokens may have further columns:
`score` (float64) ranks them instead of their count.

As in TF Transform: empty tokens and tokens with a newline or a carriage return are never counted;
integers are counted as their decimal text; tokens are ordered by descending count, then descending
bytes; `frequency_threshold` keeps counts of at least that number, and `top_k` keeps the first
tokens in that order, cutting through ties.
"""

from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import binary_edges, binary_octets, binary_parts, from_numpy, to_numpy
from shardmill.transforms.numbers.pre import apply_pre

SCHEMA = pa.schema([("token", pa.binary()), ("count", pa.int64())])


def cross(columns: Sequence[pa.Array], separator: str) -> pa.Array:
    """Joins each row's values into the token of a cross.

    Args:
        columns: string, binary or integer arrays of one length.
        separator: The text between the values.

    Returns:
        Binary; null where any value is missing (null or empty), since the cross of an unknown value
        is unknown.

    Raises:
        TypeError: A column is neither string nor integer.
    """
    parts = [null_if_empty(to_binary(column)) for column in columns]
    return pc.binary_join_element_wise(*parts, pa.scalar(separator.encode(), pa.binary()))


def bucketed(values: pa.Array, boundaries: tuple[float, ...] | None) -> pa.Array:
    """The buckets of numbers, as the graph finds them.

    Without boundaries they are the values themselves.
    """
    if boundaries is None:
        return values
    numbers = apply_pre(values, ())
    edges = np.array(boundaries, np.float32)
    return pa.array(np.searchsorted(edges, numbers, side="right"), pa.int64(), mask=np.isnan(numbers))


def row_counts(lists: pa.LargeListArray) -> pa.Table:
    """Counts the rows that have each token.

    Args:
        lists: The tokens of each row, (large) binary.

    Returns:
        A table of counts, without tokens that aren't counted.
    """
    encoded = lists.flatten().dictionary_encode()
    distinct = max(len(encoded.dictionary), 1)
    rows = to_numpy(pc.list_parent_indices(lists)).astype(np.int64)
    # One number for each pair of a row and a token.
    pairs = np.unique(rows * distinct + to_numpy(encoded.indices))
    counts = np.bincount(pairs % distinct, minlength=len(encoded.dictionary)).astype(np.int64)
    return pa.table([encoded.dictionary.cast(pa.binary()), from_numpy(counts)], schema=SCHEMA)


def distinct_in_rows(tokens: pa.Array, rows: npt.NDArray[np.int64]) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    """Leaves out tokens that their row has already.

    Args:
        tokens: Binary; nulls are left out.
        rows: int64, the row of each token.

    Returns:
        The tokens and their rows.
    """
    encoded = tokens.filter(tokens.is_valid()).dictionary_encode()
    if tokens.null_count:
        rows = rows[to_numpy(tokens.is_valid().cast(pa.int8())).astype(np.bool_)]
    distinct = max(len(encoded.dictionary), 1)
    pairs = np.unique(rows * distinct + to_numpy(encoded.indices))
    return encoded.dictionary.take(from_numpy(pairs % distinct)), pairs // distinct


def select(table: pa.Table, top_k: int | None = None, frequency_threshold: int | None = None) -> pa.Table:
    """Selects a vocabulary's tokens in the order of their ids.

    They are ordered by descending score or else count, then descending bytes.

    Args:
        table: A table of counts, perhaps with further columns.
        top_k: The most tokens kept, cutting through ties. None means all.
        frequency_threshold: The least count kept. None or 0 means all.

    Returns:
        The same columns, in that order.
    """
    by = rank_column(table)
    if frequency_threshold:
        table = _at_least(table, "count", frequency_threshold)
    ranks = to_numpy(table[by])
    if top_k is not None and 0 < top_k < ranks.size:
        # Tokens below the k-th count can't be among the first k. Without them, fewer tokens are
        # compared by their bytes.
        table = _at_least(table, by, np.partition(ranks, ranks.size - top_k)[ranks.size - top_k])
    order = pc.sort_indices(table, [(by, "descending"), ("token", "descending")])
    return table.take(order if top_k is None else order[:top_k])


def rank_column(table: pa.Table) -> str:
    """The column by which tokens are ranked."""
    return "score" if "score" in table.column_names else "count"


def _at_least(table: pa.Table, column: str, least: float) -> pa.Table:
    return table.take(from_numpy(np.flatnonzero(to_numpy(table[column]) >= least)))


def total(table: pa.Table) -> int:
    """The number of tokens counted."""
    return pc.sum(table["count"]).as_py() or 0


def write_tokens(stream: BinaryIO, table: pa.Table) -> None:
    r"""Writes tokens of a vocabulary, one a line.

    They are in the table's order, each ended by `\n`.

    Args:
        stream: The file.
        table: A table of counts, in the order of the ids.
    """
    for chunk in table["token"].chunks:
        lines = pc.binary_join_element_wise(chunk, pa.scalar(b""), pa.scalar(b"\n"))
        edges = binary_edges(lines)
        stream.write(binary_octets(lines)[edges[0] : edges[-1]].data)


def write_counted(stream: BinaryIO, table: pa.Table) -> None:
    r"""Writes tokens with their counts.

    A line has a token, a space and its count, as in word2vec's files of vocabularies.

    Args:
        stream: The file.
        table: A table of counts.
    """
    for batch in table.to_batches():
        counts = batch["count"].cast(pa.string()).cast(pa.binary())
        lines = pc.binary_join_element_wise(batch["token"], b" ", counts, b"\n", b"")
        stream.write(binary_parts(lines)[1].data)


def to_binary(tokens: pa.Array) -> pa.Array:
    """Makes tokens binary; integers become their decimal text.

    Raises:
        TypeError: The array is of another type than text or integers.
    """
    if pa.types.is_dictionary(tokens.type):
        tokens = tokens.dictionary_decode()
    if pa.types.is_integer(tokens.type):
        tokens = tokens.cast(pa.string())
    elif not (_is_text(tokens.type) or pa.types.is_null(tokens.type)):
        raise TypeError(f"tokens: expected an array of text or integers, received {tokens.type}; cast it")
    return tokens.cast(pa.binary())


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_string_view(kind)
    )


def null_if_empty(tokens: pa.Array) -> pa.Array:
    """Makes empty binary tokens null."""
    empty = pc.equal(pc.binary_length(tokens), 0)
    return pc.if_else(empty, pa.scalar(None, tokens.type), tokens) if pc.any(empty).as_py() else tokens
