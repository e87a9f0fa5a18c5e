"""The fused accumulator: one pass, every column, any partition."""

import math
import pickle
from random import Random
from unittest.mock import Mock

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.numbers.pre import Pre
from shardmill.transforms.statistics.accumulator import Analysis
from shardmill.transforms.statistics.moments import Moments
from shardmill.transforms.statistics.requests import NumericRequest, NumericStats, VocabularyRequest, VocabularyStats
from shardmill.transforms.statistics.text_summary import TextSummary
from shardmill.transforms.statistics.tokens import select

COLUMNS = (
    Column("price", ColumnType.FLOAT),
    Column("city", ColumnType.BYTES),
    Column("age", ColumnType.INT),
    Column("state", ColumnType.BYTES),
)
LOGGED = NumericRequest("age", (Pre("log1p"),))
REQUESTS = (
    NumericRequest("price"),
    NumericRequest("price", quantiles=True),
    LOGGED,
    VocabularyRequest("city", ("city",)),
    VocabularyRequest("few", ("city",), top_k=1),
    VocabularyRequest("places", ("city", "state")),
    VocabularyRequest("route", ("city", "age"), separator=">"),
    VocabularyRequest("letters", ("state",), delimiter="|"),
)
SCHEMA = pa.schema([(column.name, column.type.arrow) for column in COLUMNS])
Row = tuple[float | None, str | None, int | None, str | None]
rows_of = st.lists(
    st.tuples(
        st.one_of(st.none(), st.floats(width=32)),
        st.one_of(st.none(), st.sampled_from(["", "Oslo", "Rome", "a\nb"])),
        st.one_of(st.none(), st.integers(-5, 2**62)),
        st.one_of(st.none(), st.sampled_from(["x|y", "y", "Rome"])),
    ),
    max_size=30,
)


def _batch(rows: list[Row]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], schema=SCHEMA)


def _of(rows: list[Row]) -> Analysis:
    analysis = Analysis(REQUESTS, COLUMNS)
    analysis.update(_batch(rows))
    return analysis


def _everything(analysis: Analysis) -> list[object]:
    tables = {names: select(table).to_pylist() for names, table in analysis.take_tables().items()}
    results = {
        request: (
            stats.ranked and (stats.ranked.values.tobytes(), stats.ranked.cumulative.tobytes()),
            repr(stats)[:200],
        )
        for request, stats in analysis.numeric_results().items()
    }
    return [tables, results, analysis.summaries(), analysis.rows]


@given(rows_of, st.randoms(), st.integers(1, 5))
def test_merge_any_partition_any_order(rows: list[Row], random: Random, parts: int) -> None:
    """Any partition of the rows, merged in any order after pickled round trips, finds the same."""
    expected = _everything(_of(rows))
    random.shuffle(rows)
    merged = Analysis(REQUESTS, COLUMNS)
    for part in range(parts):
        merged.merge(pickle.loads(pickle.dumps(_of(rows[part::parts]))))
    assert _everything(merged) == expected


def test_merge_leaves_the_other_alone() -> None:
    """Beam may use an accumulator again after it was merged into another."""
    other = _of([(1.0, "Oslo", 3, "y")])
    merged = Analysis(REQUESTS, COLUMNS)
    merged.merge(other)
    merged.update(_batch([(9.0, "Rome", 3, "y")]))
    assert _everything(other) == _everything(_of([(1.0, "Oslo", 3, "y")]))


def test_numeric_results() -> None:
    """Moments are of present values, after `pre`; quantiles come where they were asked for."""
    results = _of(
        [(1.0, None, 0, None), (None, None, None, None), (3.0, None, 7, None), (math.inf, None, 7, None)]
    ).numeric_results()
    plain, ranked = results[NumericRequest("price")], results[NumericRequest("price", quantiles=True)]
    assert plain == NumericStats(
        count=2, missing=1, non_finite=1, zeros=0, mean=2.0, variance=1.0, minimum=1.0, maximum=3.0
    )
    assert ranked.ranked is not None
    assert ranked.ranked.values.tolist() == [1, 3]
    logged = np.log1p(np.array([0, 7, 7], np.float32)).astype(np.float64)
    assert results[LOGGED].mean == pytest.approx(logged.mean(), rel=1e-15)
    assert (results[LOGGED].missing, results[LOGGED].zeros) == (1, 1)


def test_pre_out_of_its_domain_is_missing() -> None:
    """The logarithm of a number below -1 is NaN, so missing."""
    assert _of([(None, None, -5, None), (None, None, 1, None)]).numeric_results()[LOGGED].missing == 1


