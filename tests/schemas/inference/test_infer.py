"""Tests of schema inference: what cells spell, how many differ, and what a column's type is."""

import csv
import gzip
import io
import pickle
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardmill.schemas.inference.infer import ColumnProfile, Profiles
from shardmill.schemas.inference.type_counts import decide
from shardmill.schemas.schema import Column, ColumnType
from shardmill.schemas.schema_pbtxt import load_schema
from tests.support.csv.cells import columns, spell

INT, FLOAT, BYTES = ColumnType.INT, ColumnType.FLOAT, ColumnType.BYTES


def profile_of(values: Sequence[str | None]) -> ColumnProfile:
    """The profile of a column's cells."""
    profile = ColumnProfile("x")
    profile.update(pa.array(values, pa.string()))
    return profile


def facts(profile: ColumnProfile) -> tuple[object, ...]:
    """All that a profile says."""
    return (
        profile.rows,
        profile.missing,
        profile.cells,
        profile.distinct.count,
        profile.distinct.estimate,
        profile.distinct.examples,
        profile.lengths,
        decide(profile),
    )


def of(values: Sequence[str | None]) -> Column:
    """What is decided for a column's cells."""
    return decide(profile_of(values))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "-2", "+3", " 3"], INT),
        (["1", "2.5"], FLOAT),
        (["1e5", ".5", "5."], FLOAT),
        (["007", "008"], BYTES),
        (["1", "2", "007"], BYTES),
        (["00501", "x"], BYTES),
        (["0.5", "00", "1.5"], FLOAT),
        (["0", "-0", "10"], INT),
        (["9223372036854775807"], INT),
        (["9223372036854775808"], BYTES),
        (["-9223372036854775808"], BYTES),
        (["10000169349117863715", "1000009418151094273"], BYTES),
        (["1.5", "10000169349117863715"], FLOAT),
        (["1", "inf"], FLOAT),
        (["1.5", "nan"], FLOAT),
        (["1", "nan"], INT),
        (["17031081000.0", "nan"], INT),
        (["17031081000.0", "17031081201.0", None], INT),
        (["-0.0", "5.", "7", "+3.00"], INT),
        (["9007199254740993.0"], INT),
        (["1e5", "2E+3", "1.5e1"], INT),
        (["5.0", "0.99999999999999999999"], FLOAT),
        (["5.0"] * 5000 + ["0.5"], FLOAT),
        (["5.0", "inf"], FLOAT),
        (["1e30"], FLOAT),
        (["9223372036854775808.0", "5.0"], FLOAT),
        (["-9223372036854775808.0"], FLOAT),
        (["5.0", "007"], INT),
        (["5.0", "x"], BYTES),
        (["nan"], FLOAT),
        (["Nan", "Dave"], BYTES),
        (["1e39"], BYTES),
        (["true", "false"], BYTES),
        (["0x10"], BYTES),
        (["1_000"], BYTES),
        (["1,000"], BYTES),
        (["2013-01-01"], BYTES),
        (["192.168.0.1", "10.0.0.1"], BYTES),
        (["abc"], BYTES),
        (["1", "  "], INT),
        (["1.5", " "], FLOAT),
        (["a", " "], BYTES),
        ([" "], BYTES),
        ([None, ""], BYTES),
        ([], BYTES),
    ],
)
def test_the_type_of_a_column(values: list[str | None], expected: ColumnType) -> None:
    """What a data engineer expects of identifiers, special values and other bases."""
    assert of(values).type is expected


def test_few_bad_cells_leave_a_column_numeric() -> None:
    """Fewer than one in a thousand: their rows are rejected. One in a thousand: the column is text."""
    assert of(["5"] * 1000 + ["abc"]).type is INT
    assert of(["5"] * 999 + ["abc"]).type is BYTES
    assert of(["5.0"] * 1000 + ["abc"]).type is INT
    assert of(["5.5"] * 1000 + ["abc"]).type is FLOAT
    profile = profile_of(["5"] * 1000 + ["abc", None])
    assert (profile.unusable, profile.present, profile.absent) == (1, 1001, 1)


