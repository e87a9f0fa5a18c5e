"""The distribution of numeric labels, as `inspect` prints it."""

import io

import numpy as np
import pyarrow as pa
import pytest
from tensorflow_metadata.proto.v0 import statistics_pb2

from shardmill.pipelines.console.plain_console import PlainConsole
from shardmill.pipelines.inspect.label_table import print_labels
from shardmill.schemas.feature_stats import dataset_statistics
from shardmill.schemas.schema import Column, ColumnType, Schema
from shardmill.transforms.features.registry import parse_features
from shardmill.transforms.statistics.accumulator import Analysis
from shardmill.transforms.statistics.stats_file import numeric_summary

_ROWS = 1001
_LABELS = {"price": "label", "paid": {"kind": "label", "column": "p"}, "word": "label", "x": "numeric"}


def _printed(schema: Schema, batch: pa.RecordBatch) -> str:
    """The table after an analysis of a batch by the features' own requests."""
    kinds = parse_features(_LABELS, schema)
    analysis = Analysis([request for kind in kinds for request in kind.requests(schema)], schema.columns)
    analysis.update(batch)
    ranked = {request.column: found.ranked for request, found in analysis.numeric_results().items()}
    summaries = {
        name: numeric_summary(found, ranked.get(name))
        for name, found in analysis.summaries().items()
        if schema[name].type is not ColumnType.BYTES
    }
    statistics = statistics_pb2.DatasetFeatureStatisticsList(datasets=[dataset_statistics("train", _ROWS, summaries)])
    text = io.StringIO()
    print_labels(PlainConsole(file=text, width=200), statistics, _LABELS)
    return text.getvalue()


def test_numeric_labels_have_moments_and_quantiles() -> None:
    """As NumPy has them, though no rule for missing values needs any; other features and text aren't labels of numbers."""
    types = {"price": ColumnType.FLOAT, "p": ColumnType.INT, "word": ColumnType.BYTES, "x": ColumnType.FLOAT}
    schema = Schema(tuple(Column(name, kind) for name, kind in types.items()))
    prices = np.random.default_rng(3).normal(50, 9, _ROWS).astype(np.float32)
    columns = [pa.array(prices), pa.array(range(_ROWS), pa.int64()), pa.array(["a"] * _ROWS), pa.array(prices)]
    printed = _printed(schema, pa.RecordBatch.from_arrays(columns, names=list(types)))
    found = {line.split("│")[1].strip(): line.split("│")[2:-1] for line in printed.splitlines() if "│" in line}
    assert set(found) == {"price", "paid"}
    assert [cell.strip() for cell in found["paid"][:1]] == ["1,001"]
    for name, values in (("price", prices.astype(np.float64)), ("paid", np.arange(_ROWS))):
        expected = [values.mean(), values.std(), *np.quantile(values, [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1])]
        assert [float(cell) for cell in found[name][1:]] == pytest.approx(expected, rel=1e-5)


def test_without_numeric_labels_there_is_no_table() -> None:
    """Nor where their columns have no values."""
    text = io.StringIO()
    print_labels(PlainConsole(file=text), statistics_pb2.DatasetFeatureStatisticsList(), _LABELS)
    assert text.getvalue() == ""
