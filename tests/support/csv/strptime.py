"""What Python's `strptime` takes texts for, and texts to ask it about."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from functools import cache, lru_cache, partial

from hypothesis import strategies as st

from shardmill.schemas.inference.date_formats import DATES, MONTHLY, WHOLE

# The formats of dates that people's exports have.
COMMON = (
    "%Y-%m-%d",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%d-%m-%Y %H:%M:%S",
    "%m/%d/%y",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%H:%M",
    "%H:%M:%S",
    "%Y-%m",
    "%b %d %Y",
    "%B %d, %Y",
    "%d-%b-%y",
    "%d %b %Y",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%d %H:%M:%S.%f %z",
    "%H:%M%z",
    "%m/%d/%Y %I:%M %p",
    "%I:%M:%S%p",
    "%Y-%m-%d %H:%M:%S UTC",
    "%d/%b/%Y:%H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a %b %d %H:%M:%S %Y",
    "%A, %B %d, %Y",
)

_CLOCKS = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%H:%M:%S,%f")
_HALVES = tuple(f"{clock.replace('%H', '%I')}{half}" for clock in _CLOCKS for half in ("%p", " %p"))
_APART = ("", " Z", " %z")
_OFFSETS = (*_APART, "Z", "%z")
TIMES = tuple(
    [f"{clock}{zone}" for clock in _CLOCKS for zone in _OFFSETS]
    + [f"{clock}{zone}" for clock in _HALVES for zone in _APART]
    + [f"{clock} {zone}" for clock in _CLOCKS for zone in ("UTC", "GMT")]
)
_HOURS = tuple(
    [f"%H{zone}" for zone in (*_OFFSETS, " UTC", " GMT")]
    + [f"%I{half}{zone}" for half in ("%p", " %p") for zone in _APART]
)
# What may follow a day.
_TAILS = tuple(
    [f"{joint}{time}" for joint in ("T", " ", "_", ":", "-", ", ") for time in TIMES]
    + [f"{joint}{hour}" for joint in ("T", " ") for hour in _HOURS]
)
RECOGNIZED = (*(f"{day}{tail}" for day in DATES for tail in ("", *_TAILS)), *TIMES, *MONTHLY, *WHOLE)

_WIDTHS = {
    **dict.fromkeys("mdHI", r"\d{1,2}"),
    **dict.fromkeys("yMS", r"\d\d"),
    **dict.fromkeys("abABp", "[A-Za-z]+"),
    "Y": r"\d{4}",
    "f": r"\d{1,9}",
    "z": r"(?:[+-]\d\d(?::?\d\d)?|Z)",
}


@cache
def _expression(layout: str) -> re.Pattern[str]:
    """The texts that exporters write in a format."""
    short_year = layout.startswith("%y")
    compact = "T%H%M" in layout
    return re.compile(
        "".join(
            (r"\d\d" if (short_year or compact) and letter in "mdHMSy" else _WIDTHS[letter])
            if letter
            else (" {1,2}" if other == " " else re.escape(other))
            for letter, other in re.findall("%(.)|(.)", layout)
        ),
        re.ASCII,
    )


@lru_cache(maxsize=10_000)
def formats_of(text: str) -> frozenset[str]:
    """The recognized formats in which a text is a date for Python."""
    found = {layout for layout in (*TIMES, *MONTHLY, *WHOLE) if _expression(layout).fullmatch(text)}
    for day in DATES:
        match = _expression(day).match(text)
        rest = text[match.end() :] if match else None
        found |= {f"{day}{tail}" for tail in ("", *_TAILS) if rest is not None and _expression(tail).fullmatch(rest)}
    return frozenset(layout for layout in found if read(text, layout) is not None)


_HOURS_ONLY = re.compile(r"([+-]\d\d)(?=(?: \d{4})?$)")
_SECONDS = re.compile(r"[+-]\d\d:?\d\d:?\d\d(?: \d{4})?$")
_NANOSECONDS = re.compile(r"([.,]\d{6})\d{1,3}(?!\d)")


def read(text: str, layout: str) -> datetime | None:
    """The moment that a text stands for in a format, in UTC if it has an offset.

    Of `strptime`'s liberties these aren't taken: other digits than ASCII's, offsets with seconds, letters of the
    format in another case, and blanks that the format doesn't have. Its limits that aren't kept: offsets of hours
    alone, and fractions of nanoseconds.
    """
    if not text.isascii() or any(letter not in text for letter in re.sub("%.", "", layout)):
        return None
    if re.search(r"\s{3}|[^\S ]|^ | $", text) or (" " not in layout and " " in text):
        return None
    if "%z" in layout:
        if _SECONDS.search(text):
            return None
        text = _HOURS_ONLY.sub(r"\g<1>00", text)
    try:
        moment = datetime.strptime(_NANOSECONDS.sub(r"\1", text), layout)  # noqa: DTZ007 (most have no zone)
        return moment.astimezone(timezone.utc) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None


def write(moment: datetime, layout: str) -> str:
    """A moment in a format, years with four digits."""
    return moment.strftime(layout.replace("%Y", f"{moment.year:04d}"))


_ZONES = st.one_of(
    st.just(timezone.utc), st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
)
moments = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59), timezones=_ZONES)  # noqa: DTZ001 (given)


# Digits that are left out, and offsets in other forms.
_CHANGES: Sequence[Callable[[str], str]] = [
    partial(re.sub, r"(?<![0-9.,+-])0(?=[0-9](?![0-9]))", ""),
    partial(re.sub, r"([+-]\d\d)\d\d$", r"\1"),
    partial(re.sub, r"([+-]\d\d)(\d\d)$", r"\1:\2"),
    partial(re.sub, r"[+-]\d{4}$", "Z"),
]


@st.composite
def texts(draw: st.DrawFn, layouts: Sequence[str]) -> str:
    """A moment in one of some formats, as exporters write it; sometimes damaged."""
    text = write(draw(moments), draw(st.sampled_from(layouts)))
    change = draw(st.sampled_from((*_CHANGES, str, str.upper, str.lower, None)))
    if change is not None:
        return change(text)
    place = draw(st.integers(0, len(text) - 1))
    return text[:place] + draw(st.sampled_from("0123456789-/.:+,TZAMaé")) + text[place + draw(st.integers(0, 1)) :]
