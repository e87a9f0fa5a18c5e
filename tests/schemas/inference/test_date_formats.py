"""Formats of dates, recognized for whole columns."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardmill.schemas.inference.infer import ColumnProfile
from shardmill.schemas.inference.type_counts import decide
from shardmill.schemas.schema import ColumnType
from tests.support.csv.cells import date_formats
from tests.support.csv.strptime import COMMON, RECOGNIZED, texts, write

BYTES, INT = ColumnType.BYTES, ColumnType.INT
EAST, WEST = timezone(timedelta(hours=2)), timezone(timedelta(hours=-3, minutes=-30))
MOMENTS = (
    datetime(2013, 12, 31, 23, 59, 58, 123456, tzinfo=EAST),
    datetime(1999, 1, 13, 0, 5, 0, 5000, tzinfo=WEST),
)


def profile_of(values: Sequence[str | None]) -> ColumnProfile:
    """The profile of a column's cells."""
    profile = ColumnProfile("x")
    profile.update(pa.array(values, pa.string()))
    return profile


def test_a_column_of_a_format_is_recognized() -> None:
    """What strftime writes in a format, with a time or without, is found to have it."""
    for layout in (*COMMON, *RECOGNIZED[::23]):
        profile = profile_of([write(moment, layout) for moment in MOMENTS])
        assert (profile.date_format, profile.date_rivals, decide(profile).type) == (layout, (), BYTES), layout


@settings(max_examples=100)
@given(st.lists(texts(COMMON), min_size=1, max_size=20))
def test_a_cell_counts_for_the_formats_that_python_reads_it_in(cells: list[str]) -> None:
    """Whatever is written, and however damaged."""
    counted = profile_of(cells).cells.formats
    assert counted == {
        name: sum(name in date_formats(cell) for cell in cells) for cell in cells for name in date_formats(cell)
    }


@pytest.mark.parametrize(
    ("cells", "layout", "rivals"),
    [
        (["1/2/2013", "3/4/2013"], "%m/%d/%Y", ("%d/%m/%Y",)),
        (["1/2/2013", "13/4/2013"], "%d/%m/%Y", ()),
        (["1/13/2013", "3/4/2013"], "%m/%d/%Y", ()),
        (["01-02-2013", "03-04-2013"], "%d-%m-%Y", ("%m-%d-%Y",)),
        (["1.2.2013", "3.4.2013"], "%d.%m.%Y", ("%m.%d.%Y",)),
        (["01/02/03", "04/05/06"], "%m/%d/%y", ("%d/%m/%y", "%y/%m/%d")),
        (["01/02/99", "04/05/98"], "%m/%d/%y", ("%d/%m/%y",)),
        (["99/02/03", "98/05/06"], "%y/%m/%d", ()),
        (["1/2/2013 10:00", "3/4/2013 11:00"], "%m/%d/%Y %H:%M", ("%d/%m/%Y %H:%M",)),
        (["01/13/2013", "13/01/2013"], None, ()),
        (["2013-01-01"] * 5 + ["soon"], None, ()),
        (["1/2/2013"] * 2000 + ["13/2/2013"], "%d/%m/%Y", ()),
        (["1/2/2013"] * 2000 + ["soon"], "%m/%d/%Y", ("%d/%m/%Y",)),
        (["5-May-13", "6-May-13"], "%d-%b-%y", ()),
        (["May 5, 2013", "May 6, 2013"], "%b %d, %Y", ()),
        (["May 5, 2013", "June 6, 2013"], "%B %d, %Y", ()),
        (["MAY 05 2013", "jun 16 2013"], "%b %d %Y", ()),
        (["May  5 2013", "May 16 2013"], "%b %d %Y", ()),
        (["Jan-13", "Feb-13"], "%b-%y", ()),
        (["2013-01-01T00:00:00Z", "2013-01-02T00:00:00Z"], "%Y-%m-%dT%H:%M:%SZ", ()),
        (["2013-01-01T00:00:00Z", "2013-01-02T00:00:00+02"], "%Y-%m-%dT%H:%M:%S%z", ()),
        (["2013-01-01 00:00:00.5", "2013-01-01 00:00:00.1234567"], "%Y-%m-%d %H:%M:%S.%f", ()),
        (["2013-01-01 00:00:00", "2013-01-01 00:00:00.5"], None, ()),
        (["1:05 PM", "11:30 am"], "%I:%M %p", ()),
        (["13:05 PM", "14:30 PM"], None, ()),
        (["2013-02-28", "2013-02-29"], None, ()),
        (["2012-02-28", "2012-02-29"], "%Y-%m-%d", ()),
        (["24:00", "25:00"], None, ()),
        (["12:60", "13:00"], None, ()),
        (["2013-01-01T00:00:00+25:00"], None, ()),
        (["2013-01", "2013-13"], None, ()),
        (["0000-00-00"], None, ()),
        ([" 2013-01-01", "2013-01-02 "], None, ()),
        (["1.2.10", "1.2.11"], None, ()),
        (["1.2.10", "1.13.9"], None, ()),
        (["1.1.23", "28.12.23"], "%d.%m.%y", ()),
        (["01.1.23", "1.01.23", "13.01.23"], "%d.%m.%y", ()),
        (["1-1-23", "12-28-23"], "%m-%d-%y", ()),
        (["1.1.23 00:00", "2.1.23 9:30"], "%d.%m.%y %H:%M", ("%m.%d.%y %H:%M",)),
        (["01.02.23", "03.04.23"], "%d.%m.%y", ("%m.%d.%y", "%y.%m.%d")),
        (["23.1.1", "23.12.28"], None, ()),
        (["192.168.10.10", "10.10.10.10"], None, ()),
        (["12 Main Street 2013", "14 March Street 2013"], None, ()),
        (["May 5, 2013 or so", "marching 12", "Sunday 5"], None, ()),
        (["20130131", "20130201"], "%Y%m%d", ()),
        (["20130131", None, "20130201"], "%Y%m%d", ()),
        (["20130131103000"], "%Y%m%d%H%M%S", ()),
        (["201301311030"], "%Y%m%d%H%M", ()),
        (["20130229", "20130228"], None, ()),
        (["20139999", "20130228"], None, ()),
        (["18991231"], None, ()),
        (["20130131T103000Z"], "%Y%m%dT%H%M%SZ", ()),
        (["20130131 10:30"], "%Y%m%d %H:%M", ()),
        ([None, ""], None, ()),
    ],
)
def test_the_whole_column_decides(cells: list[str | None], layout: str | None, rivals: tuple[str, ...]) -> None:
    """One day above 12 settles the order; fewer than one bad cell in a thousand doesn't; else rivals are named."""
    profile = profile_of(cells)
    assert (profile.date_format, profile.date_rivals) == (layout, rivals)
    integers = layout is not None and re.fullmatch("(%.)+", layout) is not None
    assert (decide(profile).type is INT) is (integers or cells[0] in ("20130229", "20139999", "18991231"))


def test_bad_cells_are_counted() -> None:
    """Values that don't fit the format, without those that are missing."""
    assert profile_of(["2013-01-01"] * 2000 + ["soon", None]).undated == 1
    assert profile_of(["soon"]).undated == 0
