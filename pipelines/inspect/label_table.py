"""Prints the distribution of a run's numeric labels."""

from collections.abc import Iterator, Mapping

from rich.console import Console
from tensorflow_metadata.proto.v0 import statistics_pb2

from shardmill.pipelines.console.fitting_table import FittingTable
from shardmill.pipelines.console.plain_console import PlainText
from shardmill.pipelines.run_folder.manifest_keys import FeatureSettings
from shardmill.transforms.kinds.numeric.scale import Label

# The tenths of the rows up to which quantiles are shown.
_TENTHS = (1, 3, 5, 7, 9)
_COLUMNS = ("label", "rows", "mean", "std", "min", *(f"{tenth}0 %" for tenth in _TENTHS), "max")


def print_labels(
    out: Console,
    statistics: statistics_pb2.DatasetFeatureStatisticsList,
    declared: Mapping[str, str | FeatureSettings],
) -> None:
    """Prints mean, range and quantiles of numeric labels.

    They are those of the label's column in the training rows.

    Args:
        out: The console.
        statistics: The statistics of the raw columns.
        declared: The run's features.
    """
    columns = dict(_label_columns(declared))
    found = {
        feature.name or ".".join(feature.path.step): feature.num_stats
        for dataset in statistics.datasets[:1]  # those of train come first
        for feature in dataset.features
        if feature.WhichOneof("stats") == "num_stats" and feature.num_stats.common_stats.num_non_missing
    }
    numeric = {name: found[column] for name, column in columns.items() if column in found}
    if not numeric:
        return
    table = FittingTable(title="labels", title_justify="left", title_style="bold")
    for heading in _COLUMNS:
        table.add_column(heading, justify="left" if heading == "label" else "right")
    for name, stats in numeric.items():
        values = (stats.mean, stats.std_dev, stats.min, *_quantiles(stats), stats.max)
        cells = ("" if value is None else f"{value:.6g}" for value in values)
        table.add_row(PlainText(name), f"{stats.common_stats.num_non_missing:,}", *cells)
    out.print(table)


def _label_columns(declared: Mapping[str, str | FeatureSettings]) -> Iterator[tuple[str, str]]:
    for name, settings in declared.items():
        table = {"kind": settings} if isinstance(settings, str) else dict(settings)
        if table["kind"] == Label.kind:
            yield name, str(table.get("column", name))


def _quantiles(stats: statistics_pb2.NumericStatistics) -> Iterator[float | None]:
    """The quantiles that are shown; None where there are none."""
    for histogram in stats.histograms:
        if histogram.type == statistics_pb2.Histogram.QUANTILES and len(histogram.buckets) == max(_TENTHS) + 1:
            yield from (histogram.buckets[tenth].low_value for tenth in _TENTHS)
            return
    yield from (None for _ in _TENTHS)
