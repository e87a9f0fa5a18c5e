"""Summaries of numeric columns for statistics files."""

import math

from shardmill.schemas.feature_stats import BUCKETS, HistogramBucket, NumericSummary, ValueCounts
from shardmill.transforms.distributions.distribution import Distribution
from shardmill.transforms.statistics.moments import Moments
from shardmill.transforms.summaries.row_lengths import histogram


def numeric_summary(
    moments: Moments,
    distribution: Distribution,
    rows: int,
    *,
    integer: bool = False,
    values: ValueCounts | None = None,
) -> NumericSummary:
    """Summarizes a numeric column.

    Args:
        moments: The column's moments. Mean and standard deviation skip non-finite values.
        distribution: The column's distribution.
        rows: The number of rows.
        integer: Whether the column's values are integers.
        values: How many values rows have, where each has a list of them, in which what is missing
            is NaN. None means that a row has one or none.
    """
    present = rows if values is not None else rows - moments.missing
    nans = moments.missing if values is not None else 0
    found = distribution.within(moments.minimum, moments.maximum)
    if not found.count:
        return NumericSummary(
            present, rows - present, integer=integer, nans=nans, values=values, quantiles=(), histogram=()
        )
    return NumericSummary(
        count=present,
        missing=rows - present,
        mean=moments.mean,
        std_dev=moments.std,
        zeros=moments.zeros,
        min=-math.inf if found.below else float(moments.minimum) if moments.count else math.inf,
        max=math.inf if found.above else float(moments.maximum) if moments.count else -math.inf,
        median=found.median(),
        quantiles=histogram(found.quantiles(BUCKETS)),
        histogram=_standard(found),
        integer=integer,
        nans=nans,
        values=values,
    )


def _standard(found: Distribution) -> tuple[HistogramBucket, ...]:
    """Buckets of equal width, and those of infinities."""
    below = (HistogramBucket(-math.inf, -math.inf, found.below),) if found.below else ()
    above = (HistogramBucket(math.inf, math.inf, found.above),) if found.above else ()
    return (*below, *histogram(found.standard(BUCKETS)), *above)
