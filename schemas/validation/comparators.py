"""Drift and skew: distances of a column's distributions."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

from shardmill.schemas.feature_stats import Statistics
from shardmill.schemas.messages import quoted
from shardmill.schemas.validation.column_statistics import Histogram, counts_of, histogram_of
from shardmill.schemas.validation.distances import (
    Farthest,
    divergence_of_histograms,
    divergence_of_values,
    l_infinity,
    least_divergence,
    normalized_difference,
)
from shardmill.schemas.validation.reasons import Info, Reason

Measurement = anomalies_pb2.DriftSkewInfo.Measurement
_Source = schema_pb2.HistogramSelection


@dataclass(frozen=True)
class Limits:
    """The largest distances where a schema says nothing.

    Attributes:
        infinity_norm: That of texts, as the largest difference of a value's share.
        jensen_shannon: That of numbers, as the Jensen-Shannon divergence in bits.
    """

    infinity_norm: float = 0.1
    jensen_shannon: float = 0.1


@dataclass(frozen=True)
class Words:
    """The datasets that are compared, in words.

    Attributes:
        here: The one that is validated.
        there: The one that it is compared with.
    """

    here: str
    there: str


DRIFT = Words("current", "previous")
SKEW = Words("serving", "training")


@dataclass
class Compared:
    """The outcome of a comparison.

    Attributes:
        reasons: The distances that are too large.
        measurements: All distances.
    """

    reasons: list[Reason] = field(default_factory=list)
    measurements: list[anomalies_pb2.DriftSkewInfo.Measurement] = field(default_factory=list)

    def measure(self, kind: int, value: float, threshold: float, reason: Reason) -> None:
        """Adds a distance, and its reason if too large."""
        self.measurements.append(Measurement(type=kind, value=value, threshold=threshold))
        if value > threshold:
            self.reasons.append(reason)


def compare(
    comparator: schema_pb2.FeatureComparator, here: Statistics, there: Statistics | None, words: Words
) -> Compared:
    """Compares a column's distributions by a schema's thresholds.

    Args:
        comparator: The schema's comparator.
        here: The column's statistics.
        there: Those in the other dataset. None means that it lacks the column.
        words: The datasets' names.
    """
    compared = Compared()
    limits = {kind: getattr(comparator, kind).threshold for kind in _set_thresholds(comparator)}
    if limits and there is None:
        compared.reasons.append(
            Reason(
                Info.COMPARATOR_CONTROL_DATA_MISSING,
                f"{words.there} data missing",
                f"There is a threshold for the distance from the {words.there} data, which lacks the column",
            )
        )
        return compared
    if there is None:
        return compared
    for kind, threshold in limits.items():
        if kind == "jensen_shannon_divergence":
            distance = divergence(here, there, comparator.jensen_shannon_divergence.source)
            if distance is not None:
                _add_divergence(compared, distance, threshold, words)
        else:
            _add_values(compared, kind, here, there, threshold, words)
    return compared


def compare_by_default(limits: Limits, here: Statistics, there: Statistics | None, words: Words) -> Compared:
    """Compares a column's distributions where the schema says nothing.

    Texts are compared by the largest difference of a value's share. Of the divergences of numbers
    by both of their histograms the least counts: outliers distort those of buckets of equal width,
    and repeated numbers those of equal counts.

    Args:
        limits: The largest distances.
        here: The column's statistics.
        there: Those in the other dataset. None means that it lacks the column.
        words: The datasets' names.
    """
    compared = Compared()
    if there is None:
        return compared
    if counts_of(here) and counts_of(there):
        _add_values(compared, "infinity_norm", here, there, limits.infinity_norm, words)
        return compared
    if here.WhichOneof("stats") == there.WhichOneof("stats") == "num_stats":
        distance = numeric_distance(here, there)
        if distance is not None:
            _add_divergence(compared, distance, limits.jensen_shannon, words)
    return compared


def numeric_distance(here: Statistics, there: Statistics) -> float | None:
    """The least divergence of numbers by their histograms.

    None means that there is no histogram that both have.
    """
    standard, quantiles = (
        (histogram_of(here, kind), histogram_of(there, kind)) for kind in (Histogram.STANDARD, Histogram.QUANTILES)
    )
    return least_divergence(standard, quantiles)


def divergence(here: Statistics, there: Statistics, source: schema_pb2.HistogramSelection) -> float | None:
    """The Jensen-Shannon divergence, of numbers or of texts.

    Args:
        here: A column's statistics.
        there: Those in the other dataset.
        source: The histogram to take for numbers.

    Returns:
        From 0 to 1. None means that the statistics don't tell.
    """
    one, two = counts_of(here), counts_of(there)
    if one and two:
        return divergence_of_values(one, two)
    return _of_histograms(here, there, Histogram.QUANTILES if source.type == _Source.QUANTILES else Histogram.STANDARD)


def _of_histograms(here: Statistics, there: Statistics, kind: int) -> float | None:
    one, two = histogram_of(here, kind), histogram_of(there, kind)
    return None if one is None or two is None else divergence_of_histograms(one, two)


def _set_thresholds(comparator: schema_pb2.FeatureComparator) -> Iterator[str]:
    for kind in ("infinity_norm", "normalized_abs_difference", "jensen_shannon_divergence"):
        if getattr(comparator, kind).HasField("threshold"):
            yield kind


def _add_divergence(compared: Compared, distance: float, threshold: float, words: Words) -> None:
    compared.measure(
        Measurement.JENSEN_SHANNON_DIVERGENCE,
        distance,
        threshold,
        Reason(
            Info.COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH,
            f"High approximate Jensen-Shannon divergence between {words.here} and {words.there}",
            f"The approximate Jensen-Shannon divergence between {words.here} and {words.there} is {_six(distance)}, "
            f"above the threshold {_six(threshold)}",
        ),
    )


def _add_values(
    compared: Compared, kind: str, here: Statistics, there: Statistics, threshold: float, words: Words
) -> None:
    absolute = kind == "normalized_abs_difference"
    name = "normalized absolute difference" if absolute else "Linfty distance"
    found: Farthest = (normalized_difference if absolute else l_infinity)(counts_of(here), counts_of(there))
    compared.measure(
        Measurement.NORMALIZED_ABSOLUTE_DIFFERENCE if absolute else Measurement.L_INFTY,
        found.distance,
        threshold,
        Reason(
            Info.COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH if absolute else Info.COMPARATOR_L_INFTY_HIGH,
            f"High {name} between {words.here} and {words.there}",
            f"The {name} between {words.here} and {words.there} is {_six(found.distance)}, above the threshold "
            f"{_six(threshold)}; the value that differs most is {quoted(found.value)}",
        ),
    )


def _six(number: float) -> str:
    """A number with six significant digits."""
    return f"{number:.6g}" if math.isfinite(number) else str(number)
