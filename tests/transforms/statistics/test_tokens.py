"""Token counts: what is counted, merged, partitioned and selected, as TF Transform does it."""

import re
from collections import Counter
from io import BytesIO
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.statistics import tokens as module
from shardmill.transforms.statistics.tokens import TokenCounts, count_tokens, cross, select, total, write_tokens
from tests.transforms.statistics.token_tables import counts_of, table_of

texts = st.lists(st.one_of(st.none(), st.text(alphabet="ab\n\r\0é,", max_size=4)), max_size=40)


def _expected(values: list[str | None]) -> dict[bytes, int]:
    return dict(Counter(value.encode() for value in values if value and "\n" not in value and "\r" not in value))


@given(texts)
def test_counts_what_tf_transform_counts(values: list[str | None]) -> None:
    r"""Nulls, empty tokens and tokens with \n or \r are dropped; NUL and non-ASCII characters are kept."""
    assert counts_of(count_tokens(pa.array(values, pa.string()))) == _expected(values)


def test_filter_is_tf_transforms() -> None:
    """The tokens dropped are those that TF Transform's own pattern matches."""
    analyzers = pytest.importorskip("tensorflow_transform.analyzers")
    pattern = analyzers._EMPTY_STRING_OR_NEWLINE_CHARS_REGEX.replace(r"\C", r"[\s\S]")
    tokens = ["", "a", "a\nb", "\r", "\n", " ", "\t", "\0", "a\x0b", "\u2028", "é"]
    kept = {token.encode() for token in tokens if not re.fullmatch(pattern, token)}
    assert set(counts_of(count_tokens(pa.array(tokens)))) == kept


@pytest.mark.parametrize(
    "kind", [pa.large_string(), pa.binary(), pa.dictionary(pa.int32(), pa.string()), pa.string_view()]
)
def test_text_of_any_arrow_type(kind: pa.DataType) -> None:
    """Every Arrow type of text counts the same."""
    assert counts_of(count_tokens(pa.array(["a", None, "b", "a", ""]).cast(kind))) == {b"a": 2, b"b": 1}


def test_integers_are_decimal_text() -> None:
    """Integers count as TF Transform writes them."""
    assert counts_of(count_tokens(pa.array([7, -12, None, 7]))) == {b"7": 2, b"-12": 1}


def test_cells_of_several_tokens() -> None:
    """With a delimiter a cell's pieces are the tokens; empty pieces aren't counted."""
    cells = pa.array(["a|b", "a|b", "", "c|", None, "a||c\n"])
    assert counts_of(count_tokens(cells, "|")) == {b"a": 3, b"b": 2, b"c": 1}


def test_sliced_and_all_null_arrays() -> None:
    """Offsets are honoured, and an array of nothing counts nothing."""
    assert counts_of(count_tokens(pa.array(["x", "a\n", "a", "x"]).slice(1, 2))) == {b"a": 1}
    assert counts_of(count_tokens(pa.array([None, None], pa.string()))) == {}
    assert counts_of(count_tokens(pa.nulls(2))) == {}


def test_floats_are_an_error() -> None:
    """A float column has no tokens: its text isn't defined."""
    with pytest.raises(TypeError, match="tokens: expected an array of text or integers, received double"):
        count_tokens(pa.array([1.5]))


def test_cross_skips_rows_with_a_missing_value() -> None:
    """A cross joins a row's values; where one is null or empty, so is the cross."""
    crossed = cross([pa.array(["a", None, "", "d"]), pa.array([1, 2, 3, 4])], "_X_")
    assert crossed.to_pylist() == [b"a_X_1", None, None, b"d_X_4"]


@given(texts, st.randoms(), st.integers(1, 6))
def test_merge_any_partition_any_order(values: list[str | None], random: Random, parts: int) -> None:
    """Any partition, merged in any order, selects the same vocabulary, byte for byte."""
    random.shuffle(values)
    merged = TokenCounts()
    for part in range(parts):
        counts = TokenCounts()
        counts.update(pa.array(values[part::parts], pa.string()))
        merged.merge(counts)
    assert counts_of(merged.table()) == _expected(values)
    assert select(merged.table()).equals(select(count_tokens(pa.array(values, pa.string()))))


def test_memory_is_bounded_by_distinct_tokens() -> None:
    """However many blocks come, no more rows wait than the bound or the distinct tokens."""
    counts = TokenCounts(50)
    for block in range(200):
        counts.update(pa.array([f"t{token % 60}" for token in range(block, block + 20)]))
        assert sum(table.num_rows for table in counts._pending) <= 2 * 60 + 50 + 20
    assert total(counts.table()) == 4000
    assert counts.table().num_rows == 60


def test_the_memory_of_counts_is_known() -> None:
    """It is that of the tables held, before and after a merge."""
    counts = TokenCounts()
    assert counts.nbytes == 0
    counts.update(pa.array(["a" * 1000]))
    once = counts.nbytes
    assert 1000 < once < 1100
    counts.update(pa.array(["a" * 1000]))
    assert counts.nbytes == 2 * once
    assert counts.table().num_rows == 1
    assert counts.nbytes == once


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
