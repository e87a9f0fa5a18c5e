"""A table of columns' statistics, with small histograms."""

import math
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.markup import escape
from tensorflow_metadata.proto.v0 import statistics_pb2

from shardmill.pipelines.console.fitting_table import FittingTable
from shardmill.pipelines.console.plain_console import PlainText
from shardmill.schemas.feature_stats import Statistics
from shardmill.schemas.validation.column_statistics import (
    Histogram,
    common_of,
    counts_of,
    histogram_of,
    name_of,
)

# Narrow terminals show the first of these beside the name, and the others in a second table.
_COLUMNS = ("column", "distribution", "missing", "mean", "min", "max", "median", "std", "unique")
_BARS = "▁▂▃▄▅▆▇█"
# Bars of a histogram: as many as TFDV's buckets.
_WIDTH = 10


def print_statistics(out: Console, statistics: statistics_pb2.DatasetFeatureStatisticsList) -> None:
    """Prints the statistics of each dataset's columns.

    Statistics that no column has are left out.
    """
    for dataset in statistics.datasets:
        title = f"statistics of {dataset.num_examples:,} rows {escape(dataset.name)}".rstrip()
        table = FittingTable(title=title, title_justify="left", title_style="bold")
        rows: list[tuple[PlainText | str, ...]] = [
            (PlainText(name_of(column)), *_cells(column)) for column in dataset.features
        ]
        told = [number for number in range(len(_COLUMNS)) if not number or any(row[number] for row in rows)]
        for number in told:
            table.add_column(_COLUMNS[number], justify="left" if number <= 1 else "right")
        for row in rows:
            table.add_row(*(row[number] for number in told))
        out.print(table)


def bars(counts: Sequence[float]) -> str:
    """Draws counts as bars, a character each.

    The greatest has the highest bar; 0 has none.
    """
    most = max(counts, default=0)
    return "".join(_BARS[math.ceil(8 * count / most) - 1] if count > 0 else " " for count in counts).rstrip()


def histogram(column: Statistics) -> str:
    """Draws the distribution of a column's values.

    Those of numbers are counted in ranges of equal width; of texts, the most frequent ones are
    drawn, each with a bar of its own. It is empty where nothing is known.
    """
    numbers = histogram_of(column, Histogram.STANDARD)
    if numbers is not None:
        return bars([bucket.sample_count for bucket in numbers.buckets])
    return bars(sorted(counts_of(column).values(), reverse=True)[:_WIDTH])


def _cells(column: Statistics) -> Iterator[str]:
    common, stats = common_of(column), column.num_stats
    yield from (histogram(column), f"{common.num_missing:,}")
    # Unknown statistics read as 0: all of a column without values, and the median where no
    # quantiles were computed.
    known = column.WhichOneof("stats") == "num_stats" and common.num_non_missing > 0
    ranked = any(each.type == Histogram.QUANTILES for each in stats.histograms)
    for value in (stats.mean, stats.min, stats.max, stats.median if ranked else None, stats.std_dev):
        yield f"{value:.6g}" if known and value is not None else ""
    unique = column.string_stats.unique
    yield f"{unique:,}" if unique else ""