@pytest.mark.parametrize(
    ("values", "allowed", "expected"),
    [
        (["1", "2", "old"], {INT, FLOAT}, INT),
        (["1", "2.5", "old"], {INT, FLOAT}, FLOAT),
        (["1", "old", "new"], {INT, FLOAT}, BYTES),
        (["1.5", "2.5"], {INT, BYTES}, BYTES),
        (["007", "1"], {INT, FLOAT}, INT),
        (["5.0", "nan", "old"], {INT, FLOAT}, INT),
        (["5.0", "007", "7"], {FLOAT}, FLOAT),
        (["1", "2"], {INT, BYTES}, INT),
    ],
)
def test_uses_decide_between_types(values: list[str], allowed: set[ColumnType], expected: ColumnType) -> None:
    """A column whose uses take some types only gets one of them where its cells allow it: the majority rules."""
    profile = ColumnProfile("x")
    profile.update(pa.array(values))
    assert decide(profile, frozenset(allowed)).type is expected


def test_text_in_the_last_row_counts() -> None:
    """A column is text if enough of it is, wherever that stands."""
    profiles = Profiles(["x"])
    for _ in range(9):
        profiles.update(pa.record_batch({"x": pa.array(["5"] * 10_000)}))
    assert profiles.schema()["x"].type is INT
    profiles.update(pa.record_batch({"x": pa.array(["n/k"] * 100)}))
    assert profiles.schema()["x"].type is BYTES


def test_a_column_without_missing_cells_is_required() -> None:
    """A null, an empty cell, or nan in a column of numbers, makes it optional; a column of no rows is optional."""
    assert of(["1", "2"]).required
    assert not of(["1", None]).required
    assert not of(["a", ""]).required
    assert not of(["1.5", "nan"]).required
    assert not of(["1", "nan"]).required
    assert not of(["1", " "]).required
    assert of(["a", " "]).required
    assert of(["a", "nan"]).required
    assert not of([]).required


