"""The distribution of numeric labels, as `inspect` prints it."""

import io
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from tensorflow_metadata.proto.v0 import statistics_pb2

from shardmill.pipelines.console.plain_console import PlainConsole
from shardmill.pipelines.inspect.label_table import print_labels
from shardmill.schemas.feature_stats import HistogramBucket, NumericSummary, StringSummary, dataset_statistics

_LABELS = {"price": "label", "paid": {"kind": "label", "column": "p"}, "word": "label", "x": "numeric"}


def _summary(values: npt.NDArray[np.float64]) -> NumericSummary:
    edges = np.quantile(values, np.linspace(0, 1, 11)).tolist()
    buckets = tuple(HistogramBucket(low, high, len(values) / 10) for low, high in pairwise(edges))
    return NumericSummary(
        *(len(values), 0, values.mean(), values.std(), 0, values.min(), values.max(), np.median(values)),
        quantiles=buckets,
    )


def _printed(*datasets: object) -> str:
    text = io.StringIO()
    statistics = statistics_pb2.DatasetFeatureStatisticsList(datasets=datasets)
    print_labels(PlainConsole(file=text, width=200), statistics, _LABELS)
    return text.getvalue()


def test_numeric_labels_have_moments_and_quantiles() -> None:
    """Those of the training rows; other features and labels of text aren't there."""
    values = {"price": np.random.default_rng(3).normal(50, 9, 1001), "p": np.arange(1001.0), "x": np.zeros(3)}
    columns = {name: _summary(each) for name, each in values.items()} | {"word": StringSummary(3, 0)}
    train = dataset_statistics("train", 1001, columns)
    printed = _printed(train, dataset_statistics("eval", 3, {"p": _summary(np.ones(3))}))
    found = {line.split("│")[1].strip(): line.split("│")[2:-1] for line in printed.splitlines() if "│" in line}
    assert set(found) == {"price", "paid"}
    assert found["paid"][0].strip() == "1,001"
    for name, column in (("price", "price"), ("paid", "p")):
        each = values[column]
        expected = [each.mean(), each.std(), *np.quantile(each, [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1])]
        assert [float(cell) for cell in found[name][1:]] == pytest.approx(expected, rel=1e-5)


def test_without_numeric_labels_there_is_no_table() -> None:
    """Nor where their columns have no values."""
    assert _printed() == ""
    assert _printed(dataset_statistics("train", 1, {"price": NumericSummary(0, 1)})) == ""
