"""Statistics of files in TFDV's format."""

from collections.abc import Mapping

import numpy as np
from tensorflow_metadata.proto.v0 import statistics_pb2

from shardmill.pipelines.validate.measured import Measured
from shardmill.pipelines.validate.value_ranks import rank_values
from shardmill.schemas.feature_stats import (
    Dataset,
    HistogramBucket,
    NumericSummary,
    StringSummary,
    Summary,
    dataset_statistics,
)
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.schemas.validation.column_statistics import add_bad_cells, columns_of
from shardmill.transforms.statistics.moments import Moments
from shardmill.transforms.statistics.quantiles import Ranked
from shardmill.transforms.statistics.stats_file import numeric_summary
from shardmill.transforms.statistics.text_summary import TextSummary

# Buckets of a histogram, and values of text, as many as TFDV keeps by default.
_BUCKETS = 10
MOST_VALUES = 1000


def dataset_of(measured: Measured, schema: Schema, kept: Mapping[str, int], new: tuple[str, ...]) -> Dataset:
    """The statistics of files.

    Args:
        measured: Their accumulator, from which counts of values are taken.
        schema: The columns that were measured.
        kept: The most values to keep of columns of text of which that isn't `MOST_VALUES`.
        new: Columns that weren't measured.
    """
    runs = measured.take_runs()
    ranked = {request.column: found.ranked for request, found in measured.analysis.numeric_results().items()}
    summaries: dict[str, Summary] = {}
    for name, found in measured.analysis.summaries().items():
        if isinstance(found, TextSummary):
            values = rank_values(runs.get(name, []), kept.get(name, MOST_VALUES))
            summaries[name] = StringSummary(
                count=found.count,
                missing=found.missing,
                unique=values.distinct if values.total == found.count else None,
                avg_length=found.mean_length,
                top_values=tuple((row["token"].decode(), row["count"]) for row in values.top.to_pylist()),
            )
        else:
            summaries[name] = _numbers(found, ranked[name], integer=schema[name].type is ColumnType.INT)
    dataset = dataset_statistics("", measured.read - measured.rejections.total, summaries)
    columns = columns_of(dataset)
    for name, cells in measured.bad.items():
        add_bad_cells(columns[name], cells.count, cells.samples)
    for name in new:
        dataset.features.add(type=statistics_pb2.FeatureNameStatistics.STRING).path.step.append(name)
    return dataset


def _numbers(moments: Moments, ranked: Ranked | None, *, integer: bool) -> NumericSummary:
    summary = numeric_summary(moments, ranked, integer=integer)
    assert ranked is not None
    return NumericSummary(**{**summary.__dict__, "histogram": equal_widths(ranked) if ranked.count else None})


def equal_widths(ranked: Ranked) -> tuple[HistogramBucket, ...]:
    """A histogram of buckets of equal width.

    Args:
        ranked: A column's values, one at least.
    """
    low, high = float(ranked.values[0]), float(ranked.values[-1])
    edges = np.linspace(low, high, _BUCKETS + 1)
    below = np.searchsorted(ranked.values, edges[1:-1], side="left")
    cumulative = np.concatenate([[0], ranked.cumulative])
    counts = np.diff([0, *cumulative[below], ranked.count])
    return tuple(
        HistogramBucket(float(start), float(stop), float(count))
        for start, stop, count in zip(edges[:-1], edges[1:], counts, strict=True)
    )
