"""Token counts: what is counted, and merged, as TF Transform does it."""

import pickle
import re
from collections import Counter
from contextlib import suppress
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.statistics import token_counts as module
from shardmill.transforms.statistics.token_counts import TokenCounts
from shardmill.transforms.statistics.tokens import select, total
from tests.transforms.statistics.token_tables import count_tokens, counts_of

# B in native/columns/hash.h, as it stands in memory.
_FACTOR = (0xE7037ED1A0B428DB).to_bytes(8, "little")
texts = st.lists(st.one_of(st.none(), st.text(alphabet="ab\n\r\0é,", max_size=30)), max_size=40)


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
    """With a delimiter a cell's pieces are the tokens, without the blanks around them; empty pieces aren't counted."""
    cells = pa.array(["a|b", "a|b", "", "c|", None, " a|  |c\n", "d d"])
    assert counts_of(count_tokens(cells, "|")) == {b"a": 3, b"b": 2, b"c": 2, b"d d": 1}


def test_sliced_and_all_null_arrays() -> None:
    """Offsets are honoured, and an array of nothing counts nothing."""
    assert counts_of(count_tokens(pa.array(["x", "a\n", "a", "x"]).slice(1, 2))) == {b"a": 1}
    assert counts_of(count_tokens(pa.array([None, None], pa.string()))) == {}
    assert counts_of(count_tokens(pa.nulls(2))) == {}
    assert counts_of(count_tokens(pa.array([], pa.string()))) == {}


def test_floats_are_an_error() -> None:
    """A float column has no tokens: its text isn't defined."""
    with pytest.raises(TypeError, match="tokens: expected an array of text or integers, received double; cast it"):
        count_tokens(pa.array([1.5]))


@given(texts, st.randoms(), st.integers(1, 6))
def test_merge_any_partition_any_order(values: list[str | None], random: Random, parts: int) -> None:
    """Any partition, merged in any order after pickled round trips, selects the same vocabulary, byte for byte."""
    random.shuffle(values)
    merged = TokenCounts()
    for part in range(parts):
        counts = TokenCounts()
        counts.update(pa.array(values[part::parts], pa.string()))
        merged.merge(pickle.loads(pickle.dumps(counts)))
    assert counts_of(merged.table()) == _expected(values)
    assert select(merged.table()).equals(select(count_tokens(pa.array(values, pa.string()))))


def test_many_tokens_of_any_length() -> None:
    """The table grows in tokens and in bytes, and finds all of them again; a table given out stays as it is."""
    rng = np.random.default_rng(0)
    tokens = [f"{number}-" * (number % 40 + 1) for number in range(20_000)]
    drawn = rng.integers(0, len(tokens), 100_000)
    counts = TokenCounts()
    for start in range(0, drawn.size, 7000):
        counts.update(pa.array([tokens[number] for number in drawn[start : start + 7000]]))
    expected = {tokens[number].encode(): count for number, count in Counter(drawn.tolist()).items()}
    before = counts.table()
    assert counts_of(counts.table()) == expected
    counts.update(pa.array(["other"]))
    assert before.num_rows == len(expected)
    assert total(before) == 100_000


@pytest.mark.parametrize("made", range(5))
@pytest.mark.parametrize("token", ["one more", "x" * 5000])
def test_without_memory_for_more_the_counts_stay(made: int, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever array can't be made, none is replaced, and the next tokens are counted where there is memory again."""
    counts = TokenCounts()
    counts.update(pa.array([f"token {number}" for number in range(module._FIRST_ROOM)]))
    before = counts.table()
    longer, left = module._longer, made

    def fails(*given: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise MemoryError
        return longer(*given)

    with monkeypatch.context() as patch, suppress(MemoryError):
        patch.setattr(module, "_longer", fails)
        counts.update(pa.array([token]))
        before = counts.table()
    assert counts.table().equals(before)
    counts.update(pa.array([token, "token 0"]))
    expected = counts_of(before)
    for each in (token.encode(), b"token 0"):
        expected[each] = expected.get(each, 0) + 1
    assert counts_of(counts.table()) == expected


@pytest.mark.parametrize("after", [b"", bytes(8), b"12345678" + _FACTOR])
def test_nobody_can_choose_tokens_of_one_hash(after: bytes) -> None:
    """Not by bytes that are the hash's own constant either, which would make a product 0, whatever else there is."""
    counts = TokenCounts()
    counts.update(pa.array([f"{number:08}".encode() + _FACTOR + after for number in range(1000)]))
    assert len(np.unique(counts._arrays["tags"][:1000])) > 990


def test_the_memory_of_counts_is_known() -> None:
    """It is none at first, is that of the tokens' bytes and of some 50 for each, and doesn't grow with the rows."""
    counts = TokenCounts()
    assert counts.nbytes == 0
    counts.update(pa.array([f"{number:01000}" for number in range(1000)]))
    size = counts.nbytes
    assert 1_000_000 < size < 2_200_000
    for _ in range(20):
        counts.update(pa.array([f"{number:01000}" for number in range(1000)]))
    assert counts.nbytes == size


def test_tables_are_cut_below_the_size_that_offsets_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Offsets of 32 bits lead to less than 2 GiB of tokens."""
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    table = count_tokens(pa.array(["abcd", "efgh", "ijkl", "m", "0123456789"]))
    assert [len(chunk) for chunk in table["token"].chunks] == [2, 2, 1]
    assert set(counts_of(table)) == {b"abcd", b"efgh", b"ijkl", b"m", b"0123456789"}
