"""Mutual information of tokens and a label."""

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.schemas.errors import DataError
from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.distributions import mutual_information as module
from shardmill.transforms.distributions.expected_information import expected_information
from shardmill.transforms.distributions.mutual_information import LabelCompanion
from shardmill.transforms.statistics.accumulator import Analysis
from shardmill.transforms.statistics.partition import partition_counts
from shardmill.transforms.statistics.requests import VocabularyRequest
from shardmill.transforms.statistics.tokens import select

COLUMNS = (Column("token", ColumnType.BYTES), Column("label", ColumnType.BYTES))
REQUEST = VocabularyRequest("v", ("token",), companion=LabelCompanion("label"))
ROWS = st.lists(st.tuples(st.sampled_from([None, *"abc"]), st.sampled_from([None, "", "0", "1", "\n"])), max_size=30)
Row = tuple[str | None, str | None]


def _batch(rows: list[Row]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [pa.array([row[column] for row in rows], pa.string()) for column in range(2)], ["token", "label"]
    )


def _analyzed(*blocks: list[Row]) -> Analysis:
    merged = Analysis([REQUEST], COLUMNS)
    for rows in blocks:
        analysis = Analysis([REQUEST], COLUMNS)
        analysis.update(_batch(rows))
        merged.merge(analysis)
    return merged


def _scores(analysis: Analysis, bits: int = 0) -> dict[bytes, tuple[int, float]]:
    """Each token's count and score, scored in hash partitions."""
    totals = analysis.totals()["v"]
    (table,) = analysis.take_tables().values()
    scored = [LabelCompanion("label").scored(part, totals) for part in partition_counts(table, bits)]
    return {row["token"]: (row["count"], row["score"]) for part in scored for row in part.to_pylist()}


def _expected(rows: list[Row]) -> dict[bytes, tuple[int, float]]:
    """By the definition: the sum over labels of n_ij * log2(n_ij * n / (x_i * y_j))."""
    labelled = [(token, label) for token, label in rows if label is not None]
    found = {}
    for token in {token for token, _ in labelled if token}:
        mine = [label for each, label in labelled if each == token]
        score = 0.0
        for label in {label for _, label in labelled}:
            share = min(max(mine.count(label) / len(mine), 1e-6), 1 - 1e-6)
            all_rows = sum(each == label for _, each in labelled)
            score += share * len(mine) * math.log2(share * len(labelled) / all_rows)
        found[token.encode()] = (len(mine), 0.0 if len(mine) == len(labelled) else score)
    return found


@given(ROWS, st.integers(0, 30), st.integers(0, 2))
def test_scores_are_by_the_definition(rows: list[Row], cut: int, bits: int) -> None:
    """However rows are split among workers, and tokens among partitions, to the bit; rows without a label don't count."""
    found = _scores(_analyzed(rows[:cut], rows[cut:]), bits)
    assert found == _scores(_analyzed(rows))
    expected = _expected(rows)
    assert found.keys() == expected.keys()
    for token, (count, score) in expected.items():
        assert found[token] == (count, pytest.approx(score, rel=1e-9, abs=1e-9))


def test_many_tokens_are_scored_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """With few numbers at a time the scores are the same."""
    random = np.random.default_rng(0)
    rows = [(f"t{a}", str(b)) for a, b in random.integers(0, (40, 3), (500, 2))]
    whole = _scores(_analyzed(rows))
    monkeypatch.setattr(module, "_HELD", 10)
    assert _scores(_analyzed(rows)) == whole


def test_tokens_are_ordered_by_score() -> None:
    """A token that tells of the label comes before a frequent one that doesn't; `top_k` keeps the first by score."""
    rows: list[Row] = (
        [("often", str(row % 2)) for row in range(40)] + [("telling", "1")] * 6 + [("weak", "0"), ("weak", "1")]
    )
    analysis = _analyzed(rows)
    totals = analysis.totals()["v"]
    (table,) = analysis.take_tables().values()
    scored = LabelCompanion("label").scored(table, totals)
    assert select(scored)["token"][0].as_py() == b"telling"
    assert select(scored, top_k=1)["token"].to_pylist() == [b"telling"]
    assert select(scored, frequency_threshold=7)["token"].to_pylist() == [b"often"]


