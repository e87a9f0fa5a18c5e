"""Drift and skew."""

import pytest

from shardmill.schemas.validation.comparators import Limits
from tests.schemas.validation.small_statistics import anomalies, dataset, names, numbers, texts

BEFORE = dataset(texts({"a": 50, "b": 50}))


@pytest.mark.parametrize(("which", "words"), [("drift", ("current", "previous")), ("skew", ("serving", "training"))])
def test_shares_of_texts_have_a_threshold(which: str, words: tuple[str, str]) -> None:
    """A larger L-infinity distance is an anomaly, told with the value that differs most."""
    now = texts({"a": 65, "b": 35})
    feature = f"type: BYTES {which}_comparator {{ infinity_norm {{ threshold: %s }} }}"
    assert names(anomalies(now, feature % 0.2, previous=BEFORE)) == []
    found = anomalies(now, feature % 0.1, previous=BEFORE)
    assert names(found) == ["COMPARATOR_L_INFTY_HIGH"]
    here, there = words
    assert found.anomaly_info["x"].short_description == f"High Linfty distance between {here} and {there}"
    assert found.anomaly_info["x"].description == (
        f"The Linfty distance between {here} and {there} is 0.15, above the threshold 0.1; the value that differs most is 'b'."
    )
    (info,) = found.drift_skew_info
    (measured,) = getattr(info, f"{which}_measurements")
    assert (measured.type, round(measured.value, 6)) == (measured.L_INFTY, 0.15)


def test_numbers_have_a_threshold() -> None:
    """The Jensen-Shannon divergence of the histogram that the schema names."""
    before = dataset(numbers([(0, 1, 50), (1, 2, 50)]))
    feature = "type: FLOAT drift_comparator { jensen_shannon_divergence { threshold: 0.01 %s } }"
    now = numbers([(0, 1, 90), (1, 2, 10)])
    assert names(anomalies(now, feature % "", previous=before)) == ["COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH"]
    # Neither has this one.
    assert names(anomalies(now, feature % "source { type: QUANTILES }", previous=before)) == []


def test_counts_may_be_compared_absolutely() -> None:
    """The normalized difference sees that there is more of everything."""
    feature = "type: BYTES drift_comparator { normalized_abs_difference { threshold: 0.1 } }"
    found = anomalies(texts({"a": 500, "b": 500}), feature, previous=BEFORE)
    assert names(found) == ["COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH"]


def test_a_column_that_was_not_there_can_not_be_compared() -> None:
    """That is an anomaly where the schema has a threshold, and only there."""
    feature = "type: BYTES drift_comparator { infinity_norm { threshold: 0.1 } }"
    other = dataset(texts({"a": 1}, name="y"))
    assert names(anomalies(texts({"a": 1}), feature, previous=other)) == ["COMPARATOR_CONTROL_DATA_MISSING"]
    assert names(anomalies(texts({"a": 1}), "type: BYTES", previous=other, limits=Limits())) == []
    assert names(anomalies(texts({"a": 1}), feature)) == []


def test_a_column_without_a_comparator_has_the_default_thresholds() -> None:
    """Given some; a comparator without a threshold turns them off."""
    now = texts({"a": 65, "b": 35})
    assert names(anomalies(now, "type: BYTES", previous=BEFORE)) == []
    assert names(anomalies(now, "type: BYTES", previous=BEFORE, limits=Limits(0.2))) == []
    assert names(anomalies(now, "type: BYTES", previous=BEFORE, limits=Limits(0.1))) == ["COMPARATOR_L_INFTY_HIGH"]
    silent = "type: BYTES drift_comparator {}"
    assert names(anomalies(now, silent, previous=BEFORE, limits=Limits(0.1))) == []


def test_the_lesser_divergence_of_numbers_counts_by_default() -> None:
    """One outlier moves all edges of equal widths; the edges of equal counts stay, and nothing is wrong."""

    def column(last: float) -> object:
        made = numbers([(0, last / 2, 100 if last > 2 else 50), (last / 2, last, 0 if last > 2 else 50)])
        made.num_stats.histograms.append(
            numbers([(0, 1, 50), (1, max(2, last), 50)], histogram="QUANTILES").num_stats.histograms[0]
        )
        return made

    before, now = dataset(column(2)), column(2.5)
    by_width = "type: FLOAT drift_comparator { jensen_shannon_divergence { threshold: 0.15 } }"
    assert names(anomalies(now, by_width, previous=before)) == ["COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH"]
    assert names(anomalies(now, "type: FLOAT", previous=before, limits=Limits(jensen_shannon=0.15))) == []
