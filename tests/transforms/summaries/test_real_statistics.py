"""Statistics of real data, field by field against NumPy, pandas and, where it installs, TFDV."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tensorflow_metadata.proto.v0 import statistics_pb2

from shardmill.schemas.feature_stats import read_statistics
from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.statistics.accumulator import Analysis
from shardmill.transforms.statistics.text_values import row_keys
from shardmill.transforms.summaries.stats_file import write_raw_statistics

CENSUS = [
    *("age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation", "relationship"),
    *("race", "sex", "capital-gain", "capital-loss", "hours-per-week", "native-country", "income"),
]
FILES = {"census": "census_income/adult.data.gz", "taxi": "chicago_taxi/data.csv.gz"}
# Rows of a block.
BLOCK = 7000
Feature = statistics_pb2.FeatureNameStatistics


def _frame(name: str, shared_data: Path) -> pd.DataFrame:
    path = shared_data / FILES[name]
    if not path.exists():
        pytest.skip(f"{path} isn't there")
    if name == "census":
        return pd.read_csv(path, names=CENSUS, skipinitialspace=True, na_values=["?"], keep_default_na=False)
    return pd.read_csv(path)


def _type(values: "pd.Series[object]") -> ColumnType:
    if values.dtype.kind == "i":
        return ColumnType.INT
    return ColumnType.FLOAT if values.dtype.kind == "f" else ColumnType.BYTES


@pytest.fixture(scope="module", params=list(FILES))
def found(
    request: pytest.FixtureRequest, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[pd.DataFrame, statistics_pb2.DatasetFeatureStatistics]:
    """A frame, and the statistics of its rows, analyzed in blocks by two workers."""
    frame = _frame(request.param, shared_data)
    columns = [Column(name, _type(frame[name])) for name in frame.columns]
    table = pa.table(
        {column.name: pa.array(frame[column.name], column.type.arrow, from_pandas=True) for column in columns}
    )
    workers = [Analysis((), columns), Analysis((), columns)]
    for number, batch in enumerate(table.combine_chunks().to_batches(BLOCK)):
        workers[number % 2].update(batch, keys=row_keys(number, batch.num_rows))
    workers[1].merge(workers[0])
    folder = tmp_path_factory.mktemp("statistics")
    write_raw_statistics(str(folder), str(folder), {"train": workers[1]}, {})
    (dataset,) = read_statistics(str(folder)).datasets
    return frame, dataset


def _stats(feature: Feature) -> statistics_pb2.NumericStatistics | statistics_pb2.StringStatistics:
    return feature.string_stats if feature.type == Feature.STRING else feature.num_stats


def test_every_column_counts_its_rows(found: tuple[pd.DataFrame, statistics_pb2.DatasetFeatureStatistics]) -> None:
    """One value a row or none, in the columns' order."""
    frame, dataset = found
    assert dataset.num_examples == len(frame)
    assert [feature.path.step[0] for feature in dataset.features] == list(frame.columns)
    for feature in dataset.features:
        common, present = _stats(feature).common_stats, int(frame[feature.path.step[0]].notna().sum())
        assert (common.num_non_missing, common.num_missing) == (present, len(frame) - present)
        assert (common.tot_num_values, common.min_num_values, common.max_num_values) == (
            present,
            *((1, 1) if present else (0, 0)),
        )
        assert [bucket.sample_count for bucket in common.num_values_histogram.buckets] == [present / 10] * 10 * bool(
            present
        )


