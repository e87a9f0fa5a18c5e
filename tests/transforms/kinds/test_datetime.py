"""Parts of dates and times."""

# ruff: noqa: DTZ001 (times are as written, without a zone)

import datetime as dt
import math
from pathlib import Path

import numpy as np
import pytest

from shardmill.schemas.errors import ConfigError
from shardmill.transforms.kinds.registry import parse_features
from tests.support.kinds import run, schema_of

S = schema_of(d="bytes")
INTEGERS = schema_of(d="int")
ALL = ["year", "month", "day", "hour", "minute", "second", "weekday", "day_of_year"]


def _parts(moment: dt.datetime) -> list[int]:
    clock = [moment.hour, moment.minute, moment.second]
    return [moment.year, moment.month, moment.day, *clock, moment.weekday(), moment.timetuple().tm_yday]


def _rows(out: dict[str, np.ndarray], parts: list[str]) -> list[list[int]]:
    return np.stack([out[f"d_{part}"] for part in parts], axis=1).tolist()


@pytest.mark.parametrize(
    "layout",
    [
        "%Y-%m-%d %H:%M:%S",
        "%m/%d/%Y %I:%M:%S %p",
        "%d %b %Y, %H.%M.%S",
        "%Y%m%dT%H%M%SZ",
        "%Y-%j %H:%M:%S.%f",
        "%%%S%M%H%d%m%Y",
    ],
)
def test_formats(layout: str, tmp_path: Path) -> None:
    """What Python writes in a format is read back, over all of the calendar."""
    seconds = np.random.default_rng(0).integers(-(10**10), 10**10, 300)
    start = dt.datetime(1970, 1, 1)
    moments = [start + dt.timedelta(seconds=int(each)) for each in seconds] + [
        dt.datetime(2000, 2, 29),
        dt.datetime(9999, 12, 31),
    ]
    rows = {"d": [f"{moment.strftime(layout)}" for moment in moments]}
    out = run({"d": {"kind": "datetime", "format": layout, "parts": ALL}}, S, rows, tmp_path)
    assert _rows(out, ALL) == [_parts(moment) for moment in moments]


def test_fewer_digits(tmp_path: Path) -> None:
    """As in `strptime`, a month or day may have one digit."""
    out = run({"d": {"kind": "datetime", "format": "%m/%d/%Y"}}, S, {"d": ["1/2/2013", "01/02/2013"]}, tmp_path)
    assert _rows(out, ["year", "month", "day", "weekday"]) == [[2013, 1, 2, 2]] * 2


def test_two_digit_years(tmp_path: Path) -> None:
    """Two-digit years are of the century that `strptime` puts them in."""
    out = run(
        {"d": {"kind": "datetime", "format": "%y", "parts": ["year"]}}, S, {"d": ["68", "69", "00", "99"]}, tmp_path
    )
    assert out["d_year"].tolist() == [2068, 1969, 2000, 1999]


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "2013-02-29",
        "2013-13-01",
        "2013-00-10",
        "2013-1-",
        "2013-01-011",
        "13-01-01",
        "2013/01/01",
        " 2013-01-01",
        "0000-01-01",
        "\uff12\uff10\uff11\uff13-01-01",
        "2013-01-01" * 50,
    ],
)
def test_what_does_not_fit_is_missing(text: str | None, tmp_path: Path) -> None:
    """A text that isn't a date in the format is missing: -1, and the indicator says so."""
    out = run({"d": {"kind": "datetime", "indicator": True}}, S, {"d": [text, "2013-01-01"]}, tmp_path)
    assert _rows(out, ["year", "month", "day", "weekday", "missing"]) == [[-1, -1, -1, -1, 1], [2013, 1, 1, 1, 0]]


def test_leap_years(tmp_path: Path) -> None:
    """The 366th day is there in leap years only."""
    out = run(
        {"d": {"kind": "datetime", "format": "%Y %j", "parts": ["month", "day"]}},
        S,
        {"d": ["2012 366", "2013 366", "1900 366", "2000 366"]},
        tmp_path,
    )
    assert _rows(out, ["month", "day"]) == [[12, 31], [-1, -1], [-1, -1], [12, 31]]


