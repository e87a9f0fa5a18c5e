"""Rows that may be no data."""

import io
import pickle
import random
from collections.abc import Sequence

import pytest

from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.csv.blocks import read_blocks
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.rows.doubtful_rows import MOST_NAMED, DoubtfulRow, DoubtfulRows

NAMES = ("a", "b", "c")
BODY = [f"name {number},{number},{number * 0.5}" for number in range(10)]


def doubtful_of(lines: Sequence[str], names: Sequence[str] = NAMES, unit: int = 0) -> DoubtfulRows:
    """The doubtful rows of a file's lines below its header."""
    data = io.BytesIO("\n".join([",".join(names), *lines]).encode())
    selection = Selection(tuple(Column(name, ColumnType.BYTES) for name in names), tuple(names))
    found = DoubtfulRows()
    for block in read_blocks(data, Unit(unit, unit, f"{unit}.csv"), Dialect(), selection):
        found.update(unit, block)
        found.finish(unit, block)
    return found


def last_of(lines: Sequence[str], names: Sequence[str] = NAMES) -> list[tuple[int, str, str]]:
    """The line, kind and text of the rows at the end."""
    return [(row.line, row.kind, row.text) for row in doubtful_of(lines, names).first_last]


def test_rows_without_a_value_are_counted() -> None:
    """Anywhere in the file; one value makes a row one of data, and in one column cells are just missing."""
    found = doubtful_of([*BODY, ",,", "x,,", *BODY, ",,", ",,"])
    assert (found.empty, found.first_empty) == (3, DoubtfulRow(0, 12, "0.csv"))
    assert doubtful_of([*BODY, "x,,", ",1,", ",,2"]).empty == 0
    assert doubtful_of(["x", '""', '""'], ["a"]).empty == 0


@pytest.mark.parametrize(
    "text", ["Total", " TOTAL ", "Grand total", "Sub-total", "Total 2024", "Sum:", "average", "Mean", "Summe", "Gesamt"]
)
def test_a_total_at_the_end_is_found(text: str) -> None:
    """By its first text, also below numbers or beside them, and above a footnote or empty rows."""
    assert last_of([*BODY, f"{text},45,22.5"]) == [(12, "a total", text.strip())]
    assert last_of([*BODY, f"{text},,"]) == [(12, "a total", text.strip())]
    assert last_of(["1,x,2"] * 10 + [f"5,{text},2"]) == [(12, "a total", text.strip())]
    assert last_of([*BODY, f"{text},45,22.5", ",,", "Source: a ministry,,"]) == [
        (12, "a total", text.strip()),
        (14, "a footnote", "Source: a ministry"),
    ]


@pytest.mark.parametrize(
    "lines",
    [
        [*BODY, "Totality,1,2"],
        [*BODY, "Sumatra,1,2"],
        [*BODY, "Total,1,2", "name,1,2"],
        ["mean,1,2", "sum,1,2"] * 5,
        [*BODY, "2024-12,,"],
        [*BODY, "x7,,"],
        [*BODY, "7,,"],
        ["Anna Bell,,", *BODY, "Carl Dee,,"],
        [*BODY, "Source: a ministry,1,"],
    ],
)
def test_rows_like_others_are_data(lines: Sequence[str]) -> None:
    """Where their text stands in other rows, is a date, or is no total; or where data follow."""
    assert last_of(lines) == []


def test_merging_in_any_order_gives_the_same() -> None:
    """The rows named are the first of the input."""
    parts = [doubtful_of([*BODY, ",,", "Total,1,2"], unit=unit) for unit in range(6)]
    for seed in range(5):
        random.Random(seed).shuffle(parts)
        merged = DoubtfulRows()
        for part in parts:
            merged.merge(part)
        assert (merged.empty, merged.last) == (6, 6)
        assert merged.first_empty == DoubtfulRow(0, 12, "0.csv")
        assert [row.file for row in merged.first_last] == [f"{unit}.csv" for unit in range(MOST_NAMED)]


def test_of_a_long_text_the_beginning_is_kept() -> None:
    """A message needs no more; workers send the texts to each other."""
    found = doubtful_of([*BODY, f"Source: {'x' * 100_000},,"])
    assert [(row.kind, row.text[:9]) for row in found.first_last] == [("a footnote", "Source: x")]
    assert len(pickle.dumps(found)) < 2000
