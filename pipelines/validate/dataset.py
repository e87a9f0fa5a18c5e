"""Statistics of files in TFDV's format."""

from collections.abc import Mapping

from tensorflow_metadata.proto.v0 import statistics_pb2

from shardmill.pipelines.validate.measured import Measured
from shardmill.pipelines.validate.value_ranks import rank_values
from shardmill.schemas.feature_stats import Dataset, StringSummary, Summary, dataset_statistics
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.schemas.validation.column_statistics import add_bad_cells, columns_of
from shardmill.transforms.statistics.text_summary import TextSummary
from shardmill.transforms.summaries.numeric_summary import numeric_summary

# Values of text, as many as TFDV keeps by default.
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
    analysis = measured.analysis
    distributions = analysis.distributions()
    summaries: dict[str, Summary] = {}
    for name, found in analysis.summaries().items():
        if isinstance(found, TextSummary):
            values = rank_values(runs.get(name, []), kept.get(name, MOST_VALUES))
            summaries[name] = StringSummary(
                count=found.count,
                missing=found.missing,
                unique=values.distinct if values.total == found.count else None,
                avg_length=found.mean_length,
                ranked=tuple((row["token"].decode(), row["count"]) for row in values.top.to_pylist()),
            )
        else:
            integer = schema[name].type is ColumnType.INT
            summaries[name] = numeric_summary(found, distributions[name], analysis.rows, integer=integer)
    dataset = dataset_statistics("", measured.read - measured.rejections.total, summaries)
    columns = columns_of(dataset)
    for name, cells in measured.bad.items():
        add_bad_cells(columns[name], cells.count, cells.samples)
    for name in new:
        dataset.features.add(type=statistics_pb2.FeatureNameStatistics.STRING).path.step.append(name)
    return dataset
