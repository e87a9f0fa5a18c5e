"""Columns' statistics with small histograms."""

import io

from rich.console import Console
from tensorflow_metadata.proto.v0 import statistics_pb2

from shardmill.pipelines.console.statistics_table import bars, histogram, print_statistics
from tests.schemas.validation.small_statistics import dataset, numbers, texts


def test_the_greatest_count_has_the_highest_bar() -> None:
    """The least has one, too; 0 has none."""
    assert bars([8, 0, 1, 4, 0.001, 7.9]) == "█ ▁▄▁█"
    assert bars([3, 0, 0]) == "█"
    assert bars([]) == bars([0]) == ""


def test_numbers_and_texts_are_drawn() -> None:
    """Numbers by buckets of equal width, texts by the most frequent ones; others not at all."""
    assert histogram(numbers([(0, 1, 8), (1, 2, 4)])) == "█▄"
    assert histogram(numbers([(0, 1, 8)], histogram="QUANTILES")) == ""
    assert histogram(texts({"a": 1, "b": 8})) == "█▁"
    assert histogram(texts({str(index): 8 for index in range(30)})) == "█" * 10
    assert histogram(numbers([])) == ""


def test_a_narrow_terminal_shows_the_most_important_first() -> None:
    """Names beside distribution, missing values, mean and range; no line is too long."""
    out = io.StringIO()
    statistics = statistics_pb2.DatasetFeatureStatisticsList(
        datasets=[dataset(numbers([(-0.5, 123456, 90)], 10, name="a_column_of_numbers"), texts({"x": 3}, 97))]
    )
    print_statistics(Console(file=out, width=80, highlight=False), statistics)
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    heading = next(line for line in lines if "distribution" in line)
    shown = [cell.strip() for cell in heading.strip("┃").split("┃")]
    assert shown[:6] == ["column", "distribution", "missing", "mean", "min", "max"]


def test_what_no_column_has_is_left_out() -> None:
    """Texts have no mean, numbers no count of unique values."""
    for column, shown in (
        (texts({"x": 3}, 97), ["column", "distribution", "missing", "unique"]),
        (numbers([(0, 1, 8)]), ["column", "distribution", "missing", "mean", "min", "max", "std"]),
    ):
        out = io.StringIO()
        statistics = statistics_pb2.DatasetFeatureStatisticsList(datasets=[dataset(column)])
        print_statistics(Console(file=out, width=120, highlight=False), statistics)
        heading = next(line for line in out.getvalue().splitlines() if "distribution" in line)
        assert [cell.strip() for cell in heading.strip("┃").split("┃")] == shown
