"""Statistics of datasets in TFDV's format.

A `DatasetFeatureStatisticsList` is made of summaries that are computed elsewhere. TFDV and Facets
show such a file; TFX names it `FeatureStats.pb`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from google.protobuf.message import DecodeError
from tensorflow_metadata.proto.v0 import statistics_pb2

from shardmill.schemas.errors import DataError
from shardmill.schemas.run_folder import STATISTICS_FILE

_NO_STATISTICS = "{}: expected statistics (a DatasetFeatureStatisticsList), found other or damaged bytes"


Dataset: TypeAlias = statistics_pb2.DatasetFeatureStatistics
"""One dataset's statistics."""


@dataclass(frozen=True)
class HistogramBucket:
    """A histogram's interval, with the count of its values.

    Attributes:
        low: The least value that belongs to it.
        high: Its end, which belongs to it only if it is the last bucket.
        count: The values in it.
    """

    low: float
    high: float
    count: float


@dataclass(frozen=True)
class NumericSummary:
    """The summary of a numeric feature.

    Attributes:
        count: Rows that have a value.
        missing: Rows that have none.
        mean: The mean of the values.
        std_dev: The standard deviation of the values, ddof 0.
        zeros: Values that are 0.
        min: The least value.
        max: The greatest value.
        median: The median. None means that it isn't known.
        quantiles: Buckets of about equal counts. None means that they aren't known.
        histogram: Buckets of equal width. None means that they aren't known.
        integer: Whether the values are integers.
    """

    count: int
    missing: int
    mean: float
    std_dev: float
    zeros: int
    min: float
    max: float
    median: float | None = None
    quantiles: tuple[HistogramBucket, ...] | None = None
    histogram: tuple[HistogramBucket, ...] | None = None
    integer: bool = False


@dataclass(frozen=True)
class StringSummary:
    """The summary of a text feature.

    Attributes:
        count: Rows that have a value.
        missing: Rows that have none.
        unique: The number of distinct values. None means that it isn't known.
        avg_length: Mean length of the values, in bytes.
        top_values: The most frequent values with their counts, the most frequent first.
    """

    count: int
    missing: int
    unique: int | None = None
    avg_length: float = 0.0
    top_values: tuple[tuple[str, float], ...] = ()


Summary = NumericSummary | StringSummary


def dataset_statistics(name: str, rows: int, columns: Mapping[str, Summary]) -> Dataset:
    """Makes one dataset's statistics.

    Args:
        name: The dataset's name, which is that of a split.
        rows: The number of its rows.
        columns: Each feature's summary, in the order in which they are shown.
    """
    dataset = statistics_pb2.DatasetFeatureStatistics(name=name, num_examples=rows)
    for column, summary in columns.items():
        feature = dataset.features.add()
        feature.path.step.append(column)
        if isinstance(summary, NumericSummary):
            kind = (
                statistics_pb2.FeatureNameStatistics.INT
                if summary.integer
                else statistics_pb2.FeatureNameStatistics.FLOAT
            )
            feature.type = kind
            _fill_numeric(feature.num_stats, summary)
        else:
            feature.type = statistics_pb2.FeatureNameStatistics.STRING
            _fill_string(feature.string_stats, summary)
    return dataset


def _fill_common(stats: statistics_pb2.CommonStatistics, summary: Summary) -> None:
    """Fills in the counts of values.

    A row of a CSV column has one value or none.
    """
    stats.num_non_missing = summary.count
    stats.num_missing = summary.missing
    stats.tot_num_values = summary.count
    if summary.count:
        stats.min_num_values = stats.max_num_values = 1
        stats.avg_num_values = 1.0


def _fill_numeric(stats: statistics_pb2.NumericStatistics, summary: NumericSummary) -> None:
    _fill_common(stats.common_stats, summary)
    if not summary.count:
        return
    stats.mean, stats.std_dev = summary.mean, summary.std_dev
    stats.num_zeros = summary.zeros
    stats.min, stats.max = summary.min, summary.max
    if summary.median is not None:
        stats.median = summary.median
    for kind, buckets in (
        (statistics_pb2.Histogram.STANDARD, summary.histogram),
        (statistics_pb2.Histogram.QUANTILES, summary.quantiles),
    ):
        if buckets is not None:
            histogram = stats.histograms.add(type=kind)
            for bucket in buckets:
                histogram.buckets.add(low_value=bucket.low, high_value=bucket.high, sample_count=bucket.count)


def _fill_string(stats: statistics_pb2.StringStatistics, summary: StringSummary) -> None:
    _fill_common(stats.common_stats, summary)
    if summary.unique is not None:
        stats.unique = summary.unique
    stats.avg_length = summary.avg_length
    for rank, (value, count) in enumerate(summary.top_values):
        stats.top_values.add(value=value, frequency=count)
        stats.rank_histogram.buckets.add(low_rank=rank, high_rank=rank, label=value, sample_count=count)


def serialize_statistics(datasets: Sequence[Dataset]) -> bytes:
    """Serializes a `DatasetFeatureStatisticsList`.

    Equal datasets give equal bytes.
    """
    message = statistics_pb2.DatasetFeatureStatisticsList(datasets=datasets)
    data: bytes = message.SerializeToString(deterministic=True)
    return data


def read_statistics(path: str) -> statistics_pb2.DatasetFeatureStatisticsList:
    """Reads a statistics file, or the `FeatureStats.pb` in a folder.

    Raises:
        DataError: The file can't be read or isn't a statistics file.
    """
    path = str(Path(path) / STATISTICS_FILE) if Path(path).is_dir() else path
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"can't read the statistics {path!r}: {error.strerror}") from error
    return decode_statistics(data, path)


def decode_statistics(data: bytes, source: str) -> statistics_pb2.DatasetFeatureStatisticsList:
    """Parses the bytes of a statistics file.

    Args:
        data: The bytes.
        source: The file's name, for messages.

    Raises:
        DataError: They aren't those of a statistics file.
    """
    try:
        statistics = statistics_pb2.DatasetFeatureStatisticsList.FromString(data)
    except DecodeError as error:
        raise DataError(_NO_STATISTICS.format(source)) from error
    # protobuf leaves a name that isn't UTF-8 as bytes.
    for dataset in statistics.datasets:
        names = (name for feature in dataset.features for name in (feature.name, *feature.path.step))
        if not all(isinstance(name, str) for name in (dataset.name, *names)):
            raise DataError(_NO_STATISTICS.format(source))
    return statistics