@settings(max_examples=150)
@given(st.lists(columns, min_size=1, max_size=4), st.randoms(use_true_random=False), st.sampled_from([1 << 20, 100]))
def test_merges_give_the_same_in_any_order_and_however_rows_are_cut(
    parts: list[list[str | None]], random: object, limit: int
) -> None:
    """A profile is a function of the multiset of cells, with many and with few bytes for its distinct ones."""
    whole = ColumnProfile("x", limit)
    whole.update(pa.array([cell for part in parts for cell in part], pa.string()))
    shuffled = list(parts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    merged = ColumnProfile("x", limit)
    for part in shuffled:
        each = ColumnProfile("x", limit)
        each.update(pa.array(part, pa.string()))
        merged.merge(pickle.loads(pickle.dumps(each)))
    assert facts(merged) == facts(whole)
    one_by_one = ColumnProfile("x", limit)
    for part in parts:
        for cell in part:
            one_by_one.update(pa.array([cell], pa.string()))
    assert facts(one_by_one) == facts(whole)


def test_many_distinct_values_merge_to_the_same() -> None:
    """Past the exact limit, in one part or only in the sum, the order of merges makes no difference."""
    rng = np.random.default_rng(7)
    parts = [rng.integers(0, 10**9, size).astype(str) for size in (30_000, 6_000, 6_000, 10)]
    batches = [pa.record_batch({"x": pa.array(part)}) for part in parts]

    def merged(order: Sequence[int]) -> Profiles:
        total = Profiles(["x"])
        for position in order:
            each = Profiles(["x"])
            each.update(batches[position])
            total.merge(each)
        return total

    straight = Profiles(["x"])
    for batch in batches:
        straight.update(batch)
    for order in ((0, 1, 2, 3), (3, 2, 1, 0), (1, 2, 0, 3), (1, 2, 3)):
        expected = straight if 0 in order else merged((3, 2, 1))
        assert facts(merged(order)["x"]) == facts(expected["x"])


def test_profiles_of_other_columns_do_not_merge() -> None:
    """The message names the columns that differ."""
    with pytest.raises(ValueError, match=r"profiles of other columns: \['a', 'b'\]"):
        Profiles(["a"]).merge(Profiles(["b"]))


def test_columns_are_found_by_name_and_blocks_may_wait() -> None:
    """Columns in another order, unused ones and small blocks give the schema's columns, in its order."""
    profiles = Profiles(["a", "b"])
    profiles.update(pa.record_batch({"b": pa.array(["x"]), "a": pa.array(["1"]), "c": pa.array(["?"])}))
    profiles.update(pa.record_batch({"a": pa.array(["2"]), "b": pa.array([None], pa.string())}))
    copy = pickle.loads(pickle.dumps(profiles))
    assert copy.rows == profiles.rows == 2
    assert copy.schema().columns == (Column("a", INT, required=True), Column("b", BYTES))
    assert copy["b"].missing == 1


def test_profiles_stay_small() -> None:
    """Distinct values of thousands of columns share one budget of memory."""
    names = [f"c{number}" for number in range(2000)]
    profiles = Profiles(names)
    values = pa.array([f"{number:0100d}" for number in range(500)])
    profiles.update(pa.RecordBatch.from_arrays([values] * len(names), names=names))
    assert len(pickle.dumps(profiles)) < 16 << 20


def read_strings(path: Path, names: list[str] | None = None, nulls: Sequence[str] = ("",)) -> pa.Table:
    """A file's cells as strings, by PyArrow's reader."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    header = names or next(csv.reader(io.StringIO(raw[: raw.index(b"\n")].decode())))
    return pa_csv.read_csv(
        io.BytesIO(raw),
        read_options=pa_csv.ReadOptions(column_names=names),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()), null_values=list(nulls), strings_can_be_null=True
        ),
    )


def infer(table: pa.Table, rows: int) -> Profiles:
    """The profiles of a table, in blocks of so many rows."""
    profiles = Profiles(table.column_names)
    for batch in table.to_batches(rows):
        profiles.update(batch)
    return profiles


def test_california_housing(shared_data: Path) -> None:
    """Three columns of floats, six of whole numbers with a point, one of text; bedrooms are missing in 207 rows."""
    table = read_strings(shared_data / "california_housing" / "housing.csv")
    profiles = infer(table, 5000)
    schema = profiles.schema()
    assert [column.type for column in schema] == [FLOAT] * 2 + [INT] * 5 + [FLOAT, INT, BYTES]
    assert [column.name for column in schema if not column.required] == ["total_bedrooms"]
    assert profiles["total_bedrooms"].missing == 207
    assert profiles["ocean_proximity"].distinct.count == 5


def test_chicago_taxi_agrees_with_its_schema(shared_data: Path) -> None:
    """The inferred types are those that TFX's schema states."""
    folder = shared_data / "chicago_taxi"
    inferred = infer(read_strings(folder / "data.csv.gz"), 4000).schema()
    given_schema = load_schema(str(folder / "schema.pbtxt"))
    assert {column.name: column.type for column in inferred} == {column.name: column.type for column in given_schema}


def test_criteo_samples(shared_data: Path) -> None:
    """20-digit and hexadecimal identifiers and zip codes are text, counts are numbers."""
    folder = shared_data / "criteo_sample"
    avazu = infer(read_strings(folder / "avazu_sample.txt"), 1000).schema()
    assert (avazu["id"].type, avazu["device_id"].type, avazu["hour"].type) == (BYTES, BYTES, INT)
    movies = infer(read_strings(folder / "movielens_sample.txt"), 1000).schema()
    assert (movies["zip"].type, movies["genres"].type, movies["timestamp"].type) == (BYTES, BYTES, INT)
    criteo = infer(read_strings(folder / "criteo_sample.txt"), 1000).schema()
    assert [column.type for column in criteo] == [INT] * 14 + [BYTES] * 26


def test_real_columns_are_told_apart_as_python_tells_them(shared_data: Path) -> None:
    """On every column of real files, cell by cell, and however the rows are cut."""
    for path in (
        "criteo_sample/criteo_sample.txt",
        "criteo_sample/avazu_sample.txt",
        "sunspots/daily-min-temperatures.csv",
    ):
        table = read_strings(shared_data / path)
        fine, coarse = infer(table, 7), infer(table, 10_000)
        for name in table.column_names:
            values = [cell for cell in table.column(name).to_pylist() if cell is not None]
            assert coarse[name].cells.spellings == Counter(map(spell, values)), name
            assert facts(fine[name]) == facts(coarse[name])
