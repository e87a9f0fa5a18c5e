"""Values outside the domains of a schema."""

import pytest

from tests.schemas.validation.small_statistics import anomalies, names, numbers, texts

CITIES = 'type: BYTES string_domain { value: "Oslo" value: "Rome" }'


def test_texts_outside_the_domain_are_shown_with_their_shares() -> None:
    """The most frequent come first; control characters can't forge a line."""
    found = anomalies(texts({"Oslo": 50, "Paris": 40, "b\nx": 9, "c": 1}), CITIES)
    assert names(found) == ["ENUM_TYPE_UNEXPECTED_STRING_VALUES"]
    assert found.anomaly_info["x"].description == (
        r"Values that the schema doesn't have: 'Paris' (~40%), 'b\nx' (~9%), 'c' (~1%)."
    )
    assert names(anomalies(texts({"Oslo": 50, "Rome": 50}), CITIES)) == []


def test_the_domain_may_be_one_that_columns_share() -> None:
    """A column names a domain at the top of the schema."""
    shared = 'string_domain { name: "city" value: "Oslo" }'
    feature = 'type: BYTES domain: "city"'
    assert names(anomalies(texts({"Oslo": 1}), feature, shared)) == []
    assert names(anomalies(texts({"Rome": 1}), feature, shared)) == ["ENUM_TYPE_UNEXPECTED_STRING_VALUES"]


@pytest.mark.parametrize(("mass", "kinds"), [(0.9, []), (0.97, ["ENUM_TYPE_UNEXPECTED_STRING_VALUES"])])
def test_a_share_of_other_texts_may_be_allowed(mass: float, kinds: list[str]) -> None:
    """`min_domain_mass` is the least share of the values that are of the domain."""
    found = anomalies(texts({"Oslo": 96, "x": 4}), f"{CITIES} distribution_constraints {{ min_domain_mass: {mass} }}")
    assert names(found) == kinds


def test_texts_that_are_not_utf8_are_an_anomaly() -> None:
    """Statistics of TFDV's may count them."""
    column = texts({"Oslo": 1})
    column.string_stats.invalid_utf8_count = 1
    assert names(anomalies(column, CITIES)) == ["ENUM_TYPE_INVALID_UTF8"]


@pytest.mark.parametrize(
    ("low", "high", "domain", "kinds"),
    [
        (1, 7, "min: 1 max: 7", []),
        (0, 7, "min: 1 max: 7", ["INT_TYPE_SMALL_INT"]),
        (1, 8, "min: 1 max: 7", ["INT_TYPE_BIG_INT"]),
        (0, 8, "min: 1 max: 7", ["INT_TYPE_SMALL_INT", "INT_TYPE_BIG_INT"]),
        (-5, 8, "max: 8", []),
    ],
)
def test_integers_have_a_range(low: int, high: int, domain: str, kinds: list[str]) -> None:
    """Values below and above it are an anomaly each."""
    assert names(anomalies(numbers([(low, high, 9)], kind="INT"), f"type: INT int_domain {{ {domain} }}")) == kinds


def test_integers_may_be_written_as_text() -> None:
    """A column of text with a domain of integers."""
    feature = "type: BYTES int_domain { min: 0 max: 9 }"
    assert names(anomalies(texts({"1": 1, "9": 1}), feature)) == []
    assert names(anomalies(texts({"10": 1}), feature)) == ["INT_TYPE_BIG_INT"]
    found = anomalies(texts({"1": 1, "x": 1}), feature)
    assert names(found) == ["INT_TYPE_NOT_INT_STRING"]
    assert found.anomaly_info["x"].description == "Expected integers, found 'x'."


@pytest.mark.parametrize(
    ("low", "high", "domain", "kinds"),
    [
        (0.0, 1.0, "min: 0 max: 1", []),
        (-0.5, 1.0, "min: 0 max: 1", ["FLOAT_TYPE_SMALL_FLOAT"]),
        (0.0, 1.5, "min: 0 max: 1", ["FLOAT_TYPE_BIG_FLOAT"]),
        (0.0, float("inf"), "disallow_inf: true", ["FLOAT_TYPE_HAS_INF"]),
        (0.0, float("inf"), "min: 0", []),
    ],
)
def test_floats_have_a_range(low: float, high: float, domain: str, kinds: list[str]) -> None:
    """Infinities are allowed unless the schema says otherwise."""
    assert names(anomalies(numbers([(low, high, 9)]), f"type: FLOAT float_domain {{ {domain} }}")) == kinds


def test_nans_may_be_disallowed() -> None:
    """Histograms count them."""
    column = numbers([(0, 1, 9)], nan=1)
    assert names(anomalies(column, "type: FLOAT float_domain { disallow_nan: true }")) == ["FLOAT_TYPE_HAS_NAN"]
    assert names(anomalies(column, "type: FLOAT float_domain {}")) == []


def test_floats_may_be_written_as_text() -> None:
    """A column of text with a domain of floats."""
    feature = "type: BYTES float_domain { min: 0 max: 9 disallow_nan: true }"
    assert names(anomalies(texts({"1.5": 1, "9": 1}), feature)) == []
    assert names(anomalies(texts({"9.5": 1, "nan": 1}), feature)) == ["FLOAT_TYPE_HAS_NAN", "FLOAT_TYPE_BIG_FLOAT"]
    assert names(anomalies(texts({"x": 1}), feature)) == ["FLOAT_TYPE_STRING_NOT_FLOAT"]


@pytest.mark.parametrize(
    ("low", "high", "kind", "kinds"),
    [
        (0, 1, "INT", []),
        (-1, 1, "INT", ["BOOL_TYPE_SMALL_INT"]),
        (0, 2, "INT", ["BOOL_TYPE_BIG_INT"]),
        (0, 1, "FLOAT", []),
        (0, 2, "FLOAT", ["BOOL_TYPE_UNEXPECTED_FLOAT"]),
    ],
)
def test_booleans_are_0_and_1(low: int, high: int, kind: str, kinds: list[str]) -> None:
    """Other numbers in a column of booleans are an anomaly."""
    assert names(anomalies(numbers([(low, high, 9)], kind=kind), f"type: {kind} bool_domain {{}}")) == kinds


def test_fractions_between_0_and_1_are_no_booleans() -> None:
    """A histogram tells of them."""
    column = numbers([(0, 0, 4), (0.4, 0.6, 1), (1, 1, 4)])
    assert names(anomalies(column, "type: FLOAT bool_domain {}")) == ["BOOL_TYPE_UNEXPECTED_FLOAT"]


def test_booleans_of_text_are_those_of_the_schema() -> None:
    """The schema says which text is true and which is false."""
    feature = 'type: BYTES bool_domain { true_value: "yes" false_value: "no" }'
    assert names(anomalies(texts({"yes": 1, "no": 1}), feature)) == []
    found = anomalies(texts({"yes": 1, "maybe": 1}), feature)
    assert names(found) == ["BOOL_TYPE_UNEXPECTED_STRING"]
    assert found.anomaly_info["x"].description == "Expected 'yes' and 'no', found 'maybe'."
