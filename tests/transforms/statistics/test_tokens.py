"""Token counts: what is counted, merged, partitioned and selected, as TF Transform does it."""

from collections import Counter
from io import BytesIO

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.statistics import tokens as module
from shardmill.transforms.statistics.tokens import cross, row_counts, select, write_tokens
from tests.transforms.statistics.token_tables import table_of


def test_cross_skips_rows_with_a_missing_value() -> None:
    """A cross joins a row's values; where one is null or empty, so is the cross."""
    crossed = cross([pa.array(["a", None, "", "d"]), pa.array([1, 2, 3, 4])], "_X_")
    assert crossed.to_pylist() == [b"a_X_1", None, None, b"d_X_4"]


@given(
    st.dictionaries(st.binary(min_size=1, max_size=3), st.integers(1, 4), max_size=30),
    st.one_of(st.none(), st.integers(0, 12)),
    st.one_of(st.none(), st.integers(0, 5)),
)
def test_select_is_python_sort(counts: dict[bytes, int], top_k: int | None, threshold: int | None) -> None:
    """The order is descending (count, bytes), after the threshold, cut at top_k through ties: as TF Transform sorts."""
    expected = sorted(((count, token) for token, count in counts.items() if count >= (threshold or 0)), reverse=True)[
        :top_k
    ]
    selected = select(table_of(counts), top_k, threshold)
    assert list(zip(selected["count"].to_pylist(), selected["token"].to_pylist(), strict=True)) == expected


@given(st.lists(st.lists(st.binary(max_size=2), max_size=5), max_size=9), st.integers(0, 3))
def test_rows_are_counted_once_for_each_token(rows: list[list[bytes]], skipped: int) -> None:
    """As a counter of sets does; of a part of an array, too."""
    lists = pa.array(rows, pa.large_list(pa.binary())).slice(skipped)
    expected = Counter(token for row in rows[skipped:] for token in set(row))
    assert {row["token"]: row["count"] for row in row_counts(lists).to_pylist()} == dict(expected)


def test_select_orders_bytes_unsigned() -> None:
    """Bytes above 127 come after ASCII in ascending order, so first here; a prefix comes last."""
    assert select(table_of({b"a": 1, b"\xc3\xa9": 1, b"ab": 1, b"a\0": 1}))["token"].to_pylist() == [
        b"\xc3\xa9",
        b"ab",
        b"a\0",
        b"a",
    ]


def test_write_tokens() -> None:
    """A vocabulary's file has a token a line in the order of the ids; no tokens are no bytes."""
    table = select(table_of({b"b": 3, b"a": 5, b"\xc3\xa9 x": 1}))
    stream = BytesIO()
    write_tokens(stream, pa.concat_tables([table.slice(0, 1), table.slice(1)]))
    write_tokens(stream, module.SCHEMA.empty_table())
    assert stream.getvalue() == b"a\nb\n\xc3\xa9 x\n"