def test_tables() -> None:
    """Vocabularies count single columns, pooled columns, crosses and cells of several tokens."""
    tables = _of(
        [(None, "Oslo", 1, "x|y"), (None, "Rome", 1, "Rome"), (None, "Oslo", None, None), (None, "", 4, "y")]
    ).take_tables()
    counts = {
        name: dict(zip(table["token"].to_pylist(), table["count"].to_pylist(), strict=True))
        for names, table in tables.items()
        for name in names
    }
    assert counts == {
        "city": {b"Oslo": 2, b"Rome": 1},
        "few": {b"Oslo": 2, b"Rome": 1},
        "places": {b"Oslo": 2, b"Rome": 2, b"x|y": 1, b"y": 1},
        "route": {b"Oslo>1": 1, b"Rome>1": 1},
        "letters": {b"x": 1, b"y": 2, b"Rome": 1},
    }


def test_tables_are_taken_once() -> None:
    """Taken tables leave the accumulator, which stays usable."""
    analysis = _of([(None, "Oslo", 1, "y")])
    assert analysis.take_tables()["city", "few"].num_rows == 1
    assert analysis.take_tables()["city", "few"].num_rows == 0
    analysis.update(_batch([(None, "Rome", 1, "y")]))
    assert analysis.take_tables()["city", "few"]["token"].to_pylist() == [b"Rome"]


def test_vocabularies_of_the_same_counts_share_a_table() -> None:
    """Requests that differ only in which tokens they keep have their counts in one table, by all their names."""
    requests = [
        VocabularyRequest("a", ("city",)),
        VocabularyRequest("b", ("city",), top_k=1),
        VocabularyRequest("c", ("state",)),
    ]
    analysis = Analysis(requests, COLUMNS)
    analysis.update(_batch([(None, "Oslo", 1, "y")]))
    assert set(analysis.take_tables()) == {("a", "b"), ("c",)}


def test_only_large_tables_are_taken() -> None:
    """Counts that take too much memory are taken out, and the others stay."""
    analysis = Analysis([VocabularyRequest("city", ("city",)), VocabularyRequest("state", ("state",))], COLUMNS)
    for _ in range(3):
        analysis.update(_batch([(None, "Oslo" * 2000, 1, "y")]))
    size = analysis.token_bytes
    assert size > 8000
    assert analysis.take_tables(size) == {}
    assert analysis.token_bytes == size
    ((names, table),) = analysis.take_tables(8000).items()
    assert (names, table["count"].to_pylist()) == (("city",), [3])
    assert 0 < analysis.token_bytes < 8000


def test_few_tables_make_room() -> None:
    """The largest counts are taken out, no more of them than it takes; the others stay, in place."""
    columns = [Column(f"c{index}", ColumnType.BYTES) for index in range(20)]
    analysis = Analysis([VocabularyRequest(column.name, (column.name,)) for column in columns], columns)
    sizes = [90_000 if index in (4, 13) else index for index in range(20)]
    analysis.update(pa.RecordBatch.from_pydict({f"c{index}": ["x" * size] for index, size in enumerate(sizes)}))
    assert analysis.take_largest_tables(analysis.token_bytes) == {}
    assert set(analysis.take_largest_tables(80_000)) == {("c4",), ("c13",)}
    left = analysis.token_bytes
    assert 0 < left <= 80_000
    assert len(analysis.take_largest_tables(left - 1)) == 1
    assert len(analysis.take_largest_tables(0)) == 17
    assert analysis.token_bytes == 0


def test_quantiles_are_merged_once_for_all_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work for the results of many columns doesn't grow with their square."""
    columns = [Column(f"c{index}", ColumnType.FLOAT) for index in range(9)]
    analysis = Analysis([NumericRequest(column.name, quantiles=True) for column in columns], columns)
    analysis.update(pa.RecordBatch.from_pydict({column.name: pa.array([1.5], pa.float32()) for column in columns}))
    calls = Mock(side_effect=analysis._quantiles.all)
    monkeypatch.setattr(analysis._quantiles, "all", calls)
    results = analysis.numeric_results().values()
    assert [each.ranked.values.tolist() for each in results if each.ranked] == [[1.5]] * 9
    assert calls.call_count == 1


def test_summaries_of_all_columns() -> None:
    """Every column has a summary, in order, asked for or not; an empty text is missing."""
    summaries = _of([(0.0, "Oslo", 1, ""), (None, "é", 2, None), (2.0, None, 3, None)]).summaries()
    assert list(summaries) == ["price", "city", "age", "state"]
    price = summaries["price"]
    assert isinstance(price, Moments)
    assert (price.count, price.missing, price.zeros, price.mean, price.std) == (2, 1, 1, 1.0, 1.0)
    assert summaries["city"] == TextSummary(count=2, missing=1, empty=0, length=6, shortest=2, longest=4)
    assert summaries["state"] == TextSummary(count=0, missing=3, empty=1)
    assert isinstance(summaries["state"], TextSummary)
    assert summaries["state"].mean_length == 0


