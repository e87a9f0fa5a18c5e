"""Tables of token counts, cut to travel."""

import pickle

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.statistics import partition as module
from shardmill.transforms.statistics.partition import chunk_counts, partition_counts
from shardmill.transforms.statistics.tokens import SCHEMA, merge_counts


def _counts(table: pa.Table) -> dict[bytes, int]:
    assert table.schema.equals(SCHEMA)
    tokens = table["token"].to_pylist()
    assert len(set(tokens)) == len(tokens)
    return dict(zip(tokens, table["count"].to_pylist(), strict=True))


def _table(counts: dict[bytes, int]) -> pa.Table:
    return pa.table([pa.array(list(counts), pa.binary()), pa.array(list(counts.values()), pa.int64())], schema=SCHEMA)


@given(st.dictionaries(st.binary(min_size=1, max_size=300), st.integers(1, 3), max_size=30), st.integers(1, 5))
def test_partitions_hold_everything_once(counts: dict[bytes, int], partitions: int) -> None:
    """Each token is in one partition, which depends on the token alone."""
    parts = partition_counts(_table(counts), partitions)
    assert len(parts) == partitions
    assert _counts(merge_counts(parts)) == counts
    for token in counts:
        alone = partition_counts(_table({token: 1}), partitions)
        at = [index for index, part in enumerate(alone) if part.num_rows]
        assert token in _counts(parts[at[0]])


def test_partitions_are_even_and_stable() -> None:
    """Numbered tokens spread evenly; the hash is pinned, as workers of different versions must agree."""
    table = _table({b"user_%d" % index: 1 for index in range(40_000)})
    sizes = [part.num_rows for part in partition_counts(table, 16)]
    assert max(sizes) < 2700
    assert min(sizes) > 2300
    hashes = module._hashes(pa.chunked_array([pa.array([b"x", b"a", b"ab", b"ba", b"a" * 1000]).slice(1)]))
    assert [hex(value) for value in hashes] == [
        "0x5dbbff6b1a8295b9",
        "0xe2149d5e4c4638c",
        "0x6252c5f12d680dd1",
        "0xed670d616d36ea3b",
    ]


def test_partitions_of_long_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing in small pieces gives the same partitions, and tokens alike in their first bytes differ by length."""
    tokens = pa.chunked_array([pa.array([b"a" * size for size in range(0, 600, 7)])])
    whole = module._hashes(tokens)
    monkeypatch.setattr(module, "_HASH_BYTES", 100)
    assert np.array_equal(module._hashes(tokens), whole)
    assert len(set(whole.tolist())) == len(tokens)


def test_large_tables_are_cut() -> None:
    """No chunk's pickle is longer than the bound and a token, and the chunks are the table."""
    table = pa.table([[b"%0100d" % token for token in range(1000)], range(1000)], schema=SCHEMA)
    chunks = chunk_counts(table, 20_000)
    assert len(chunks) == 6
    assert max(len(pickle.dumps(chunk)) for chunk in chunks) < 21_000
    assert pa.concat_tables(chunks).equals(table)
    assert chunk_counts(table) == [table]
    assert chunk_counts(SCHEMA.empty_table()) == []


def test_a_token_longer_than_a_chunk_ends_one() -> None:
    """A token isn't cut: what would follow it in its chunk is bounded as ever."""
    table = pa.table([[b"a" * 10, b"b" * 500, b"c" * 10], [1, 2, 3]], schema=SCHEMA)
    assert [chunk["count"].to_pylist() for chunk in chunk_counts(table, 100)] == [[1], [2, 3]]
