"""Presence and domains that are inferred from columns' cells."""

from collections import Counter
from collections.abc import Callable, Sequence

import pyarrow as pa
import pytest
from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st
from tensorflow_metadata.proto.v0 import schema_pb2

from shardmill.schemas.feature_stats import NumericSummary, StringSummary, Summary, dataset_statistics
from shardmill.schemas.inference.add_domains import add_domains
from shardmill.schemas.inference.column_evidence import (
    MOST_VALUES,
    ColumnEvidence,
    evidence_of_profile,
    evidence_of_statistics,
)
from shardmill.schemas.inference.infer import ColumnProfile
from shardmill.schemas.schema_pbtxt import from_proto

Cells = Sequence[str | None]
DAYS = [f"2026-{month:02}-{day:02}" for month in range(1, 13) for day in range(13, 28)]


def _of_profile(name: str, cells: Cells) -> ColumnEvidence:
    """What `init` knows."""
    profile = ColumnProfile(name)
    profile.update(pa.array(cells, pa.string()))
    return evidence_of_profile(profile)


def _of_statistics(name: str, cells: Cells, splits: int = 2) -> ColumnEvidence:
    """What a run knows, whose rows are in several splits."""
    datasets = [
        dataset_statistics(
            "s", 0, {name: _summary([cell for cell in cells[index::splits] if cell], len(cells[index::splits]))}
        )
        for index in range(splits)
    ]
    return evidence_of_statistics(name, [dataset.features[0] for dataset in datasets])


def _summary(present: Sequence[str], rows: int) -> Summary:
    missing = rows - len(present)
    if all(cell.lstrip("-").isdecimal() for cell in present):
        numbers = [float(cell) for cell in present] or [0.0]
        return NumericSummary(len(present), missing, min=min(numbers), max=max(numbers), integer=True)
    ranked = tuple((value, float(count)) for value, count in Counter(present).most_common(1000))
    return StringSummary(len(present), missing, len(set(present)), 3.0, ranked)


def _inferred(found: ColumnEvidence, name: str = "x", column_type: str = "BYTES") -> schema_pb2.Schema:
    schema = text_format.Parse(f'feature {{ name: "{name}" type: {column_type} }}', schema_pb2.Schema())
    for _ in range(2):  # a second attempt at the same work changes nothing
        add_domains(schema, {name: found})
    return schema


SOURCES = pytest.mark.parametrize("source", [_of_profile, _of_statistics])
Source = Callable[[str, Cells], ColumnEvidence]


@SOURCES
def test_few_values_are_a_domain_of_which_some_may_be_new(source: Source) -> None:
    """In order, of all splits; more cells may have others than there are values for each cell, by chance."""
    schema = _inferred(source("pay", ["cash", "card", "cash", "Zelle"] * 10), "pay")
    assert [(domain.name, list(domain.value)) for domain in schema.string_domain] == [
        ("pay", ["Zelle", "card", "cash"])
    ]
    feature = schema.feature[0]
    assert feature.domain == "pay"
    assert feature.distribution_constraints.min_domain_mass == pytest.approx(0.55)
    many = _inferred(source("pay", ["cash", "card", "cash", "Zelle"] * 1000), "pay").feature[0]
    assert many.distribution_constraints.min_domain_mass == pytest.approx(1 - 0.0068)
    assert from_proto(schema, "s") == from_proto(_inferred(source("pay", [None]), "pay"), "s")


@SOURCES
@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("x", [f"v{index}" for index in range(MOST_VALUES + 1)] * 10),
        ("x", [f"v{index}" for index in range(20)] * 4),
        ("site_id", ["a", "b"] * 20),
    ],
)
def test_many_values_rare_ones_and_identifiers_are_no_domain(source: Source, name: str, cells: Cells) -> None:
    """There will be others."""
    assert _inferred(source(name, cells), name).feature[0].WhichOneof("domain_info") is None


@SOURCES
@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["true", "false"], ("true", "false")),
        (["True"], ("True", "False")),
        (["NO", "YES", "NO"], ("YES", "NO")),
        (["Y", "N"], ("Y", "N")),
    ],
)
def test_booleans_are_known_by_their_spelling(source: Source, cells: Cells, expected: tuple[str, str]) -> None:
    """One word says what the other is; one letter may be anything."""
    domain = _inferred(source("x", cells)).feature[0].bool_domain
    assert (domain.true_value, domain.false_value) == expected
    for others in (["Y"], ["true", "False"], ["yes", "no", "maybe"]):
        assert not _inferred(source("x", others * 20)).feature[0].HasField("bool_domain")


@SOURCES
@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (DAYS, 'time_domain { string_format: "%Y-%m-%d" }'),
        (DAYS[:3] * 99, 'time_domain { string_format: "%Y-%m-%d" }'),
        ([f"{day[8:]}.{day[5:7]}.2026 10:00" for day in DAYS], 'time_domain { string_format: "%d.%m.%Y %H:%M" }'),
        (["10:59", "23:01"], 'time_of_day_domain { string_format: "%H:%M" }'),
        (["01/02/2026", "03/04/2026"] * 20, ""),
        ([*DAYS[:5], "13/01/2026", "1 Mai"] * 20, ""),
    ],
)
def test_dates_have_a_format_and_are_no_categories(source: Source, cells: Cells, expected: str) -> None:
    """Where days and months can't be told apart, or formats are mixed, nothing is said."""
    feature = _inferred(source("x", cells)).feature[0]
    wanted = text_format.Parse(expected, schema_pb2.Feature())
    assert feature.WhichOneof("domain_info") == wanted.WhichOneof("domain_info")
    assert (feature.time_domain, feature.time_of_day_domain) == (wanted.time_domain, wanted.time_of_day_domain)


