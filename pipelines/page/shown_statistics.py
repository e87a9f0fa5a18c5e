"""Reads statistics into one summary for each column."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tensorflow_metadata.proto.v0 import statistics_pb2

from shardmill.schemas.feature_stats import Dataset, Statistics, decode_statistics
from shardmill.schemas.run_folder import STATISTICS_FILE
from shardmill.schemas.validation.column_statistics import columns_of
from shardmill.transforms.files import enclosed, files

# Bars and values kept of one column, at most: a stranger's file may have any number.
_MOST_BARS = 40
_MOST_VALUES = 12

Bar = tuple[float, float, float]
"""The ends of a histogram's bar, and the count of its values."""


@dataclass(frozen=True, kw_only=True)
class ColumnStatistics:
    """The statistics of one column in one split.

    Attributes:
        rows: Rows that have a value.
        missing: Rows that have none.
        is_number: Whether the values are numbers.
        is_integer: Whether they are integers.
        mean: The mean. None means that there are no numbers, as for all that follow.
        deviation: The standard deviation.
        least: The least number.
        median: The median; None also where no quantiles are known.
        greatest: The greatest number.
        zeros: The share of zeros among the rows that have a value.
        distinct: The number of distinct values. None means that it isn't known; statistics files
            have it of texts alone.
        about: Whether that number is an estimate.
        length: The mean length of texts in bytes.
        per_row: Values in a row that has any, on average.
        bars: The histogram, of equal widths if the file has such, else of equal counts.
        ranks: The histogram of about equal counts, which a far outlier doesn't stretch.
        top: The most frequent values with their counts, the most frequent first.
    """

    rows: int
    missing: int
    is_number: bool
    is_integer: bool = False
    mean: float | None = None
    deviation: float | None = None
    least: float | None = None
    median: float | None = None
    greatest: float | None = None
    zeros: float | None = None
    distinct: int | None = None
    about: bool = False
    length: float | None = None
    per_row: float = 1.0
    bars: tuple[Bar, ...] = ()
    ranks: tuple[Bar, ...] = ()
    top: tuple[tuple[str, float], ...] = ()

    @property
    def missing_share(self) -> float:
        """The share of rows without a value."""
        return self.missing / max(self.rows + self.missing, 1)


Splits = Mapping[str, Mapping[str, ColumnStatistics]]
"""By split, the statistics of each column by its name."""


def read_splits(folder: str, name: str) -> Splits:
    """Reads one of a run's statistics files.

    Args:
        folder: The run's folder.
        name: The statistics' folder in it.

    Returns:
        The statistics; none where the run has no such file.

    Raises:
        DataError: The file can't be read, or holds no statistics.
    """
    path = f"{name}/{STATISTICS_FILE}"
    with files.reading(folder):
        if not files.exists(files.join(folder, path)):
            return {}
    found = decode_statistics(enclosed.read(folder, path), files.join(folder, path))
    return {dataset.name: summaries(dataset) for dataset in found.datasets}


def summaries(dataset: Dataset) -> dict[str, ColumnStatistics]:
    """The statistics of a dataset's columns, by name."""
    return {name: summary(each) for name, each in columns_of(dataset).items()}


def summary(feature: Statistics) -> ColumnStatistics:
    """The statistics of one column."""
    kind = feature.WhichOneof("stats") or "num_stats"
    stats = getattr(feature, kind)
    common = stats.common_stats
    counts: dict[str, Any] = {
        "rows": common.num_non_missing,
        "missing": common.num_missing,
        "per_row": common.tot_num_values / max(common.num_non_missing, 1),
    }
    if kind == "num_stats":
        integer = feature.type == statistics_pb2.FeatureNameStatistics.INT
        return ColumnStatistics(is_number=True, is_integer=integer, **counts, **_numbers(stats))
    if kind == "bytes_stats":
        return ColumnStatistics(
            is_number=False, distinct=stats.unique or None, length=stats.avg_num_bytes or None, **counts
        )
    return ColumnStatistics(
        is_number=False,
        distinct=stats.unique or None,
        length=stats.avg_length or None,
        top=tuple(_top(stats)),
        **counts,
    )


def _numbers(stats: statistics_pb2.NumericStatistics) -> dict[str, Any]:
    if not stats.common_stats.num_non_missing:
        return {}
    bars = {each.type: each for each in stats.histograms if not each.name}
    standard, ranked = (
        bars.get(each) for each in (statistics_pb2.Histogram.STANDARD, statistics_pb2.Histogram.QUANTILES)
    )
    return {
        "mean": stats.mean,
        "deviation": stats.std_dev,
        "least": stats.min,
        "greatest": stats.max,
        # Without quantiles, the median isn't computed and reads as 0.
        "median": stats.median if ranked is not None else None,
        "zeros": stats.num_zeros / max(stats.common_stats.tot_num_values, 1),
        "bars": tuple(_bars(standard or ranked)),
        "ranks": tuple(_bars(ranked)),
    }


def _bars(histogram: statistics_pb2.Histogram | None) -> Iterator[Bar]:
    if histogram is not None:
        for each in histogram.buckets[:_MOST_BARS]:
            yield each.low_value, each.high_value, each.sample_count


def _top(stats: statistics_pb2.StringStatistics) -> Iterator[tuple[str, float]]:
    values = stats.top_values or ()
    ranks = () if values else stats.rank_histogram.buckets
    for each in values[:_MOST_VALUES]:
        yield each.value, each.frequency
    for each in ranks[:_MOST_VALUES]:
        yield each.label, each.sample_count
