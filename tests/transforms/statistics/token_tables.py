"""Tables of token counts, from dictionaries and back."""

from collections.abc import Mapping

import pyarrow as pa

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
