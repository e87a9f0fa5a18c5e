"""Presence and domains of columns, inferred from their statistics.

They are those that TFDV infers: a column without missing cells is required, another has a value in
some row; a text with few distinct values has these as its domain, or is a boolean.
"""

from collections.abc import Collection, Sequence

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from shardmill.schemas.feature_stats import Dataset

MOST_VALUES = 100
"""The most values of a text's domain: as many as TFDV takes by default."""

# How truth is spelled, and untruth.
_BOOLEANS = {("true", "false"), ("True", "False"), ("TRUE", "FALSE")}


def add_domains(schema: schema_pb2.Schema, datasets: Sequence[Dataset], names: Collection[str]) -> None:
    """Adds presence and domains to a schema.

    Columns that have a domain keep theirs.

    Args:
        schema: The schema, changed in place.
        datasets: The statistics of each split.
        names: The columns whose types were inferred. Others are the user's to describe.
    """
    columns: dict[str, list[statistics_pb2.FeatureNameStatistics]] = {}
    for dataset in datasets:
        for found in dataset.features:
            columns.setdefault(found.path.step[0], []).append(found)
    for feature in schema.feature:
        if feature.name not in names or feature.name not in columns:
            continue
        splits = columns[feature.name]
        if not feature.HasField("presence") and any(_common(each).num_non_missing for each in splits):
            feature.presence.min_count = 1
        if feature.type == schema_pb2.BYTES and feature.WhichOneof("domain_info") is None:
            _add_values(schema, feature, splits)


def _common(found: statistics_pb2.FeatureNameStatistics) -> statistics_pb2.CommonStatistics:
    has_texts = found.WhichOneof("stats") == "string_stats"
    return found.string_stats.common_stats if has_texts else found.num_stats.common_stats


def _add_values(
    schema: schema_pb2.Schema,
    feature: schema_pb2.Feature,
    splits: Sequence[statistics_pb2.FeatureNameStatistics],
) -> None:
    values: set[str] = set()
    for found in splits:
        ranks = found.string_stats.rank_histogram.buckets
        counted = sum(bucket.sample_count for bucket in ranks)
        if len(ranks) != found.string_stats.unique or counted != _common(found).num_non_missing:
            return  # there are others
        values |= {bucket.label for bucket in ranks}
    if not values or len(values) > MOST_VALUES:
        return
    boolean = next((pair for pair in _BOOLEANS if values == set(pair)), None)
    if boolean is not None:
        feature.bool_domain.true_value, feature.bool_domain.false_value = boolean
        return
    feature.domain = feature.name
    schema.string_domain.add(name=feature.name, value=sorted(values))
