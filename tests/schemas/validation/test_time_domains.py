"""Dates and times held against a domain."""

import pytest

from shardmill.schemas.validation.time_domains import is_format
from tests.schemas.validation.small_statistics import anomalies, names, numbers, texts

DATES = 'type: BYTES time_domain { string_format: "%Y-%m-%d" }'


def test_texts_that_are_no_dates_of_the_format_are_shown() -> None:
    """With their shares; days that don't exist are none."""
    assert names(anomalies(texts({"2026-11-30": 5, "2024-02-29": 5}), DATES)) == []
    found = anomalies(texts({"2026-11-30": 6, "30/11/2026": 3, "2026-02-29": 1}), DATES)
    assert names(found) == ["SEMANTIC_DOMAIN_UPDATE"]
    assert (
        found.anomaly_info["x"].description
        == "Expected times as '%Y-%m-%d', found '30/11/2026' (~30%), '2026-02-29' (~10%)."
    )


def test_one_in_a_hundred_may_be_something_else() -> None:
    """Data as it is has a few."""
    assert names(anomalies(texts({"2026-11-30": 99, "n/a": 1}), DATES)) == []
    assert names(anomalies(texts({"2026-11-30": 98, "n/a": 2}), DATES)) == ["SEMANTIC_DOMAIN_UPDATE"]


@pytest.mark.parametrize(
    ("layout", "value"), [("%H:%M", "23:59"), ("%I:%M %p", "11:59 PM"), ("%Hh%M", "23h59"), ("%j/%Y", "366/2024")]
)
def test_a_format_is_any_of_strptime(layout: str, value: str) -> None:
    """Those that inference knows, and others that a user writes."""
    feature = f'type: BYTES time_of_day_domain {{ string_format: "{layout}" }}'
    assert names(anomalies(texts({value: 9}), feature)) == []
    assert names(anomalies(texts({value: 9, "25:99": 1}), feature)) == ["SEMANTIC_DOMAIN_UPDATE"]


def test_a_format_that_is_none_is_a_mistake_of_the_schema() -> None:
    """Values aren't held against it."""
    assert [is_format(layout) for layout in ("%Y", "%Q", "%", "%Y %Y")] == [True, False, False, False]
    found = anomalies(texts({"2026": 1}), 'type: BYTES time_domain { string_format: "%Q" }')
    assert names(found) == ["INVALID_DOMAIN_SPECIFICATION"]
    assert found.anomaly_info["x"].description == "The schema is wrong: '%Q' is no format of `strptime`."


@pytest.mark.parametrize(
    ("unit", "high", "kinds"),
    [
        ("UNIX_SECONDS", 1_800_000_000, []),
        ("UNIX_SECONDS", 1_800_000_000_000, ["SEMANTIC_DOMAIN_UPDATE"]),
        ("UNIX_MILLISECONDS", 1_800_000_000_000, []),
        ("UNIX_MILLISECONDS", 1_800_000_000_000_000_000, ["SEMANTIC_DOMAIN_UPDATE"]),
        ("UNIX_DAYS", 20_000, []),
        ("UNIX_DAYS", 1_800_000_000, ["SEMANTIC_DOMAIN_UPDATE"]),
        ("UNIX_NANOSECONDS", 2**62, []),
    ],
)
def test_moments_as_integers_are_in_a_year_of_four_digits(unit: str, high: int, kinds: list[str]) -> None:
    """In another unit they aren't."""
    column = numbers([(0, high, 9)], kind="INT")
    assert names(anomalies(column, f"type: INT time_domain {{ integer_format: {unit} }}")) == kinds


def test_a_domain_of_times_does_not_fit_floats() -> None:
    """As TFDV has it."""
    found = anomalies(numbers([(0, 1, 9)]), "type: FLOAT time_of_day_domain { integer_format: PACKED_64_NANOS }")
    assert names(found) == ["DOMAIN_INVALID_FOR_TYPE"]


def test_free_text_is_not_checked() -> None:
    """Any text is."""
    assert names(anomalies(texts({"a": 1, "2026-11-30": 3}), "type: BYTES natural_language_domain {}")) == []
