"""Token counts as Arrow tables, and vocabularies selected from them.

A table of counts has the columns `token` (binary) and `count` (int64), each token once, in no
particular order: two tables with the same rows are equal, and merging is associative and
commutative in that sense. `select` puts tokens in order.

As in TF Transform: empty tokens and tokens with a newline or a carriage return are never counted;
integers are counted as their decimal text; tokens are ordered by descending count, then descending
bytes; `frequency_threshold` keeps counts of at least that number, and `top_k` keeps the first
tokens in that order, cutting through ties.
"""

from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import binary_edges, binary_octets, from_numpy, to_numpy

SCHEMA = pa.schema([("token", pa.binary()), ("count", pa.int64())])

# Rows of blocks' counts that wait for a merge.
_WAITING = 1 << 17


class TokenCounts:
    """An accumulator of token counts.

    Its memory grows with the number of distinct tokens only.
    """

    def __init__(self, waiting: int = _WAITING) -> None:
        """Makes an empty accumulator.

        Args:
            waiting: The rows of tables that wait for a merge, at most, or as many as there are
                distinct tokens: so merging costs amortized linear time.
        """
        self._most = waiting
        self._pending: list[pa.Table] = []
        self._waiting = 0
        self._merged = 0
        self._bytes = 0

    def update(self, tokens: pa.Array, delimiter: str | None = None) -> None:
        """Adds a block's tokens.

        Args:
            tokens: See `count_tokens`.
            delimiter: See `count_tokens`.
        """
        self.add(count_tokens(tokens, delimiter))

    def add(self, table: pa.Table) -> None:
        """Adds a table of counts."""
        if table.num_rows:
            self._pending.append(table)
            self._waiting += table.num_rows
            self._bytes += table.nbytes
            if self._waiting - self._merged > max(self._most, self._merged):
                self.table()

    def merge(self, other: "TokenCounts") -> None:
        """Adds the counts of another accumulator, which stays unchanged."""
        self.add(other.table())

    def table(self) -> pa.Table:
        """Merges all counts so far into one table."""
        merged = merge_counts(self._pending)
        self._pending = [merged]
        self._merged = self._waiting = merged.num_rows
        self._bytes = merged.nbytes
        return merged

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the counts take."""
        return self._bytes


def count_tokens(array: pa.Array, delimiter: str | None = None) -> pa.Table:
    """Counts the tokens in a block of a column.

    Args:
        array: string, binary, integer (its decimal text is the token), or a dictionary of one of
            these. Nulls, empty tokens and tokens with a newline or a carriage return aren't
            counted.
        delimiter: The text that separates the tokens of a cell. None means that a cell is one
            token.

    Returns:
        A table of counts.

    Raises:
        TypeError: The array is of another type.
    """
    counted = pc.value_counts(array)
    tokens, counts = _binary(counted.field("values")), counted.field("counts")
    if delimiter is None:
        return _kept(tokens, counts)
    cells = pc.split_pattern(tokens, delimiter)
    return _sum(_kept(pc.list_flatten(cells), counts.take(pc.list_parent_indices(cells))))


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
    parts = [_null_if_empty(_binary(column)) for column in columns]
    return pc.binary_join_element_wise(*parts, pa.scalar(separator.encode(), pa.binary()))


def merge_counts(tables: Sequence[pa.Table]) -> pa.Table:
    """Adds up the counts of several tables.

    Args:
        tables: Tables of counts. Without any, the result is an empty table.
    """
    filled = [table for table in tables if table.num_rows]
    if not filled:
        return SCHEMA.empty_table()
    if len(filled) == 1:
        return filled[0]
    return _sum(pa.concat_tables(filled))


def select(table: pa.Table, top_k: int | None = None, frequency_threshold: int | None = None) -> pa.Table:
    """Selects a vocabulary's tokens in the order of their ids.

    They are ordered by descending count, then descending bytes.

    Args:
        table: A table of counts.
        top_k: The most tokens kept, cutting through ties. None means all.
        frequency_threshold: The least count kept. None or 0 means all.

    Returns:
        A table of counts, in that order.
    """
    counts = to_numpy(table["count"])
    least = frequency_threshold or 0
    if top_k is not None and 0 < top_k < counts.size:
        # Tokens below the k-th count can't be among the first k. Without them, fewer tokens are
        # compared by their bytes.
        least = max(least, int(np.partition(counts, counts.size - top_k)[counts.size - top_k]))
    if least > 0:
        table = table.take(from_numpy(np.flatnonzero(counts >= least)))
    order = pc.sort_indices(table, [("count", "descending"), ("token", "descending")])
    return table.take(order if top_k is None else order[:top_k])


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


def _sum(table: pa.Table) -> pa.Table:
    grouped = table.group_by("token", use_threads=False).aggregate([("count", "sum")])
    # Grouping gives chunks that are slices of one buffer, and pickling writes all of it for each.
    return pa.table([grouped["token"], grouped["count_sum"]], schema=SCHEMA).combine_chunks()


def _binary(tokens: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(tokens.type):
        tokens = tokens.dictionary_decode()
    if pa.types.is_integer(tokens.type):
        tokens = tokens.cast(pa.string())
    elif not (_is_text(tokens.type) or pa.types.is_null(tokens.type)):
        raise TypeError(f"tokens: expected an array of text or integers, received {tokens.type}")
    return tokens.cast(pa.binary())


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_string_view(kind)
    )


def _null_if_empty(tokens: pa.Array) -> pa.Array:
    empty = pc.equal(pc.binary_length(tokens), 0)
    return pc.if_else(empty, pa.scalar(None, tokens.type), tokens) if pc.any(empty).as_py() else tokens


def _kept(tokens: pa.Array, counts: pa.Array) -> pa.Table:
    table = pa.table([tokens, counts], schema=SCHEMA)
    if tokens.null_count:
        table = table.filter(pc.is_valid(tokens))
        tokens = table["token"].combine_chunks()
    octets = binary_octets(tokens)
    for character in (b"\n", b"\r"):
        # One search through all bytes is cheaper than one in each token, and newlines are rare.
        if (octets == character[0]).any():
            table = table.filter(pc.invert(pc.match_substring(tokens, character)))
            tokens = table["token"].combine_chunks()
    lengths = np.diff(binary_edges(tokens))
    return table if lengths.all() else table.take(from_numpy(np.flatnonzero(lengths)))
