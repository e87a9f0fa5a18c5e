"""The numbers that a kind learned."""

from collections.abc import Mapping
from typing import Any

from shardmill.pipelines.page.shown_statistics import ColumnStatistics
from shardmill.pipelines.page.statistics_data import rounded
from shardmill.pipelines.report.column_entries import Output
from shardmill.schemas.run_folder import TRAIN


def learned_numbers(output: Output, raw: Mapping[str, ColumnStatistics]) -> list[list[Any]]:
    """The numbers that a kind learned of the train split."""
    train = raw.get(TRAIN)
    if train is None or output.settings.get("pre") or not output.is_scalar:
        return []
    numbers = {
        "z_score": (("mean", train.mean), ("standard deviation", train.deviation)),
        "min_max": (("least", train.least), ("greatest", train.greatest)),
        "robust": (("median", train.median),),
    }.get(output.kind, ())
    return [[name, rounded(value)] for name, value in numbers if value is not None]
