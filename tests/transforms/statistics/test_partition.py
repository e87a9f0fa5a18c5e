"""Tables of token counts, cut by hash and by size."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.statistics import partition as module
from shardmill.transforms.statistics.partition import MOST_BITS, bits_for, one_partition, partition_counts, slices
from shardmill.transforms.statistics.tokens import SCHEMA, merge_counts
from tests.transforms.statistics.token_tables import counts_of, table_of


@given(st.dictionaries(st.binary(min_size=1, max_size=300), st.integers(1, 3), max_size=30), st.integers(0, 4))
def test_partitions_hold_everything_once(counts: dict[bytes, int], bits: int) -> None:
    """Each token is in one partition, which depends on the token alone, and is found there without the others."""
    table = table_of(counts)
    parts = partition_counts(table, bits)
    assert len(parts) == 1 << bits
    assert counts_of(merge_counts(parts)) == counts
    for index, part in enumerate(parts):
        assert counts_of(one_partition(table, bits, index)) == counts_of(part)
        for token in counts_of(part):
            assert partition_counts(table_of({token: 1}), bits)[index].num_rows == 1


@given(st.dictionaries(st.binary(min_size=1, max_size=9), st.integers(1, 3), max_size=30), st.integers(1, 4))
def test_fewer_bits_join_neighbours(counts: dict[bytes, int], bits: int) -> None:
    """Two partitions whose numbers differ in the last bit are one of the partitions by one bit less."""
    fine = partition_counts(table_of(counts), bits)
    for index, coarse in enumerate(partition_counts(table_of(counts), bits - 1)):
        assert counts_of(merge_counts(fine[2 * index : 2 * index + 2])) == counts_of(coarse)


@pytest.mark.parametrize(
    ("size", "bits"), [(0, 0), (1, 0), (100, 0), (101, 1), (200, 1), (201, 2), (801, 4), (10**9, MOST_BITS)]
)
def test_bits_follow_from_the_size(size: int, bits: int) -> None:
    """Pieces are no larger than wanted, on average, unless there would be too many."""
    assert bits_for(size, 100) == bits


def test_partitions_are_even_and_stable() -> None:
    """Numbered tokens spread evenly; the hash is pinned, as workers of different versions must agree."""
    table = table_of({b"user_%d" % index: 1 for index in range(40_000)})
    sizes = [part.num_rows for part in partition_counts(table, 4)]
    assert max(sizes) < 2700
    assert min(sizes) > 2300
    hashes = module.token_hashes(pa.chunked_array([pa.array([b"x", b"a", b"ab", b"ba", b"a" * 1000]).slice(1)]))
    assert [hex(value) for value in hashes] == [
        "0x5dbbff6b1a8295b9",
        "0xe2149d5e4c4638c",
        "0x6252c5f12d680dd1",
        "0xed670d616d36ea3b",
    ]


def test_partitions_of_long_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing in small pieces gives the same partitions, and tokens alike in their first bytes differ by length."""
    tokens = pa.chunked_array([pa.array([b"a" * size for size in range(0, 600, 7)])])
    whole = module.token_hashes(tokens)
    monkeypatch.setattr(module, "_HASH_BYTES", 100)
    assert np.array_equal(module.token_hashes(tokens), whole)
    assert len(set(whole.tolist())) == len(tokens)


def test_large_tables_are_cut() -> None:
    """No slice is larger than the bound and a token, and the slices are the table."""
    table = pa.table([[b"%0100d" % token for token in range(1000)], range(1000)], schema=SCHEMA)
    cut = list(slices(table, 20_000))
    assert len(cut) == 6
    assert max(each.nbytes for each in cut) < 21_000
    assert pa.concat_tables(cut).equals(table)
    assert list(slices(table, 1 << 20)) == [table]
    assert list(slices(SCHEMA.empty_table(), 1)) == []


def test_a_token_longer_than_a_slice_ends_one() -> None:
    """A token isn't cut: what would follow it in its slice is bounded as ever."""
    table = pa.table([[b"a" * 10, b"b" * 500, b"c" * 10], [1, 2, 3]], schema=SCHEMA)
    assert [each["count"].to_pylist() for each in slices(table, 100)] == [[1], [2, 3]]
