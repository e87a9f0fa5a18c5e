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

BUCKETS = 10
"""Buckets of a histogram: as many as TFDV makes by default."""
TOP_VALUES = 20
"""The most frequent values listed of a text feature, likewise."""
RANKS = 1000
"""Those in the histogram of ranks, likewise."""
LARGE_VALUE = "__LARGE_BYTES__"
"""The value that stands for each long text, by TFDV's name."""

_TYPES = statistics_pb2.FeatureNameStatistics

Dataset: TypeAlias = statistics_pb2.DatasetFeatureStatistics
"""One dataset's statistics."""
Statistics: TypeAlias = statistics_pb2.FeatureNameStatistics
"""One column's statistics."""


@dataclass(frozen=True)
class HistogramBucket:
    """A histogram's interval, with the count of its values.

    Attributes:
        low: Where it starts, which belongs to it only if it is the first bucket.
        high: Its end, which belongs to it.
        count: The values in it.
    """

    low: float
    high: float
    count: float


Buckets: TypeAlias = tuple[HistogramBucket, ...]
"""A histogram."""


@dataclass(frozen=True)
class ValueCounts:
    """The numbers of values in rows, perhaps of empty lists.

    Attributes:
        total: The values of all rows.
        least: The values of a row, at least.
        most: The values of a row, at most.
        histogram: Of the rows' numbers of values, buckets of about equal counts.
    """

    total: int
    least: int
    most: int
    histogram: Buckets = ()

    @classmethod
    def each(cls, number: int, rows: int) -> "ValueCounts":
        """Counts the same number of values in each row."""
        bucket = HistogramBucket(number, number, rows / BUCKETS)
        return cls(number * rows, number, number, (bucket,) * BUCKETS if rows else ())


@dataclass(frozen=True)
class NumericSummary:
    """The summary of a numeric feature.

    Attributes:
        count: Rows that have a value, or a list of values.
        missing: Rows that have none.
        mean: The mean of the finite values.
        std_dev: The standard deviation of the finite values, ddof 0.
        zeros: Values that are 0.
        min: The least value.
        max: The greatest value.
        median: The median. None means that it isn't known.
        quantiles: Buckets of about equal counts. None means that they aren't known.
        histogram: Buckets of equal width. None means that they aren't known.
        integer: Whether the values are integers.
        nans: Values that are NaN. They are in no other number.
        values: The numbers of values in rows. None means one in each.
    """

    count: int
    missing: int
    mean: float = 0.0
    std_dev: float = 0.0
    zeros: int = 0
    min: float = 0.0
    max: float = 0.0
    median: float | None = None
    quantiles: Buckets | None = None
    histogram: Buckets | None = None
    integer: bool = False
    nans: int = 0
    values: ValueCounts | None = None


@dataclass(frozen=True)
class StringSummary:
    """The summary of a text feature.

    Attributes:
        count: Rows that have a value, or a list of values.
        missing: Rows that have none.
        unique: The number of distinct values. None means that it isn't known.
        avg_length: Mean length of the values, in bytes.
        ranked: The most frequent values with their counts, the most frequent first.
        values: The numbers of values in rows. None means one in each.
    """

    count: int
    missing: int
    unique: int | None = None
    avg_length: float = 0.0
    ranked: tuple[tuple[str, float], ...] = ()
    values: ValueCounts | None = None


@dataclass(frozen=True)
class BytesSummary:
    """The summary of a feature of other bytes than text.

    Attributes:
        count: Rows that have a value, or a list of values.
        missing: Rows that have none.
        unique: The number of distinct values.
        avg_bytes: Mean length of the values.
        min_bytes: Bytes of the shortest value.
        max_bytes: Bytes of the longest value.
        values: The numbers of values in rows. None means one in each.
    """

    count: int
    missing: int
    unique: int
    avg_bytes: float
    min_bytes: int
    max_bytes: int
    values: ValueCounts | None = None


Summary = NumericSummary | StringSummary | BytesSummary


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
            feature.type = _TYPES.INT if summary.integer else _TYPES.FLOAT
            _fill_numeric(feature.num_stats, summary)
        elif isinstance(summary, StringSummary):
            feature.type = _TYPES.STRING
            _fill_string(feature.string_stats, summary)
        else:
            feature.type = _TYPES.BYTES
            _fill_bytes(feature.bytes_stats, summary)
    return dataset


def _fill_common(stats: statistics_pb2.CommonStatistics, summary: Summary) -> int:
    """Fills in the counts of values.

    Returns:
        The number of values.
    """
    values = summary.values or ValueCounts.each(1, summary.count)
    stats.num_non_missing = summary.count
    stats.num_missing = summary.missing
    stats.tot_num_values = values.total
    if summary.count:
        stats.min_num_values, stats.max_num_values = values.least, values.most
        stats.avg_num_values = values.total / summary.count
        _fill_histogram(stats.num_values_histogram, statistics_pb2.Histogram.QUANTILES, values.histogram)
    return values.total


def _fill_numeric(stats: statistics_pb2.NumericStatistics, summary: NumericSummary) -> None:
    numbers = _fill_common(stats.common_stats, summary) - summary.nans
    if numbers:
        stats.mean, stats.std_dev = summary.mean, summary.std_dev
        stats.num_zeros = summary.zeros
        stats.min, stats.max = summary.min, summary.max
        if summary.median is not None:
            stats.median = summary.median
    if not numbers and not summary.nans:
        return
    for kind, buckets in (
        (statistics_pb2.Histogram.STANDARD, summary.histogram),
        (statistics_pb2.Histogram.QUANTILES, summary.quantiles),
    ):
        if buckets is not None:
            _fill_histogram(stats.histograms.add(num_nan=summary.nans), kind, buckets if numbers else ())


def _fill_histogram(
    histogram: statistics_pb2.Histogram, kind: statistics_pb2.Histogram.HistogramType.ValueType, buckets: Buckets
) -> None:
    histogram.type = kind
    for bucket in buckets:
        histogram.buckets.add(low_value=bucket.low, high_value=bucket.high, sample_count=bucket.count)


def _fill_string(stats: statistics_pb2.StringStatistics, summary: StringSummary) -> None:
    _fill_common(stats.common_stats, summary)
    if summary.unique is not None:
        stats.unique = summary.unique
    stats.avg_length = summary.avg_length
    for value, count in summary.ranked[:TOP_VALUES]:
        stats.top_values.add(value=value, frequency=count)
    for rank, (value, count) in enumerate(summary.ranked[:RANKS]):
        stats.rank_histogram.buckets.add(low_rank=rank, high_rank=rank, label=value, sample_count=count)


def _fill_bytes(stats: statistics_pb2.BytesStatistics, summary: BytesSummary) -> None:
    _fill_common(stats.common_stats, summary)
    stats.unique = summary.unique
    stats.avg_num_bytes = summary.avg_bytes
    stats.min_num_bytes = summary.min_bytes
    stats.max_num_bytes = stats.max_num_bytes_int = summary.max_bytes


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
