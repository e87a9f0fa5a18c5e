"""Tables of token counts, from arrays and dictionaries and back."""

from collections import Counter
from collections.abc import Iterable, Mapping

import pyarrow as pa

from shardmill.transforms.statistics.token_counts import TokenCounts
from shardmill.transforms.statistics.tokens import SCHEMA


def table_of(counts: Mapping[bytes, int]) -> pa.Table:
    """A table of counts."""
    return pa.table([pa.array(list(counts), pa.binary()), pa.array(list(counts.values()), pa.int64())], schema=SCHEMA)


def counts_of(table: pa.Table) -> dict[bytes, int]:
    """What a table of counts holds; each token may be in it once."""
    assert table.schema.equals(SCHEMA)
    tokens = table["token"].to_pylist()
    assert len(set(tokens)) == len(tokens)
    return dict(zip(tokens, table["count"].to_pylist(), strict=True))


def count_tokens(array: pa.Array, delimiter: str | None = None) -> pa.Table:
    """The counts of an array's tokens."""
    counts = TokenCounts()
    counts.update(array, delimiter)
    return counts.table()


def merge_counts(tables: Iterable[pa.Table]) -> pa.Table:
    """The counts of several tables together."""
    merged: Counter[bytes] = Counter()
    for table in tables:
        merged.update(counts_of(table))
    return table_of(merged)
