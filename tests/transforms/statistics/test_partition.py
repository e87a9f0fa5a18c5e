"""Tables of token counts, cut by hash and by size."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.statistics.partition import (
    MOST_BITS,
    bits_for,
    one_partition,
    partition_counts,
    slices,
    token_hashes,
)
from shardmill.transforms.statistics.tokens import SCHEMA
from tests.transforms.statistics.token_tables import counts_of, merge_counts, table_of


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
    hashes = token_hashes(pa.chunked_array([pa.array([b"x", b"a", b"ab", b"ba", b"a" * 1000]).slice(1)]))
    assert [hex(value) for value in hashes] == [
        "0x839b7db89a8061f4",
        "0x947f07a3d171f1ff",
        "0xc641609f7ea085d7",
        "0xb6e95ef0cafec8d2",
    ]


@given(st.lists(st.binary(max_size=40), max_size=20), st.integers(0, 5))
def test_a_hash_depends_on_the_bytes_alone(tokens: list[bytes], start: int) -> None:
    """Wherever a token stands, in a slice or in other chunks, with offsets of any width, its hash is the same; others differ."""
    whole = pa.array(tokens, pa.binary())
    hashes = token_hashes(pa.chunked_array([whole]))
    assert hashes.tolist() == [int(token_hashes(pa.chunked_array([pa.array([token])]))[0]) for token in tokens]
    assert len(set(hashes.tolist())) == len(set(tokens))
    cut = pa.chunked_array([whole.slice(0, start), whole.slice(start)])
    assert token_hashes(cut).tolist() == hashes.tolist()
    assert token_hashes(cut.cast(pa.large_binary())).tolist() == hashes.tolist()


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
