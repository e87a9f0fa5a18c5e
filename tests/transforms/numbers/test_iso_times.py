"""ISO 8601 times: read as Python reads them, and nothing else taken for one."""

from datetime import datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.numbers.iso_times import iso_times

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
zones = st.sampled_from([None, timezone.utc, timezone(timedelta(hours=5, minutes=30)), timezone(-timedelta(hours=8))])
moments = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=zones)  # noqa: DTZ001 (limits have no zone)


def _micros(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return (aware - _EPOCH) // timedelta(microseconds=1)


@given(st.lists(st.tuples(moments, st.sampled_from("T "))))
def test_times_are_those_of_python(cells: list[tuple[datetime, str]]) -> None:
    """A time with or without a zone is its microseconds in UTC, whatever times are in its column."""
    texts = [moment.isoformat(sep=sep) for moment, sep in cells]
    expected = [_micros(moment) for moment, _ in cells]
    assert iso_times(texts).to_pylist() == expected
    # A cell that is no time makes all be read one by one.
    assert iso_times([*texts, "no time"]).to_pylist() == [*expected, None]


def test_dates_and_parts_of_a_day() -> None:
    """A date is its first moment; seconds, minutes and the fraction may be left out."""
    day = 86_400_000_000
    for cells, expected in {
        ("1970-01-02", "1970-01-01T12", "1970-01-01 12:00Z"): [day, day // 2, day // 2],
        ("1970-01-01T00:00:00.5", "1970-01-01T00:00:00.000001+0000"): [500_000, 1],
        ("1970-01-01T00:00-01", "1969-12-31"): [day // 24, -day],
    }.items():
        assert iso_times(list(cells)).to_pylist() == expected
        assert [iso_times([cell])[0].as_py() for cell in cells] == expected


@pytest.mark.parametrize(
    "text",
    [
        *("2021-02-29", "2021-13-01", "2021-00-10", "2021-01-00", "2021-01-01T24:00", "2021-01-01T10:60"),
        *("01.02.2021", "20210101", "2021-01-01T10:00:60", "2021-1-1", " 2021-01-01", "2021-01-01T", "2021-01-01Z"),
        *("nan", "", "\uff11970-01-01", "2021-01-01T10:00+25:00", "2021-01-01T10:00+01:60"),
    ],
)
def test_other_text_is_no_time(text: str) -> None:
    """Days and hours that don't exist and other notations are null, alone and among times."""
    assert iso_times([text]).to_pylist() == [None]
    assert iso_times(["1970-01-01", text, "1970-01-01T00:00Z"]).to_pylist() == [0, None, 0]
    assert iso_times(pa.array([None, "1970-01-01"])).to_pylist() == [None, 0]


def test_leap_days() -> None:
    """The 29th of February is a day of leap years only."""
    years = ["2000", "1900", "2020", "2021", "0000", "2100"]
    assert [cell.is_valid for cell in iso_times([f"{year}-02-29" for year in years])] == [
        year in {"2000", "2020", "0000"} for year in years
    ]
