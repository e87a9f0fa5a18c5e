"""Vocabularies ranked in a stream."""

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.schemas.errors import DataError
from shardmill.transforms.statistics.partition import partition_counts, slices
from shardmill.transforms.statistics.ranking import Selected, merge_ranked, write_vocabulary
from shardmill.transforms.statistics.requests import VocabularyRequest
from shardmill.transforms.statistics.token_files import Sections, TokenWriter
from shardmill.transforms.statistics.tokens import SCHEMA, select
from tests.transforms.statistics.token_tables import table_of

COUNTS = st.dictionaries(st.binary(min_size=1, max_size=3), st.integers(1, 4), max_size=60)


def _ranked(counts: Mapping[bytes, int]) -> list[tuple[int, bytes]]:
    return sorted(((count, token) for token, count in counts.items()), reverse=True)


@given(COUNTS, st.integers(0, 3), st.lists(st.integers(0, 60), max_size=9))
def test_merging_is_sorting(counts: dict[bytes, int], bits: int, cuts: list[int]) -> None:
    """However the parts are cut, empty pieces included, the rows come in the order of descending (count, bytes)."""
    parts = [select(part) for part in partition_counts(table_of(counts), bits)]
    edges = [0, *sorted(cuts), 60]
    sources = [iter([part.slice(start, stop - start) for start, stop in pairwise(edges)]) for part in parts]
    rows = chain.from_iterable(table.to_pylist() for table in merge_ranked(sources))
    assert [(row["count"], row["token"]) for row in rows] == _ranked(counts)


def test_no_sources() -> None:
    """Without parts, or with empty ones, there is nothing."""
    assert list(merge_ranked([])) == []
    assert list(merge_ranked([iter(()), iter([SCHEMA.empty_table()])])) == []


def test_no_more_than_two_tables_of_a_source_are_held() -> None:
    """Each part is read on when it is needed, not before: memory doesn't grow with the vocabulary."""
    held: list[int] = []
    read = [0, 0]

    def source(index: int, table: pa.Table) -> Iterator[pa.Table]:
        for piece in slices(table, 200):
            read[index] += piece.num_rows
            yield piece

    tables = [table_of({b"%04d" % token: 1 for token in range(999, start, -2)}) for start in (0, 1)]
    done = 0
    for table in merge_ranked([source(index, each) for index, each in enumerate(tables)]):
        held.append(sum(read) - done)
        done += table.num_rows
    assert done == 999
    assert max(held) <= 2 * 2 * (200 // 16 + 1)
    assert len(held) < 2 * 2 * 999 / (200 // 16)


def _written(folder: Path, tables: Sequence[pa.Table], *, top_k: int | None = None) -> tuple[bytes, dict[str, object]]:
    selected = []
    bits = (len(tables) - 1).bit_length()
    for index, table in enumerate(tables):
        with TokenWriter(str(folder)) as writer:
            sections = writer.write(slices(select(table, top_k), 50))
        selected.append(Selected("v", sections, table.num_rows, sum(table["count"].to_pylist()), bits, index))
    stream, counts = BytesIO(), BytesIO()
    counted = BytesIO()
    ranked = write_vocabulary(stream, counts, VocabularyRequest("v", ("v",), top_k=top_k), selected, counted)
    top = [(row["count"], row["token"]) for row in ranked.top.to_pylist()]
    total = {row["token"]: row["count"] for table in tables for row in table.to_pylist()}
    expected = [total[token] for token in stream.getvalue().split(b"\n")[:-1]]
    assert np.frombuffer(counts.getvalue(), "<i8").tolist() == expected
    lines = zip(stream.getvalue().split(b"\n"), expected, strict=False)
    assert counted.getvalue() == b"".join(b"%s %d\n" % each for each in lines)
    return stream.getvalue(), {"size": ranked.size, "distinct": ranked.distinct, "total": ranked.total, "top": top}


def test_a_vocabulary_is_written_in_the_order_of_ids(tmp_path: Path) -> None:
    """Its file has all tokens of all parts, and its first ones are known with their counts."""
    counts = {b"token %03d" % index: index % 7 + 1 for index in range(300)}
    text, found = _written(tmp_path, partition_counts(table_of(counts), 2))
    assert text == b"".join(token + b"\n" for _, token in _ranked(counts))
    assert found == {"size": 300, "distinct": 300, "total": sum(counts.values()), "top": _ranked(counts)}


def test_a_vocabulary_is_cut_at_top_k(tmp_path: Path) -> None:
    """The first tokens of all parts together are kept, through ties; the others are counted."""
    counts = {b"token %03d" % index: 1 for index in range(300)}
    text, found = _written(tmp_path, partition_counts(table_of(counts), 2), top_k=7)
    assert text == b"".join(b"token %03d\n" % index for index in range(299, 292, -1))
    assert (found["size"], found["distinct"], found["total"]) == (7, 300, 300)
    assert found["top"] == _ranked(counts)[:7]


def test_an_empty_vocabulary(tmp_path: Path) -> None:
    """No parts, or parts without tokens, give an empty file."""
    empty = {"size": 0, "distinct": 0, "total": 0, "top": []}
    assert _written(tmp_path, []) == (b"", empty)
    assert _written(tmp_path, [SCHEMA.empty_table()] * 2) == (b"", empty)


@pytest.mark.parametrize(
    ("received", "expected", "shown"),
    [
        ([(1, 0)], 2, "1 of 2"),
        ([(1, 0), (1, 1), (1, 0)], 2, "1 of 2, 1 of 2, 2 of 2"),
        ([(0, 0), (1, 1)], 2, "1 of 1, 2 of 2"),
        ([(2, 3), (1, 0), (2, 2)], 4, "1 of 2, 3 of 4, 4 of 4"),
    ],
)
def test_partitions_of_several_attempts(received: Sequence[tuple[int, int]], expected: int, shown: str) -> None:
    """A vocabulary whose tokens would be lost or counted twice isn't written."""
    parts = [Selected("v", Sections((0,)), 0, 0, bits, index) for bits, index in received]
    stream, counts = BytesIO(), BytesIO()
    message = f"vocabulary 'v': expected each of {expected} partitions once, received {shown}; run again"
    with pytest.raises(DataError, match=f"^{message}$"):
        write_vocabulary(stream, counts, VocabularyRequest("v", ("s",)), parts)
    assert stream.getvalue() == counts.getvalue() == b""