def test_numbers_are_those_of_numpy(found: tuple[pd.DataFrame, statistics_pb2.DatasetFeatureStatistics]) -> None:
    """Moments to the last digits; ranks within a thousandth of the rows, and exact where few values differ."""
    frame, dataset = found
    for feature in dataset.features:
        if feature.type == Feature.STRING:
            continue
        stats, column = feature.num_stats, frame[feature.path.step[0]].dropna()
        if not len(column):
            continue
        values = np.sort(column.to_numpy().astype(np.float32 if feature.type == Feature.FLOAT else np.int64)).astype(
            float
        )
        assert (stats.min, stats.max, stats.num_zeros) == (values[0], values[-1], np.count_nonzero(values == 0))
        assert stats.mean == pytest.approx(values.mean())
        assert stats.std_dev == pytest.approx(values.std())
        standard, quantiles = stats.histograms
        slack = 0 if len(np.unique(values)) <= 2048 else len(values) / 1000
        assert abs(np.searchsorted(values, stats.median, "left") - np.searchsorted(values, np.median(values))) <= max(
            slack, np.count_nonzero(values == stats.median)
        )
        edges = np.array([bucket.high_value for bucket in standard.buckets])
        assert edges == pytest.approx(np.linspace(values[0], values[-1], 11)[1:] if values[0] < values[-1] else edges)
        counted = np.cumsum([bucket.sample_count for bucket in standard.buckets])
        assert np.abs(counted - np.searchsorted(values, edges, "right")).max() <= slack + 1e-6
        ends = np.array([bucket.high_value for bucket in quantiles.buckets])
        expected = values[[min(k * len(values) // 10, len(values) - 1) for k in range(1, 11)]]
        assert np.abs(np.searchsorted(values, ends) - np.searchsorted(values, expected)).max() <= slack
        assert sum(bucket.sample_count for bucket in quantiles.buckets) == pytest.approx(len(values))


def test_texts_are_those_of_pandas(found: tuple[pd.DataFrame, statistics_pb2.DatasetFeatureStatistics]) -> None:
    """Distinct values, the most frequent ones in TFDV's order, and lengths in bytes."""
    frame, dataset = found
    for feature in dataset.features:
        if feature.type != Feature.STRING:
            continue
        stats, column = feature.string_stats, frame[feature.path.step[0]].dropna()
        counts = column.value_counts()
        expected = sorted(((count, text) for text, count in counts.items()), reverse=True)
        assert stats.unique == len(counts)
        assert [(top.frequency, top.value) for top in stats.top_values] == expected[:20]
        assert [(rank.sample_count, rank.label) for rank in stats.rank_histogram.buckets] == expected[:1000]
        lengths = column.str.encode("utf-8").str.len()
        assert stats.avg_length == pytest.approx(lengths.mean() if len(column) else 0, rel=1e-6)


def test_statistics_are_those_of_tfdv(found: tuple[pd.DataFrame, statistics_pb2.DatasetFeatureStatistics]) -> None:
    """Field by field, within the error that TFDV allows itself."""
    tfdv = pytest.importorskip("tensorflow_data_validation", reason="TFDV doesn't install on this machine")
    frame, dataset = found
    theirs = {
        feature.path.step[0]: feature for feature in tfdv.generate_statistics_from_dataframe(frame).datasets[0].features
    }
    for feature in dataset.features:
        other = theirs[feature.path.step[0]]
        assert feature.type == other.type
        mine, common = _stats(feature), _stats(other).common_stats
        assert mine.common_stats == common
        if isinstance(mine, statistics_pb2.StringStatistics):
            assert list(mine.top_values) == list(other.string_stats.top_values)
            assert mine.avg_length == pytest.approx(other.string_stats.avg_length)
            continue
        for name in ("mean", "std_dev", "min", "max", "num_zeros"):
            assert getattr(mine, name) == pytest.approx(getattr(other.num_stats, name), rel=1e-5)
        for one, two in zip(mine.histograms, other.num_stats.histograms, strict=True):
            assert (one.type, len(one.buckets), one.num_nan) == (two.type, len(two.buckets), two.num_nan)
            counts = [[bucket.sample_count for bucket in each.buckets] for each in (one, two)]
            if one.type == statistics_pb2.Histogram.STANDARD:
                assert np.cumsum(counts[0]) == pytest.approx(np.cumsum(counts[1]), abs=0.01 * len(frame))
