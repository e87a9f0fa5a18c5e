"""Parts of dates and times."""

# ruff: noqa: DTZ001 (times are as written, without a zone)

import datetime as dt
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardmill.schemas.errors import ConfigError
from shardmill.transforms.features.placeholder import dummy_statistics
from shardmill.transforms.features.registry import parse_features
from shardmill.transforms.kinds.base import Trace
from shardmill.transforms.kinds.dates.date_kind import parts_of
from shardmill.transforms.kinds.dates.date_text import parse_format
from tests.support.csv.strptime import COMMON, read, texts
from tests.support.kinds import run, schema_of

S = schema_of(d="bytes")
INTEGERS = schema_of(d="int")
ALL = [
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "weekday",
    "day_of_year",
    "week_of_year",
    "quarter",
    "is_weekend",
]


def _parts(moment: dt.datetime) -> list[int]:
    clock = [moment.hour, moment.minute, moment.second]
    days = [moment.weekday(), moment.timetuple().tm_yday, moment.isocalendar().week]
    return [moment.year, moment.month, moment.day, *clock, *days, (moment.month + 2) // 3, int(moment.weekday() >= 5)]


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
        "%A, %B %d, %Y %I.%M.%S%p",
        "%a %b %d %H:%M:%S %Y",
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


@pytest.fixture(scope="module")
def common() -> Callable[[list[str]], dict[str, np.ndarray]]:
    """A function of texts that reads them in all of the common formats, each part `<format>_<part>`."""
    import tensorflow as tf

    kinds = parse_features(
        {
            layout: {"kind": "datetime", "column": "d", "format": layout, "parts": list(parts_of(parse_format(layout)))}
            for layout in COMMON
        },
        S,
    )
    statistics = dummy_statistics(kinds, S)

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None], tf.string)])
    def build(column: tf.Tensor) -> dict[str, tf.Tensor]:
        trace = Trace(tf, {"d": column}, statistics, lambda key: None)
        return {name: tensor for kind in kinds for name, tensor in kind.build_tensors(trace).items()}

    return lambda cells: {name: tensor.numpy() for name, tensor in build(tf.constant(cells, tf.string)).items()}


@settings(max_examples=30, deadline=None)
@given(cells=st.lists(texts(COMMON), min_size=10, max_size=40))
def test_texts_are_read_as_python_reads_them(
    common: Callable[[list[str]], dict[str, np.ndarray]], cells: list[str]
) -> None:
    """In each format, `strptime` is the oracle; offsets become UTC; what it refuses is missing."""
    found = common(cells)
    for layout in COMMON:
        moments = [read(cell, layout) for cell in cells]
        for part in parts_of(parse_format(layout)):
            expected = [-1 if moment is None else _parts(moment)[ALL.index(part)] for moment in moments]
            assert found[f"{layout}_{part}"].tolist() == expected, (layout, part, cells)


def test_offsets_become_utc(tmp_path: Path) -> None:
    """Before the parts are taken; an offset of a day or more, or out of the calendar, makes the cell missing."""
    moments = {
        "2013-01-01T00:30:00+02:00": [2012, 12, 31, 22, 30, 0, 0, 366],
        "2013-01-01T00:30:00+0200": [2012, 12, 31, 22, 30, 0, 0, 366],
        "2013-01-01T00:30:00+02": [2012, 12, 31, 22, 30, 0, 0, 366],
        "2012-12-31T23:30:00-05:30": [2013, 1, 1, 5, 0, 0, 1, 1],
        "2013-01-01T00:30:00Z": [2013, 1, 1, 0, 30, 0, 1, 1],
        "2013-01-01T00:30:00-00:00": [2013, 1, 1, 0, 30, 0, 1, 1],
    }
    refused = [
        "2013-01-01T00:30:00",
        "2013-01-01T00:30:00+25:00",
        "2013-01-01T00:30:00+24:00",
        "2013-01-01T00:30:00+02:60",
        "2013-01-01T00:30:00+2",
        "2013-01-01T00:30:00+02:",
        "2013-01-01T00:30:00+02:00:00",
        "2013-01-01T00:30:00z",
        "2013-01-01T25:30:00Z",
        "2013-02-30T00:30:00Z",
        "0001-01-01T00:30:00+02:00",
        "9999-12-31T23:30:00-02:00",
    ]
    table = {"d": {"kind": "datetime", "format": "%Y-%m-%dT%H:%M:%S%z", "parts": ALL[:8]}}
    out = run(table, S, {"d": [*moments, *refused]}, tmp_path)
    assert _rows(out, ALL[:8]) == [*moments.values(), *([-1] * 8 for _ in refused)]


