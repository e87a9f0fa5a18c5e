"""Presence, numbers of values, distinct values and types."""

import pytest

from shardmill.schemas.validation.column_statistics import add_bad_cells
from tests.schemas.validation.small_statistics import anomalies, names, numbers, texts


def test_a_column_that_fits_has_no_anomaly() -> None:
    """Presence, type and number of values are as the schema says."""
    feature = "type: BYTES presence { min_fraction: 1 min_count: 100 } value_count { min: 1 max: 1 }"
    assert names(anomalies(texts({"a": 60, "b": 40}), feature)) == []


@pytest.mark.parametrize(
    ("missing", "presence", "kinds"),
    [
        (0, "min_count: 101", ["FEATURE_TYPE_LOW_NUMBER_PRESENT"]),
        (0, "min_count: 100", []),
        (1, "min_fraction: 1", ["FEATURE_TYPE_LOW_FRACTION_PRESENT"]),
        (100, "min_fraction: 0.5", []),
        (101, "min_fraction: 0.5", ["FEATURE_TYPE_LOW_FRACTION_PRESENT"]),
        (1, "min_fraction: 1 min_count: 500", ["FEATURE_TYPE_LOW_NUMBER_PRESENT", "FEATURE_TYPE_LOW_FRACTION_PRESENT"]),
        (7, "min_count: 1", []),
    ],
)
def test_too_few_rows_with_a_value_are_an_anomaly(missing: int, presence: str, kinds: list[str]) -> None:
    """The least number and the least share of rows that have a value are checked."""
    found = anomalies(texts({"a": 100}, missing), f"type: BYTES presence {{ {presence} }}")
    assert names(found) == kinds


def test_the_description_has_the_numbers() -> None:
    """A column that should be in every row, and isn't, says in how many it is missing."""
    (info,) = anomalies(texts({"a": 98}, 2), "type: BYTES presence { min_fraction: 1 }").anomaly_info.values()
    assert info.short_description == "Too many missing values"
    assert info.description == "Every row should have a value, but 2 of 100 rows have none (~2%)."
    assert list(info.path.step) == ["x"]
    assert info.severity == info.ERROR


def test_several_reasons_are_told_as_multiple_errors() -> None:
    """As in TFDV, the descriptions are joined."""
    (info,) = anomalies(texts({"a": 98}, 2), "type: INT presence { min_fraction: 1 }").anomaly_info.values()
    assert info.short_description == "Multiple errors"
    assert info.description == " ".join(reason.description for reason in info.reason)
    assert len(info.reason) == 2


@pytest.mark.parametrize(
    ("wanted", "found", "kinds"),
    [
        ("min: 1 max: 1", (1, 1), []),
        ("min: 2", (1, 3), ["FEATURE_TYPE_LOW_NUMBER_VALUES"]),
        ("max: 2", (1, 3), ["FEATURE_TYPE_HIGH_NUMBER_VALUES"]),
        ("min: 2 max: 2", (1, 3), ["FEATURE_TYPE_LOW_NUMBER_VALUES", "FEATURE_TYPE_HIGH_NUMBER_VALUES"]),
    ],
)
def test_numbers_of_values_are_checked(wanted: str, found: tuple[int, int], kinds: list[str]) -> None:
    """The statistics of features may tell of several values in a row."""
    column = texts({"a": 100})
    column.string_stats.common_stats.min_num_values, column.string_stats.common_stats.max_num_values = found
    assert names(anomalies(column, f"type: BYTES value_count {{ {wanted} }}")) == kinds


def test_a_fixed_shape_needs_a_value_in_each_row() -> None:
    """A dense tensor can't have gaps, and holds as many values as its shape."""
    assert names(anomalies(texts({"a": 100}, 1), "type: BYTES shape {}")) == ["INVALID_FEATURE_SHAPE"]
    assert names(anomalies(texts({"a": 100}), "type: BYTES shape { dim { size: 2 } }")) == ["INVALID_FEATURE_SHAPE"]
    assert names(anomalies(texts({"a": 100}), "type: BYTES shape { dim { size: 1 } }")) == []


@pytest.mark.parametrize(("kind", "given"), [("INT", "FLOAT"), ("FLOAT", "INT")])
def test_another_type_of_numbers_is_an_anomaly(kind: str, given: str) -> None:
    """Statistics of one type don't fit a schema of another."""
    found = anomalies(numbers([(0, 1, 100)], kind=given), f"type: {kind}")
    assert names(found) == ["UNEXPECTED_DATA_TYPE"]
    assert found.anomaly_info["x"].description == f"Expected data of type {kind}, but it is of type {given}."


def test_cells_that_are_not_of_the_type_are_counted_and_shown() -> None:
    """They are told with their share, and some of them."""
    column = numbers([(0, 9, 97)], 3, kind="INT")
    add_bad_cells(column, 3, ("?", "n/a"))
    found = anomalies(column, "type: INT presence { min_fraction: 1 }")
    assert names(found) == ["UNEXPECTED_DATA_TYPE"]
    assert found.anomaly_info["x"].description == (
        "Expected data of type INT, but 3 of 100 cells (~3%) spell no such value: '?', 'n/a'."
    )


@pytest.mark.parametrize(
    ("limits", "kinds"),
    [
        ("min: 2 max: 3", []),
        ("min: 3", ["FEATURE_TYPE_LOW_UNIQUE"]),
        ("max: 1", ["FEATURE_TYPE_HIGH_UNIQUE"]),
    ],
)
def test_the_number_of_distinct_values_is_checked(limits: str, kinds: list[str]) -> None:
    """Too few and too many are an anomaly."""
    assert names(anomalies(texts({"a": 50, "b": 50}), f"type: BYTES unique_constraints {{ {limits} }}")) == kinds


def test_distinct_numbers_are_not_counted() -> None:
    """A schema that limits them can't be checked, which is an anomaly in TFDV, too."""
    found = anomalies(numbers([(0, 1, 100)]), "type: FLOAT unique_constraints { min: 1 max: 5 }")
    assert names(found) == ["FEATURE_TYPE_NO_UNIQUE"]
