"""Reads a column's statistics, in TFDV's format."""

from collections.abc import Iterable
from typing import TypeAlias

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from shardmill.schemas.feature_stats import Dataset, Statistics

Common: TypeAlias = statistics_pb2.CommonStatistics
Histogram: TypeAlias = statistics_pb2.Histogram

BAD_CELLS = "cells_not_of_type"
"""The name of a statistic of our own: cells that spell no value of the schema's type."""
BAD_SAMPLES = "samples_not_of_type"
"""Likewise, a few of these cells, as the labels of a rank histogram."""
_TYPES = {
    Statistics.INT: schema_pb2.INT,
    Statistics.FLOAT: schema_pb2.FLOAT,
    Statistics.STRING: schema_pb2.BYTES,
    Statistics.BYTES: schema_pb2.BYTES,
    Statistics.STRUCT: schema_pb2.STRUCT,
}


def name_of(column: Statistics) -> str:
    """The column's name."""
    name: str = column.name or ".".join(column.path.step)
    return name


def columns_of(dataset: Dataset) -> dict[str, Statistics]:
    """The statistics of a dataset's columns, by name."""
    return {name_of(column): column for column in dataset.features}


def common_of(column: Statistics) -> Common:
    """The statistics that columns of all types have."""
    kind = column.WhichOneof("stats")
    return Common() if kind is None else getattr(column, kind).common_stats


def type_of(column: Statistics) -> "schema_pb2.FeatureType.ValueType":
    """The type that a schema gives such a column."""
    return _TYPES[column.type]


def counts_of(column: Statistics) -> dict[str, float]:
    """The counts of a column's values, by value.

    They are empty for numbers. Of very many values only the most frequent are there.
    """
    return {bucket.label: bucket.sample_count for bucket in column.string_stats.rank_histogram.buckets}


def histogram_of(column: Statistics, kind: int) -> Histogram | None:
    """A column's histogram of a kind.

    None means that it has none.
    """
    found = (each for each in column.num_stats.histograms if each.type == kind and each.buckets)
    return next(found, None)


def has_numbers(column: Statistics) -> bool:
    """Whether statistics of numbers are known, of one at least."""
    stats = column.num_stats
    has_values: bool = column.WhichOneof("stats") == "num_stats" and stats.common_stats.tot_num_values > 0
    return has_values


def bad_cells(column: Statistics) -> tuple[int, tuple[str, ...]]:
    """The cells that aren't of the column's type: number, samples."""
    custom = {each.name: each for each in column.custom_stats}
    if BAD_CELLS not in custom:
        return 0, ()
    samples = custom[BAD_SAMPLES].rank_histogram.buckets if BAD_SAMPLES in custom else ()
    return int(custom[BAD_CELLS].num), tuple(bucket.label for bucket in samples)


def add_bad_cells(column: Statistics, count: int, samples: Iterable[str]) -> None:
    """Adds cells that aren't of the column's type.

    They were counted as missing; but something stands there.

    Args:
        column: The column's statistics.
        count: The number of the cells.
        samples: Some of them.
    """
    common = common_of(column)
    common.num_non_missing += count
    common.num_missing -= count
    column.custom_stats.add(name=BAD_CELLS, num=count)
    shown = column.custom_stats.add(name=BAD_SAMPLES).rank_histogram
    for rank, sample in enumerate(samples):
        shown.buckets.add(low_rank=rank, high_rank=rank, label=sample)