def test_a_row_counts_once_for_each_of_its_tokens() -> None:
    """Of a cell with a delimiter, of several columns, and of both: a token that a row has twice is one."""
    columns = (*COLUMNS, Column("other", ColumnType.BYTES))
    rows = pa.RecordBatch.from_arrays(
        [pa.array(["a|b|a|", None, "b"]), pa.array(["1", "0", None]), pa.array(["a", "b|b", "a"])],
        ["token", "label", "other"],
    )
    for names, delimiter, expected in (
        (("token",), "|", {b"a\x0031": 1, b"b\x0031": 1}),
        (("token", "other"), "|", {b"a\x0031": 1, b"b\x0031": 1, b"b\x0030": 1}),
        (("token", "other"), None, {b"a|b|a|\x0031": 1, b"a\x0031": 1, b"b|b\x0030": 1}),
    ):
        request = VocabularyRequest("v", names, delimiter=delimiter, companion=LabelCompanion("label"))
        analysis = Analysis([request], columns)
        analysis.update(rows)
        assert analysis.totals()["v"].to_pylist() == [
            {"token": b"\x0031", "count": 1},
            {"token": b"\x0030", "count": 1},
        ]
        (table,) = analysis.take_tables().values()
        assert {row["token"]: row["count"] for row in table.to_pylist()} == expected


def test_labels_of_numbers() -> None:
    """Integers and floats are labels by their value: -0.0 is 0.0, and NaN is none."""
    floats = pa.RecordBatch.from_arrays([pa.array([0.0, -0.0, 1.5, None, np.nan], pa.float32())], ["label"])
    (facts,) = LabelCompanion("label").facts(floats)
    assert [facts.texts[index] if index >= 0 else None for index in facts.which] == [
        b"30",
        b"30",
        b"312e35",
        None,
        None,
    ]
    integers = pa.RecordBatch.from_arrays([pa.array([7, None, -1], pa.int64())], ["label"])
    (facts,) = LabelCompanion("label").facts(integers)
    assert [facts.texts[index] if index >= 0 else None for index in facts.which] == [b"37", None, b"2d31"]


def test_a_number_with_many_values_is_no_label() -> None:
    """In one block, or in several together, it's an error that names the column."""
    message = (
        "^column 'label': expected at most 1000 distinct values of a label, by whose mutual information tokens are ranked, "
        "received more; put it into buckets with `derive`, or name another `label`$"
    )
    with pytest.raises(DataError, match=message):
        _analyzed([("a", str(row)) for row in range(1001)])
    halves = [[("a", str(row)) for row in range(start, start + 600)] for start in (0, 500)]
    with pytest.raises(DataError, match=message):
        _analyzed(*halves)


def test_adjusted_scores_lack_what_chance_gives() -> None:
    """The expected information with each label is subtracted; a token of all rows still has 0."""
    rows: list[Row] = [("often", str(row % 3 // 2)) for row in range(30)] + [("rare", "1")] * 2
    for every, tokens in ((rows, {"often": 30.0, "rare": 2.0}), (rows[:30], {"often": 30.0})):
        analysis = _analyzed(every)
        (table,) = analysis.take_tables().values()
        totals = analysis.totals()["v"]
        plain, adjusted = (
            {row["token"]: row["score"] for row in LabelCompanion("label", each).scored(table, totals).to_pylist()}
            for each in (False, True)
        )
        for token, size in tokens.items():
            labels = totals["count"].to_pylist()
            chance = sum(expected_information(np.array([size]), label, sum(labels))[0] for label in labels)
            assert adjusted[token.encode()] == pytest.approx(plain[token.encode()] - chance, rel=1e-12)


def test_small_differences_from_the_average_add_nothing() -> None:
    """With half the rows of each label, and a token of 6 rows, 3 of each are expected: 5 and 1 differ by 2."""
    rows: list[Row] = [("t", "1")] * 5 + [("t", "0")] + [(None, "1")] * 5 + [(None, "0")] * 9
    analysis = _analyzed(rows)
    (table,) = analysis.take_tables().values()
    totals = analysis.totals()["v"]

    def score(least: float | None) -> float:
        found: list[float] = LabelCompanion("label", min_diff_from_avg=least).scored(table, totals)["score"].to_pylist()
        return found[0]

    assert score(0) == score(2) == score(None) > 1
    assert score(2.01) == 0
