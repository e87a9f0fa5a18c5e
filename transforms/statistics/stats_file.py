"""Writes statistics files in TFDV's format."""

import itertools
from collections.abc import Mapping, Sequence

from shardmill.schemas.feature_stats import (
    HistogramBucket,
    NumericSummary,
    StringSummary,
    Summary,
    dataset_statistics,
    serialize_statistics,
)
from shardmill.schemas.run_folder import STATISTICS_FILE, TRAIN
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.files import files
from shardmill.transforms.statistics.accumulator import Analysis
from shardmill.transforms.statistics.moments import Moments
from shardmill.transforms.statistics.quantiles import Ranked
from shardmill.transforms.statistics.ranking import RankedVocabulary
from shardmill.transforms.statistics.text_summary import TextSummary

# Of a numeric column's quantiles: as many as TFDV writes by default.
_BUCKETS = 10


def write_raw_statistics(
    folder: str, scratch: str, schema: Schema, analysis: Analysis, counts: Mapping[str, RankedVocabulary]
) -> None:
    """Writes the train split's statistics of the raw columns.

    Args:
        folder: The folder of `FeatureStats.pb`.
        scratch: A folder for the file while it is being written.
        schema: The raw columns.
        analysis: The finished analysis.
        counts: The vocabularies of those text columns whose values were counted, by column.
    """
    ranked = {
        request.column: found.ranked
        for request, found in analysis.numeric_results().items()
        if found.ranked and not request.pre
    }
    columns: dict[str, Summary] = {}
    for name, found in analysis.summaries().items():
        if isinstance(found, TextSummary):
            columns[name] = _text_summary(found, counts.get(name))
        else:
            columns[name] = numeric_summary(found, ranked.get(name), integer=schema[name].type is ColumnType.INT)
    _write(folder, scratch, [dataset_statistics(TRAIN, analysis.rows, columns)])


def write_output_statistics(
    folder: str, scratch: str, rows: Mapping[str, int], moments: Mapping[tuple[str, str], Moments]
) -> None:
    """Writes the statistics of every split's output features.

    Args:
        folder: The folder of `FeatureStats.pb`.
        scratch: A folder for the file while it is being written.
        rows: The number of rows of each split.
        moments: The moments of each numeric feature, by split and feature.
    """
    datasets = []
    for split, count in rows.items():
        found = {name: numeric_summary(each) for (at, name), each in sorted(moments.items()) if at == split}
        datasets.append(dataset_statistics(split, count, found))
    _write(folder, scratch, datasets)


def numeric_summary(moments: Moments, ranked: Ranked | None = None, *, integer: bool = False) -> NumericSummary:
    """Summarizes a numeric column for a statistics file.

    Args:
        moments: The column's moments. Mean and standard deviation skip non-finite values.
        ranked: The column's ranked values, for median and quantiles. None leaves these out.
        integer: Whether the column's values are integers.
    """
    return NumericSummary(
        count=moments.count + moments.non_finite,
        missing=moments.missing,
        mean=moments.mean,
        std_dev=moments.std,
        zeros=moments.zeros,
        min=float(moments.minimum),
        max=float(moments.maximum),
        median=ranked.quantile(0.5) if ranked else None,
        quantiles=_quantile_buckets(ranked) if ranked else None,
        integer=integer,
    )


def _quantile_buckets(ranked: Ranked) -> tuple[HistogramBucket, ...]:
    edges = [ranked.quantile(index / _BUCKETS) for index in range(_BUCKETS + 1)]
    return tuple(HistogramBucket(low, high, ranked.count / _BUCKETS) for low, high in itertools.pairwise(edges))


def _text_summary(found: TextSummary, counts: RankedVocabulary | None) -> StringSummary:
    top = counts.top.to_pylist() if counts is not None else []
    return StringSummary(
        count=found.count,
        missing=found.missing,
        # Values with a line end weren't counted, so the number of distinct ones isn't known.
        unique=counts.distinct if counts is not None and counts.total == found.count else None,
        avg_length=found.mean_length,
        top_values=tuple((row["token"].decode("utf-8"), row["count"]) for row in top),
    )


def _write(folder: str, scratch: str, datasets: Sequence[object]) -> None:
    files.make_folder(folder)
    path = files.join(folder, STATISTICS_FILE)
    with files.replacing(path, scratch) as stream:
        stream.write(serialize_statistics(datasets))