def test_times_with_an_offset_go_round_the_clock(tmp_path: Path) -> None:
    """Without a date, hours stay in a day."""
    rows = {"d": ["00:30+02", "23:30-01:45", "12:00Z"]}
    out = run({"d": {"kind": "datetime", "format": "%H:%M%z"}}, S, rows, tmp_path)
    assert _rows(out, ["hour", "minute"]) == [[22, 30], [1, 15], [12, 0]]


def test_names_are_english_in_any_case(tmp_path: Path) -> None:
    """Months in full or of three letters; a blank of the format may be two, as before a day of one digit."""
    rows = {"d": ["SEPTEMBER 5, 2013", "september  5, 2013", "May 5, 2013", "Sep 5, 2013", "Sept 5, 2013"]}
    full = run({"d": {"kind": "datetime", "format": "%B %d, %Y", "parts": ["month"]}}, S, rows, tmp_path)
    assert full["d_month"].tolist() == [9, 9, 5, -1, -1]
    (tmp_path / "short").mkdir()
    short = run({"d": {"kind": "datetime", "format": "%b %d, %Y", "parts": ["month"]}}, S, rows, tmp_path / "short")
    assert short["d_month"].tolist() == [-1, -1, 5, 9, -1]


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
        [0] * len(ALL)
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
    (kind,) = parse_features({"d": {"kind": "datetime", "format": "%Y-%m-%d %H:%M"}}, S)
    assert [spec.name for spec in kind.outputs(S, dummy_statistics([kind], S))] == [
        f"d_{part}" for part in ("year", "month", "day", "hour", "minute", "weekday")
    ]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"format": "%Y-%q"}, "'%q' isn't known; expected one of %Y %y %m %d %H %I %M %S %f %j %b %B %a %A %p %z %%"),
        ({"format": "%Y-%m-%d %Z"}, "'%Z' isn't known; expected one of %Y %y"),
        ({"format": "%Y-%"}, "'%' isn't known"),
        ({"format": "date"}, "it has no field"),
        ({"format": "%m %b"}, "'%b' repeats another field; remove one of them"),
        ({"format": "%m %B"}, "'%B' repeats another field; remove one of them"),
        (
            {"format": "%Y-%m %z"},
            "'%z' needs a whole date, or else an hour, from which to go to UTC; add it, or remove '%z'",
        ),
        ({"format": "%M:%S%z"}, "'%z' needs a whole date, or else an hour"),
        ({"format": "%Y-%m-%d %I:%M %z"}, "'%z' needs the hour of the day; add '%p' for '%I', or remove '%z'"),
        ({"format": "unix"}, "expected an INT column for `format` 'unix', received column 'd', which is BYTES"),
        ({"parts": ["years"]}, "received 'years'; did you mean 'year'"),
        (
            {"parts": ["hour"]},
            r"gives \(year, month, day, weekday, day_of_year, week_of_year, quarter, is_weekend\), received 'hour'",
        ),
        ({"parts": ["day", "day"]}, "expected `parts` without repetitions"),
        ({"parts": ["year"], "cyclic": True}, "years have no period; remove 'year' from `parts`, or `cyclic`"),
        ({"parts": ["is_weekend"], "cyclic": True}, "'is_weekend' has no period"),
        ({"format": "%Y", "cyclic": True}, "gives no part for `cyclic`"),
        ({"missing": "mean"}, 'expected `missing` to be an integer or "reject"'),
    ],
)
def test_bad_parameters(table: dict[str, object], message: str) -> None:
    """Parameters that don't fit are refused."""
    with pytest.raises(ConfigError, match=message):
        parse_features({"d": {"kind": "datetime", **table}}, S)
