"""The time between two moments."""

import datetime as dt
import math
from pathlib import Path

import numpy as np
import pytest

from shardmill.schemas.errors import ConfigError
from shardmill.transforms.features.registry import parse_features
from tests.support.kinds import run, schema_of

S = schema_of(start="bytes", end="bytes", clock="int", millis="int")
DAY = 86400


def test_the_time_between_two_columns(tmp_path: Path) -> None:
    """Python's difference of the moments, rounded once; negative where the second is earlier."""
    start = ["2024-02-28 23:59:59", "2024-03-01 00:00:00", "1970-01-01 00:00:00", "9999-12-31 00:00:00"]
    end = ["2024-03-01 00:00:00", "2024-02-28 23:59:59", "9999-12-31 23:59:59", "0001-01-01 00:00:00"]
    layout = "%Y-%m-%d %H:%M:%S"
    table = {
        unit: {"kind": "elapsed", "columns": ["start", "end"], "format": layout, "unit": unit}
        for unit in ("seconds", "minutes", "hours", "days", "weeks")
    }
    out = run(table, S, {"start": start, "end": end, "clock": [0] * 4, "millis": [0] * 4}, tmp_path)
    seconds = [
        (dt.datetime.fromisoformat(last) - dt.datetime.fromisoformat(first)).total_seconds()
        for first, last in zip(start, end, strict=True)
    ]
    for unit, size in (("seconds", 1), ("minutes", 60), ("hours", 3600), ("days", DAY), ("weeks", 7 * DAY)):
        assert out[unit].tolist() == (np.array(seconds) / size).astype(np.float32).tolist()


def test_the_time_since_a_moment(tmp_path: Path) -> None:
    """In the column's own times; large moments keep their seconds, and milliseconds their fractions."""
    table = {
        "age": {"kind": "elapsed", "column": "start", "since": "2024-01-01T02:00:00+02:00", "format": "%Y-%m-%dT%H:%M%z"},
        "seconds": {"kind": "elapsed", "column": "clock", "format": "unix", "since": "2024-01-01T00:00:00Z",
                    "unit": "seconds"},
        "millis": {"kind": "elapsed", "column": "millis", "format": "unix_ms", "since": "2024-01-01", "unit": "seconds"},
    }  # fmt: skip
    moment = int(dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc).timestamp())
    out = run(
        table,
        S,
        {
            "start": ["2024-01-02T12:00Z", "2024-01-01T00:00+02:00"],
            "end": ["", ""],
            "clock": [moment + 1, moment - 3],
            "millis": [moment * 1000 + 125, moment * 1000],
        },
        tmp_path,
    )
    np.testing.assert_allclose(out["age"], [1.5, -2 / 24], rtol=1e-7)
    assert out["seconds"].tolist() == [1, -3]
    assert out["millis"].tolist() == [0.125, 0]


def test_missing_moments(tmp_path: Path) -> None:
    """A missing cell, a text in another format and a day that isn't: NaN, or the number given; the indicator says so."""
    table = {
        "age": {"kind": "elapsed", "columns": ["start", "end"], "indicator": True},
        "filled": {"kind": "elapsed", "columns": ["start", "end"], "missing": -1},
    }
    start = ["2024-01-01", None, "2024-02-30", "1/1/2024"]
    rows = {"start": start, "end": ["2024-01-03"] * 4, "clock": [None] * 4, "millis": [None] * 4}
    out = run(table, S, rows, tmp_path)
    assert out["age"][0] == 2
    assert [math.isnan(each) for each in out["age"]] == [False, True, True, True]
    assert out["age_missing"].tolist() == [0, 1, 1, 1]
    assert out["filled"].tolist() == [2, -1, -1, -1]


def test_reject_names_both_columns() -> None:
    """With `missing = "reject"`, a missing cell in either column rejects the row."""
    (kind,) = parse_features({"age": {"kind": "elapsed", "columns": ["start", "end"], "missing": "reject"}}, S)
    assert kind.required_columns(S) == ("start", "end")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"unit": "day", "since": "2024-01-01"}, "expected `unit` to be one of seconds, .*received 'day'; did you mean 'days'"),
        ({}, r"expected `since` or a second column, received since = None and columns = \['start'\]"),
        ({"columns": ["start", "end"], "since": "2024-01-01"}, "expected `since` or a second column"),
        ({"since": dt.date(2024, 1, 1)}, "expected `since` to be a string, received 2024-01-01, a date or time; put it in quotes"),
        ({"since": "January 2024"}, "expected `since` to be a moment such as 2020-01-31 .*received 'January 2024'"),
        ({"since": "2024-01-01", "format": "%H:%M"}, "expected a `format` of whole dates, received '%H:%M'"),
        ({"since": "2024-01-01", "format": "unix"}, "expected an INT column for `format` 'unix', received column 'start'"),
    ],
)  # fmt: skip
def test_bad_parameters(table: dict[str, object], message: str) -> None:
    """Parameters that don't fit are refused."""
    columns = {} if "columns" in table else {"column": "start"}
    with pytest.raises(ConfigError, match=message):
        parse_features({"age": {"kind": "elapsed", **columns, **table}}, S)
