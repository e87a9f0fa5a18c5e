"""The anomalies of whole datasets."""

from tensorflow_metadata.proto.v0 import anomalies_pb2

from shardmill.schemas.validation.find_anomalies import Expectations, find_anomalies, has_anomalies
from tests.schemas.validation.small_statistics import anomalies, dataset, names, schema, texts

LABELLED = schema(
    """
    feature { name: "x" type: BYTES presence { min_count: 1 } }
    feature { name: "label" type: BYTES presence { min_count: 1 } not_in_environment: "SERVING" }
    feature { name: "key" type: BYTES presence { min_count: 1 } in_environment: "SERVING" }
    default_environment: "TRAINING"
    default_environment: "SERVING"
    """
)


def test_new_and_missing_columns_are_anomalies() -> None:
    """A column that may be missing isn't one."""
    said = schema('feature { name: "a" type: INT presence { min_count: 1 } } feature { name: "b" type: INT }')
    found = find_anomalies(dataset(texts({"v": 1})), Expectations(said))
    assert {name: names(found, name) for name in found.anomaly_info} == {
        "x": ["SCHEMA_NEW_COLUMN"],
        "a": ["SCHEMA_MISSING_COLUMN"],
    }
    assert has_anomalies(found)
    assert found.anomaly_name_format == anomalies_pb2.Anomalies.SERIALIZED_PATH
    assert found.baseline == said


def test_names_with_dots_are_quoted_as_keys() -> None:
    """As TFDV writes the path of a column."""
    found = find_anomalies(dataset(texts({"v": 1}, name="it's a.b")), Expectations(schema('feature { name: "b" }')))
    assert list(found.anomaly_info) == ["'it''s a.b'"]


def test_a_column_without_any_value_is_an_anomaly_if_required() -> None:
    """And nothing else of it is checked."""
    assert names(anomalies(texts({}, 9), "type: INT presence { min_count: 1 }")) == ["FEATURE_TYPE_NOT_PRESENT"]
    assert names(anomalies(texts({}, 9), "type: INT")) == []


def test_nothing_is_checked_of_deprecated_columns() -> None:
    """Neither by the old field nor by the stage."""
    for said in ("deprecated: true", "lifecycle_stage: DEPRECATED", "lifecycle_stage: PLANNED"):
        assert names(anomalies(texts({}, 9), f"type: INT presence {{ min_count: 1 }} {said}")) == []


def test_no_rows_are_an_anomaly_of_their_own() -> None:
    """Then columns can't be missing."""
    found = find_anomalies(dataset(rows=0), Expectations(LABELLED))
    assert found.data_missing
    assert not found.anomaly_info
    assert has_anomalies(found)


def test_a_label_is_not_expected_in_serving() -> None:
    """Without an environment all columns are."""
    assert set(find_anomalies(dataset(texts({"v": 1})), Expectations(LABELLED)).anomaly_info) == {"label", "key"}
    found = find_anomalies(dataset(texts({"v": 1})), Expectations(LABELLED, "SERVING"))
    assert set(found.anomaly_info) == {"key"}


def test_a_label_in_serving_is_a_new_column() -> None:
    """The data has what the schema excludes there."""
    columns = (texts({"v": 1}), texts({"1": 1}, name="label"), texts({"k": 1}, name="key"))
    found = find_anomalies(dataset(*columns), Expectations(LABELLED, "SERVING"))
    assert {name: names(found, name) for name in found.anomaly_info} == {"label": ["SCHEMA_NEW_COLUMN"]}
    assert found.anomaly_info["label"].short_description == "Column missing in environment"
    assert not has_anomalies(find_anomalies(dataset(*columns), Expectations(LABELLED, "TRAINING")))


def test_the_number_of_rows_has_limits() -> None:
    """Absolute ones, and by the rows before."""

    def kinds(limits: str, rows: int) -> list[str]:
        said = schema(f"dataset_constraints {{ {limits} }}")
        found = find_anomalies(dataset(rows=rows), Expectations(said, previous=dataset(rows=100)))
        return [anomalies_pb2.AnomalyInfo.Type.Name(each.type) for each in found.dataset_anomaly_info.reason]

    assert kinds("min_examples_count: 10 max_examples_count: 20", 15) == []
    assert kinds("min_examples_count: 10", 9) == ["DATASET_LOW_NUM_EXAMPLES"]
    assert kinds("max_examples_count: 10", 11) == ["DATASET_HIGH_NUM_EXAMPLES"]
    fractions = "num_examples_drift_comparator { min_fraction_threshold: 0.5 max_fraction_threshold: 2 }"
    assert kinds(fractions, 100) == []
    assert kinds(fractions, 49) == ["COMPARATOR_LOW_NUM_EXAMPLES"]
    assert kinds(fractions, 201) == ["COMPARATOR_HIGH_NUM_EXAMPLES"]


def test_a_schema_that_contradicts_itself_is_an_anomaly() -> None:
    """A domain of another type, a domain that isn't there or has values twice, limits that exclude each other."""
    column = texts({"v": 1})
    for feature, kind in (
        ("type: FLOAT float_domain {} presence { min_fraction: 2 }", "INVALID_SCHEMA_SPECIFICATION"),
        ("type: BYTES value_count { min: 3 max: 2 }", "INVALID_SCHEMA_SPECIFICATION"),
        ("type: INT int_domain {} distribution_constraints {}", "INVALID_SCHEMA_SPECIFICATION"),
        ('type: BYTES domain: "absent"', "INVALID_DOMAIN_SPECIFICATION"),
        ('type: BYTES string_domain { value: "v" value: "v" }', "INVALID_DOMAIN_SPECIFICATION"),
        ('type: INT string_domain { value: "v" }', "DOMAIN_INVALID_FOR_TYPE"),
    ):
        assert kind in names(anomalies(column, feature)), feature
