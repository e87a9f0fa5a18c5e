"""Tests of dataset statistics in TFDV's format."""

from pathlib import Path

import pytest
from tensorflow_metadata.proto.v0 import statistics_pb2

from shardmill.schemas.errors import DataError
from shardmill.schemas.feature_stats import (
    HistogramBucket,
    NumericSummary,
    StringSummary,
    dataset_statistics,
    read_statistics,
    serialize_statistics,
)

NUMERIC = NumericSummary(
    count=4,
    missing=1,
    mean=2.5,
    std_dev=1.5,
    zeros=1,
    min=0.0,
    max=4.0,
    median=3.0,
    quantiles=(HistogramBucket(0, 3, 2), HistogramBucket(3, 4, 2)),
    histogram=(HistogramBucket(0, 4, 4),),
)
STRING = StringSummary(count=3, missing=2, unique=2, avg_length=4.5, ranked=(("JFK", 2), ("Zürich", 1)))


def test_a_numeric_summary_becomes_num_stats() -> None:
    """Every fact stands in the field that TFDV reads it from."""
    feature = dataset_statistics("train", 5, {"x": NUMERIC}).features[0]
    assert list(feature.path.step) == ["x"]
    assert feature.type == statistics_pb2.FeatureNameStatistics.FLOAT
    stats = feature.num_stats
    assert (stats.mean, stats.std_dev, stats.num_zeros, stats.min, stats.median, stats.max) == (
        2.5,
        1.5,
        1,
        0.0,
        3.0,
        4.0,
    )
    common = stats.common_stats
    assert (common.num_non_missing, common.num_missing, common.tot_num_values) == (4, 1, 4)
    assert (common.min_num_values, common.max_num_values, common.avg_num_values) == (1, 1, 1.0)
    assert [histogram.type for histogram in stats.histograms] == [
        statistics_pb2.Histogram.STANDARD,
        statistics_pb2.Histogram.QUANTILES,
    ]
    buckets = [(bucket.low_value, bucket.high_value, bucket.sample_count) for bucket in stats.histograms[1].buckets]
    assert buckets == [(0, 3, 2), (3, 4, 2)]


def test_a_string_summary_becomes_string_stats() -> None:
    """The top values keep their order, in the list and in the histogram of ranks."""
    feature = dataset_statistics("train", 5, {"dest": STRING}).features[0]
    assert feature.type == statistics_pb2.FeatureNameStatistics.STRING
    stats = feature.string_stats
    assert (stats.unique, stats.avg_length) == (2, 4.5)
    assert [(top.value, top.frequency) for top in stats.top_values] == [("JFK", 2), ("Zürich", 1)]
    ranks = [
        (bucket.low_rank, bucket.high_rank, bucket.label, bucket.sample_count)
        for bucket in stats.rank_histogram.buckets
    ]
    assert ranks == [(0, 0, "JFK", 2), (1, 1, "Zürich", 1)]
    assert (stats.common_stats.num_non_missing, stats.common_stats.num_missing) == (3, 2)


def test_integers_are_told_from_floats() -> None:
    """An integer column's type is INT."""
    summary = NumericSummary(count=1, missing=0, mean=1.0, std_dev=0.0, zeros=0, min=1, max=1, integer=True)
    assert dataset_statistics("train", 1, {"n": summary}).features[0].type == statistics_pb2.FeatureNameStatistics.INT


def test_a_column_without_values_has_no_extremes() -> None:
    """Nothing is claimed about the values of a column that has none."""
    summary = NumericSummary(count=0, missing=7, mean=0.0, std_dev=0.0, zeros=0, min=0.0, max=0.0)
    stats = dataset_statistics("eval", 7, {"x": summary}).features[0].num_stats
    assert stats.common_stats.num_missing == 7
    assert stats.common_stats.max_num_values == 0
    assert [field.name for field, _ in stats.ListFields()] == ["common_stats"]


def test_statistics_are_read_back_by_file_and_by_folder(tmp_path: Path) -> None:
    """One dataset per split, in the order given."""
    datasets = [dataset_statistics("train", 5, {"x": NUMERIC, "dest": STRING}), dataset_statistics("eval", 0, {})]
    path = tmp_path / "FeatureStats.pb"
    path.write_bytes(serialize_statistics(datasets))
    read = read_statistics(str(path))
    assert list(read.datasets) == datasets
    assert [(dataset.name, dataset.num_examples) for dataset in read.datasets] == [("train", 5), ("eval", 0)]
    assert read_statistics(str(tmp_path)) == read


def test_equal_datasets_give_equal_bytes() -> None:
    """The serialization is deterministic."""
    one, two = (serialize_statistics([dataset_statistics("train", 5, {"x": NUMERIC, "d": STRING})]) for _ in range(2))
    assert one == two != b""


def test_unusable_statistics_files_are_errors_that_name_them(tmp_path: Path) -> None:
    """A file that is absent or damaged is named."""
    with pytest.raises(DataError, match=r"can't read the statistics .*FeatureStats\.pb"):
        read_statistics(str(tmp_path / "FeatureStats.pb"))
    (tmp_path / "FeatureStats.pb").write_bytes(b"\x0a\xff\xff\xff")
    with pytest.raises(DataError, match=r"FeatureStats\.pb: expected statistics"):
        read_statistics(str(tmp_path))
