"""Finds the anomalies of a dataset, from its statistics alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

from shardmill.schemas.feature_stats import Dataset, Statistics
from shardmill.schemas.validation.column_statistics import columns_of, common_of
from shardmill.schemas.validation.comparators import DRIFT, SKEW, Compared, Limits, compare, compare_by_default
from shardmill.schemas.validation.presence import (
    presence_reasons,
    shape_reasons,
    type_reasons,
    unique_reasons,
    value_count_reasons,
)
from shardmill.schemas.validation.reasons import Info, Reason, anomaly
from shardmill.schemas.validation.schema_mistakes import schema_mistakes
from shardmill.schemas.validation.schema_terms import is_deprecated, is_expected, is_required, path_of
from shardmill.schemas.validation.value_domains import domain_reasons


@dataclass(frozen=True)
class Expectations:
    """The expectations that data is held against.

    Attributes:
        schema: The schema.
        environment: The environment that the data comes from. None means that the data should have
            all columns.
        previous: The statistics of earlier data, to compare distributions with. None means that
            they aren't compared.
        limits: The largest distances from them where the schema has no `drift_comparator`. None
            means that any are right.
    """

    schema: schema_pb2.Schema
    environment: str | None = None
    previous: Dataset | None = None
    limits: Limits | None = None


def find_anomalies(dataset: Dataset, expected: Expectations) -> anomalies_pb2.Anomalies:
    """Finds what doesn't fit about a dataset.

    Args:
        dataset: The dataset's statistics. Those of a column that the schema doesn't have may be
            empty.
        expected: What it should be like.
    """
    schema = expected.schema
    found = anomalies_pb2.Anomalies(baseline=schema, anomaly_name_format=anomalies_pb2.Anomalies.SERIALIZED_PATH)
    if not dataset.num_examples:
        found.data_missing = True
        return found
    features = {feature.name: feature for feature in schema.feature}
    columns = columns_of(dataset)
    earlier = {} if expected.previous is None else columns_of(expected.previous)
    for name, column in columns.items():
        if name not in features:
            reasons = [Reason(Info.SCHEMA_NEW_COLUMN, "New column", "The data has this column, but the schema doesn't")]
        else:
            reasons = list(_column_reasons(features[name], column, expected, earlier.get(name), found))
        _add(found, name, reasons)
    for name, feature in features.items():
        if name not in columns and is_required(schema, feature, expected.environment):
            missing = Reason(
                Info.SCHEMA_MISSING_COLUMN, "Column missing", "The data lacks this column, which the schema requires"
            )
            _add(found, name, [missing])
    if reasons := list(_dataset_reasons(dataset, expected)):
        found.dataset_anomaly_info.CopyFrom(anomaly(reasons))
    return found


def has_anomalies(found: anomalies_pb2.Anomalies) -> bool:
    """Whether there is any anomaly."""
    return bool(found.data_missing or found.anomaly_info or found.HasField("dataset_anomaly_info"))


def _add(found: anomalies_pb2.Anomalies, name: str, reasons: Sequence[Reason]) -> None:
    if reasons:
        found.anomaly_info[path_of(name)].CopyFrom(anomaly(reasons, name))


def _column_reasons(
    feature: schema_pb2.Feature,
    column: Statistics,
    expected: Expectations,
    earlier: Statistics | None,
    found: anomalies_pb2.Anomalies,
) -> Iterator[Reason]:
    """Yields a column's reasons, and notes its distances."""
    schema, environment = expected.schema, expected.environment
    if is_deprecated(feature):
        return
    yield from schema_mistakes(schema, feature)
    if not common_of(column).num_non_missing:
        if is_required(schema, feature, environment):
            yield Reason(Info.FEATURE_TYPE_NOT_PRESENT, "Column empty", "No row has a value")
        return
    if not is_expected(schema, feature, environment):
        yield Reason(
            Info.SCHEMA_NEW_COLUMN,
            "Column missing in environment",
            f"The data has this column, which the schema doesn't have in the environment {environment!r}",
        )
    yield from value_count_reasons(feature, column)
    yield from shape_reasons(feature, column)
    yield from presence_reasons(feature, column)
    yield from type_reasons(feature, column)
    yield from domain_reasons(schema, feature, column)
    yield from unique_reasons(feature, column)
    for compared, field in _comparisons(feature, column, expected, earlier):
        yield from compared.reasons
        if compared.measurements:
            _note(found, feature.name, field, compared)


def _comparisons(
    feature: schema_pb2.Feature, column: Statistics, expected: Expectations, earlier: Statistics | None
) -> Iterator[tuple[Compared, str]]:
    """Yields a column's comparisons, and where to note them."""
    if expected.previous is None:
        return
    if feature.HasField("drift_comparator"):
        yield compare(feature.drift_comparator, column, earlier, DRIFT), "drift_measurements"
    elif expected.limits is not None and not feature.HasField("skew_comparator"):
        yield compare_by_default(expected.limits, column, earlier, DRIFT), "drift_measurements"
    if feature.HasField("skew_comparator"):
        yield compare(feature.skew_comparator, column, earlier, SKEW), "skew_measurements"


def _note(found: anomalies_pb2.Anomalies, name: str, field: str, compared: Compared) -> None:
    """Notes a column's distances."""
    if not found.drift_skew_info or list(found.drift_skew_info[-1].path.step) != [name]:
        found.drift_skew_info.add().path.step.append(name)
    getattr(found.drift_skew_info[-1], field).extend(compared.measurements)


def _dataset_reasons(dataset: Dataset, expected: Expectations) -> Iterator[Reason]:
    """Yields what is wrong with the number of rows."""
    limits, rows = expected.schema.dataset_constraints, dataset.num_examples
    if limits.HasField("min_examples_count") and rows < limits.min_examples_count:
        yield Reason(
            Info.DATASET_LOW_NUM_EXAMPLES,
            "Low num examples in dataset",
            f"Expected at least {limits.min_examples_count:,} rows, but there are {rows:,}",
        )
    if limits.HasField("max_examples_count") and rows > limits.max_examples_count:
        yield Reason(
            Info.DATASET_HIGH_NUM_EXAMPLES,
            "High num examples in dataset",
            f"Expected at most {limits.max_examples_count:,} rows, but there are {rows:,}",
        )
    if expected.previous is None:
        return
    comparator, before = limits.num_examples_drift_comparator, expected.previous.num_examples
    if comparator.HasField("max_fraction_threshold") and rows > comparator.max_fraction_threshold * before:
        yield Reason(
            Info.COMPARATOR_HIGH_NUM_EXAMPLES,
            "High num examples in current dataset versus the previous span",
            f"There are {rows:,} rows, more than {comparator.max_fraction_threshold:.6g} times the {before:,} before",
        )
    if comparator.HasField("min_fraction_threshold") and rows < comparator.min_fraction_threshold * before:
        yield Reason(
            Info.COMPARATOR_LOW_NUM_EXAMPLES,
            "Low num examples in current dataset versus the previous span",
            f"There are {rows:,} rows, fewer than {comparator.min_fraction_threshold:.6g} times the {before:,} before",
        )