@SOURCES
def test_texts_of_many_words_are_free(source: Source) -> None:
    """If half of them are; short ones have no domain at all."""
    free = [f"the ride number {index} was quite fine" for index in range(300)]
    assert _inferred(source("x", free)).feature[0].HasField("natural_language_domain")
    mixed = [text if index % 3 else f"v{index}" for index, text in enumerate(free)]
    assert _inferred(source("x", mixed)).feature[0].HasField("natural_language_domain")
    short = [f"v{index}" for index in range(300)]
    assert _inferred(source("x", short)).feature[0].WhichOneof("domain_info") is None


@SOURCES
@pytest.mark.parametrize(
    ("name", "cells", "column_type", "expected"),
    [
        ("start_timestamp", ["1390063500", "1430501400"], "INT", "time_domain { integer_format: UNIX_SECONDS }"),
        ("ts", ["1390063500000"], "INT", "time_domain { integer_format: UNIX_MILLISECONDS }"),
        ("ts", ["1390063500", "5"], "INT", ""),
        ("click", ["0", "1"] * 500, "INT", "bool_domain {}"),
        ("click", ["0", "1"] * 499, "INT", ""),
        ("age", ["3", "44"], "INT", "int_domain { min: 0 }"),
        ("month", ["1", "12"], "INT", "int_domain { min: 1 max: 12 }"),
        ("latitude", ["3", "44"], "FLOAT", "float_domain { min: -90 max: 90 }"),
        ("percent", ["3", "44"], "FLOAT", "float_domain { min: 0 max: 100 }"),
        ("change", ["0", "44"] * 999, "FLOAT", ""),
        ("empty", [None], "FLOAT", ""),
    ],
)
def test_numbers_have_a_domain_that_is_natural(
    source: Source, name: str, cells: Cells, column_type: str, expected: str
) -> None:
    """By the column's name and all numbers; the least and the greatest one say nothing else."""
    feature = _inferred(source(name, cells), name, column_type).feature[0]
    for field in ("name", "type", "presence"):
        feature.ClearField(field)
    assert feature == text_format.Parse(expected, schema_pb2.Feature())


@SOURCES
def test_presence_is_a_share_of_rows(source: Source) -> None:
    """A nearly empty column may be empty in new rows."""
    for cells, share, count in (
        (["a"] * 900 + [None] * 100, 0.75, 1),
        (["a"] * 2 + [None] * 3, 0.05, 1),
        (["a"] * 20 + [None] * 980, 0, 0),
        ([None] * 9, 0, 0),
    ):
        presence = _inferred(source("x", cells)).feature[0].presence
        assert (presence.min_fraction, presence.min_count) == (share, count)
        assert bool(presence.ListFields()) is (share > 0)


@pytest.mark.parametrize(
    "text",
    [
        'feature { name: "x" type: BYTES presence { min_fraction: 1 min_count: 1 } shape {} string_domain { value: "b" } }',
        'feature { name: "another" type: BYTES }',
    ],
)
def test_what_is_given_stays(text: str) -> None:
    """Columns of the user's schema, and domains."""
    schema = text_format.Parse(text, schema_pb2.Schema())
    add_domains(schema, {"x": _of_profile("x", ["a"] * 20)})
    assert schema == text_format.Parse(text, schema_pb2.Schema())


@pytest.mark.parametrize("unique", [0, 3])
def test_values_that_are_not_all_known_are_no_domain(unique: int) -> None:
    """There may be others: the number of distinct ones is unknown, or larger than those listed."""
    found = StringSummary(40, 0, unique, 4.0, (("cash", 20.0), ("card", 20.0)))
    column = dataset_statistics("train", 40, {"x": found}).features[0]
    assert _inferred(evidence_of_statistics("x", [column])).feature[0].WhichOneof("domain_info") is None


def test_the_word_for_long_texts_is_no_value() -> None:
    """Statistics count them as one."""
    found = StringSummary(40, 0, 1, 4000.0, (("__LARGE_BYTES__", 40.0),))
    column = dataset_statistics("train", 40, {"x": found}).features[0]
    assert _inferred(evidence_of_statistics("x", [column])).feature[0].WhichOneof("domain_info") is None


@given(
    st.lists(st.sampled_from(["a", "b", "true", "2026-11-30", "11:05", "one two three four five", None]), min_size=1)
)
def test_init_and_a_run_infer_the_same(cells: list[str | None]) -> None:
    """From profiles and from statistics, which are other facts about the same cells."""
    if any(cells):
        assert _inferred(_of_profile("x", cells)) == _inferred(_of_statistics("x", cells))