def test_unix_seconds(tmp_path: Path) -> None:
    """Seconds since 1970, before it too; a missing one gets what `missing` says."""
    seconds = [0, -1, 951782400, 1357034399, None]
    out = run(
        {"d": {"kind": "datetime", "format": "unix", "parts": ALL, "missing": 0}}, INTEGERS, {"d": seconds}, tmp_path
    )
    start = dt.datetime(1970, 1, 1)
    assert _rows(out, ALL) == [_parts(start + dt.timedelta(seconds=each)) for each in seconds if each is not None] + [
        [0] * 8
    ]


def test_unix_milliseconds(tmp_path: Path) -> None:
    """Milliseconds are rounded down to seconds."""
    out = run(
        {"d": {"kind": "datetime", "format": "unix_ms", "parts": ["second"]}}, INTEGERS, {"d": [1999, -1]}, tmp_path
    )
    assert out["d_second"].tolist() == [1, 59]


def test_integers_as_text(tmp_path: Path) -> None:
    """An INT column such as 20130101 is read by its digits."""
    out = run({"d": {"kind": "datetime", "format": "%Y%m%d"}}, INTEGERS, {"d": [20130101, None, 7]}, tmp_path)
    assert _rows(out, ["year", "month", "day"]) == [[2013, 1, 1], [-1, -1, -1], [-1, -1, -1]]


def test_cyclic(tmp_path: Path) -> None:
    """A cyclic part is a point on a circle of the part's period; a missing one is its centre."""
    table = {"d": {"kind": "datetime", "format": "%Y-%m-%d %H", "parts": ["month", "hour"], "cyclic": True}}
    out = run(table, S, {"d": ["2013-04-01 06", None, "2013-01-01 00"]}, tmp_path)
    np.testing.assert_allclose(out["d_month_sin"], [math.sin(2 * math.pi * 3 / 12), 0, 0], atol=1e-7)
    np.testing.assert_allclose(out["d_month_cos"], [0, 0, 1], atol=1e-7)
    np.testing.assert_allclose(out["d_hour_sin"], [1, 0, 0], atol=1e-7)


def test_default_parts() -> None:
    """By default a feature has the parts that its format gives, without the day of the year."""
    from shardmill.transforms.kinds.placeholder import dummy_statistics

    (kind,) = parse_features({"d": {"kind": "datetime", "format": "%Y-%m-%d %H:%M"}}, S)
    assert [spec.name for spec in kind.outputs(S, dummy_statistics([kind], S))] == [
        f"d_{part}" for part in ("year", "month", "day", "hour", "minute", "weekday")
    ]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"format": "%Y-%q"}, "'%q' isn't known; expected one of %Y %y"),
        ({"format": "%Y-%"}, "'%' isn't known"),
        ({"format": "date"}, "it has no field"),
        ({"format": "%m %b"}, "'%b' repeats another field; remove one of them"),
        ({"format": "unix"}, "expected an INT column for `format` 'unix', received column 'd', which is BYTES"),
        ({"parts": ["years"]}, "received 'years'; did you mean 'year'"),
        ({"parts": ["hour"]}, r"gives \(year, month, day, weekday, day_of_year\), received 'hour'"),
        ({"parts": ["day", "day"]}, "expected `parts` without repetitions"),
        ({"parts": ["year"], "cyclic": True}, "years have no period"),
        ({"format": "%Y", "cyclic": True}, "gives no part for `cyclic`"),
        ({"missing": "mean"}, 'expected `missing` to be an integer or "reject"'),
    ],
)
def test_bad_parameters(table: dict[str, object], message: str) -> None:
    """Parameters that don't fit are refused."""
    with pytest.raises(ConfigError, match=message):
        parse_features({"d": {"kind": "datetime", **table}}, S)
