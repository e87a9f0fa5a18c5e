"""Writes statistics files in TFDV's format."""

from collections.abc import Mapping, Sequence

from shardmill.schemas.feature_stats import (
    RANKS,
    Dataset,
    StringSummary,
    Summary,
    dataset_statistics,
    serialize_statistics,
)
from shardmill.schemas.run_folder import STATISTICS_FILE
from shardmill.schemas.schema import ColumnType
from shardmill.transforms.files import files
from shardmill.transforms.statistics.accumulator import Analysis
from shardmill.transforms.statistics.ranking import RankedVocabulary
from shardmill.transforms.statistics.text_summary import TextSummary
from shardmill.transforms.statistics.text_values import TopValues
from shardmill.transforms.summaries.numeric_summary import numeric_summary
from shardmill.transforms.summaries.output_statistics import OutputStatistics


def write_raw_statistics(
    folder: str, scratch: str, splits: Mapping[str, Analysis], counts: Mapping[str, Mapping[str, RankedVocabulary]]
) -> list[Dataset]:
    """Writes the statistics of the raw columns, and returns them.

    Args:
        folder: The folder of `FeatureStats.pb`.
        scratch: A folder for the file while it is being written.
        splits: The finished analysis of each split's rows.
        counts: By split, the vocabularies of those text columns whose values were counted.
    """
    datasets = [
        dataset_statistics(split, analysis.rows, _summaries(analysis, counts.get(split, {})))
        for split, analysis in splits.items()
    ]
    _write(folder, scratch, datasets)
    return datasets


def _summaries(analysis: Analysis, counts: Mapping[str, RankedVocabulary]) -> dict[str, Summary]:
    distributions, values = analysis.distributions(), analysis.top_values(RANKS)
    types = {column.name: column.type for column in analysis.columns}
    columns: dict[str, Summary] = {}
    for name, found in analysis.summaries().items():
        if isinstance(found, TextSummary):
            columns[name] = _text_summary(found, values.get(name) or counts.get(name))
        else:
            integer = types[name] is ColumnType.INT
            columns[name] = numeric_summary(found, distributions[name], analysis.rows, integer=integer)
    return columns


def write_output_statistics(folder: str, scratch: str, rows: Mapping[str, int], statistics: OutputStatistics) -> None:
    """Writes the statistics of every split's output features.

    Args:
        folder: The folder of `FeatureStats.pb`.
        scratch: A folder for the file while it is being written.
        rows: The number of rows of each split.
        statistics: The features' statistics.
    """
    datasets = [dataset_statistics(split, count, statistics.summaries(split)) for split, count in rows.items()]
    _write(folder, scratch, datasets)


def _text_summary(found: TextSummary, counts: TopValues | RankedVocabulary | None) -> StringSummary:
    top = counts.top.to_pylist() if counts is not None else []
    # A vocabulary has no values with a line end, so the number of distinct ones isn't known.
    known = isinstance(counts, TopValues) or (counts is not None and counts.total == found.count)
    return StringSummary(
        count=found.count,
        missing=found.missing,
        unique=counts.distinct if counts is not None and known else None,
        avg_length=found.mean_length,
        ranked=tuple((row["token"].decode(), row["count"]) for row in top),
    )


def _write(folder: str, scratch: str, datasets: Sequence[object]) -> None:
    files.make_folder(folder)
    path = files.join(folder, STATISTICS_FILE)
    with files.replacing(path, scratch) as stream:
        stream.write(serialize_statistics(datasets))
