"""Small statistics and schemas, as text."""

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from shardmill.schemas.validation.find_anomalies import Expectations, find_anomalies


def schema(text: str) -> schema_pb2.Schema:
    """A schema."""
    return text_format.Parse(text, schema_pb2.Schema())


def texts(values: dict[str, int], missing: int = 0, name: str = "x") -> statistics_pb2.FeatureNameStatistics:
    """The statistics of a column of text."""
    column = statistics_pb2.FeatureNameStatistics(type=statistics_pb2.FeatureNameStatistics.STRING)
    column.path.step.append(name)
    stats = column.string_stats
    stats.unique = len(values)
    _fill(stats.common_stats, sum(values.values()), missing)
    for rank, (value, count) in enumerate(values.items()):
        stats.rank_histogram.buckets.add(low_rank=rank, high_rank=rank, label=value, sample_count=count)
    return column


def numbers(  # the parameters are what tests vary
    buckets: list[tuple[float, float, float]],
    missing: int = 0,
    *,
    kind: str = "FLOAT",
    name: str = "x",
    histogram: str = "STANDARD",
    nan: int = 0,
) -> statistics_pb2.FeatureNameStatistics:
    """The statistics of a column of numbers, by the buckets of a histogram."""
    column = statistics_pb2.FeatureNameStatistics(type=statistics_pb2.FeatureNameStatistics.Type.Value(kind))
    column.path.step.append(name)
    stats = column.num_stats
    _fill(stats.common_stats, int(sum(count for _, _, count in buckets)), missing)
    if buckets:
        stats.min, stats.max = buckets[0][0], buckets[-1][1]
    made = stats.histograms.add(type=statistics_pb2.Histogram.HistogramType.Value(histogram), num_nan=nan)
    for low, high, count in buckets:
        made.buckets.add(low_value=low, high_value=high, sample_count=count)
    return column


def dataset(*columns: statistics_pb2.FeatureNameStatistics, rows: int = 100) -> statistics_pb2.DatasetFeatureStatistics:
    """The statistics of a dataset."""
    return statistics_pb2.DatasetFeatureStatistics(num_examples=rows, features=columns)


def names(found: anomalies_pb2.Anomalies, column: str = "x") -> list[str]:
    """The kinds of a column's anomalies."""
    kinds = anomalies_pb2.AnomalyInfo.Type
    return (
        [kinds.Name(reason.type) for reason in found.anomaly_info[column].reason]
        if column in found.anomaly_info
        else []
    )


def anomalies(
    column: statistics_pb2.FeatureNameStatistics, feature: str, more: str = "", **expected: object
) -> anomalies_pb2.Anomalies:
    """The anomalies of a dataset of one column.

    Args:
        column: The column's statistics.
        feature: What the schema says of it, besides its name.
        more: What the schema says besides.
        expected: Further expectations.
    """
    said = schema(f'feature {{ name: "x" {feature} }} {more}')
    return find_anomalies(dataset(column), Expectations(said, **expected))  # type: ignore[arg-type]  # by name


def _fill(common: statistics_pb2.CommonStatistics, count: int, missing: int) -> None:
    common.num_non_missing = common.tot_num_values = count
    common.num_missing = missing
    if count:
        common.min_num_values = common.max_num_values = 1
