"""A number's means by token, without one fold of the rows."""

from fractions import Fraction

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from shardmill.schemas.schema import FOLD, Column, ColumnType
from shardmill.transforms.distributions.target_means import PART, TargetCompanion, smoothed
from shardmill.transforms.statistics.accumulator import Analysis
from shardmill.transforms.statistics.partition import partition_counts
from shardmill.transforms.statistics.requests import VocabularyRequest

FOLDS = 3
COMPANION = TargetCompanion("y", FOLDS)
COLUMNS = (Column("token", ColumnType.BYTES), Column("y", ColumnType.FLOAT))
REQUEST = VocabularyRequest("v", ("token",), companion=COMPANION)
NUMBERS = st.one_of(st.none(), st.floats(width=32), st.sampled_from([0.1, -0.1, 3e38, 1e-45, 16777217.0]))
Row = tuple[str | None, float | None, int]
ROWS = st.lists(st.tuples(st.sampled_from([None, *"ab"]), NUMBERS, st.integers(0, 100)), max_size=25)
Parts = dict[bytes, list[tuple[int, float]]]


def _analyzed(*blocks: list[Row]) -> Analysis:
    merged = Analysis([REQUEST], COLUMNS)
    for rows in blocks:
        analysis = Analysis([REQUEST], COLUMNS)
        columns = [
            pa.array([row[at] for row in rows], kind) for at, kind in enumerate((pa.string(), pa.float32(), pa.int64()))
        ]
        analysis.update(pa.RecordBatch.from_arrays(columns, ["token", "y", FOLD]))
        merged.merge(analysis)
    return merged


def _parts(analysis: Analysis, bits: int = 0) -> Parts:
    (table,) = analysis.take_tables().values()
    found: Parts = {}
    for part in partition_counts(table, bits):
        scored = COMPANION.scored(part, analysis.totals()["v"])
        for row in scored.to_pylist():
            found[row["token"]] = np.frombuffer(row["parts"], PART).tolist()
            assert row["count"] == found[row["token"]][-1][0]
    return found


def _finite(value: float | None) -> bool:
    return value is not None and bool(np.isfinite(np.float32(value)))


def _expected(rows: list[Row]) -> list[tuple[int, Fraction, Fraction]]:
    """Of each fold's complement and of all rows: their number, their exact sum, and that of their magnitudes."""
    found = []
    for fold in range(FOLDS + 1):
        values = [Fraction(float(np.float32(y or 0))) for _, y, hashed in rows if _finite(y) and hashed % FOLDS != fold]
        found.append((len(values), sum(values, Fraction(0)), sum(map(abs, values), Fraction(0))))
    return found


def _check(parts: list[tuple[int, float]], rows: list[Row]) -> None:
    for (count, total), (expected_count, expected, magnitude) in zip(parts, _expected(rows), strict=True):
        assert count == expected_count
        assert abs(Fraction(total) - expected) <= magnitude * Fraction(1, 10**14)


@given(ROWS, st.integers(0, 25), st.integers(0, 2))
def test_counts_and_sums_are_those_of_the_rows(rows: list[Row], cut: int, bits: int) -> None:
    """However rows are split among workers, and tokens among partitions, to the bit; numbers that aren't finite don't count."""
    analysis = _analyzed(rows[:cut], rows[cut:])
    everything, missing = COMPANION.of_totals(analysis.totals()["v"])
    _check(everything.tolist(), rows)
    _check(missing.tolist(), [row for row in rows if row[0] is None])
    found = _parts(analysis, bits)
    assert found == _parts(_analyzed(list(reversed(rows))))
    assert found.keys() == {token.encode() for token, y, _ in rows if token is not None and _finite(y)}
    for token, parts in found.items():
        _check(parts, [row for row in rows if row[0] == token.decode()])


@given(ROWS, st.integers(0, 24), st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_row_has_no_influence_on_what_leaves_out_its_fold(rows: list[Row], at: int, number: float) -> None:
    """Whatever the row's own number is: not a bit changes, of its token and of all rows."""
    if at >= len(rows) or not _finite(rows[at][1]):
        return
    token, _, hashed = rows[at]
    changed = [*rows[:at], (token, number, hashed), *rows[at + 1 :]]
    means = []
    for each in (rows, changed):
        analysis = _analyzed(each)
        everything, missing = COMPANION.of_totals(analysis.totals()["v"])
        parts = _parts(analysis)
        own = missing if token is None else np.array(parts[token.encode()], PART)
        means.append(smoothed(own, everything, 2.5)[hashed % FOLDS])
    assert means[0].tobytes() == means[1].tobytes()


def test_means_are_drawn_to_the_prior() -> None:
    """(sum + smoothing * prior) / (count + smoothing); the prior where that is 0 / 0; and 0 where no row is left."""
    parts = np.array([[(2, 10.0), (4, 16.0)], [(0, 0.0), (1, 7.0)]], PART)
    everything = np.array([(5, 20.0), (10, 30.0)], PART)
    np.testing.assert_array_equal(smoothed(parts, everything, 6), np.float32([[34 / 8, 34 / 10], [4, 25 / 7]]))
    np.testing.assert_array_equal(smoothed(parts, everything, 0), np.float32([[5, 4], [4, 7]]))
    assert smoothed(np.zeros(2, PART), np.zeros(2, PART), 0).tolist() == [0, 0]


def test_integers_are_numbers() -> None:
    """An integer target is taken as float32, and its missing values as missing."""
    request = VocabularyRequest("v", ("token",), companion=COMPANION)
    analysis = Analysis([request], (COLUMNS[0], Column("y", ColumnType.INT)))
    rows = [pa.array(["a", "a", "a"]), pa.array([1, None, 5], pa.int64()), pa.array([0, 1, 1], pa.int64())]
    analysis.update(pa.RecordBatch.from_arrays(rows, ["token", "y", FOLD]))
    assert _parts(analysis) == {b"a": [(1, 5), (1, 1), (2, 6), (2, 6)]}