def test_statistics() -> None:
    """The statistics for the graph have the rows, each column's missing values and the vocabularies given."""
    made = {"city": VocabularyStats("city", "path", 1)}
    statistics = _of([(0.0, "Oslo", 1, ""), (None, "é", 2, None)]).statistics(made)
    assert (statistics.rows, statistics.missing) == (2, {"price": 1, "city": 0, "age": 0, "state": 2})
    assert statistics.vocabularies is made
    assert set(statistics.numeric) == {request for request in REQUESTS if isinstance(request, NumericRequest)}


def test_no_rows() -> None:
    """Without rows every statistic is 0, and every vocabulary empty."""
    analysis = _of([])
    assert analysis.numeric_results()[NumericRequest("price")] == NumericStats()
    assert all(table.num_rows == 0 for table in analysis.take_tables().values())


def test_requests_must_fit_the_columns() -> None:
    """A request for a column that isn't read, or of the wrong type, is a mistake in the program and says so."""
    with pytest.raises(ValueError, match=r"expected a column among those read \(.*\), received 'prize'"):
        Analysis([NumericRequest("prize")], COLUMNS)
    with pytest.raises(ValueError, match="expected a column of numbers, received 'city', which is BYTES"):
        Analysis([NumericRequest("city")], COLUMNS)
    with pytest.raises(ValueError, match="expected a column of text or integers, received 'price', which is FLOAT"):
        Analysis([VocabularyRequest("v", ("price",))], COLUMNS)


def test_five_thousand_columns_stay_small() -> None:
    """Accumulators of 5,000 columns pickle to less than 1 KB a column."""
    columns = [Column(f"c{index}", ColumnType.FLOAT) for index in range(5000)]
    analysis = Analysis([NumericRequest(column.name) for column in columns], columns)
    batch = pa.RecordBatch.from_arrays(
        [pa.array([0.1, 0.7, 3e5], pa.float32())] * 5000, [column.name for column in columns]
    )
    analysis.update(batch)
    assert len(pickle.dumps(analysis)) < 5_000_000


def test_quantiles_are_taken_and_given_back() -> None:
    """What remains is small; with the quantiles it answers as before, and itself stays as it is."""
    rows: list[Row] = [(float(value), None, value, None) for value in range(1000)]
    analysis = _of(rows)
    before = analysis.numeric_results()
    size = len(pickle.dumps(analysis))
    taken = analysis.take_quantiles()
    assert len(pickle.dumps(analysis)) < size - 8000
    emptied = analysis.numeric_results()[NumericRequest("price", quantiles=True)].ranked
    assert emptied is not None
    assert emptied.count == 0
    whole = analysis.with_quantiles(dict(enumerate(taken)))
    found, expected = (
        each[NumericRequest("price", quantiles=True)].ranked for each in (whole.numeric_results(), before)
    )
    assert found is not None
    assert expected is not None
    assert found.values.tolist() == expected.values.tolist() == list(range(1000))
    assert analysis.take_quantiles()[0].ranked().count == 0


def test_the_memory_of_tokens_is_known() -> None:
    """It is that of all columns' tokens, and none once they are taken."""
    analysis = _of([(1.0, "Oslo" * 100, 1, "x" * 100)])
    assert analysis.token_bytes > 1000
    analysis.take_tables()
    assert analysis.token_bytes == 0


@pytest.mark.parametrize("parts", [1, 3])
def test_tokens_that_the_graph_makes_are_counted(parts: int) -> None:
    """Each is counted, or each row that has it; requests of the same tokens share their counts."""
    maker, other = Mock(), Mock()
    requests = (
        VocabularyRequest("words", ("city", "state"), maker=maker),
        VocabularyRequest("few", ("city", "state"), top_k=1, maker=maker),
        VocabularyRequest("rows", ("city",), maker=maker, rows=True),
        VocabularyRequest("others", ("city",), maker=other),
    )
    rows = [[b"a", b"b", b"a"], [], [b"a"], [b"", b"x\ny", b"c"]] * parts
    analysis = Analysis(requests, COLUMNS)
    for start in range(0, len(rows), len(rows) // parts):
        batch = _batch([(None, None, None, None)] * (len(rows) // parts))
        lists = pa.array(rows[start : start + len(rows) // parts], pa.large_list(pa.binary()))
        made = {each: lists for request in requests for each in request.made}
        part = Analysis(requests, COLUMNS)
        part.update(batch, made)
        analysis.merge(part)
    analysis.update(_batch([]))
    found = {
        names: {row["token"]: row["count"] for row in table.to_pylist()}
        for names, table in analysis.take_tables().items()
    }
    assert found == {
        ("words", "few"): {b"a": 6 * parts, b"b": 2 * parts, b"c": 2 * parts},
        ("rows",): {b"a": 2 * parts, b"b": parts, b"c": parts},
        ("others",): {b"a": 3 * parts, b"b": parts, b"c": parts},
    }
