"""Prints anomalies as a table or as JSON."""

import json
from collections.abc import Iterator
from typing import Any

from rich.table import Table
from tensorflow_metadata.proto.v0 import anomalies_pb2

from shardmill.pipelines.console.plain_console import PlainConsole, PlainText
from shardmill.pipelines.validate.measure import Measurement
from shardmill.schemas.messages import plural
from shardmill.schemas.validation.reasons import Info

ALL_ROWS = "(all rows)"
"""The name that stands for a column where all of the data is meant."""


def anomaly_lines(found: anomalies_pb2.Anomalies) -> Iterator[tuple[str, str, str]]:
    """Yields each reason's column, a few words and a sentence.

    Args:
        found: The anomalies.
    """
    if found.data_missing:
        yield ALL_ROWS, "No data", "There is no row"
    if found.HasField("dataset_anomaly_info"):
        for reason in found.dataset_anomaly_info.reason:
            yield ALL_ROWS, reason.short_description, reason.description.removesuffix(".")
    for info in found.anomaly_info.values():
        for reason in info.reason:
            yield ".".join(info.path.step), reason.short_description, reason.description.removesuffix(".")


def ordered_lines(found: anomalies_pb2.Anomalies) -> list[tuple[str, str, str]]:
    """The reasons, in the order of the schema's columns.

    A protobuf map has no order. Those of columns that the schema lacks come last.
    """
    order = {feature.name: position for position, feature in enumerate(found.baseline.feature)}
    return sorted(anomaly_lines(found), key=lambda line: (line[0] != ALL_ROWS, order.get(line[0], len(order)), line[0]))


def print_anomalies(found: anomalies_pb2.Anomalies, measured: Measurement, source: str) -> None:
    """Prints the anomalies, and the rows that can't be read.

    Args:
        found: The anomalies.
        measured: What was found in the files.
        source: What they were validated by.
    """
    out = PlainConsole(highlight=False)
    lines = ordered_lines(found)
    of = f"{plural(measured.read, 'row')} of {plural(len(measured.dataset.features), 'column')}, by {source}"
    if not lines:
        out.print(f"no anomalies in {of}", markup=False)
    else:
        columns = len({line[0] for line in lines} - {ALL_ROWS})
        of_columns = f"{plural(columns, 'column')} with " if columns else ""
        out.print(f"{of_columns}anomalies in {of}", markup=False)
        table = Table(show_lines=True)
        for name in ("column", "anomaly"):
            table.add_column(name, overflow="fold", min_width=len(name))
        for column, short, details in lines:
            table.add_row(PlainText(column), PlainText(f"{short}: {details}"))
        out.print(table)
    if measured.rejections.total:
        out.print(
            f"{plural(measured.rejections.total, 'row')} can't be read, and were left out. The first:\n"
            f"{measured.rejections.describe()}",
            markup=False,
        )


def as_json(found: anomalies_pb2.Anomalies, measured: Measurement) -> str:
    """The anomalies and the numbers of rows, as JSON.

    Args:
        found: The anomalies.
        measured: What was found in the files.
    """
    order = {feature.name: position for position, feature in enumerate(found.baseline.feature)}
    infos = sorted(found.anomaly_info.values(), key=lambda info: order.get(info.path.step[0], len(order)))
    dataset = [_info(found.dataset_anomaly_info)] if found.HasField("dataset_anomaly_info") else []
    tables = {
        "rows": {
            "read": measured.read,
            "rejected": measured.rejections.total,
            "reasons": dict(sorted(measured.rejections.reasons.items())),
        },
        "data_missing": found.data_missing,
        "dataset": dataset,
        "columns": [{"column": info.path.step[0], **_info(info)} for info in infos],
        "distances": [
            {
                "column": each.path.step[0],
                "drift": [_measured(one) for one in each.drift_measurements],
                "skew": [_measured(one) for one in each.skew_measurements],
            }
            for each in found.drift_skew_info
        ],
    }
    return json.dumps(tables, indent=2)


def _info(info: anomalies_pb2.AnomalyInfo) -> dict[str, Any]:
    return {
        "severity": Info.Severity.Name(info.severity),
        "short_description": info.short_description,
        "description": info.description,
        "reasons": [
            {
                "type": Info.Type.Name(reason.type),
                "short_description": reason.short_description,
                "description": reason.description,
            }
            for reason in info.reason
        ],
    }


def _measured(one: anomalies_pb2.DriftSkewInfo.Measurement) -> dict[str, Any]:
    return {
        "type": anomalies_pb2.DriftSkewInfo.Measurement.Type.Name(one.type),
        "value": one.value,
        "threshold": one.threshold,
    }
