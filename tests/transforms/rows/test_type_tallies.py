"""Counts that decide types."""

import pickle

import numpy as np
import pytest

from shardmill.schemas.inference.spelling import Spelling
from shardmill.schemas.schema import ColumnType
from shardmill.transforms.csv.cell_spellings import ABSENT, SPELLINGS
from shardmill.transforms.rows.type_tallies import TypeTallies


def tallies_of(rows: int, **columns: dict[Spelling | int, int]) -> TypeTallies:
    """The counts of columns of so many rows, by spelling or by their index among the counters."""
    counts = np.zeros((len(columns), len(SPELLINGS)), np.int64)
    for row, cells in zip(counts, columns.values(), strict=True):
        for kind, count in cells.items():
            row[kind if isinstance(kind, int) else SPELLINGS.index(kind)] = count
    tallies = TypeTallies(list(columns))
    tallies.update(rows, counts)
    return tallies


def test_counts_add_up() -> None:
    """In any order, also once they were pickled; those of other columns can't."""
    one = tallies_of(3, x={Spelling.INTEGER: 1, Spelling.FLOAT: 1, ABSENT: 1})
    two = tallies_of(2, x={Spelling.INFINITE: 1, 0: 1})
    merged = pickle.loads(pickle.dumps(two))
    merged.merge(one)
    one.merge(two)
    for found in (one["x"], merged["x"]):
        assert (found.rows, found.missing, found.infinite, found.present) == (5, 1, 1, 4)
        assert found.cells.spellings == {Spelling.INTEGER: 1, Spelling.FLOAT: 1, Spelling.INFINITE: 1}
    with pytest.raises(
        ValueError, match=r"expected those of the columns .*'x'.*, received those of .*'y'.*; merge counts of the same"
    ):
        one.merge(TypeTallies(["y"]))


def test_columns_get_the_types_that_they_spell() -> None:
    """Each column its own, within what its uses allow."""
    tallies = tallies_of(2, a={Spelling.INTEGER: 2}, b={0: 2}, c={Spelling.FLOAT: 1, ABSENT: 1})
    schema = tallies.schema({"a": frozenset({ColumnType.FLOAT})})
    assert [(column.type, column.required) for column in schema] == [
        (ColumnType.FLOAT, True),
        (ColumnType.BYTES, True),
        (ColumnType.FLOAT, False),
    ]
